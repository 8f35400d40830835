//! Fetches the schema of a GraphQL server, before any load.
//!
//! In: the endpoint, with headers, proxy and TLS settings of the scenario. Out: the response body, for
//! [`GraphqlSchema`](crate::scenario::GraphqlSchema).

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use http::header::{ACCEPT, CONTENT_TYPE};
use url::Url;

use crate::protocol::http::proxies;
use crate::protocol::net::resolve::CachingResolver;
use crate::protocol::net::tls;
use crate::scenario::graphql::endpoint::GraphqlEndpoint;
use crate::scenario::graphql::introspection_query;
use crate::scenario::graphql::schema::MAX_BYTES;
use crate::scenario::secrets::Redactor;

/// Generous, because a large schema takes a server a while.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Characters of an unexpected response (such as a proxy's error page) that are shown.
const MAX_EXCERPT: usize = 120;

/// Sends the introspection query that the server supports, blocks until the response is there, and returns its body.
///
/// # Errors
/// When there is no response, or it is too large or not JSON.
pub fn introspect(endpoint: &GraphqlEndpoint) -> Result<String, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let asked = runtime.map_err(|error| error.to_string()).and_then(|runtime| runtime.block_on(ask(endpoint)));
    asked.map_err(|why| format!("cannot ask {} for its schema: {why}", shown(&endpoint.url)))
}

/// The cause of an error.
fn words(error: reqwest::Error) -> String {
    let mut deepest: &dyn std::error::Error = &error;
    while let Some(inner) = deepest.source() {
        deepest = inner;
    }
    if error.is_timeout() { "timed out".to_owned() } else { deepest.to_string() }
}

async fn ask(endpoint: &GraphqlEndpoint) -> Result<String, String> {
    let GraphqlEndpoint { url, headers, client: options, secrets } = endpoint;
    let mut headers = headers.clone();
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls::of(options).map_err(|error| error.to_string())?)
        // A redirect would send the headers to another server.
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
    let send = async |query: &str, name: &str| {
        let body = serde_json::json!({ "query": query, "operationName": name }).to_string();
        let response = client.post(url.clone()).headers(headers.clone()).body(body).send().await.map_err(words)?;
        read(response, secrets).await
    };
    let support = send(introspection_query::SUPPORT, "IntrospectionSupport").await?;
    send(&introspection_query::query(&support), "IntrospectionQuery").await
}

/// The body of a response, which must be JSON.
async fn read(mut response: reqwest::Response, secrets: &Redactor) -> Result<String, String> {
    let status = response.status();
    let mut received = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(words)? {
        received.extend_from_slice(&chunk);
        if received.len() as u64 > MAX_BYTES {
            return Err(format!("the response is larger than {} MB", MAX_BYTES / 1_000_000));
        }
    }
    let text = String::from_utf8(received).map_err(|_| format!("status {status}, and the body is not UTF-8"))?;
    // The status is not checked: servers send errors with 200 as well as 400. The schema parser strips the byte order
    // mark.
    if text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        return Ok(text);
    }
    let start = secrets.clip(&text.split_whitespace().collect::<Vec<_>>().join(" "), MAX_EXCERPT);
    Err(format!("status {status}, and the body is not JSON: {}", crate::clean::line(&start)))
}

/// The URL without user, password, query and fragment, which may be secret.
fn shown(url: &Url) -> String {
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}
