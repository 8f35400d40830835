//! HTTP requests of sinks.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, StatusCode};

use crate::protocol::http::library_reason;
use crate::protocol::net::resolve::CachingResolver;
use crate::protocol::net::tls;
use crate::scenario::plan::ClientOptions;
use crate::scenario::secrets::Redactor;

/// Timeout of a request, including the response.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum number of bytes read from a response body, for error messages.
const KEPT_BODY: usize = 2048;
/// Larger numbers in `X-RateLimit-Reset` are times since 1970, smaller ones delays.
const LONGEST_RESET: u64 = 1_000_000_000;

/// Creates requests that replace a rejected one: with a part of its content each, or in a simpler form.
pub type Split = Rc<dyn Fn() -> Vec<Outgoing>>;

/// A `POST` request to send.
#[derive(Clone)]
pub struct Outgoing {
    /// Destination. May contain secrets, so it must not appear in messages.
    pub url: String,
    /// Headers, including `Content-Type`.
    pub headers: HeaderMap,
    /// Body.
    pub body: bytes::Bytes,
    /// Number of metric points in the body, for the counts of the sink; 0 for other contents.
    pub points: u64,
    /// Replaces the request, for receivers that limit its size or its form; `None` if there is nothing else to send.
    pub split: Option<Split>,
}

/// Result of sending a request.
#[derive(Debug, Clone)]
pub enum Response {
    /// A response: status, delay requested by `Retry-After`, and start of the body.
    Status(StatusCode, Option<Duration>, Vec<u8>),
    /// No response, with the reason.
    Error(Arc<str>),
}

/// A response with its headers.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, or its start.
    pub body: Vec<u8>,
}

impl Answer {
    /// Delay requested by `Retry-After` in seconds.
    pub fn retry_after(&self) -> Option<Duration> {
        self.seconds(RETRY_AFTER.as_str()).map(Duration::from_secs)
    }

    /// Delay that the receiver asks for in any header.
    fn delay(&self) -> Option<Duration> {
        let reset = || {
            let reset = self.seconds("x-ratelimit-reset")?;
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
            Some(if reset < LONGEST_RESET { reset } else { reset.saturating_sub(now) })
        };
        self.retry_after().or_else(|| reset().map(Duration::from_secs))
    }

    fn seconds(&self, name: &str) -> Option<u64> {
        self.headers.get(name)?.to_str().ok()?.trim().parse().ok()
    }
}

/// Host of a URL, and its port unless it is the usual one, to show where a sink sends to: other parts may contain secrets.
pub fn host(url: &str) -> String {
    let Ok(url) = url::Url::parse(url) else { return String::new() };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    url.host_str().map(|host| format!("{host}{port}")).unwrap_or_default()
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
        .dns_resolver(Arc::new(CachingResolver::default()))
        .timeout(TIMEOUT)
        .user_agent(concat!("katydid/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| error.to_string())
}

/// Sends a `POST` request once, without retries.
pub async fn post(client: &Client, outgoing: &Outgoing) -> Response {
    match send(client.post(&outgoing.url).headers(outgoing.headers.clone()).body(outgoing.body.clone()), KEPT_BODY)
        .await
    {
        Ok(answer) => Response::Status(answer.status, answer.delay(), answer.body),
        Err(why) => Response::Error(why),
    }
}

/// Sends a request once, without retries, and reads up to `longest` bytes of the response body.
///
/// # Errors
/// Returns the reason why there was no response.
pub async fn send(request: RequestBuilder, longest: usize) -> Result<Answer, Arc<str>> {
    let mut response = request.send().await.map_err(|error| describe(&error.without_url()))?;
    let mut body = Vec::new();
    while body.len() < longest {
        // An incomplete body is not an error: often the status is sufficient.
        let Ok(Some(chunk)) = response.chunk().await else { break };
        body.extend_from_slice(&chunk[..chunk.len().min(longest - body.len())]);
    }
    Ok(Answer { status: response.status(), headers: std::mem::take(response.headers_mut()), body })
}

/// The reason in words; the errors of the library only say that sending failed.
fn describe(error: &reqwest::Error) -> Arc<str> {
    if error.is_timeout() {
        return format!("no response within {}s", TIMEOUT.as_secs()).into();
    }
    library_reason(error, &Redactor::default()).to_string().into()
}
