//! GraphQL operations: an HTTP request whose body and verdict follow GraphQL's rules.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use ring::digest::{SHA256, digest};

use super::HttpStep;
use crate::scenario::eval::path::Path;

/// A GraphQL operation over HTTP, compiled.
#[derive(Debug, Clone)]
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
    /// What a response with `errors` means.
    pub errors: ErrorPolicy,
    /// Where a response has errors as data; one that is not empty makes it a failure.
    pub business_errors: Option<Arc<Path>>,
    /// The filled body travels in the URL of a GET request.
    pub by_get: bool,
}

/// The two bodies of a persisted query.
#[derive(Debug)]
pub struct Hashed {
    /// The hash instead of the text.
    pub hash_only: Bytes,
    /// The text and the hash, for a server that does not know it yet.
    pub with_text: Bytes,
}

impl GraphqlStep {
    /// The bodies that send this document by its hash, made from the filled body `text`, which begins with
    /// `{"query":…` as [`GraphqlStep::http`] promises; `None` if it does not.
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

/// The hash of a document, in hexadecimal digits.
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

/// Counting stops at this many nodes.
const MANY_NODES: u64 = 1_000_000_000_000_000;

/// The size of an operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OperationSize {
    /// Fields inside each other, at most.
    pub depth: u32,
    /// Fields in all, fragments counted wherever they are used.
    pub fields: u64,
    /// Fields on the first level.
    pub root_fields: u32,
    /// Fields under another name.
    pub aliases: u64,
    /// Directives in all.
    pub directives: u64,
    /// Objects that may come back: along each path the product of `first`, `last`, `limit` and `take`.
    pub nodes: u64,
    /// The value of one of them is known only in the run: it counts as 1, and there may be more.
    pub is_open: bool,
}

impl OperationSize {
    /// Of each figure the larger one.
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
    /// The full text each time.
    Off,
    /// The SHA-256 hash first, the full text on a miss; both hops are one request of the statistics.
    Automatic,
}

/// `graphql.errors`: what a response with an `errors` member means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorPolicy {
    /// It failed.
    Fail,
    /// It failed only if `data` is null or missing.
    PartialOk,
    /// It did not fail.
    Ignore,
}
