//! Settings in the top-level key `graphql`.

use std::sync::Arc;

use crate::scenario::eval::path::Path;
use crate::scenario::plan::{ErrorPolicy, Persisted};
use crate::scenario::syntax::node::Node;

/// Settings in the top-level key `graphql`.
#[derive(Debug)]
pub(super) struct GraphqlSettings<'a> {
    pub endpoint: String,
    pub errors: ErrorPolicy,
    pub business_errors: Option<Arc<Path>>,
    pub accept: String,
    pub persisted: Persisted,
    pub by_get: bool,
    /// Address for subscriptions, if different from the endpoint.
    pub subscriptions: Option<String>,
    /// The payload of `connection_init`.
    pub params: Option<&'a Node>,
}

impl GraphqlSettings<'_> {
    /// Placeholder until the settings are compiled.
    pub fn unread() -> Self {
        Self {
            endpoint: String::new(),
            errors: ErrorPolicy::Fail,
            business_errors: None,
            accept: String::new(),
            persisted: Persisted::Off,
            by_get: false,
            subscriptions: None,
            params: None,
        }
    }
}
