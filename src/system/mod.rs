//! What a run with a screen and one without need of the operating system: signals that ask for the end, and writing to
//! a stream that may take nothing.

pub mod ci;
pub mod machine;
pub mod signals;
pub mod write;
