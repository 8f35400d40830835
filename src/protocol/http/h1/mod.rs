//! HTTP/1.1, written from a buffer of the user and parsed straight from the read buffer.
//!
//! Our own implementation, because few servers and many requests is the case where speed matters most: bodies are kept
//! only where they are needed. HTTP/2 frames are read by a library, but heads and bodies of its responses use this
//! code.

mod chunks;
mod coding;
mod exchange;
pub mod head;
mod reader;

pub use exchange::exchange;
pub use head::{Head, headers};
pub use reader::{KeptParts, ResponseReader};
