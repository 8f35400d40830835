//! GraphQL over HTTP: `GET` and `POST /graphql`, with the media types and status codes of the GraphQL over HTTP
//! specification.

use std::sync::Arc;

use async_graphql::extensions::apollo_persisted_queries::{ApolloPersistedQueries, LruCacheStorage};
use async_graphql::{Request, Response, Schema};
use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::get;
use serde::Deserialize;

use super::behaviour;
use super::cost::CostExtension;
use super::counters::{Endpoint, RequestCounters};
use super::graphql_schema::{Database, MutationRoot, QueryRoot};
use super::subscriptions::{self, SubscriptionRoot};

/// Media type of the GraphQL over HTTP specification.
const MEDIA: &str = "application/graphql-response+json";

type ShopSchema = Schema<QueryRoot, MutationRoot, SubscriptionRoot>;

/// `GET` and `POST /graphql`, and a WebSocket for subscriptions.
pub(super) fn router(counters: Arc<RequestCounters>) -> Router {
    let schema = Schema::build(QueryRoot, MutationRoot, SubscriptionRoot)
        .extension(ApolloPersistedQueries::new(LruCacheStorage::new(256)))
        .extension(CostExtension)
        .limit_depth(12)
        .limit_complexity(2_000)
        .finish();
    Router::new().route("/graphql", get(by_get).post(by_post)).with_state((schema, counters))
}

async fn by_post(
    State((schema, counters)): State<(ShopSchema, Arc<RequestCounters>)>,
    headers: HeaderMap,
    body: Bytes,
) -> GraphqlReply {
    let request = serde_json::from_slice(&body).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()));
    respond(&schema, &counters, request, prefers_new_media(&headers)).await
}

/// A GraphQL request as URL parameters; nested values are JSON.
#[derive(Deserialize)]
struct Parameters {
    query: Option<String>,
    #[serde(rename = "operationName")]
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

async fn by_get(
    State((schema, counters)): State<(ShopSchema, Arc<RequestCounters>)>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    headers: HeaderMap,
    Query(parameters): Query<Parameters>,
) -> axum::response::Response {
    if let Ok(upgrade) = upgrade {
        // Counts as one request; messages on the socket do not.
        drop(counters.enter(Endpoint::Graphql));
        return subscriptions::serve_upgraded(upgrade, schema, counters);
    }
    let request = from_parameters(parameters);
    respond(&schema, &counters, request, prefers_new_media(&headers)).await.into_response()
}

fn from_parameters(parameters: Parameters) -> Result<Request, (StatusCode, String)> {
    let bad = |error: serde_json::Error| (StatusCode::BAD_REQUEST, error.to_string());
    let mut request = Request::new(parameters.query.unwrap_or_default());
    if let Some(name) = parameters.operation_name {
        request = request.operation_name(name);
    }
    if let Some(variables) = parameters.variables {
        request = request.variables(serde_json::from_str(&variables).map_err(bad)?);
    }
    if let Some(extensions) = parameters.extensions {
        request.extensions = serde_json::from_str(&extensions).map_err(bad)?;
    }
    let changes = request.query.trim_start().starts_with("mutation");
    if changes { Err((StatusCode::METHOD_NOT_ALLOWED, "a mutation needs POST".to_owned())) } else { Ok(request) }
}

type GraphqlReply = (StatusCode, [(header::HeaderName, HeaderValue); 1], String);

async fn respond(
    schema: &ShopSchema,
    counters: &RequestCounters,
    request: Result<Request, (StatusCode, String)>,
    new_media: bool,
) -> GraphqlReply {
    let in_progress = counters.enter(Endpoint::Graphql);
    let (delay, fault) = {
        let mut rng = counters.next_rng(Endpoint::Graphql);
        let delay = behaviour::delay(Endpoint::Graphql, counters.in_progress(), &mut rng);
        (delay, counters.has_faults() && behaviour::fault(Endpoint::Graphql, &mut rng).is_some())
    };
    tokio::time::sleep(delay).await;
    let (status, body) = match request {
        Err((status, why)) => (status, request_error(&why)),
        // GraphQL servers report failures with status 200. Introspection always works.
        Ok(request) if fault && !request.query.contains("__schema") => (StatusCode::OK, unavailable()),
        Ok(request) => serialized(schema.execute(request.data(Database::default())).await),
    };
    drop(in_progress);
    // With the older media type, the status is always 200.
    let status = if new_media || status == StatusCode::METHOD_NOT_ALLOWED { status } else { StatusCode::OK };
    let media = if new_media { MEDIA } else { "application/json" };
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static(media))], body)
}

fn prefers_new_media(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains(MEDIA))
}

fn request_error(why: &str) -> String {
    serde_json::json!({ "errors": [{ "message": why }] }).to_string()
}

fn unavailable() -> String {
    let extensions = serde_json::json!({ "code": "UNAVAILABLE" });
    let error = serde_json::json!({ "message": "the shop is having a bad moment", "extensions": extensions });
    serde_json::json!({ "data": null, "errors": [error] }).to_string()
}

/// Serializes a response. One that was rejected before execution has no `data`.
fn serialized(response: Response) -> (StatusCode, String) {
    let refused = response.is_err() && response.errors.iter().all(|error| error.path.is_empty());
    // Cannot fail: the library's response is valid JSON.
    let mut body = serde_json::to_value(&response).unwrap_or_default();
    if refused && let Some(members) = body.as_object_mut() {
        members.remove("data");
        return (StatusCode::BAD_REQUEST, body.to_string());
    }
    (StatusCode::OK, body.to_string())
}
