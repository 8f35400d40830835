//! Checks once, before a run, whether a Redis server responds.

use std::sync::Arc;
use std::time::Duration;

use ::redis::cmd;

use super::cluster::View;
use super::error::RedisError;
use super::info::Info;
use super::shared::RedisShared;
use super::socket::RedisSocket;
use super::value;
use crate::scenario::plan::RedisTarget;
use crate::scenario::secrets::Redactor;

/// Why the server does not respond as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeError {
    /// The reason.
    pub why: Arc<str>,
    /// Something responds, but rejects us or is not Redis.
    pub reached: bool,
}

/// A server, and its clients as it reports them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerClients {
    /// Name and version, such as `Valkey 9.1.2`.
    pub title: String,
    /// Connected now, including the connection that asks.
    pub connected: u64,
    /// `maxclients`; `None` if the server does not report it.
    pub max: Option<u64>,
}

/// Like [`ping`] without clients, but blocks for up to about `limit`, so call it on a separate thread.
///
/// # Errors
/// When the server does not respond as expected.
pub fn probe(target: &RedisTarget, secrets: &Arc<Redactor>, limit: Duration) -> Result<(), ProbeError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| ProbeError { why: e.to_string().into(), reached: true })?;
    let response = runtime.block_on(ping(target, secrets, limit, false));
    // Does not wait for a pending name lookup.
    runtime.shutdown_background();
    response.map(drop)
}

/// Connects, authenticates and sends a `PING` within `limit`; masks secrets in errors. If `asks`, also returns the
/// clients of the server, unless it forbids asking for them.
///
/// # Errors
/// When any of that fails.
pub async fn ping(
    target: &RedisTarget,
    secrets: &Arc<Redactor>,
    limit: Duration,
    asks: bool,
) -> Result<Option<ServerClients>, ProbeError> {
    let silent = |why: String, reached| ProbeError { why: why.into(), reached };
    let shared = RedisShared::new(target, Arc::clone(secrets)).map_err(|e| silent(e.to_string(), true))?;
    let asked = async {
        let mut connection = open(&shared, limit).await?;
        connection.command(&cmd("PING")).await?;
        if !asks {
            return Ok(None);
        }
        match connection.command(&cmd("INFO")).await {
            Ok(value) => Ok(clients(&value::text(&value))),
            Err(error) if error.is_fatal() => Err(error),
            Err(_) => Ok(None),
        }
    };
    let reached =
        |error: &RedisError| matches!(error, RedisError::Refused(_) | RedisError::Format(_) | RedisError::Closed);
    match tokio::time::timeout(limit, asked).await {
        Ok(Ok(clients)) => Ok(clients),
        Ok(Err(error)) => Err(silent(error.reason(secrets).to_string(), reached(&error))),
        Err(_) => Err(silent(RedisError::TimedOut(limit).reason(secrets).to_string(), false)),
    }
}

/// Connects to the server, or to the first that responds if there are several.
async fn open(shared: &RedisShared, limit: Duration) -> Result<RedisSocket, RedisError> {
    if shared.servers.nodes.must_learn() {
        shared.servers.learn(limit).await?;
    }
    let server = shared.servers.any(&mut View::default());
    shared.servers.open(&server, false, limit).await
}

fn clients(info: &str) -> Option<ServerClients> {
    let info = Info::read(info);
    let figures = info.figures();
    (!info.is_empty()).then_some(ServerClients {
        title: figures.title(),
        connected: figures.clients,
        max: figures.max_clients,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;

    use super::*;
    use crate::scenario::plan::{Envelope, RedisProtocol};

    fn asked(url: String) -> Result<(), ProbeError> {
        let (protocol, envelope) = (RedisProtocol::Resp3, Envelope::Binary);
        let tls = crate::scenario::plan::ClientOptions::default();
        let target = RedisTarget { protocol, envelope, tls, ..RedisTarget::of_url(&url) };
        probe(&target, &Arc::default(), Duration::from_secs(5))
    }

    #[test]
    fn unreachable_and_foreign_servers_are_distinguished() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        });
        let silent = asked(url.clone()).unwrap_err();
        assert!(silent.reached && silent.why.contains("not a Redis"), "{silent:?}");
        server.join().unwrap();
        // The port is closed now.
        let silent = asked(url).unwrap_err();
        assert_eq!((silent.reached, &*silent.why), (false, "connection refused"));
    }
}
