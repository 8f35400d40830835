//! The documents that a scenario sends, and where to.

use std::ops::Range;
use std::sync::Arc;

use http::HeaderMap;
use url::Url;

use super::values::VariableValue;
use crate::scenario::plan::{ClientOptions, UrlTemplate};
use crate::scenario::secrets::Redactor;

/// What is known of a GraphQL step before it is sent.
#[derive(Debug, Clone)]
pub(crate) struct SentDocument {
    /// Place of the document, or of the name of its file.
    pub at: Range<usize>,
    /// The document.
    pub document: Arc<str>,
    /// The operation that is sent.
    pub operation: Option<Arc<str>>,
    /// The variables that go with it.
    pub given: Vec<VariableValue>,
    /// Where it goes, if that does not vary.
    pub url: Option<UrlTemplate>,
    /// The headers that do not vary.
    pub headers: HeaderMap,
    /// The connections that carry it.
    pub client: ClientOptions,
}

/// Where a schema can be fetched.
#[derive(Debug, Clone)]
pub struct GraphqlEndpoint {
    /// Absolute.
    pub url: Url,
    /// Headers of the scenario that do not vary.
    pub headers: HeaderMap,
    /// Proxy and TLS.
    pub client: ClientOptions,
    /// Masks secrets in its response.
    pub secrets: Arc<Redactor>,
}

impl GraphqlEndpoint {
    /// An address of which nothing more is known.
    pub fn new(url: Url, secrets: &Arc<Redactor>) -> Self {
        let (headers, client) = (HeaderMap::new(), ClientOptions::default());
        Self { url, headers, client, secrets: Arc::clone(secrets) }
    }
}

impl SentDocument {
    /// Whether it is the same step, seen in another profile.
    pub(crate) fn is(&self, other: &Self) -> bool {
        let places = |one: &Self| one.given.iter().map(|given| given.value.at.clone()).collect::<Vec<_>>();
        self.at == other.at && self.operation == other.operation && places(self) == places(other)
    }
}
