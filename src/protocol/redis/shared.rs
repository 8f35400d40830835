//! What all users of a run share: how to connect, the streams that were published, and the state of the server.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::cluster::{Kind, Nodes, Outages, Servers};
use super::envelope;
use super::info::InfoCounters;
use super::socket::RedisDialer;
use super::streams::Streams;
use crate::protocol::net::resolve::CachingResolver;
use crate::protocol::net::tls::{self, TlsError};
use crate::scenario::plan::{Address, AddressError, Envelope, RedisTarget, Sentinel};
use crate::scenario::secrets::Redactor;

/// Time-out for connecting where no step sets one.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Minimum time that an unsubscribing subscriber waits for a silent server, even if the drain time is 0.
const MIN_SILENCE_LIMIT: Duration = Duration::from_millis(500);
/// Maximum age of a change of the server's counters that may explain a broken connection.
const RECENT: Duration = Duration::from_secs(5);

/// The server's address cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RedisSetupError {
    /// Invalid address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// TLS could not be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Shared by all users.
#[derive(Debug)]
pub struct RedisShared {
    /// The servers, and how to connect to them.
    pub servers: Arc<Servers>,
    /// Send commands that only read to replicas.
    pub reads_replicas: bool,
    /// How messages are stamped.
    pub envelope: Envelope,
    /// Id of the run in stamps: messages with another id are from another run.
    pub run: u64,
    /// Time after which a gap counts as lost.
    pub drain: Duration,
    /// Masks secrets in everything that the server sends.
    pub secrets: Arc<Redactor>,
    /// Published streams.
    pub streams: Streams,
    server_state: Mutex<ServerState>,
}

/// The last counters of the server, and when they changed.
#[derive(Debug, Default)]
struct ServerState {
    last: Option<InfoCounters>,
    restarted: Option<Instant>,
    over_limit: Option<Instant>,
    evicted: Option<Instant>,
}

impl RedisShared {
    /// For a target of the plan.
    ///
    /// # Errors
    /// When the address is invalid, or TLS cannot be set up.
    pub fn new(target: &RedisTarget, secrets: Arc<Redactor>) -> Result<Self, RedisSetupError> {
        let mut tls = tls::of(&target.tls)?;
        // ALPN is for HTTP only.
        tls.alpn_protocols.clear();
        let parse = if target.sentinel.is_some() { Address::parse_sentinel } else { Address::parse };
        let addresses: Vec<Address> = target.urls.iter().map(|url| parse(url)).collect::<Result<_, _>>()?;
        let seeds = addresses.iter().map(|address| address.server.clone()).collect();
        let address = addresses.into_iter().next().ok_or(AddressError::MISSING)?;
        let tls = Arc::new(tls);
        let dialer = |address| RedisDialer {
            address,
            protocol: target.protocol,
            resolver: CachingResolver::default(),
            tls: Arc::clone(&tls),
        };
        let kind = match (&target.sentinel, target.cluster) {
            (Some(_), _) => Some(Kind::Sentinel),
            (None, is_cluster) => is_cluster.map(|is| if is { Kind::Cluster } else { Kind::Single }),
        };
        let sentinel = target.sentinel.as_ref().map(|sentinel| (dialer(address.clone()), Arc::clone(&sentinel.master)));
        let address = match &target.sentinel {
            None => address,
            Some(Sentinel { user, password, database, .. }) => {
                Address { user: user.clone(), password: password.clone(), database: *database, ..address }
            }
        };
        Ok(Self {
            servers: Arc::new(Servers {
                dialer: dialer(address),
                nodes: Nodes::new(seeds, kind),
                sentinel,
                outages: Outages::default(),
            }),
            reads_replicas: target.reads_replicas,
            envelope: target.envelope,
            run: envelope::new_run(),
            drain: target.drain,
            secrets,
            streams: Streams::default(),
            server_state: Mutex::default(),
        })
    }

    /// How long an unsubscribing subscriber waits while nothing arrives.
    pub fn silence_limit(&self) -> Duration {
        self.drain.max(MIN_SILENCE_LIMIT)
    }

    /// Maximum wait of an unsubscribing subscriber: it may have to read a backlog before the confirmation.
    pub fn max_wait(&self) -> Duration {
        self.silence_limit() * 5
    }

    /// Stores the server's counters, and when they changed.
    pub fn update_counters(&self, counters: &InfoCounters) {
        let mut server_state = self.server_state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some(last) = &server_state.last {
            let restarted = last.run_id != counters.run_id;
            let grew =
                |then: Option<u64>, now: Option<u64>| !restarted && matches!((then, now), (Some(t), Some(n)) if n > t);
            let over_limit = grew(last.output_buffer_cuts, counters.output_buffer_cuts);
            let evicted = grew(last.evicted_clients, counters.evicted_clients);
            server_state.restarted = if restarted { Some(now) } else { server_state.restarted };
            server_state.over_limit = if over_limit { Some(now) } else { server_state.over_limit };
            server_state.evicted = if evicted { Some(now) } else { server_state.evicted };
        }
        server_state.last = Some(counters.clone());
    }

    /// Why the server closed a listening connection, as far as its counters show.
    pub fn close_reason(&self) -> &'static str {
        let server_state = self.server_state.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |at: Option<Instant>| at.is_some_and(|at| at.elapsed() < RECENT);
        if recent(server_state.restarted) {
            "the server was restarted while subscribed"
        } else if recent(server_state.over_limit) {
            "over the server's output buffer limit: slow subscriber disconnected"
        } else if recent(server_state.evicted) {
            "evicted by the server to save memory, while subscribed"
        } else {
            "disconnected by the server while subscribed: output buffer limit, CLIENT KILL or time-out"
        }
    }
}
