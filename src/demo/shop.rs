//! What the demo shop answers, how slowly, and how often it fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

/// Products in the shop, numbered from 1.
const PRODUCTS: u32 = 200;
/// Products on a page.
const PAGE: u32 = 10;
/// One reply in a hundred is this much slower.
const OUTLIER: f64 = 8.0;

#[derive(Debug, Default)]
struct Shop {
    requests: AtomicU64,
    searching: AtomicU32,
}

type Shared = State<Arc<Shop>>;

/// All routes. `/_count` tells how many requests the others have had.
pub fn router() -> Router {
    let shop = Arc::new(Shop::default());
    Router::new()
        .route("/", get(home))
        .route("/api/login", post(login))
        .route("/api/products", get(products))
        .route("/api/products/{id}", get(product))
        .route("/api/cart", post(cart))
        .route("/api/checkout", post(checkout))
        .route("/api/search", get(search))
        .route("/api/report", get(report))
        .route_layer(from_fn_with_state(Arc::clone(&shop), count))
        .route("/_count", get(|State(shop): Shared| async move { shop.requests.load(Ordering::Relaxed).to_string() }))
        .with_state(shop)
}

async fn count(State(shop): Shared, request: Request, next: Next) -> Response {
    shop.requests.fetch_add(1, Ordering::Relaxed);
    next.run(request).await
}

/// Takes as long as a server would: log-normal around `median` milliseconds, with a few outliers.
async fn work(median: f64) {
    // The sum of twelve uniform numbers is near enough to a normal distribution (Irwin and Hall).
    let normal: f64 = (0..12).map(|_| fastrand::f64()).sum::<f64>() - 6.0;
    let outlier = if fastrand::u32(0..100) == 0 { OUTLIER } else { 1.0 };
    let millis = median * (0.35 * normal).exp() * outlier;
    tokio::time::sleep(Duration::from_secs_f64(millis / 1e3)).await;
}

/// True as often as said, in thousandths.
fn unlucky(thousandths: u32) -> bool {
    fastrand::u32(0..1_000) < thousandths
}

fn broken() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": "an unlucky request" }))).into_response()
}

async fn home() -> Html<&'static str> {
    work(8.0).await;
    Html("<!doctype html><title>Demo shop</title><h1>Demo shop</h1><p>Everything here is made of air.</p>")
}

#[derive(Deserialize)]
struct Login {
    email: String,
    password: String,
}

async fn login(Json(who): Json<Login>) -> Response {
    work(60.0).await;
    if who.email.is_empty() || who.password.is_empty() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Json(json!({ "token": format!("{:016x}", fastrand::u64(..)) })).into_response()
}

#[derive(Deserialize)]
struct Page {
    page: Option<u32>,
}

async fn products(Query(Page { page }): Query<Page>) -> Response {
    let page = page.unwrap_or(1);
    if !(1..=PRODUCTS / PAGE).contains(&page) {
        return StatusCode::NOT_FOUND.into_response();
    }
    work(25.0).await;
    if unlucky(3) {
        return broken();
    }
    let items: Vec<Value> = (0..PAGE).map(|n| item((page - 1) * PAGE + n + 1)).collect();
    Json(json!({ "page": page, "items": items })).into_response()
}

fn item(id: u32) -> Value {
    const KINDS: [&str; 5] = ["Lamp", "Desk", "Chair", "Shelf", "Clock"];
    let kind = KINDS[id as usize % KINDS.len()];
    json!({ "id": id, "name": format!("{kind} {id}"), "price": f64::from(id * 37 % 500) + 0.99 })
}

async fn product(Path(id): Path<u32>) -> Response {
    if !(1..=PRODUCTS).contains(&id) {
        return StatusCode::NOT_FOUND.into_response();
    }
    work(15.0).await;
    if unlucky(3) { broken() } else { Json(item(id)).into_response() }
}

#[derive(Deserialize)]
struct CartLine {
    product_id: u32,
    quantity: u32,
}

async fn cart(Json(line): Json<CartLine>) -> Response {
    if !(1..=PRODUCTS).contains(&line.product_id) || line.quantity == 0 {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    work(30.0).await;
    if unlucky(3) {
        return broken();
    }
    let total = f64::from(line.quantity) * (f64::from(line.product_id * 37 % 500) + 0.99);
    (StatusCode::CREATED, Json(json!({ "total": total }))).into_response()
}

#[derive(Deserialize)]
struct Order {
    name: String,
    address: String,
}

async fn checkout(Json(order): Json<Order>) -> Response {
    if order.name.is_empty() || order.address.is_empty() {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    work(80.0).await;
    if unlucky(25) {
        return (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "2")], "the payment provider does not answer")
            .into_response();
    }
    (StatusCode::CREATED, Json(json!({ "order": fastrand::u32(..) }))).into_response()
}

#[derive(Deserialize)]
struct Words {
    q: Option<String>,
}

/// Degrades as load rises: searches share one slow index, so each makes the others wait.
async fn search(State(shop): Shared, Query(Words { q }): Query<Words>) -> Response {
    let Some(q) = q.filter(|q| !q.is_empty()) else { return StatusCode::BAD_REQUEST.into_response() };
    let others = shop.searching.fetch_add(1, Ordering::Relaxed);
    let _searching = Searching(&shop.searching);
    work(20.0 + 12.0 * f64::from(others.min(200))).await;
    let hits = (1..=PRODUCTS).filter(|id| (id + q.len() as u32).is_multiple_of(17)).map(item).collect::<Vec<_>>();
    Json(json!({ "hits": hits })).into_response()
}

/// Counts down also when the client hangs up.
struct Searching<'a>(&'a AtomicU32);

impl Drop for Searching<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn report() -> Json<Value> {
    work(350.0).await;
    Json(json!({ "orders": fastrand::u32(100..200) }))
}
