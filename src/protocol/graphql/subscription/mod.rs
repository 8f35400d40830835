//! GraphQL subscriptions over the `graphql-transport-ws` protocol: one WebSocket, one operation, its events.

mod connection;
mod listen;
mod message;

pub use listen::listen;
