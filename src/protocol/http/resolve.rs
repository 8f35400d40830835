//! Name resolution shared by all users of a shard: a thousand users must not ask for the same name a thousand times.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::Instant;

/// How long an answer is good, so that a failover by DNS is followed.
const KEEP: Duration = Duration::from_secs(30);
/// How long a refusal is good: short, but a dead resolver is not asked by every user at once.
const KEEP_FAILURE: Duration = Duration::from_secs(1);

/// A name could not be resolved.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct ResolveError(pub Arc<str>);

type Answer = Result<Arc<[SocketAddr]>, ResolveError>;

/// Asks the system's resolver and remembers the answer.
#[derive(Debug, Clone, Default)]
pub struct CachingResolver {
    // Touched only when a connection is opened, and never held while waiting.
    answers: Arc<Mutex<HashMap<String, (Instant, Answer)>>>,
}

impl CachingResolver {
    /// The addresses of a name; the port in them means nothing.
    ///
    /// # Errors
    /// When the system's resolver knows none.
    pub async fn addresses(&self, name: &str) -> Result<Arc<[SocketAddr]>, ResolveError> {
        self.clone().lookup(name.to_owned()).await
    }

    async fn lookup(self, name: String) -> Answer {
        let now = Instant::now();
        if let Some((until, answer)) = self.answers.lock().unwrap_or_else(PoisonError::into_inner).get(&name)
            && now < *until
        {
            return answer.clone();
        }
        let answer = match tokio::net::lookup_host((name.as_str(), 0)).await {
            Ok(addresses) => Ok(addresses.collect()),
            Err(error) => Err(ResolveError(error.to_string().into())),
        };
        let keep = if answer.is_ok() { KEEP } else { KEEP_FAILURE };
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(name, (now + keep, answer.clone()));
        answer
    }
}

impl Resolve for CachingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let lookup = self.clone().lookup(name.as_str().to_owned());
        Box::pin(async move {
            let addresses = lookup.await?;
            let addresses: Addrs = Box::new(addresses.iter().copied().collect::<Vec<_>>().into_iter());
            Ok(addresses)
        })
    }
}
