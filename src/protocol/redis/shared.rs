//! What all users of a run share: how to connect, the book of what was published, and what is known of the server.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::connection::{Connection, Dialer};
use super::envelope;
use super::error::WireError;
use super::info::Counters;
use super::streams::Streams;
use crate::protocol::net::tls::{self, TlsError};
use crate::scenario::plan::{Address, AddressError, Envelope, RedisTarget};
use crate::scenario::secrets::Redactor;

/// Longest that opening a connection may take where no step says otherwise.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A subscriber that leaves waits at least this long for the server, also where there is no drain time.
const LEAST_QUIET: Duration = Duration::from_millis(500);
/// How long ago the server may have cut others for us to believe that it cut us for the same reason.
const RECENT: Duration = Duration::from_secs(5);

/// The server's address cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// Not an address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// No TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Shared by all users.
#[derive(Debug)]
pub struct Shared {
    /// How to connect.
    pub dialer: Dialer,
    /// How messages are stamped.
    pub envelope: Envelope,
    /// In the stamps: what has another one was sent by another run.
    pub run: u64,
    /// When a gap counts as lost.
    pub drain: Duration,
    /// Masked in everything that the server says.
    pub secrets: Arc<Redactor>,
    /// What was published.
    pub streams: Streams,
    witness: Mutex<Witness>,
}

/// The server's own counters when they were last looked at, and when they last moved.
#[derive(Debug, Default)]
struct Witness {
    last: Option<Counters>,
    restarted: Option<Instant>,
    cut: Option<Instant>,
    evicted: Option<Instant>,
}

impl Shared {
    /// For a target of the plan; `secrets` are never repeated.
    ///
    /// # Errors
    /// When the address is none, or TLS cannot be set up.
    pub fn new(target: &RedisTarget, secrets: Arc<Redactor>) -> Result<Self, RedisError> {
        let mut tls = tls::of(&target.tls)?;
        // The protocol inside is no HTTP.
        tls.alpn_protocols.clear();
        let address = Address::parse(&target.url)?;
        let dialer = Dialer { address, protocol: target.protocol, resolver: Default::default(), tls: Arc::new(tls) };
        Ok(Self {
            dialer,
            envelope: target.envelope,
            run: envelope::new_run(),
            drain: target.drain,
            secrets,
            streams: Streams::default(),
            witness: Mutex::default(),
        })
    }

    /// How long a subscriber that leaves waits while nothing comes at all.
    pub fn quiet(&self) -> Duration {
        self.drain.max(LEAST_QUIET)
    }

    /// How long a subscriber that leaves waits at most: there may be a backlog to be read before the confirmation.
    pub fn patience(&self) -> Duration {
        self.quiet() * 5
    }

    /// Connects within `limit`.
    ///
    /// # Errors
    /// When the server cannot be reached or does not let us in.
    pub async fn open(&self, limit: Duration) -> Result<Connection, WireError> {
        match tokio::time::timeout(limit, self.dialer.open()).await {
            Ok(result) => result,
            Err(_) => Err(WireError::Late(limit)),
        }
    }

    /// Remembers the server's counters and when they moved.
    pub fn note(&self, counters: &Counters) {
        let mut witness = self.witness.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some(last) = &witness.last {
            let restarted = last.run_id != counters.run_id;
            let grew =
                |then: Option<u64>, now: Option<u64>| !restarted && matches!((then, now), (Some(t), Some(n)) if n > t);
            let cut = grew(last.output_buffer_cuts, counters.output_buffer_cuts);
            let evicted = grew(last.evicted_clients, counters.evicted_clients);
            witness.restarted = if restarted { Some(now) } else { witness.restarted };
            witness.cut = if cut { Some(now) } else { witness.cut };
            witness.evicted = if evicted { Some(now) } else { witness.evicted };
        }
        witness.last = Some(counters.clone());
    }

    /// Why the server closed a connection that was only listening, as well as its counters tell.
    pub fn why_closed(&self) -> &'static str {
        let witness = self.witness.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |at: Option<Instant>| at.is_some_and(|at| at.elapsed() < RECENT);
        if recent(witness.restarted) {
            "the server was restarted while subscribed"
        } else if recent(witness.cut) {
            "over the server's output buffer limit: slow subscriber cut off"
        } else if recent(witness.evicted) {
            "evicted by the server to save memory, while subscribed"
        } else {
            "cut by the server while subscribed: output buffer limit, CLIENT KILL or time-out"
        }
    }
}
