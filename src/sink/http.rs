//! HTTP requests of sinks.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};

use crate::protocol::net::{reason, tls};
use crate::scenario::plan::ClientOptions;

/// Timeout of a request, including the response.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum number of bytes read from a response body, for error messages.
const KEPT_BODY: usize = 2048;

/// A `POST` request to send.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Destination. May contain secrets, so it must not appear in messages.
    pub url: String,
    /// Headers, including `Content-Type`.
    pub headers: HeaderMap,
    /// Body.
    pub body: bytes::Bytes,
}

/// Result of sending a request.
#[derive(Debug, Clone)]
pub enum Response {
    /// A response: status, delay requested by `Retry-After`, and start of the body.
    Status(StatusCode, Option<Duration>, String),
    /// No response, with the reason.
    Error(Arc<str>),
}

/// Creates a client with the certificates of the system and the proxies from the environment. Redirects are not
/// followed, because requests contain secrets.
///
/// # Errors
/// Returns an error if TLS cannot be set up.
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

/// Sends a request once, without retries.
pub async fn post(client: &Client, outgoing: &Outgoing) -> Response {
    let request = client.post(&outgoing.url).headers(outgoing.headers.clone()).body(outgoing.body.clone());
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) => return Response::Error(describe(&error.without_url())),
    };
    let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let mut body = Vec::new();
    while body.len() < KEPT_BODY {
        // An incomplete body is not an error: the status is sufficient.
        let Ok(Some(chunk)) = response.chunk().await else { break };
        body.extend_from_slice(&chunk[..chunk.len().min(KEPT_BODY - body.len())]);
    }
    Response::Status(response.status(), after.map(Duration::from_secs), String::from_utf8_lossy(&body).into_owned())
}

/// The message of the innermost error, which contains the reason; outer errors only say that sending failed.
fn describe(error: &reqwest::Error) -> Arc<str> {
    if error.is_timeout() {
        return format!("no response within {}s", TIMEOUT.as_secs()).into();
    }
    reason::chain(error).last().map_or_else(|| error.to_string(), ToString::to_string).into()
}
