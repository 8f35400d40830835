//! GraphQL documents of a scenario, and the endpoint.

use std::ops::Range;
use std::sync::Arc;

use http::HeaderMap;
use url::Url;

use super::values::VariableValue;
use crate::scenario::plan::{ClientOptions, UrlTemplate};
use crate::scenario::secrets::Redactor;

/// A GraphQL step as known before the run.
#[derive(Debug, Clone)]
pub(crate) struct SentDocument {
    /// Position of the document, or of the name of its file.
    pub at: Range<usize>,
    /// The document.
    pub document: Arc<str>,
    /// The operation that is sent.
    pub operation: Option<Arc<str>>,
    /// Variables of the operation.
    pub given: Vec<VariableValue>,
    /// Address, if it is constant.
    pub url: Option<UrlTemplate>,
    /// Constant headers.
    pub headers: HeaderMap,
    /// Connection settings.
    pub client: ClientOptions,
}

/// Endpoint from which a schema can be fetched.
#[derive(Debug, Clone)]
pub struct GraphqlEndpoint {
    /// Absolute URL.
    pub url: Url,
    /// Constant headers of the scenario.
    pub headers: HeaderMap,
    /// Proxy and TLS.
    pub client: ClientOptions,
    /// Redactor for the response.
    pub secrets: Arc<Redactor>,
}

impl GraphqlEndpoint {
    /// Endpoint with default settings.
    pub fn new(url: Url, secrets: &Arc<Redactor>) -> Self {
        let (headers, client) = (HeaderMap::new(), ClientOptions::default());
        Self { url, headers, client, secrets: Arc::clone(secrets) }
    }
}

impl SentDocument {
    /// True if it is the same step in another profile.
    pub(crate) fn is(&self, other: &Self) -> bool {
        let places = |one: &Self| one.given.iter().map(|given| given.value.at.clone()).collect::<Vec<_>>();
        self.at == other.at && self.operation == other.operation && places(self) == places(other)
    }
}
