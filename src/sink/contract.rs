//! What a sink is.

use std::pin::Pin;

use super::feed::Feed;
use super::status::Reporter;

/// A system that a run is sent to.
pub trait Sink: Send {
    /// Name in messages and on the screen, such as `Datadog`.
    fn name(&self) -> &'static str;

    /// Where it sends, for the first line of a run, without secrets: a host, an address.
    fn place(&self) -> String;

    /// Sends `feed` until it ends. Runs on the thread of the sinks, together with the others: it must not block. The task
    /// is dropped a few seconds after the end of the run.
    fn run(self: Box<Self>, feed: Feed, reporter: Reporter) -> Pin<Box<dyn Future<Output = ()>>>;
}
