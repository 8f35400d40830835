//! Whether a Redis answers: asked once, before a run.

use std::sync::Arc;
use std::time::Duration;

use super::error::WireError;
use super::shared::Shared;
use crate::scenario::plan::RedisTarget;
use crate::scenario::secrets::Redactor;

/// Why a Redis does not answer as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silent {
    /// In words.
    pub why: Arc<str>,
    /// Something is there, but it does not let us in, or is no Redis.
    pub reached: bool,
}

/// Connects, logs in and sends a `PING`; what is answered is masked. Blocks for at most about `limit`, so it belongs on a thread of its own.
///
/// # Errors
/// When any of that fails.
pub fn probe(target: &RedisTarget, secrets: &Arc<Redactor>, limit: Duration) -> Result<(), Silent> {
    let silent = |why: String, reached| Silent { why: why.into(), reached };
    let shared = Shared::new(target, Arc::clone(secrets)).map_err(|e| silent(e.to_string(), true))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| silent(e.to_string(), true))?;
    let asked = async {
        let mut connection = shared.open(limit).await?;
        connection.ask(&["PING"]).await.map(drop)
    };
    let answer = runtime.block_on(async { tokio::time::timeout(limit, asked).await });
    // A name that is still being looked up is not waited for.
    runtime.shutdown_background();
    let reached = |error: &WireError| matches!(error, WireError::Refused(_) | WireError::Format(_) | WireError::Closed);
    match answer {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(silent(error.reason(secrets).to_string(), reached(&error))),
        Err(_) => Err(silent(WireError::Late(limit).reason(secrets).to_string(), false)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;

    use super::*;
    use crate::scenario::plan::{Envelope, RedisProtocol};

    fn asked(url: String) -> Result<(), Silent> {
        let (protocol, envelope) = (RedisProtocol::Resp3, Envelope::Binary);
        let tls = crate::scenario::plan::ClientOptions::default();
        let target = RedisTarget { url: url.into(), protocol, envelope, drain: Duration::ZERO, tls };
        probe(&target, &Arc::default(), Duration::from_secs(5))
    }

    #[test]
    fn nobody_and_somebody_else_are_two_things() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        });
        let silent = asked(url.clone()).unwrap_err();
        assert!(silent.reached && silent.why.contains("not a Redis"), "{silent:?}");
        server.join().unwrap();
        // Nobody listens there any more.
        let silent = asked(url).unwrap_err();
        assert_eq!((silent.reached, &*silent.why), (false, "connection refused"));
    }
}
