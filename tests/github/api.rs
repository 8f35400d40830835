//! A fake of GitHub's API on loopback, with the comments of one pull request.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

/// Token of the job.
pub const TOKEN: &str = "ghs_16C7e42F292c6912E7710c838347Ae178B4a";
/// Comments per page, fewer than GitHub's so that tests need only a few.
const PAGE: usize = 2;

/// What happens instead of the normal response to a request; `None`: nothing.
pub type Fault = fn(&Method, &str, usize) -> Option<Reaction>;

/// A fault.
pub enum Reaction {
    /// With the header `x-stored`, the request has its normal effect nevertheless.
    Respond(StatusCode, Vec<(&'static str, String)>, Value),
    Never,
}

/// A received request.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

#[derive(Clone)]
struct Shared {
    address: SocketAddr,
    fault: Fault,
    calls: Arc<Mutex<Vec<Call>>>,
    comments: Arc<Mutex<Vec<Value>>>,
}

/// Stops when dropped.
pub struct Api {
    shared: Shared,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Api {
    pub fn start(fault: Fault) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a non-blocking listener");
        let address = listener.local_addr().expect("an address");
        let shared = Shared { address, fault, calls: Arc::default(), comments: Arc::default() };
        let app = Router::new().fallback(handle).with_state(shared.clone());
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listening socket");
            axum::serve(listener, app).await
        });
        Self { shared, runtime: Some(runtime) }
    }

    pub fn good() -> Self {
        Self::start(|_, _, _| None)
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Method and path of each call.
    pub fn lines(&self) -> Vec<String> {
        self.calls().iter().map(|call| format!("{} {}", call.method, call.path)).collect()
    }

    /// Author and text of each comment.
    pub fn comments(&self) -> Vec<(String, String)> {
        let all = self.shared.comments.lock().unwrap_or_else(PoisonError::into_inner);
        let text = |value: &Value| value.as_str().expect("a string").to_owned();
        all.iter().map(|one| (text(&one["user"]["login"]), text(&one["body"]))).collect()
    }

    /// Adds a comment of somebody.
    pub fn add(&self, login: &str, body: &str) {
        self.shared.add(login, body);
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Shared {
    fn add(&self, login: &str, body: &str) -> Value {
        let mut all = self.comments.lock().unwrap_or_else(PoisonError::into_inner);
        let comment = json!({ "id": all.len() + 100, "body": body, "user": { "login": login } });
        all.push(comment.clone());
        comment
    }

    fn respond(&self, call: &Call) -> Response {
        let (path, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
        let document = || serde_json::from_str::<Value>(&call.body).expect("JSON");
        match (call.method.as_str(), path) {
            ("GET", "/repos/acme/shop/issues/12/comments") => {
                let all = self.comments.lock().unwrap_or_else(PoisonError::into_inner);
                let page = query.split('&').find_map(|pair| pair.strip_prefix("page=")?.parse().ok()).unwrap_or(1);
                let shown: Vec<&Value> = all.iter().skip((page - 1) * PAGE).take(PAGE).collect();
                let mut response = axum::Json(&shown).into_response();
                if page * PAGE < all.len() {
                    let next = format!("http://{}{path}?per_page=100&page={}", self.address, page + 1);
                    let link = format!("<{next}>; rel=\"next\", <{next}>; rel=\"last\"");
                    response.headers_mut().insert("link", link.parse().expect("a value"));
                }
                response
            }
            ("POST", "/repos/acme/shop/issues/12/comments") => {
                let comment = self.add("github-actions[bot]", document()["body"].as_str().expect("a string"));
                (StatusCode::CREATED, axum::Json(comment)).into_response()
            }
            ("PATCH", path) if path.starts_with("/repos/acme/shop/issues/comments/") => {
                let id: u64 = path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("an id");
                let mut all = self.comments.lock().unwrap_or_else(PoisonError::into_inner);
                let found = all.iter_mut().find(|one| one["id"] == id).expect("a comment");
                found["body"] = document()["body"].clone();
                axum::Json(&*found).into_response()
            }
            ("GET", "/repos/acme/shop/pulls") => {
                assert_eq!(query, "state=open&head=fork%3Aa%26b%20%231");
                let pull = json!({ "number": 12, "head": { "sha": "aaaabbbbccccddddaaaabbbbccccddddaaaabbbb" } });
                axum::Json(json!([pull])).into_response()
            }
            ("GET", "/user") => {
                let message = json!({ "message": "Resource not accessible by integration" });
                (StatusCode::FORBIDDEN, axum::Json(message)).into_response()
            }
            other => panic!("an unexpected call: {other:?}"),
        }
    }
}

async fn handle(State(shared): State<Shared>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8(body.to_vec()).expect("UTF-8");
    let call = Call { method, path: uri.to_string(), headers, body };
    let n = {
        let mut calls = shared.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push(call.clone());
        calls.len() - 1
    };
    match (shared.fault)(&call.method, &call.path, n) {
        Some(Reaction::Respond(status, headers, body)) => {
            if headers.iter().any(|(name, _)| *name == "x-stored") {
                shared.respond(&call);
            }
            let mut response = (status, axum::Json(body)).into_response();
            for (name, value) in headers {
                response.headers_mut().insert(name, value.parse().expect("a value"));
            }
            response
        }
        Some(Reaction::Never) => std::future::pending().await,
        None => shared.respond(&call),
    }
}
