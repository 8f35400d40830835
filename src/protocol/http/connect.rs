//! Measures how long opening a connection takes (DNS, TCP and TLS). No cost when an open one is reused.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tower_layer::Layer;
use tower_service::Service;

/// Duration of the last connection opened, in microseconds plus one; 0 is none.
///
/// Atomic only because the HTTP library requires `Sync`: a single thread uses it.
#[derive(Debug, Clone, Default)]
pub struct ConnectClock(Arc<AtomicU64>);

impl ConnectClock {
    /// The duration of a connection opened since the last call.
    pub fn take(&self) -> Option<Duration> {
        let micros = self.0.swap(0, Ordering::Relaxed).checked_sub(1)?;
        Some(Duration::from_micros(micros))
    }
}

impl<S> Layer<S> for ConnectClock {
    type Service = Timed<S>;

    fn layer(&self, inner: S) -> Timed<S> {
        Timed { inner, clock: self.clone() }
    }
}

/// A connector that measures how long it takes.
#[derive(Debug, Clone)]
pub struct Timed<S> {
    inner: S,
    clock: ConnectClock,
}

impl<S, R> Service<R> for Timed<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let started = Instant::now();
        let connecting = self.inner.call(request);
        let clock = self.clock.clone();
        Box::pin(async move {
            let connection = connecting.await;
            clock.0.store(started.elapsed().as_micros() as u64 + 1, Ordering::Relaxed);
            connection
        })
    }
}
