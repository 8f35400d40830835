//! An open connection to a server, over HTTP/1.1 or HTTP/2.

use std::time::{Duration, Instant};

use http::Method;

use super::dial::{HttpDialer, NewConnection, Origin};
use super::error::WireError;
use super::h1::Head;
use super::h2::Session;
use super::stream::HttpStream;
use crate::scenario::plan::ClientId;

/// An open connection.
#[derive(Debug)]
pub struct HttpConnection {
    /// The protocol, with its state.
    pub carrier: Carrier,
    secure: bool,
    settings: Option<ClientId>,
    authority: Box<str>,
    /// When the server will have closed it, if it sent `KeptParts-Alive: timeout=`.
    until: Option<Instant>,
}

/// The protocol of a connection.
#[derive(Debug)]
pub enum Carrier {
    /// HTTP/1.1.
    H1(HttpStream),
    /// HTTP/2; boxed because most connections are HTTP/1.1.
    H2(Box<Session>),
}

impl HttpConnection {
    /// Connects; also returns the duration of the TLS handshake with the server, if there was one.
    pub async fn open(origin: &Origin<'_>, dialer: HttpDialer<'_>) -> Result<(Box<Self>, Option<Duration>), WireError> {
        let NewConnection { stream, is_h2, tls } = dialer.open(origin).await?;
        let carrier = if is_h2 { Carrier::H2(Box::new(Session::begin(stream).await?)) } else { Carrier::H1(stream) };
        let Origin { secure, settings, authority } = *origin;
        Ok((Box::new(Self { carrier, secure, settings, authority: authority.into(), until: None }), tls))
    }

    /// The origin it was opened for.
    pub fn origin(&self) -> Origin<'_> {
        Origin { secure: self.secure, settings: self.settings, authority: &self.authority }
    }

    /// False if the server has closed the connection, will have closed it when a request arrives, or has sent
    /// unexpected data.
    pub fn is_idle(&mut self, method: &Method) -> bool {
        if self.until.is_some_and(|until| Instant::now() >= until) {
            return false;
        }
        match &mut self.carrier {
            // A request that cannot be retried is worth a system call.
            Carrier::H1(stream) => stream.is_idle() && (method.is_idempotent() || !stream.is_closed()),
            Carrier::H2(session) => session.is_idle(),
        }
    }

    /// Applies the `KeptParts-Alive` header of a response.
    pub fn apply_keep_alive(&mut self, head: &Head) {
        if let Some(seconds) = head.keep_alive_for {
            let time = Duration::from_secs(u64::from(seconds));
            // The server's timer started earlier than ours, and a request takes time to arrive.
            let usable = time.saturating_sub(Duration::from_secs(1)).max(time / 2);
            self.until = Instant::now().checked_add(usable);
        }
    }
}
