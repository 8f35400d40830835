//! What is known of names.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::watch;

/// Why a name has no address, in plain words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ResolveError(pub Arc<str>);

/// What a lookup ends with.
pub type Answer = Result<Arc<[SocketAddr]>, ResolveError>;
/// What is known, or being looked up.
pub type Names = Arc<Mutex<HashMap<String, Entry>>>;

/// What is known of a name.
#[derive(Debug)]
pub enum Entry {
    /// Good until then.
    Known(Instant, Answer),
    /// Being looked up; whoever asks meanwhile waits for the same answer.
    Asked(watch::Receiver<Option<Answer>>),
}
