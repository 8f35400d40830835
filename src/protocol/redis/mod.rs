//! Redis: publishing, subscribing and plain commands, and whether what was published arrives.
//!
//! Plan steps go in; [`Exchange`](crate::protocol::http::Exchange)s come out for the statistics, and deliveries and
//! their losses go to a `Sink`. A user has one connection for what it sends and, when it subscribes, one more that does
//! nothing but receive. The wire format is read here and not by a client library, because the moment of receipt must be
//! stamped where the bytes come in and memory must stay bounded whatever the server sends.

mod address;
mod clock;
mod connection;
mod envelope;
mod error;
mod glob;
mod resp;
mod stream;
mod streams;
mod track;
