//! Plain HTTP/1.1, the case that matters most for speed: the same few servers, again and again.
//!
//! The general client pools, negotiates and layers, and spends more on a request than the kernel does on sending it.
//! Here a user owns its connections, writes a request from a buffer it keeps and reads the reply where it comes in; a
//! body is only kept where somebody wants it. TLS, HTTP/2 and everything unusual stay with the general client.

mod chunks;
mod coding;
mod head;
mod link;
mod reply;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use coding::Sink;
pub use head::{Head, headers};
pub use reply::{Keep, Received, Reply};

use self::link::Link;
use super::resolve::{CachingResolver, ResolveError};

/// Connections to different servers that one user keeps open; the one unused for longest is closed for another.
const MAX_LINKS: usize = 8;

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Connecting, sending or receiving.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The server's name.
    #[error("{0}")]
    Resolve(#[from] ResolveError),
    /// The server closed the connection before the reply was whole.
    #[error("connection closed before the reply was complete")]
    Closed,
    /// What came is no HTTP/1.1.
    #[error("{0}")]
    Malformed(Arc<str>),
}

/// One user's connections.
#[derive(Debug, Default)]
pub struct Links(Vec<Link>);

/// A reply and its times.
pub struct Answer {
    /// The reply.
    pub received: Received,
    /// When its head had come.
    pub head_at: Instant,
}

impl Links {
    /// Sends `request` to `authority` (`host:port` as in URLs) and reads the reply. `connect` grows by the
    /// time of opening a connection, where one had to be opened. If the future is dropped, the connection is closed with it.
    pub async fn exchange(
        &mut self,
        (authority, request): (&str, &[u8]),
        mut reply: Reply<'_>,
        resolver: &CachingResolver,
        connect: &mut Option<Duration>,
    ) -> Result<Answer, WireError> {
        if let Some(mut link) = self.take(authority)
            && link.is_idle()
        {
            match link.exchange(request, &mut reply).await {
                Ok(exchanged) => return self.finish(link, reply, exchanged),
                Err(broken) if !broken.unsent => return Err(broken.error),
                Err(_) => {}
            }
        }
        let started = Instant::now();
        let mut link = Link::open(authority, resolver).await?;
        *connect = Some(connect.unwrap_or_default() + started.elapsed());
        match link.exchange(request, &mut reply).await {
            Ok(exchanged) => self.finish(link, reply, exchanged),
            Err(broken) => Err(broken.error),
        }
    }

    fn take(&mut self, authority: &str) -> Option<Link> {
        let at = self.0.iter().position(|link| link.authority() == authority)?;
        Some(self.0.remove(at))
    }

    fn finish(&mut self, link: Link, reply: Reply<'_>, exchanged: link::Exchanged) -> Result<Answer, WireError> {
        let received = reply.finish()?;
        if exchanged.clean && received.head.keep_alive {
            if self.0.len() == MAX_LINKS {
                self.0.remove(0);
            }
            self.0.push(link);
        }
        Ok(Answer { received, head_at: exchanged.head_at })
    }
}
