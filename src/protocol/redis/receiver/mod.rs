//! The receiver of a subscriber: a task whose connection only receives, so that the other steps of the user do not
//! delay the timestamps of messages.
//!
//! The user sends [`ReceiverCommand`](super::receiver_command::ReceiverCommand)s; deliveries, losses and outages go to
//! the [`MessageSink`](crate::protocol::message_sink::MessageSink). A broken connection is reopened, with growing pauses,
//! until the user drops its [`ReceiverHandle`].

mod attempt;
mod handle;
mod listen;
mod outage;
mod reports;
mod task;

pub use handle::ReceiverHandle;
