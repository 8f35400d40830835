//! The [`Sink`] trait.

use std::pin::Pin;

use super::feed::Feed;
use super::status::Reporter;

/// A system that receives the events of a run.
pub trait Sink: Send {
    /// Name in messages and on the screen, such as `Datadog`.
    fn name(&self) -> &'static str;

    /// Destination, such as a host, without secrets. Shown before the run.
    fn place(&self) -> String;

    /// What it does, in one line without secrets. Printed before the run.
    fn announcement(&self) -> String {
        format!("sends to {}: {}", self.name(), self.place())
    }

    /// Sends the events of `feed` until it ends. Must not block: all sinks share a thread. The task is dropped a few
    /// seconds after the end of the run.
    fn run(self: Box<Self>, feed: Feed, reporter: Reporter) -> Pin<Box<dyn Future<Output = ()>>>;
}
