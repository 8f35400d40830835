//! Host names: resolved once for all users of a run, and cached for as long as the name server allows.
//!
//! The system's resolver blocks a thread for each lookup and cannot be cancelled, so an unresponsive name server would
//! delay the end of a run. Lookups run on the thread of [`lookup`] instead, which is never joined.

mod cache;
mod lookup;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Instant;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::{mpsc, watch};

pub use self::cache::ResolveError;
use self::cache::{CacheEntry, LookupResult, NameCache};
use self::lookup::{Job, LookupSource};

/// Maximum cached names: templates can produce a new one for every request.
const MAX_NAMES: usize = 4_096;

/// A caching resolver. Clones share the cache.
#[derive(Debug, Clone, Default)]
pub struct CachingResolver(Arc<ResolverShared>);

#[derive(Debug, Default)]
struct ResolverShared {
    // Locked only when a connection is opened, and never across an await.
    names: NameCache,
    source: LookupSource,
    lookup: OnceLock<Option<mpsc::UnboundedSender<Job>>>,
}

impl CachingResolver {
    /// The addresses of a name, in the order in which to try them; their port is meaningless.
    ///
    /// # Errors
    /// When the name has no address, or cannot be looked up.
    pub async fn addresses(&self, name: &str) -> Result<Arc<[SocketAddr]>, ResolveError> {
        let mut pending = {
            let mut names = self.0.names.lock().unwrap_or_else(PoisonError::into_inner);
            match names.get(name) {
                Some(CacheEntry::Resolved(until, result)) if Instant::now() < *until => return result.clone(),
                // If the sender is gone, the thread has ended without a result.
                Some(CacheEntry::Pending(pending)) if pending.has_changed().is_ok() || pending.borrow().is_some() => {
                    pending.clone()
                }
                _ => self.ask(name, &mut names)?,
            }
        };
        let result = pending.wait_for(Option::is_some).await.ok().and_then(|result| result.clone());
        result.unwrap_or_else(|| Err(ResolveError("the lookup was aborted".into())))
    }

    fn ask(
        &self,
        name: &str,
        names: &mut HashMap<String, CacheEntry>,
    ) -> Result<watch::Receiver<Option<LookupResult>>, ResolveError> {
        let begin = || lookup::begin(Arc::clone(&self.0.names), self.0.source.clone());
        let lookup = self.0.lookup.get_or_init(begin).as_ref();
        let (result, pending) = watch::channel(None);
        let sent = lookup.is_some_and(|lookup| lookup.send(Job { name: name.to_owned(), result }).is_ok());
        if !sent {
            return Err(ResolveError("cannot start a thread for the lookup".into()));
        }
        if names.len() >= MAX_NAMES {
            let now = Instant::now();
            names.retain(|_, entry| !matches!(entry, CacheEntry::Resolved(until, _) if *until <= now));
        }
        if names.len() >= MAX_NAMES {
            names.clear();
        }
        names.insert(name.to_owned(), CacheEntry::Pending(pending.clone()));
        Ok(pending)
    }
}

impl Resolve for CachingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.addresses(name.as_str()).await?;
            let addresses: Addrs = Box::new(addresses.iter().copied().collect::<Vec<_>>().into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests;
