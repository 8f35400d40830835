//! The Redis protocol (RESP2 and RESP3) as far as it is read here: where a response ends, whether it is within bounds,
//! and the parts of a message.

mod flat;
mod format;
mod inbox;

pub use flat::flat_elements;
pub use format::FormatError;
pub use inbox::Inbox;
