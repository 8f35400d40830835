//! The routes of the shop. Every request is counted first, then judged, then delayed; bad input gets a 4xx.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{Json, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::behaviour;
use super::counters::{Counters, Endpoint};
use super::products::{PRODUCTS, name, price};

/// Products on a page.
const PAGE_SIZE: u32 = 10;
/// Pages of the product list.
const PAGES: u32 = PRODUCTS / PAGE_SIZE;

const HOME: &str = "<!doctype html><title>Katydid shop</title><h1>Katydid shop</h1>\
<p>A small shop to practise load tests on.</p><a href=\"/api/products?page=1\">Products</a>\n";
type Shop = State<Arc<Counters>>;
/// The reply to a request that is wrong; boxed because it is large and rare.
type Refusal = Box<Response>;

/// The HTTP side of the shop.
pub(super) fn router(counters: Arc<Counters>) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/api/login", post(login))
        .route("/api/products", get(products))
        .route("/api/products/{id}", get(product))
        .route("/api/cart", post(cart))
        .route("/api/checkout", post(checkout))
        .route("/api/search", get(search))
        .route("/api/report", get(report))
        .route("/_count", get(count))
        .fallback(not_found)
        .method_not_allowed_fallback(not_allowed)
        .with_state(counters)
}

/// Counts the request, lets it take its time, and answers: with `reply` if that is an error of the client's, else
/// with a random fault now and then.
async fn answer(shop: &Counters, endpoint: Endpoint, reply: Result<Response, Refusal>) -> Response {
    let inside = shop.enter(endpoint);
    let (delay, fault) = {
        let mut rng = shop.chance(endpoint);
        let delay = behaviour::delay(endpoint, shop.inside(), &mut rng);
        (delay, behaviour::fault(endpoint, &mut rng).filter(|_| shop.has_faults()))
    };
    tokio::time::sleep(delay).await;
    drop(inside);
    match (reply, fault) {
        (Err(refusal), _) => *refusal,
        (Ok(_), Some(status)) => problem(status, "the shop is having a bad moment"),
        (Ok(reply), None) => reply,
    }
}

fn problem(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}

fn refuse(status: StatusCode, why: &str) -> Refusal {
    Box::new(problem(status, why))
}

fn rejected(rejection: impl IntoResponse) -> Refusal {
    Box::new(rejection.into_response())
}

fn ok(value: Value) -> Response {
    Json(value).into_response()
}

fn created(value: Value) -> Response {
    (StatusCode::CREATED, Json(value)).into_response()
}

fn item(id: u32) -> Value {
    json!({ "id": id, "name": name(id), "price": price(id) })
}

async fn home(State(shop): Shop) -> Response {
    answer(&shop, Endpoint::Home, Ok(Html(HOME).into_response())).await
}

#[derive(Deserialize)]
struct Login {
    email: String,
    password: String,
}

async fn login(State(shop): Shop, body: Result<Json<Login>, JsonRejection>) -> Response {
    let reply = body.map_err(rejected).and_then(|Json(login)| {
        if !login.email.contains('@') || login.password.is_empty() {
            return Err(refuse(StatusCode::UNAUTHORIZED, "unknown email or password"));
        }
        Ok(ok(json!({ "token": format!("{:032x}", fastrand::u128(..)) })))
    });
    answer(&shop, Endpoint::Login, reply).await
}

#[derive(Deserialize)]
struct Page {
    #[serde(default = "first_page")]
    page: u32,
}

fn first_page() -> u32 {
    1
}

async fn products(State(shop): Shop, query: Result<Query<Page>, QueryRejection>) -> Response {
    let reply = query.map_err(rejected).and_then(|Query(Page { page })| {
        if !(1..=PAGES).contains(&page) {
            return Err(refuse(StatusCode::NOT_FOUND, "no such page"));
        }
        let first = (page - 1) * PAGE_SIZE + 1;
        let items: Vec<Value> = (first..first + PAGE_SIZE).map(item).collect();
        Ok(ok(json!({ "page": page, "pages": PAGES, "items": items })))
    });
    answer(&shop, Endpoint::Products, reply).await
}

async fn product(State(shop): Shop, id: Result<Path<u32>, PathRejection>) -> Response {
    let reply = match id {
        Ok(Path(id)) if (1..=PRODUCTS).contains(&id) => Ok(ok(item(id))),
        _ => Err(refuse(StatusCode::NOT_FOUND, "no such product")),
    };
    answer(&shop, Endpoint::Product, reply).await
}

#[derive(Deserialize)]
struct Line {
    product_id: u32,
    quantity: u32,
}

async fn cart(State(shop): Shop, body: Result<Json<Line>, JsonRejection>) -> Response {
    let reply = body.map_err(rejected).and_then(|Json(line)| {
        if !(1..=PRODUCTS).contains(&line.product_id) || !(1..=100).contains(&line.quantity) {
            return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, "product_id is 1 to 200, quantity 1 to 100"));
        }
        Ok(created(json!({ "items": [{ "product_id": line.product_id, "quantity": line.quantity }] })))
    });
    answer(&shop, Endpoint::Cart, reply).await
}

#[derive(Deserialize)]
struct Order {
    name: String,
    address: String,
}

async fn checkout(State(shop): Shop, body: Result<Json<Order>, JsonRejection>) -> Response {
    let reply = body.map_err(rejected).and_then(|Json(order)| {
        if order.name.trim().is_empty() || order.address.trim().is_empty() {
            return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, "name and address are needed"));
        }
        Ok(created(json!({ "order": fastrand::u32(100_000..1_000_000) })))
    });
    answer(&shop, Endpoint::Checkout, reply).await
}

#[derive(Deserialize)]
struct Wanted {
    q: String,
}

async fn search(State(shop): Shop, query: Result<Query<Wanted>, QueryRejection>) -> Response {
    let reply = query.map_err(rejected).map(|Query(Wanted { q })| {
        let wanted = q.to_lowercase();
        let hits: Vec<Value> = (1..=PRODUCTS)
            .map(item)
            .filter(|i| i["name"].as_str().is_some_and(|name| name.to_lowercase().contains(&wanted)))
            .take(PAGE_SIZE as usize)
            .collect();
        ok(json!({ "items": hits }))
    });
    answer(&shop, Endpoint::Search, reply).await
}

async fn report(State(shop): Shop) -> Response {
    let reply = ok(json!({ "orders": fastrand::u32(1_000..2_000), "revenue": fastrand::u32(50_000..90_000) }));
    answer(&shop, Endpoint::Report, Ok(reply)).await
}

/// Not a part of the shop: neither counted nor delayed.
async fn count(State(shop): Shop) -> Json<Value> {
    Json(shop.to_json())
}

async fn not_found(State(shop): Shop) -> Response {
    answer(&shop, Endpoint::Other, Err(refuse(StatusCode::NOT_FOUND, "no such page"))).await
}

async fn not_allowed(State(shop): Shop) -> Response {
    answer(&shop, Endpoint::Other, Err(refuse(StatusCode::METHOD_NOT_ALLOWED, "not this way"))).await
}
