//! Operating system services: signals that ask for the end of a run, and writing to a stream that may block.

pub mod ci;
pub mod machine;
pub mod output;
pub mod signals;
pub mod write;
