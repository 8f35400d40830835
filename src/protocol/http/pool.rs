//! The idle connections of one user.

use http::Method;

use super::connection::HttpConnection;
use super::dial::Origin;

/// Maximum idle connections of one user; the least recently used one is closed to make room.
const MAX_CONNECTIONS: usize = 8;

/// Idle connections of one user.
#[derive(Debug, Default)]
#[expect(clippy::vec_box, reason = "each request takes one out and puts it back")]
pub struct ConnectionPool(Vec<Box<HttpConnection>>);

impl ConnectionPool {
    /// Takes a connection to this origin that can be used for a request with this method.
    pub fn take(&mut self, origin: &Origin<'_>, method: &Method) -> Option<Box<HttpConnection>> {
        let at = self.0.iter().position(|connection| connection.origin() == *origin)?;
        let mut connection = self.0.remove(at);
        connection.is_idle(method).then_some(connection)
    }

    /// Puts a connection back.
    pub fn put(&mut self, connection: Box<HttpConnection>) {
        if self.0.len() == MAX_CONNECTIONS {
            self.0.remove(0);
        }
        // Nearly every user has one connection.
        self.0.reserve_exact(1);
        self.0.push(connection);
    }
}
