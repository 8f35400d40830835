//! A server of invalid GraphQL responses: the request names the one it gets.

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse as _;
use axum::routing::post;

/// Name, media type, body.
pub type Odd = (&'static str, &'static str, &'static [u8]);

/// Serves these responses until the test's runtime ends; returns the base URL.
pub async fn start(replies: &'static [Odd]) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let replies = Arc::new(replies);
    let answer = move |headers: HeaderMap| async move {
        let wanted = headers["x-case"].to_str().expect("a name").to_owned();
        let (_, media, body) = replies.iter().find(|(name, ..)| *name == wanted).expect("a known name");
        ([(CONTENT_TYPE, *media)], *body).into_response()
    };
    let app = Router::new().route("/graphql", post(answer));
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}
