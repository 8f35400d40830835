//! The HTTP client: connections of a user's own, written to from a buffer it keeps and read where they come in.
//!
//! HTTP/1.1 is our own, plain and through TLS, because the same few servers, again and again, is the case that matters
//! most for speed; a body is only kept where somebody wants it. HTTP/2 has its frames from a library. The head and the
//! body of a response go through the same code in both.

mod chunks;
mod coding;
mod connection;
mod dial;
mod h2;
mod head;
mod reply;
mod stream;

use std::io;
use std::sync::Arc;

use http::Method;

pub use connection::{Again, Carrier, Connection, exchange};
pub use dial::{Dialer, Origin};
pub use head::{Head, headers};
pub use reply::{Keep, Reply};

use super::resolve::ResolveError;
use crate::stats::Reason;

/// Connections to different servers that one user keeps open; the one unused for longest is closed for another.
const MAX_CONNECTIONS: usize = 8;

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Connecting, sending or receiving.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The server's name.
    #[error("{0}")]
    Resolve(#[from] ResolveError),
    /// The server closed the connection before anything of a response had come.
    #[error("server closed the connection before sending a response")]
    Unanswered,
    /// The server closed the connection before the response was whole.
    #[error("connection closed before the reply was complete")]
    Closed,
    /// What came is not HTTP.
    #[error("{0}")]
    Malformed(Arc<str>),
    /// Anything whose reason is known where it happens.
    #[error("{0}")]
    Known(Reason),
}

impl WireError {
    /// For a part of a request that HTTP/2 has no form for.
    pub fn not_in_http_2(what: &'static str) -> Self {
        WireError::Known(Reason::Other(format!("HTTP/2 does not allow {what}").into()))
    }
}

/// One user's connections.
#[derive(Debug, Default)]
#[expect(clippy::vec_box, reason = "each request takes one out and puts it back")]
pub struct Pool(Vec<Box<Connection>>);

impl Pool {
    /// A connection to this origin that can still be used for a request with this method.
    pub fn take(&mut self, origin: &Origin<'_>, method: &Method) -> Option<Box<Connection>> {
        let at = self.0.iter().position(|connection| connection.origin() == *origin)?;
        let mut connection = self.0.remove(at);
        connection.is_idle(method).then_some(connection)
    }

    /// Keeps a connection for another request.
    pub fn keep(&mut self, connection: Box<Connection>) {
        if self.0.len() == MAX_CONNECTIONS {
            self.0.remove(0);
        }
        // Nearly every user has one.
        self.0.reserve_exact(1);
        self.0.push(connection);
    }
}
