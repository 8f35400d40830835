//! The wire format of Redis, RESP2 and RESP3: commands out, replies in.
//!
//! What arrives goes into an [`Inbox`], which finds the end of each reply without looking at a byte twice and without
//! keeping more than [`MAX_REPLY`](format::MAX_REPLY); a whole reply is then read as a [`Value`], or flat, where it is a message.

pub mod encode;
mod format;
mod inbox;
mod value;

pub use format::FormatError;
pub use inbox::Inbox;
pub use value::{Value, flat};
