//! What is below every protocol: names of hosts, addresses, TCP, TLS, and why one of these fails.

pub mod address;
pub mod dial;
pub mod reason;
pub mod resolve;
pub mod tls;
