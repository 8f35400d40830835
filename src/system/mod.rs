//! Operating system services: signals that ask for the end of a run, and writing to a stream that may block. Also the
//! CI system around the process.

pub mod ci;
pub mod locale;
pub mod machine;
pub mod output;
pub mod pull_request;
pub mod signals;
pub mod workflow_command;
pub mod write;
