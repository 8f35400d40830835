//! Sends one request of a sink.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};

use crate::protocol::net::{reason, tls};
use crate::scenario::plan::ClientOptions;

/// Longest wait for a response.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Start of a response body that is kept, for its error message.
const KEPT_BODY: usize = 2048;

/// A request that waits to be sent.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Where to. Some are secrets: it appears in no message.
    pub url: String,
    /// Headers, the type of the body included.
    pub headers: HeaderMap,
    /// The body.
    pub body: bytes::Bytes,
}

/// What came back.
#[derive(Debug, Clone)]
pub enum Response {
    /// A response: status, what `Retry-After` asks for, and the start of the body.
    Status(StatusCode, Option<Duration>, String),
    /// None, and why.
    Error(Arc<str>),
}

/// A client for the sinks, with the machine's certificates and the proxies of the environment. Redirects are not followed:
/// a secret must not go elsewhere.
///
/// # Errors
/// When TLS cannot be set up.
pub fn client() -> Result<Client, String> {
    let tls = tls::of(&ClientOptions::default()).map_err(|error| error.to_string())?;
    Client::builder()
        .use_preconfigured_tls(tls)
        .redirect(Policy::none())
        .timeout(TIMEOUT)
        .user_agent(concat!("katydid/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| error.to_string())
}

/// Sends it once.
pub async fn post(client: &Client, outgoing: &Outgoing) -> Response {
    let request = client.post(&outgoing.url).headers(outgoing.headers.clone()).body(outgoing.body.clone());
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) => return Response::Error(words(&error.without_url())),
    };
    let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let mut body = Vec::new();
    while body.len() < KEPT_BODY {
        // A body that breaks off changes nothing: the status has said what there is to say.
        let Ok(Some(piece)) = response.chunk().await else { break };
        body.extend_from_slice(&piece[..piece.len().min(KEPT_BODY - body.len())]);
    }
    Response::Status(response.status(), after.map(Duration::from_secs), String::from_utf8_lossy(&body).into_owned())
}

/// The innermost error has the reason; those around it only say that sending failed.
fn words(error: &reqwest::Error) -> Arc<str> {
    if error.is_timeout() {
        return format!("no response within {}s", TIMEOUT.as_secs()).into();
    }
    reason::chain(error).last().map_or_else(|| error.to_string(), ToString::to_string).into()
}
