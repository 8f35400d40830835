//! GraphQL operations, evaluated by GraphQL's rules.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use ring::digest::{SHA256, digest};

use super::HttpStep;
use crate::scenario::eval::path::Path;

/// A GraphQL operation over HTTP, compiled.
#[derive(Debug, Clone)]
pub struct GraphqlStep {
    /// The complete request: POST with `query`, `operationName` and `variables` as JSON body, `Accept` as required by
    /// the specification, expectations and captures. Without `persisted` it is sent unchanged.
    pub http: HttpStep,
    /// The document, for the hash of a persisted query.
    pub document: Arc<str>,
    /// Name of the operation, if any.
    pub operation: Option<Arc<str>>,
    /// Kind, which determines the type of the row.
    pub kind: OperationKind,
    /// How the document is sent.
    pub persisted: Persisted,
    /// Handling of responses with `errors`.
    pub errors: ErrorPolicy,
    /// Path of errors returned as data; a non-empty value is a failure.
    pub business_errors: Option<Arc<Path>>,
    /// Send the body in the URL of a GET request.
    pub by_get: bool,
}

/// Bodies of a persisted query.
#[derive(Debug)]
pub struct Hashed {
    /// Hash without text.
    pub hash_only: Bytes,
    /// Text and hash, for a server that does not know the hash.
    pub with_text: Bytes,
}

impl GraphqlStep {
    /// Bodies that send this document by hash, derived from the rendered body `text`, which starts with `{"query":…`;
    /// otherwise `None`.
    pub fn by_hash(&self, text: &[u8]) -> Option<Hashed> {
        let query = serde_json::to_string(&*self.document).ok()?;
        let rest = text.strip_prefix(b"{\"query\":")?.strip_prefix(query.as_bytes())?;
        let hash = sha256(&self.document);
        let extension = format!(r#""extensions":{{"persistedQuery":{{"version":1,"sha256Hash":"{hash}"}}}}"#);
        let hash_only = [b"{", extension.as_bytes(), rest].concat();
        let with_text = [text.strip_suffix(b"}")?, b",", extension.as_bytes(), b"}"].concat();
        Some(Hashed { hash_only: hash_only.into(), with_text: with_text.into() })
    }
}

/// Hash of a document, in hexadecimal.
pub(crate) fn sha256(document: &str) -> String {
    use std::fmt::Write as _;
    digest(&SHA256, document.as_bytes()).as_ref().iter().fold(String::new(), |mut out, byte| {
        // Writing into a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
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

/// Maximum of the node count.
const MANY_NODES: u64 = 1_000_000_000_000_000;

/// The size of an operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OperationSize {
    /// Maximum nesting of fields.
    pub depth: u32,
    /// Number of fields, with fragments counted wherever they are used.
    pub fields: u64,
    /// Number of top-level fields.
    pub root_fields: u32,
    /// Number of fields with an alias.
    pub aliases: u64,
    /// Number of directives.
    pub directives: u64,
    /// Maximum number of objects in a response: along each path the product of `first`, `last`, `limit` and `take`.
    pub nodes: u64,
    /// One of these values is unknown before the run: it counts as 1, and there may be more nodes.
    pub is_open: bool,
}

impl OperationSize {
    /// Maximum of each figure.
    #[must_use]
    pub fn most(self, other: Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            fields: self.fields.max(other.fields),
            root_fields: self.root_fields.max(other.root_fields),
            aliases: self.aliases.max(other.aliases),
            directives: self.directives.max(other.directives),
            nodes: self.nodes.max(other.nodes),
            is_open: self.is_open || other.is_open,
        }
    }
}

impl fmt::Display for OperationSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |n: u64| if n == 1 { "" } else { "s" };
        write!(f, "depth {}, {} field{}", self.depth, self.fields, plural(self.fields))?;
        if self.aliases > 0 {
            write!(f, ", {} alias{}", self.aliases, if self.aliases == 1 { "" } else { "es" })?;
        }
        if self.nodes > MANY_NODES {
            return f.write_str(", more than 10^15 nodes");
        }
        write!(f, ", ~{} node{}", self.nodes, plural(self.nodes))?;
        f.write_str(if self.is_open { " or more" } else { "" })
    }
}

/// `persisted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persisted {
    /// Always send the full text.
    Off,
    /// Send the SHA-256 hash first, and the full text if the server does not know it; both are one request in the
    /// statistics.
    Automatic,
}

/// `graphql.errors`: handling of responses with `errors`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorPolicy {
    /// Failure.
    Fail,
    /// Failure only if `data` is null or missing.
    PartialOk,
    /// No failure.
    Ignore,
}
