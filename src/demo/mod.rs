//! The embedded target: a small real HTTP shop on loopback, so that every pane has something true to show.
//!
//! It runs on a thread of its own with its own runtime; what it does is in [`shop`].

mod shop;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A running demo target; it stops when dropped.
#[derive(Debug)]
pub struct DemoTarget {
    address: SocketAddr,
    /// Dropped with the target, which ends its thread.
    _running: oneshot::Sender<()>,
}

impl DemoTarget {
    /// Starts the shop on a thread of its own; port 0 takes a free one.
    ///
    /// # Errors
    /// When the port is taken or a thread cannot be started.
    pub fn start(port: u16) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)))?;
        let address = listener.local_addr()?;
        let (running, stopped) = oneshot::channel::<()>();
        thread::Builder::new().name("katydid-demo".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    // Either the shop breaks, or its owner is gone: both end it.
                    _ = axum::serve(listener, shop::router()).into_future() => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { address, _running: running })
    }

    /// Base URL, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
