//! One open connection to one server, whatever version of HTTP is spoken on it.

use std::time::{Duration, Instant};

use http::Method;

use super::dial::{Dialer, Dialled, Origin};
use super::error::WireError;
use super::h1::Head;
use super::h2::Session;
use super::stream::Stream;
use crate::scenario::plan::ClientId;

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    /// What is spoken on it.
    pub carrier: Carrier,
    secure: bool,
    settings: Option<ClientId>,
    authority: Box<str>,
    /// When the server will have closed it, where it has said so.
    until: Option<Instant>,
}

/// The protocol of a connection.
#[derive(Debug)]
pub enum Carrier {
    /// HTTP/1.1.
    H1(Stream),
    /// HTTP/2; boxed because plain connections are many.
    H2(Box<Session>),
}

impl Connection {
    /// Connects, and says how long the server's TLS took, if there is any.
    pub async fn open(origin: &Origin<'_>, dialer: Dialer<'_>) -> Result<(Box<Self>, Option<Duration>), WireError> {
        let Dialled { stream, is_h2, tls } = dialer.open(origin).await?;
        let carrier = if is_h2 { Carrier::H2(Box::new(Session::begin(stream).await?)) } else { Carrier::H1(stream) };
        let Origin { secure, settings, authority } = *origin;
        Ok((Box::new(Self { carrier, secure, settings, authority: authority.into(), until: None }), tls))
    }

    /// Where it leads.
    pub fn origin(&self) -> Origin<'_> {
        Origin { secure: self.secure, settings: self.settings, authority: &self.authority }
    }

    /// False when the server has closed the connection, will have closed it when a request arrives, or has said
    /// something that nobody asked for.
    pub fn is_idle(&mut self, method: &Method) -> bool {
        if self.until.is_some_and(|until| Instant::now() >= until) {
            return false;
        }
        match &mut self.carrier {
            // What cannot be sent again is worth a question to the system.
            Carrier::H1(stream) => stream.is_idle() && (method.is_idempotent() || !stream.is_closed()),
            Carrier::H2(session) => session.is_idle(),
        }
    }

    /// Notes what a response says about how long the server keeps the connection.
    pub fn kept_by(&mut self, head: &Head) {
        if let Some(seconds) = head.keep_alive_for {
            let time = Duration::from_secs(u64::from(seconds));
            // The server's clock began earlier than ours, and a request takes its time to arrive.
            let usable = time.saturating_sub(Duration::from_secs(1)).max(time / 2);
            self.until = Instant::now().checked_add(usable);
        }
    }
}
