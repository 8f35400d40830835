//! The embedded target: a small HTTP and GraphQL shop on loopback, for trying katydid without a server of your own.
//!
//! In: a port. Out: a [`DemoTarget`] whose thread serves the shop until it is dropped. Delays and faults are random but
//! realistic, and depend on a seed: request `n` of an endpoint always gets the same ones. `GET /_count` returns the
//! exact number of requests of each endpoint.

mod behaviour;
mod cost;
mod counters;
mod graphql;
mod graphql_schema;
mod products;
mod shop;
mod subscriptions;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use axum::serve::ListenerExt as _;
use counters::RequestCounters;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A running demo target; stops when dropped.
#[derive(Debug)]
pub struct DemoTarget {
    address: SocketAddr,
    counters: Arc<RequestCounters>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl DemoTarget {
    /// Starts the shop on a separate thread, with a random seed; port 0 selects a free port.
    ///
    /// # Errors
    /// When the port is in use or a thread cannot be started.
    pub fn start(port: u16) -> std::io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let (ready, bound) = mpsc::sync_channel(1);
        let counters = Arc::new(RequestCounters::default());
        counters.set_seed(fastrand::u64(..), true);
        let shop = shop::router(Arc::clone(&counters)).merge(graphql::router(Arc::clone(&counters)));
        let thread = std::thread::Builder::new()
            .name("demo-target".to_owned())
            .spawn(move || serve(port, shop, &ready, stopped))?;
        // The thread reports exactly once; if it cannot, it has panicked.
        let address = bound.recv().unwrap_or_else(|_| Err(std::io::Error::other("the demo target died")))?;
        Ok(Self { address, counters, stop: Some(stop), thread: Some(thread) })
    }

    /// Sets the seed of delays and faults, and restarts them.
    pub fn seed(&self, seed: u64) {
        self.counters.set_seed(seed, true);
    }

    /// Like [`seed`](Self::seed), but valid requests never fail.
    pub fn seed_without_faults(&self, seed: u64) {
        self.counters.set_seed(seed, false);
    }

    /// Base URL, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for DemoTarget {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // An error means that the thread has already ended.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Runs the server until `stopped`. Returning drops the runtime with all open connections: a graceful shutdown would
/// wait for clients that keep theirs alive.
fn serve(
    port: u16,
    shop: axum::Router,
    ready: &mpsc::SyncSender<std::io::Result<SocketAddr>>,
    stopped: oneshot::Receiver<()>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = ready.send(Err(error));
            return;
        }
    };
    runtime.block_on(async {
        let bound = async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
            let address = listener.local_addr()?;
            Ok((listener, address))
        };
        let listener = match bound.await {
            Ok((listener, address)) => {
                let _ = ready.send(Ok(address));
                listener
            }
            Err(error) => {
                let _ = ready.send(Err(error));
                return;
            }
        };
        // Disable Nagle's algorithm, so that delays are only ours. Failing to do so is harmless.
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        tokio::select! {
            _ = axum::serve(listener, shop) => {}
            _ = stopped => {}
        }
    });
}

#[cfg(test)]
mod tests;
