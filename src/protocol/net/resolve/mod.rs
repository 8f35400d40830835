//! Names of hosts: looked up once for all users of a run, and kept for as long as the name server says.
//!
//! The system's own resolver blocks a thread for each lookup and cannot be given up, so that a name server that does not
//! answer would hold the end of a run. Lookups are done by [`asker`] instead, on a thread that nobody waits for.

mod asker;
mod names;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Instant;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::{mpsc, watch};

use self::asker::{Job, Source};
pub use self::names::ResolveError;
use self::names::{Answer, Entry, Names};

/// Names that are remembered, at most: a template can make a new one for every request.
const MAX_NAMES: usize = 4_096;

/// Knows the addresses of names. Its clones know the same.
#[derive(Debug, Clone, Default)]
pub struct CachingResolver(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    // Touched only when a connection is opened, and never held while waiting.
    names: Names,
    source: Source,
    asker: OnceLock<Option<mpsc::UnboundedSender<Job>>>,
}

impl CachingResolver {
    /// The addresses of a name, in the order in which they should be tried; the port in them means nothing.
    ///
    /// # Errors
    /// When there are none, or nobody can be asked.
    pub async fn addresses(&self, name: &str) -> Result<Arc<[SocketAddr]>, ResolveError> {
        let mut asked = {
            let mut names = self.0.names.lock().unwrap_or_else(PoisonError::into_inner);
            match names.get(name) {
                Some(Entry::Known(until, answer)) if Instant::now() < *until => return answer.clone(),
                // Without a sender the asker has ended, and with it the answer.
                Some(Entry::Asked(asked)) if asked.has_changed().is_ok() || asked.borrow().is_some() => asked.clone(),
                _ => self.ask(name, &mut names)?,
            }
        };
        let answer = asked.wait_for(Option::is_some).await.ok().and_then(|answer| answer.clone());
        answer.unwrap_or_else(|| Err(ResolveError("the lookup was given up".into())))
    }

    fn ask(
        &self,
        name: &str,
        names: &mut HashMap<String, Entry>,
    ) -> Result<watch::Receiver<Option<Answer>>, ResolveError> {
        let begin = || asker::begin(Arc::clone(&self.0.names), self.0.source.clone());
        let asker = self.0.asker.get_or_init(begin).as_ref();
        let (answer, asked) = watch::channel(None);
        let sent = asker.is_some_and(|asker| asker.send(Job { name: name.to_owned(), answer }).is_ok());
        if !sent {
            return Err(ResolveError("no thread can be started to look it up".into()));
        }
        if names.len() >= MAX_NAMES {
            let now = Instant::now();
            names.retain(|_, entry| !matches!(entry, Entry::Known(until, _) if *until <= now));
        }
        if names.len() >= MAX_NAMES {
            names.clear();
        }
        names.insert(name.to_owned(), Entry::Asked(asked.clone()));
        Ok(asked)
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
