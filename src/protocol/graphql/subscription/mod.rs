//! GraphQL subscriptions by the protocol `graphql-transport-ws`: one WebSocket, one operation, its events.

mod connection;
mod listen;
mod message;

pub use listen::listen;
