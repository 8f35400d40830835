//! The general client: TLS, HTTP/2 and everything else that the lean one leaves alone.

use std::sync::Arc;
use std::time::Instant;

use reqwest::Client;
use reqwest::cookie::Jar;
use reqwest::redirect::Policy;

use super::connect::ConnectClock;
use super::draft::Draft;
use super::kept::{EXAMPLE_BODY, Judge};
use super::{Exchange, MAX_REDIRECTS, Shared, USER_AGENT, classify};
use crate::scenario::plan::HttpStep;

/// One user's general client.
#[derive(Debug)]
pub struct General {
    client: Client,
    connecting: ConnectClock,
}

impl General {
    /// A client with no connection yet, sharing the user's cookies.
    pub fn new(shared: &Shared, jar: Arc<Jar>) -> reqwest::Result<Self> {
        let connecting = ConnectClock::default();
        let client = Client::builder()
            .tls_backend_preconfigured(shared.tls.clone())
            .dns_resolver(Arc::clone(&shared.resolver))
            .connector_layer(connecting.clone())
            .cookie_provider(jar)
            .redirect(Policy::limited(MAX_REDIRECTS))
            .referer(false)
            // A request is sent as often as the statistics say: never again behind our back.
            .retry(reqwest::retry::never())
            .no_proxy()
            // A timer for each user's idle connections would cost more memory than the connections.
            .pool_idle_timeout(None)
            .user_agent(USER_AGENT)
            .build()?;
        Ok(Self { client, connecting })
    }

    /// Sends `draft` and reads the whole reply into `exchange`.
    pub async fn exchange(
        &self,
        step: &HttpStep,
        draft: &Draft,
        (started, exchange): (Instant, &mut Exchange),
        judge: &Judge<'_>,
    ) {
        let outcome = self.converse(step, draft, (started, exchange), judge).await;
        if let Err(error) = outcome {
            exchange.failure = Some(classify::failure(classify::general(&error), &error));
        }
        if let Some(connect) = self.connecting.take() {
            exchange.connect = Some(exchange.connect.unwrap_or_default() + connect);
        }
    }

    async fn converse(
        &self,
        step: &HttpStep,
        draft: &Draft,
        (started, exchange): (Instant, &mut Exchange),
        judge: &Judge<'_>,
    ) -> reqwest::Result<()> {
        let mut request = self.client.request(draft.method.clone(), &draft.url);
        for (name, value) in draft.headers(&step.fixed_headers) {
            request = request.header(name, value);
        }
        if !draft.body.is_empty() {
            request = request.body(draft.body.clone());
        }
        let mut response = request.send().await?;
        exchange.first_byte = Some(started.elapsed());
        let status = response.status().as_u16();
        let keeps = judge.keeps(status);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            exchange.bytes += chunk.len() as u64;
            if keeps {
                body.extend_from_slice(&chunk[..chunk.len().min(EXAMPLE_BODY - body.len())]);
            }
        }
        exchange.failure = judge.failure(status, || (response.headers().clone(), body));
        Ok(())
    }
}
