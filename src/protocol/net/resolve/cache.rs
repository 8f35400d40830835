//! The cache of host names.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::watch;

/// Why a name has no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ResolveError(pub Arc<str>);

/// The result of a lookup.
pub type LookupResult = Result<Arc<[SocketAddr]>, ResolveError>;
/// The cache, by name.
pub type NameCache = Arc<Mutex<HashMap<String, CacheEntry>>>;

/// A cached name.
#[derive(Debug)]
pub enum CacheEntry {
    /// A result, valid until this time.
    Resolved(Instant, LookupResult),
    /// Being looked up; everyone who needs it meanwhile waits for the same result.
    Pending(watch::Receiver<Option<LookupResult>>),
}
