//! The HTTP routes of the shop. Each request is counted, checked, then delayed; invalid input gets a 4xx.

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
use super::counters::{Endpoint, RequestCounters};
use super::products::{PRODUCTS, name, price};

/// Products per page.
const PAGE_SIZE: u32 = 10;
/// Number of pages.
const PAGES: u32 = PRODUCTS / PAGE_SIZE;

const HOME: &str = "<!doctype html><title>Katydid shop</title><h1>Katydid shop</h1>\
<p>A small shop to practise load testing on.</p><a href=\"/api/products?page=1\">Products</a>\n";
type Shop = State<Arc<RequestCounters>>;
/// The response to an invalid request; boxed because it is large and rare.
type ErrorResponse = Box<Response>;

/// The HTTP routes of the shop.
pub(super) fn router(counters: Arc<RequestCounters>) -> Router {
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

/// Counts and delays a request, and returns its response: an error of the client, else sometimes a random fault, else
/// `response`.
async fn respond(shop: &RequestCounters, endpoint: Endpoint, response: Result<Response, ErrorResponse>) -> Response {
    let in_progress = shop.enter(endpoint);
    let (delay, fault) = {
        let mut rng = shop.next_rng(endpoint);
        let delay = behaviour::delay(endpoint, shop.in_progress(), &mut rng);
        (delay, behaviour::fault(endpoint, &mut rng).filter(|_| shop.has_faults()))
    };
    tokio::time::sleep(delay).await;
    drop(in_progress);
    match (response, fault) {
        (Err(refusal), _) => *refusal,
        (Ok(_), Some(status)) => problem(status, "the shop is having a bad moment"),
        (Ok(response), None) => response,
    }
}

fn problem(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}

fn error_response(status: StatusCode, why: &str) -> ErrorResponse {
    Box::new(problem(status, why))
}

fn rejected(rejection: impl IntoResponse) -> ErrorResponse {
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
    respond(&shop, Endpoint::Home, Ok(Html(HOME).into_response())).await
}

#[derive(Deserialize)]
struct Login {
    email: String,
    password: String,
}

async fn login(State(shop): Shop, body: Result<Json<Login>, JsonRejection>) -> Response {
    let response = body.map_err(rejected).and_then(|Json(login)| {
        if !login.email.contains('@') || login.password.is_empty() {
            return Err(error_response(StatusCode::UNAUTHORIZED, "unknown email or password"));
        }
        Ok(ok(json!({ "token": format!("{:032x}", fastrand::u128(..)) })))
    });
    respond(&shop, Endpoint::Login, response).await
}

#[derive(Deserialize)]
struct PageQuery {
    #[serde(default = "first_page")]
    page: u32,
}

fn first_page() -> u32 {
    1
}

async fn products(State(shop): Shop, query: Result<Query<PageQuery>, QueryRejection>) -> Response {
    let response = query.map_err(rejected).and_then(|Query(PageQuery { page })| {
        if !(1..=PAGES).contains(&page) {
            return Err(error_response(StatusCode::NOT_FOUND, "no such page"));
        }
        let first = (page - 1) * PAGE_SIZE + 1;
        let items: Vec<Value> = (first..first + PAGE_SIZE).map(item).collect();
        Ok(ok(json!({ "page": page, "pages": PAGES, "items": items })))
    });
    respond(&shop, Endpoint::Products, response).await
}

async fn product(State(shop): Shop, id: Result<Path<u32>, PathRejection>) -> Response {
    let response = match id {
        Ok(Path(id)) if (1..=PRODUCTS).contains(&id) => Ok(ok(item(id))),
        _ => Err(error_response(StatusCode::NOT_FOUND, "no such product")),
    };
    respond(&shop, Endpoint::Product, response).await
}

#[derive(Deserialize)]
struct CartLine {
    product_id: u32,
    quantity: u32,
}

async fn cart(State(shop): Shop, body: Result<Json<CartLine>, JsonRejection>) -> Response {
    let response = body.map_err(rejected).and_then(|Json(line)| {
        if !(1..=PRODUCTS).contains(&line.product_id) || !(1..=100).contains(&line.quantity) {
            return Err(error_response(StatusCode::UNPROCESSABLE_ENTITY, "product_id is 1 to 200, quantity 1 to 100"));
        }
        Ok(created(json!({ "items": [{ "product_id": line.product_id, "quantity": line.quantity }] })))
    });
    respond(&shop, Endpoint::Cart, response).await
}

#[derive(Deserialize)]
struct OrderForm {
    name: String,
    address: String,
}

async fn checkout(State(shop): Shop, body: Result<Json<OrderForm>, JsonRejection>) -> Response {
    let response = body.map_err(rejected).and_then(|Json(order)| {
        if order.name.trim().is_empty() || order.address.trim().is_empty() {
            return Err(error_response(StatusCode::UNPROCESSABLE_ENTITY, "name and address are needed"));
        }
        Ok(created(json!({ "order": fastrand::u32(100_000..1_000_000) })))
    });
    respond(&shop, Endpoint::Checkout, response).await
}

#[derive(Deserialize)]
struct SearchQuery {
    q: String,
}

async fn search(State(shop): Shop, query: Result<Query<SearchQuery>, QueryRejection>) -> Response {
    let response = query.map_err(rejected).map(|Query(SearchQuery { q })| {
        let wanted = q.to_lowercase();
        let hits: Vec<Value> = (1..=PRODUCTS)
            .map(item)
            .filter(|i| i["name"].as_str().is_some_and(|name| name.to_lowercase().contains(&wanted)))
            .take(PAGE_SIZE as usize)
            .collect();
        ok(json!({ "items": hits }))
    });
    respond(&shop, Endpoint::Search, response).await
}

async fn report(State(shop): Shop) -> Response {
    let response = ok(json!({ "orders": fastrand::u32(1_000..2_000), "revenue": fastrand::u32(50_000..90_000) }));
    respond(&shop, Endpoint::Report, Ok(response)).await
}

/// Not part of the shop: neither counted nor delayed.
async fn count(State(shop): Shop) -> Json<Value> {
    Json(shop.to_json())
}

async fn not_found(State(shop): Shop) -> Response {
    respond(&shop, Endpoint::Other, Err(error_response(StatusCode::NOT_FOUND, "no such page"))).await
}

async fn not_allowed(State(shop): Shop) -> Response {
    respond(&shop, Endpoint::Other, Err(error_response(StatusCode::METHOD_NOT_ALLOWED, "not this way"))).await
}
