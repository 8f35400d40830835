//! Asks a GraphQL server for its schema, once, before any load.
//!
//! In: its address, with the headers, proxy and TLS of the scenario. Out: the text of its reply, for [`GraphqlSchema`](crate::scenario::GraphqlSchema).

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use http::header::{ACCEPT, CONTENT_TYPE};
use url::Url;

use crate::protocol::http::proxies;
use crate::protocol::net::resolve::CachingResolver;
use crate::protocol::net::tls;
use crate::scenario::graphql::endpoint::GraphqlEndpoint;
use crate::scenario::graphql::introspection;
use crate::scenario::graphql::schema::MAX_BYTES;

/// A schema may take the server a while, but not for ever.
const TIMEOUT: Duration = Duration::from_secs(30);
/// A proxy's page is not needed whole to say that it is one.
const EXCERPT: usize = 120;

/// The reply to the standard introspection query; waits for it.
///
/// # Errors
/// When none comes, or one that is too large or no GraphQL reply.
pub fn introspect(endpoint: &GraphqlEndpoint) -> Result<String, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let asked = runtime.map_err(|error| error.to_string()).and_then(|runtime| runtime.block_on(ask(endpoint)));
    asked.map_err(|why| format!("cannot ask {} for its schema: {why}", shown(&endpoint.url)))
}

async fn ask(endpoint: &GraphqlEndpoint) -> Result<String, String> {
    let words = |error: reqwest::Error| {
        let mut deepest: &dyn std::error::Error = &error;
        while let Some(inner) = deepest.source() {
            deepest = inner;
        }
        if error.is_timeout() { "timed out".to_owned() } else { deepest.to_string() }
    };
    let GraphqlEndpoint { url, headers, client: options, secrets } = endpoint;
    let mut headers = headers.clone();
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls::of(options).map_err(|error| error.to_string())?)
        // A redirect would take the headers elsewhere.
        .redirect(reqwest::redirect::Policy::none())
        .dns_resolver(Arc::new(CachingResolver::default()))
        .no_proxy()
        .timeout(TIMEOUT);
    if !options.proxy.is_none() {
        builder = builder.proxy(proxies(&options.proxy));
    }
    let client = builder.build().map_err(words)?;
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
    let body = serde_json::json!({ "query": introspection::QUERY, "operationName": "IntrospectionQuery" }).to_string();
    let mut response = client.post(url.clone()).headers(headers).body(body).send().await.map_err(words)?;
    let status = response.status();
    let mut reply = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(words)? {
        reply.extend_from_slice(&chunk);
        if reply.len() as u64 > MAX_BYTES {
            return Err(format!("its reply is larger than {} MB", MAX_BYTES / 1_000_000));
        }
    }
    let text = String::from_utf8(reply).map_err(|_| format!("status {status}, and no text"))?;
    // The body decides: servers refuse with 200 and with 400. The reader of schemas takes the mark off again.
    if text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        return Ok(text);
    }
    let start = secrets.clip(&text.split_whitespace().collect::<Vec<_>>().join(" "), EXCERPT);
    Err(format!("status {status}, and no JSON: {}", crate::clean::line(&start)))
}

/// The address without what may be secret in it.
fn shown(url: &Url) -> String {
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}
