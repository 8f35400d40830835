//! The yardstick for what the HTTP client itself costs: one client a user, nothing recorded, nothing rendered.
//!
//! `bare_reqwest URL CONNECTIONS SECONDS` prints the number of requests.

use std::time::{Duration, Instant};

#[expect(clippy::print_stdout, reason = "its result is read from standard output")]
fn main() {
    let mut arguments = std::env::args().skip(1);
    let url: reqwest::Url = arguments.next().and_then(|a| a.parse().ok()).expect("a URL");
    let connections: usize = arguments.next().and_then(|a| a.parse().ok()).expect("a number of connections");
    let seconds: u64 = arguments.next().and_then(|a| a.parse().ok()).expect("a number of seconds");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let count = runtime.block_on(async {
        let end = Instant::now() + Duration::from_secs(seconds);
        let users: Vec<_> = (0..connections).map(|_| tokio::spawn(user(url.clone(), end))).collect();
        let mut count = 0;
        for user in users {
            count += user.await.expect("a user that does not panic");
        }
        count
    });
    println!("{count}");
}

async fn user(url: reqwest::Url, end: Instant) -> u64 {
    let roots = rustls::RootCertStore::empty();
    let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("the provider's own versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .build()
        .expect("a client with plain settings");
    let mut count = 0;
    while Instant::now() < end {
        let mut response = client.get(url.clone()).send().await.expect("a reply");
        while response.chunk().await.expect("a chunk").is_some() {}
        count += 1;
    }
    count
}
