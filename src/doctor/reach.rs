//! Connects to a server as far as is possible without a request: name, TCP, TLS. Uses the resolver and the TLS
//! configuration of runs.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustls::CertificateError;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use super::certificate;
use crate::protocol::net::dial::{self, DialError};
use crate::protocol::net::reason::{io_reason, tls_words};
use crate::protocol::net::resolve::CachingResolver;
use crate::protocol::net::tls;
use crate::scenario::plan::ClientOptions;

/// A connection that was opened, and closed again.
#[derive(Debug)]
pub struct Reached {
    /// The address that accepted.
    pub peer: SocketAddr,
    /// Number of addresses of the name; 1 for an address.
    pub addresses: usize,
    /// Duration of name lookup, TCP and TLS.
    pub took: Duration,
    /// TLS, if it was wanted.
    pub tls: Option<Tls>,
}

/// A completed TLS handshake.
#[derive(Debug)]
pub struct Tls {
    /// `TLS 1.3`.
    pub version: &'static str,
    /// End of the server certificate's validity, if it was verified and could be parsed.
    pub not_after: Option<Timestamp>,
}

/// The first step that failed.
#[derive(Debug, PartialEq, Eq)]
pub enum Unreached {
    /// The name has no address.
    Name(String),
    /// No connection.
    Tcp(String),
    /// The certificate has expired, at this time.
    Expired(Timestamp),
    /// The handshake failed because of the certificate or of another rule of TLS.
    Tls(String),
    /// The files of the scenario's `tls` are invalid.
    Settings(String),
    /// The connection ended during the handshake.
    Handshake(String),
    /// No result in time, of this step.
    TimedOut(&'static str),
}

/// Connects to `host` (without brackets) and closes the connection. With `options`, TLS is negotiated.
pub async fn reach(
    (host, port): (&str, u16),
    options: Option<&ClientOptions>,
    resolver: &CachingResolver,
    deadline: Instant,
) -> Result<Reached, Unreached> {
    // Loading certificates is no part of the connection's time.
    let config = options.map(tls::of).transpose().map_err(|error| Unreached::Settings(error.to_string()))?;
    let started = Instant::now();
    let addresses = match host.parse::<IpAddr>() {
        Ok(_) => 1,
        Err(_) => {
            let found = within(deadline, resolver.addresses(host), "the name lookup").await?;
            found.map_err(|error| Unreached::Name(error.to_string()))?.len()
        }
    };
    let stream = match within(deadline, dial::tcp(host, port, resolver), "connecting").await? {
        Ok(stream) => stream,
        Err(DialError::Resolve(error)) => return Err(Unreached::Name(error.to_string())),
        Err(DialError::Io(error)) => return Err(Unreached::Tcp(words(&error))),
    };
    let peer = stream.peer_addr().map_err(|error| Unreached::Tcp(error.to_string()))?;
    let tls = match options.zip(config) {
        None => None,
        Some((options, config)) => {
            let name = ServerName::try_from(host.to_owned())
                .map_err(|_| Unreached::Tls("the host name is not valid in a certificate".to_owned()))?;
            let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream);
            let stream = within(deadline, handshake, "the TLS handshake").await?.map_err(|error| refused(&error))?;
            let (_, session) = stream.get_ref();
            let version = match session.protocol_version() {
                Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
                _ => "TLS 1.3",
            };
            let certificate = session.peer_certificates().and_then(|chain| chain.first()).filter(|_| !options.insecure);
            Some(Tls { version, not_after: certificate.and_then(|der| certificate::not_after(der)) })
        }
    };
    Ok(Reached { peer, addresses, took: started.elapsed(), tls })
}

async fn within<T>(deadline: Instant, step: impl Future<Output = T>, name: &'static str) -> Result<T, Unreached> {
    tokio::time::timeout_at(deadline.into(), step).await.map_err(|_| Unreached::TimedOut(name))
}

fn words(error: &io::Error) -> String {
    io_reason(error).map_or_else(|| error.to_string(), |reason| reason.to_string())
}

fn refused(error: &io::Error) -> Unreached {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            let end = i64::try_from(not_after.as_secs()).ok().and_then(|end| Timestamp::from_second(end).ok());
            end.map_or_else(|| Unreached::Tls(words(error)), Unreached::Expired)
        }
        Some(error) => Unreached::Tls(tls_words(error).to_string()),
        None => Unreached::Handshake(words(error)),
    }
}
