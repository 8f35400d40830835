//! The connections that one user keeps open.

use http::Method;

use super::connection::Connection;
use super::dial::Origin;

/// Connections to different servers that one user keeps open; the one unused for longest is closed for another.
const MAX_CONNECTIONS: usize = 8;

/// One user's connections.
#[derive(Debug, Default)]
#[expect(clippy::vec_box, reason = "each request takes one out and puts it back")]
pub struct ConnectionPool(Vec<Box<Connection>>);

impl ConnectionPool {
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
