//! An HTTP server that records the requests of a sink.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use axum::response::IntoResponse;

/// Response to the n-th request, from 0: status, headers and body. `None` never responds. `{request}` in the body is
/// replaced with the keys and the address of the request, as some servers repeat them.
pub type Behaviour = fn(usize) -> Option<(StatusCode, Vec<(HeaderName, &'static str)>, String)>;

/// A received request.
#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

#[derive(Clone)]
struct Shared {
    behaviour: Behaviour,
    /// Time from a request to its response.
    delay: Duration,
    received: Arc<Mutex<Vec<Received>>>,
}

/// A running server. Stops when dropped.
pub struct Receiver {
    address: SocketAddr,
    shared: Shared,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Receiver {
    pub fn start(behaviour: Behaviour) -> Self {
        Self::slow(Duration::ZERO, behaviour)
    }

    /// Starts a server that takes this long for every response.
    pub fn slow(delay: Duration, behaviour: Behaviour) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let shared = Shared { behaviour, delay, received: Arc::default() };
        let app = Router::new().fallback(handle).with_state(shared.clone());
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a non-blocking listener");
        let address = listener.local_addr().expect("an address");
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listening socket");
            axum::serve(listener, app).await
        });
        Self { address, shared, runtime: Some(runtime) }
    }

    /// Starts a server that accepts every request.
    pub fn good() -> Self {
        Self::start(|_| Some((StatusCode::OK, Vec::new(), String::new())))
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// URL of a server that closes every connection at once.
pub fn closing() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    // Ends with the test program.
    std::thread::spawn(move || listener.incoming().for_each(drop));
    url
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn handle(State(shared): State<Shared>, uri: Uri, headers: HeaderMap, body: Bytes) -> axum::response::Response {
    let keys = headers.iter().filter(|(name, _)| name.as_str().contains("key"));
    let keys: Vec<&str> = keys.filter_map(|(_, value)| value.to_str().ok()).collect();
    let request = format!("{} {uri}", keys.join(" "));
    let n = {
        let mut received = shared.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.push(Received { path: uri.to_string(), headers, body });
        received.len() - 1
    };
    tokio::time::sleep(shared.delay).await;
    match (shared.behaviour)(n) {
        Some((status, headers, body)) => {
            let mut response = (status, body.replace("{request}", &request)).into_response();
            for (name, value) in headers {
                response.headers_mut().insert(name, value.parse().expect("a value"));
            }
            response
        }
        None => std::future::pending().await,
    }
}
