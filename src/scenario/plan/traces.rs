//! Distributed traces.

use std::sync::Arc;

/// HTTP requests have the header `traceparent`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TraceHeaders {
    /// Address of a trace, with `{trace_id}` in place of its id.
    pub url: Option<Arc<str>>,
}
