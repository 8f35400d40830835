//! `graphql` at the top: defaults of all GraphQL steps.

use std::sync::Arc;

use crate::scenario::eval::path::Path;
use crate::scenario::plan::{ErrorPolicy, Persisted};
use crate::scenario::syntax::node::Node;

/// What a client should accept, the first one first.
const ACCEPT_BOTH: &str = "application/graphql-response+json, application/json;q=0.9";

/// `graphql` at the top.
#[derive(Debug)]
pub(super) struct GraphqlSettings<'a> {
    pub endpoint: String,
    pub errors: ErrorPolicy,
    pub business_errors: Option<Arc<Path>>,
    pub accept: String,
    pub persisted: Persisted,
    pub by_get: bool,
    /// Where subscriptions go, where that is not the endpoint.
    pub subscriptions: Option<String>,
    /// The payload of `connection_init`.
    pub params: Option<&'a Node>,
}

impl Default for GraphqlSettings<'_> {
    fn default() -> Self {
        Self {
            endpoint: "/graphql".to_owned(),
            errors: ErrorPolicy::Fail,
            business_errors: None,
            accept: ACCEPT_BOTH.to_owned(),
            persisted: Persisted::Off,
            by_get: false,
            subscriptions: None,
            params: None,
        }
    }
}
