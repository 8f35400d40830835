//! Sending one request and reading its reply.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::redirect::Policy;
use reqwest::{Client, Request, Response};

use super::connect::ConnectClock;
use super::resolve::CachingResolver;
use super::{Exchange, TlsError, classify, request, tls};
use crate::scenario::plan::HttpStep;
use crate::scenario::template::{RenderError, Scope};
use crate::stats::{Example, Reason};

/// Redirects followed before a request fails: Locust's number.
const MAX_REDIRECTS: usize = 30;
/// Bytes of a failed reply's body kept for the detail view.
const EXAMPLE_BODY: usize = 4_096;
/// Bytes of a failed reply's headers kept for the detail view.
const EXAMPLE_HEADERS: usize = 2_048;

/// Makes clients. Holds what they share.
#[derive(Debug, Clone)]
pub struct Factory {
    tls: rustls::ClientConfig,
    resolver: Arc<CachingResolver>,
}

impl Factory {
    /// Loads the root certificates.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, TlsError> {
        Ok(Self { tls: tls::configuration()?, resolver: Arc::default() })
    }

    /// A client with no connection and no cookies yet.
    ///
    /// # Errors
    /// When the HTTP library refuses its settings; it does not, for the fixed ones used here.
    pub fn client(&self) -> Result<UserClient, String> {
        let connecting = ConnectClock::default();
        let client = Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .dns_resolver(Arc::clone(&self.resolver))
            .connector_layer(connecting.clone())
            .cookie_store(true)
            .redirect(Policy::limited(MAX_REDIRECTS))
            .referer(false)
            // A request is sent as often as the statistics say: never again behind our back.
            .retry(reqwest::retry::never())
            .no_proxy()
            // A timer for each user's idle connections would cost more memory than the connections.
            .pool_idle_timeout(None)
            .user_agent(concat!("katydid/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| classify::detail(&error))?;
        Ok(UserClient { client, connecting, buffer: String::new() })
    }
}

/// One user's connections and cookies.
#[derive(Debug)]
pub struct UserClient {
    client: Client,
    connecting: ConnectClock,
    buffer: String,
}

impl UserClient {
    /// Fills the step's templates.
    ///
    /// # Errors
    /// When a template fails.
    pub fn prepare(&mut self, step: &HttpStep, scope: &mut Scope) -> Result<Prepared, RenderError> {
        request::build(step, scope, &mut self.buffer).map(Prepared)
    }

    /// Sends it and reads the whole reply. `wants` tells whether an example of a failure is still of use.
    pub async fn send(&self, step: &HttpStep, prepared: Prepared, wants: impl Fn(&Reason) -> bool) -> Exchange {
        let started = Instant::now();
        let mut exchange =
            Exchange { service: Duration::ZERO, connect: None, first_byte: None, bytes: 0, failure: None };
        let exchanging = self.exchange(step, prepared.0, (started, &mut exchange), wants);
        let in_time = tokio::time::timeout(step.timeout, exchanging).await.is_ok();
        exchange.service = started.elapsed();
        if !in_time {
            // Leaving time-outs out would flatter the tail, so they count with their full length.
            exchange.service = exchange.service.max(step.timeout);
            exchange.failure = Some((Reason::Timeout(step.timeout), Example::default()));
        }
        exchange.connect = self.connecting.take();
        exchange
    }

    async fn exchange(
        &self,
        step: &HttpStep,
        request: Request,
        (started, exchange): (Instant, &mut Exchange),
        wants: impl Fn(&Reason) -> bool,
    ) {
        let mut response = match self.client.execute(request).await {
            Ok(response) => response,
            Err(error) => {
                exchange.failure = Some(failed(&error));
                return;
            }
        };
        exchange.first_byte = Some(started.elapsed());
        let refused = refusal(step, response.status().as_u16());
        let mut kept = None;
        if let Some(reason) = &refused
            && wants(reason)
        {
            kept = Some((headers(&response), Vec::new()));
        }
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    exchange.bytes += chunk.len() as u64;
                    if let Some((_, body)) = &mut kept {
                        body.extend_from_slice(&chunk[..chunk.len().min(EXAMPLE_BODY - body.len())]);
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    exchange.failure = Some(failed(&error));
                    return;
                }
            }
        }
        exchange.failure = refused.map(|reason| {
            let (headers, body) = kept.unwrap_or_default();
            let status = Some(response.status().as_u16());
            let body = String::from_utf8_lossy(&body).into_owned();
            (reason, Example { status, headers, body, detail: String::new() })
        });
    }
}

/// A request whose templates are filled.
#[derive(Debug)]
pub struct Prepared(Request);

fn refusal(step: &HttpStep, status: u16) -> Option<Reason> {
    match &step.expect_status {
        None => (status >= 400).then_some(Reason::Status(status)),
        Some(ranges) if ranges.iter().any(|range| range.contains(status)) => None,
        Some(_) => Some(Reason::UnexpectedStatus { got: status, expected: step.expected.clone() }),
    }
}

fn failed(error: &reqwest::Error) -> (Reason, Example) {
    (classify::reason(error), Example { detail: classify::detail(error), ..Example::default() })
}

fn headers(response: &Response) -> String {
    let mut out = String::new();
    for (name, value) in response.headers() {
        if out.len() > EXAMPLE_HEADERS {
            break;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        out.extend([name.as_str(), ": ", &value, "\n"]);
    }
    out.truncate(out.floor_char_boundary(EXAMPLE_HEADERS));
    out
}
