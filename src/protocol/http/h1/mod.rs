//! HTTP/1.1, written from a buffer that the user keeps and read where it comes in.
//!
//! It is our own, plain and through TLS, because the same few servers, again and again, is the case that matters most for
//! speed; a body is only kept where somebody wants it. HTTP/2 has its frames from a library, but the head and the body of
//! its responses go through the same code.

mod chunks;
mod coding;
mod exchange;
pub mod head;
mod reader;

pub use exchange::exchange;
pub use head::{Head, headers};
pub use reader::{Keep, ResponseReader};
