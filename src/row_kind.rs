//! The kind of a row of the statistics: HTTP requests, GraphQL operations, Redis commands, received messages.
//!
//! Set by the compiler, read by statistics, screen and reports. What a kind means is decided here, by exhaustive
//! matches.
//! Names are for display only: an HTTP method may have the name of a kind.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What a row of the statistics counts. Its name is the request type in tables and CSV files.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum RowKind {
    /// The total of all rows. Its name is empty, as in Locust's files.
    #[default]
    Aggregated,
    /// HTTP requests with this method.
    Http(Arc<str>),
    /// GraphQL queries.
    Query,
    /// GraphQL mutations.
    Mutation,
    /// WebSocket connections opened for a GraphQL subscription.
    Connect,
    /// GraphQL subscriptions, timed from start to end.
    Subscription,
    /// Events received by GraphQL subscriptions.
    Event,
    /// Redis commands other than publish and subscribe.
    Redis,
    /// Messages published to a Redis channel.
    Publish,
    /// Subscriptions to Redis channels.
    Subscribe,
    /// Messages received from a Redis channel, timed from their publication.
    Deliver,
}

impl RowKind {
    /// Requests with the HTTP method `method`.
    pub fn http(method: &str) -> Self {
        Self::Http(method.into())
    }

    /// The kind with this name, as files of runs have it. A method that has the name of a kind is taken for that kind.
    pub fn of_name(name: &str) -> Self {
        match name {
            "" => Self::Aggregated,
            "QUERY" => Self::Query,
            "MUTATION" => Self::Mutation,
            "CONNECT" => Self::Connect,
            "SUBSCRIPTION" => Self::Subscription,
            "EVENT" => Self::Event,
            "REDIS" => Self::Redis,
            "PUBLISH" => Self::Publish,
            "SUBSCRIBE" => Self::Subscribe,
            "DELIVER" => Self::Deliver,
            method => Self::http(method),
        }
    }

    /// The request type, as tables and files show it.
    pub fn name(&self) -> &str {
        match self {
            Self::Aggregated => "",
            Self::Http(method) => method,
            Self::Query => "QUERY",
            Self::Mutation => "MUTATION",
            Self::Connect => "CONNECT",
            Self::Subscription => "SUBSCRIPTION",
            Self::Event => "EVENT",
            Self::Redis => "REDIS",
            Self::Publish => "PUBLISH",
            Self::Subscribe => "SUBSCRIBE",
            Self::Deliver => "DELIVER",
        }
    }

    /// True for requests, which the Aggregated row counts. A received message is not a request: one publish or
    /// subscription may cause thousands of them.
    pub fn is_request(&self) -> bool {
        match self {
            Self::Event | Self::Deliver => false,
            Self::Aggregated
            | Self::Http(_)
            | Self::Query
            | Self::Mutation
            | Self::Connect
            | Self::Subscription
            | Self::Redis
            | Self::Publish
            | Self::Subscribe => true,
        }
    }

    /// True for messages received from Redis: they cannot fail and have no connection of their own, but can be lost.
    pub fn is_delivery(&self) -> bool {
        match self {
            Self::Deliver => true,
            Self::Aggregated
            | Self::Http(_)
            | Self::Query
            | Self::Mutation
            | Self::Connect
            | Self::Subscription
            | Self::Event
            | Self::Redis
            | Self::Publish
            | Self::Subscribe => false,
        }
    }

    /// True for rows that count Redis messages, published or received.
    pub fn counts_messages(&self) -> bool {
        match self {
            Self::Publish | Self::Deliver => true,
            Self::Aggregated
            | Self::Http(_)
            | Self::Query
            | Self::Mutation
            | Self::Connect
            | Self::Subscription
            | Self::Event
            | Self::Redis
            | Self::Subscribe => false,
        }
    }
}

impl fmt::Display for RowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_http_method_with_the_name_of_a_kind_is_a_request() {
        for kind in [RowKind::Event, RowKind::Deliver, RowKind::Publish] {
            let method = RowKind::http(kind.name());
            assert_eq!(method.to_string(), kind.to_string());
            assert_ne!(method, kind);
            assert!(method.is_request() && !method.is_delivery() && !method.counts_messages());
        }
    }

    #[test]
    fn each_kind_has_its_own_name() {
        use RowKind::{Aggregated, Connect, Deliver, Event, Mutation, Publish, Query, Redis, Subscribe, Subscription};
        let other = [Aggregated, Query, Mutation, Connect, Subscription, Event, Redis, Publish, Subscribe, Deliver];
        for kind in other.into_iter().chain([RowKind::http("GET")]) {
            assert_eq!(RowKind::of_name(kind.name()), kind);
        }
    }
}
