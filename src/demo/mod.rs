//! The embedded target: a small real shop on loopback, with HTTP and GraphQL, so that a first run has something true to show.
//!
//! In: a port. Out: a [`DemoTarget`] whose thread serves the shop until it is dropped. Its delays and faults are random
//! but plausible, and follow a seed: request `n` of an endpoint always has the same. `GET /_count` tells exactly how often
//! each endpoint was asked.

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
use counters::Counters;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A running demo target; it stops when dropped.
#[derive(Debug)]
pub struct DemoTarget {
    address: SocketAddr,
    counters: Arc<Counters>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl DemoTarget {
    /// Starts the shop on a thread of its own, with a seed of its own; port 0 takes a free one.
    ///
    /// # Errors
    /// When the port is taken or a thread cannot be started.
    pub fn start(port: u16) -> std::io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let (ready, bound) = mpsc::sync_channel(1);
        let counters = Arc::new(Counters::default());
        counters.behave(fastrand::u64(..), true);
        let shop = shop::router(Arc::clone(&counters)).merge(graphql::router(Arc::clone(&counters)));
        let thread = std::thread::Builder::new()
            .name("demo-target".to_owned())
            .spawn(move || serve(port, shop, &ready, stopped))?;
        // The thread reports exactly once; if it cannot, it has died, and that is the answer.
        let address = bound.recv().unwrap_or_else(|_| Err(std::io::Error::other("the demo target died")))?;
        Ok(Self { address, counters, stop: Some(stop), thread: Some(thread) })
    }

    /// Repeats the delays and faults of this seed from the beginning.
    pub fn seed(&self, seed: u64) {
        self.counters.behave(seed, true);
    }

    /// The same, but no request fails that is right.
    pub fn seed_without_faults(&self, seed: u64) {
        self.counters.behave(seed, false);
    }

    /// Base URL, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for DemoTarget {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // An error means the thread has already ended.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The whole life of the target's thread. Returning drops the runtime and with it every open connection: a graceful
/// end would wait for clients that keep theirs alive.
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
        // Small replies must not wait for Nagle: the delays are to be ours. A refusal only costs that.
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
