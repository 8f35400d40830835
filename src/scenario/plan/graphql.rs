//! GraphQL operations: an HTTP request whose body and verdict follow GraphQL's rules.

use std::sync::Arc;

use super::HttpStep;

/// A GraphQL operation over HTTP, compiled.
#[derive(Debug)]
pub struct GraphqlStep {
    /// The complete request: POST with `query`, `operationName` and `variables` as its JSON body, `Accept` as the
    /// specification wants it, expectations and captures. Without `persisted` it can be sent as it is.
    pub http: HttpStep,
    /// The document as it is sent, for the hash of a persisted query.
    pub document: Arc<str>,
    /// Name of the operation, if it has one.
    pub operation: Option<Arc<str>>,
    /// The request type of the statistics row.
    pub kind: OperationKind,
    /// How the document is sent.
    pub persisted: Persisted,
    /// What a reply with `errors` means.
    pub errors: ErrorPolicy,
}

/// The kind of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// Reads.
    Query,
    /// Writes.
    Mutation,
    /// Streams.
    Subscription,
}

/// `persisted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persisted {
    /// The full text each time.
    Off,
    /// The SHA-256 hash first, the full text on a miss; both hops are one request of the statistics.
    Automatic,
}

/// `graphql.errors`: what a reply with an `errors` member means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorPolicy {
    /// It failed.
    Fail,
    /// It failed only if `data` is null or missing.
    PartialOk,
    /// It did not fail.
    Ignore,
}
