//! The network below all protocols: host names, addresses, TCP, TLS, and reasons for their failures.

pub mod address;
pub mod dial;
pub mod reason;
pub mod resolve;
pub mod tls;
