//! The general client: TLS, HTTP/2, proxies and everything else that the lean one leaves alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Client;
use reqwest::cookie::Jar;
use reqwest::redirect::Policy;

use super::connect::ConnectClock;
use super::draft::Draft;
use super::judge::{Judge, Reply};
use super::lean::Sink;
use super::{Exchange, Shared, USER_AGENT, classify, draft};
use crate::scenario::plan::{ClientId, Connections, HttpVersion};

/// One user's general client for one set of options.
#[derive(Debug)]
pub struct General {
    /// The options.
    pub id: ClientId,
    client: Client,
    connecting: ConnectClock,
}

impl General {
    /// A client with no connection yet, sharing the user's cookies.
    pub fn new(shared: &Shared, id: ClientId, jar: Arc<Jar>) -> reqwest::Result<Self> {
        let (options, tls) = shared.client(id);
        Self::with(shared, id, jar, (options.http_version, options.connections, tls.clone()))
    }

    /// The same for opening WebSockets: each on a connection of its own, which begins with HTTP/1.1.
    pub fn upgrading(shared: &Shared, id: ClientId, jar: Arc<Jar>) -> reqwest::Result<Self> {
        let mut tls = shared.client(id).1.clone();
        // A server that may choose HTTP/2 does.
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self::with(shared, id, jar, (HttpVersion::One, Connections::PerRequest, tls))
    }

    fn with(
        shared: &Shared,
        id: ClientId,
        jar: Arc<Jar>,
        (version, connections, tls): (HttpVersion, Connections, rustls::ClientConfig),
    ) -> reqwest::Result<Self> {
        let connecting = ConnectClock::default();
        let options = &shared.client(id).0;
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(Arc::clone(&shared.resolver))
            .connector_layer(connecting.clone())
            .cookie_provider(jar)
            // The caller follows: the next address may be one for the lean client.
            .redirect(Policy::none())
            .referer(false)
            // A request is sent as often as the statistics say: never again behind our back.
            .retry(reqwest::retry::never())
            .no_proxy()
            // A timer for each user's idle connections would cost more memory than the connections.
            .pool_idle_timeout(None)
            .user_agent(USER_AGENT);
        if let Some(proxy) = &options.proxy {
            builder = builder.proxy(reqwest::Proxy::all(proxy.clone())?);
        }
        builder = match version {
            HttpVersion::Any => builder,
            HttpVersion::One => builder.http1_only(),
            HttpVersion::Two => builder.http2_prior_knowledge(),
        };
        if connections == Connections::PerRequest {
            builder = builder.pool_max_idle_per_host(0);
        }
        Ok(Self { id, client: builder.build()?, connecting })
    }

    /// The client itself.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// How long the connection took that was opened since the last call.
    pub fn connected(&self) -> Option<Duration> {
        self.connecting.take()
    }

    /// Sends `draft` and reads the whole reply; its times go into `exchange`, and its failure if none comes.
    pub async fn exchange(
        &self,
        draft: &Draft,
        (started, exchange): (Instant, &mut Exchange),
        judge: &Judge<'_>,
    ) -> Option<Reply> {
        let outcome = self.converse(draft, (started, exchange), judge).await;
        if let Some(connect) = self.connected() {
            exchange.connect = Some(exchange.connect.unwrap_or_default() + connect);
        }
        outcome.map_err(|error| exchange.failure = Some(classify::failure(classify::general(&error), &error))).ok()
    }

    async fn converse(
        &self,
        draft: &Draft,
        (started, exchange): (Instant, &mut Exchange),
        judge: &Judge<'_>,
    ) -> reqwest::Result<Reply> {
        let mut request = self.client.request(draft.method.clone(), &draft.url);
        for (name, value) in draft.headers(&judge.step.fixed_headers) {
            request = request.header(name, value);
        }
        if !draft.body.is_empty() {
            request = request.body(draft.body.clone());
        }
        let mut response = request.send().await?;
        exchange.first_byte = Some(started.elapsed());
        let status = response.status().as_u16();
        let keep = judge.keeps(status);
        exchange.bytes = 0;
        let mut body = Sink::new(keep.body, response.content_length());
        while let Some(chunk) = response.chunk().await? {
            body.take(&chunk);
            exchange.bytes = body.bytes;
        }
        let headers = if keep.head || draft::redirects(status) {
            std::mem::take(response.headers_mut())
        } else {
            http::HeaderMap::new()
        };
        Ok(Reply { status, headers, body: body.kept, bytes: body.bytes })
    }
}
