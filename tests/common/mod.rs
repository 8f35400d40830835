//! A real HTTP server on loopback that counts its requests.

pub mod calm;
pub mod plain;
pub mod wait;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{any, get};
use katydid::engine::{self, Command, EngineOptions, RunHandle};
use katydid::scenario::{Overrides, Scenario};
use katydid::stats::Snapshot;

#[derive(Clone)]
struct Shared {
    count: Arc<AtomicU64>,
}

impl Shared {
    fn counted(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Stops when dropped.
pub struct Server {
    address: SocketAddr,
    shared: Shared,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Server {
    /// Starts on a free port.
    pub fn start() -> Self {
        let mut server = Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            shared: Shared { count: Arc::default() },
            runtime: None,
        };
        server.revive();
        server
    }

    /// Starts again on the same port.
    pub fn revive(&mut self) {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let app = Router::new()
            .route(
                "/ok",
                any(|State(s): State<Shared>| async move {
                    s.counted();
                    "ok"
                }),
            )
            .route(
                "/fail",
                get(|State(s): State<Shared>| async move {
                    s.counted();
                    (StatusCode::INTERNAL_SERVER_ERROR, "broken on purpose")
                }),
            )
            .route("/hang", get(std::future::pending::<()>))
            .with_state(self.shared.clone());
        let listener = TcpListener::bind(self.address).expect("a free port");
        listener.set_nonblocking(true).expect("a listener that can wait");
        self.address = listener.local_addr().expect("an address");
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listening socket");
            axum::serve(listener, app).await
        });
        self.runtime = Some(runtime);
    }

    /// Stops at once, including all connections.
    pub fn kill(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// Base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Requests responded to (or in progress).
    pub fn count(&self) -> u64 {
        self.shared.count.load(Ordering::Relaxed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts a scenario against the server on two shards.
pub fn run(server: &Server, scenario: &str) -> RunHandle {
    run_at(server.url(), scenario)
}

/// Like [`run`], against any URL.
pub fn run_at(url: String, scenario: &str) -> RunHandle {
    let scenario = Scenario::parse("test.yaml", scenario).unwrap_or_else(|e| panic!("{e}"));
    let overrides = Overrides { host: Some(url), ..Overrides::default() };
    let plan = scenario.plan(&overrides).unwrap_or_else(|e| panic!("{e}"));
    engine::start(Arc::new(plan), EngineOptions { threads: 2, seed: 1 }).expect("an engine")
}

/// A server that reads a request, responds to each with the same bytes and closes.
pub fn raw_server(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream.write_all(answer);
        }
    });
    url
}

/// Waits for a snapshot that satisfies the condition; `what` describes it in the failure.
pub async fn until(handle: &RunHandle, what: &str, mut is: impl FnMut(&Snapshot) -> bool) -> Arc<Snapshot> {
    let mut snapshots = handle.subscribe();
    let found = tokio::time::timeout(wait::PATIENCE, snapshots.wait_for(|s| is(s))).await;
    found.unwrap_or_else(|_| panic!("never: {what}; last: {:?}", handle.latest().load)).expect("a live run").clone()
}

/// Stops the run and returns its last snapshot.
pub async fn stop(mut handle: RunHandle) -> Arc<Snapshot> {
    handle.send(Command::Stop).expect("a live run");
    handle.finished().await
}
