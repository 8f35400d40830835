//! The Redis protocol, RESP2 and RESP3: encodes commands, parses responses.
//!
//! Received bytes go into an [`Inbox`], which finds the end of each response in a single pass and buffers at most
//! [`MAX_RESPONSE`](format::MAX_RESPONSE) bytes. A complete response is parsed into a [`RedisValue`], or, if it is a
//! message, into its flat elements.

pub mod encode;
mod format;
mod inbox;
mod value;

pub use format::FormatError;
pub use inbox::Inbox;
pub use value::{RedisValue, flat_elements};
