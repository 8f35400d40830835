//! A subscriber: a connection that does nothing but receive, in a task of its own, so that the moment of receipt is not
//! delayed by what else its user does.
//!
//! The user sends commands ([`ReceiverCommand`](super::receiver_command::ReceiverCommand)); deliveries, losses and outages go to the
//! [`MessageSink`](crate::protocol::message_sink::MessageSink). A connection that breaks is opened again after growing
//! pauses, until the user drops its [`ReceiverHandle`].

mod handle;
mod listen;
mod outage;
mod reports;
mod task;

pub use handle::ReceiverHandle;
