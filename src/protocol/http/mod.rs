//! HTTP/1.1 and HTTP/2: an [`HttpStep`](crate::scenario::plan::HttpStep) becomes a request, its response an
//! [`Exchange`](crate::protocol::result::Exchange).
//!
//! A request can also open a WebSocket, which is a [`Socket`].
//!
//! One [`Factory`] a shard holds what is dear to build (TLS configuration, resolver); one [`UserClient`] a user holds
//! that user's connections and cookies. No type of the HTTP library leaves this module.

mod address;
mod attempt;
mod client;
mod connect;
mod connection;
mod cookies;
mod dial;
mod draft;
mod encode;
mod error;
mod h1;
mod h2;
mod judge;
mod limits;
mod lines;
mod pool;
mod reqwest_client;
mod settings;
mod stream;
mod transfer;
mod watch;
mod websocket;

pub(super) use reqwest_client::proxies;

pub use client::{Factory, UserClient};
pub use judge::{Costly, Judge, Response};
pub use transfer::Transfer;
pub use watch::{Sent, Sight, Watch};
pub use websocket::{Broken, Received, Socket};
