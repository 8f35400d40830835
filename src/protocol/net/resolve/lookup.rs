//! The thread that resolves host names: from the hosts file first, like the system's resolver, then from the name
//! servers in `resolv.conf`.
//!
//! In: a [`Job`] for each name. Out: its result, put into the cache and sent to those who wait for it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use hickory_resolver::config::{
    LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts, ServerOrderingStrategy,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::system_conf::read_system_conf;
use hickory_resolver::{Hosts, Resolver, TokioResolver};
use tokio::sync::{mpsc, watch};

use super::cache::{CacheEntry, LookupResult, NameCache, ResolveError};
use crate::protocol::net::reason::fold;

/// How long a result from the hosts file is cached.
const HOSTS_TTL: Duration = Duration::from_secs(30);
/// How long a failure is cached: short, but enough that not every user queries a dead name server.
const FAILURE_TTL: Duration = Duration::from_secs(1);
/// Maximum duration of a lookup, over all name servers and search domains.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(15);

/// A name to resolve.
#[derive(Debug)]
pub struct Job {
    /// As in a URL, in ASCII.
    pub name: String,
    /// Receives the result.
    pub result: watch::Sender<Option<LookupResult>>,
}

/// Where names are resolved.
#[derive(Debug, Clone, Default)]
pub enum LookupSource {
    /// Hosts file and name servers of this machine.
    #[default]
    System,
    /// Those of a test.
    #[cfg(test)]
    Custom(std::sync::Arc<(Hosts, ResolverConfig, ResolverOpts)>),
}

/// Starts the thread, which ends when the last sender is dropped. `None` if it cannot be started.
pub fn begin(names: NameCache, source: LookupSource) -> Option<mpsc::UnboundedSender<Job>> {
    let (sender, mut jobs) = mpsc::unbounded_channel::<Job>();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let work = move || {
        runtime.block_on(async move {
            let lookup = lookup(&source);
            while let Some(job) = jobs.recv().await {
                tokio::spawn(resolve(job, lookup.clone(), source.clone(), NameCache::clone(&names)));
            }
        });
    };
    std::thread::Builder::new().name("names".to_owned()).spawn(work).ok().map(|_| sender)
}

async fn resolve(job: Job, lookup: Result<LookupClient, NetError>, source: LookupSource, names: NameCache) {
    let asking = async {
        match source.hosts(&job.name) {
            found if !found.is_empty() => Ok((Instant::now() + HOSTS_TTL, found)),
            _ => lookup?.look_up(&job.name).await,
        }
    };
    let found = tokio::time::timeout(LOOKUP_TIMEOUT, asking).await.unwrap_or(Err(NetError::Timeout));
    let (until, result) = match found {
        Ok((until, found)) => (until, Ok(sorted(found).into())),
        Err(error) => (Instant::now() + FAILURE_TTL, Err(ResolveError(words(&error)))),
    };
    let mut names = names.lock().unwrap_or_else(PoisonError::into_inner);
    names.insert(job.name, CacheEntry::Resolved(until, result.clone()));
    drop(names);
    // The receiver may be gone.
    let _ = job.result.send(Some(result));
}

/// The name servers, and how relative names are completed.
#[derive(Debug, Clone)]
struct LookupClient {
    resolver: TokioResolver,
    search: Vec<Name>,
    ndots: usize,
}

impl LookupClient {
    async fn look_up(&self, name: &str) -> Result<(Instant, Vec<IpAddr>), NetError> {
        // Names with an underscore are common in clusters; `from_ascii` accepts them.
        let name = Name::from_ascii(name)?;
        let mut failed = None;
        for name in self.candidates(name) {
            match self.resolver.lookup_ip(name).await {
                Ok(found) => return Ok((found.valid_until(), found.iter().collect())),
                // A name server that does not respond will not respond for the next name either.
                Err(NetError::Timeout) => return Err(NetError::Timeout),
                // An error explains more than a name that does not exist.
                Err(error) if failed.as_ref().is_none_or(is_unknown) => failed = Some(error),
                Err(_) => {}
            }
        }
        Err(failed.unwrap_or(NetError::NoConnections))
    }

    /// The absolute names to try, in the order that `resolv.conf` implies.
    fn candidates(&self, mut name: Name) -> Vec<Name> {
        if name.is_fqdn() {
            return vec![name];
        }
        let mut all: Vec<Name> =
            self.search.iter().filter_map(|domain| name.clone().append_domain(domain).ok()).collect();
        let as_it_is = usize::from(name.num_labels()) > self.ndots || name.is_localhost();
        name.set_fqdn(true);
        all.insert(if as_it_is { 0 } else { all.len() }, name);
        all
    }
}

fn is_unknown(error: &NetError) -> bool {
    matches!(error, NetError::Dns(DnsError::NoRecordsFound(none)) if none.response_code == ResponseCode::NXDomain)
}

impl LookupSource {
    /// The addresses in the hosts file, which is read each time because it may change.
    fn hosts(&self, name: &str) -> Vec<IpAddr> {
        match self {
            LookupSource::System => in_hosts(&Hosts::from_system().unwrap_or_default(), name),
            #[cfg(test)]
            LookupSource::Custom(custom) => in_hosts(&custom.0, name),
        }
    }
}

fn in_hosts(hosts: &Hosts, name: &str) -> Vec<IpAddr> {
    let Ok(name) = Name::from_ascii(name.to_ascii_lowercase()) else { return Vec::new() };
    let of = |kind| hosts.lookup_static_host(&Query::query(name.clone(), kind));
    let found = [RecordType::AAAA, RecordType::A].into_iter().filter_map(of);
    found
        .flat_map(|found| found.answers().iter().filter_map(|record| record.data.ip_addr()).collect::<Vec<_>>())
        .collect()
}

fn lookup(source: &LookupSource) -> Result<LookupClient, NetError> {
    let (config, mut options) = match source {
        // Like the system's resolver, use a local name server if there is no readable file.
        LookupSource::System => read_system_conf().unwrap_or_else(|_| {
            let local = NameServerConfig::udp_and_tcp(IpAddr::V4(Ipv4Addr::LOCALHOST));
            (ResolverConfig::from_parts(None, Vec::new(), vec![local]), ResolverOpts::default())
        }),
        #[cfg(test)]
        LookupSource::Custom(custom) => (custom.1.clone(), custom.2.clone()),
    };
    let (search, ndots) = (config.search().to_vec(), options.ndots);
    // The file counts all attempts, the library only retries.
    options.attempts = options.attempts.saturating_sub(1);
    options.ip_strategy = LookupIpStrategy::Ipv6AndIpv4;
    options.use_hosts_file = ResolveHosts::Never;
    options.server_ordering_strategy = ServerOrderingStrategy::UserProvidedOrder;
    // The caller has a cache.
    options.cache_size = 0;
    let builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default());
    Ok(LookupClient { resolver: builder.with_options(options).build()?, search, ndots })
}

/// Sorts addresses as the system's resolver does (RFC 6724): reachable ones first, and of these IPv6 first.
fn sorted(found: Vec<IpAddr>) -> Vec<SocketAddr> {
    let has_way = |ip: &IpAddr| {
        // Connecting a datagram socket sends nothing; it only looks up a route.
        let own = SocketAddr::new(if ip.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { IpAddr::from([0u16; 8]) }, 0);
        ip.is_ipv4() || UdpSocket::bind(own).is_ok_and(|socket| socket.connect(SocketAddr::new(*ip, 9)).is_ok())
    };
    let (mut first, last): (Vec<IpAddr>, Vec<IpAddr>) = found.into_iter().partition(has_way);
    first.sort_by_key(IpAddr::is_ipv4);
    first.into_iter().chain(last).map(|ip| SocketAddr::new(ip, 0)).collect()
}

/// Describes a lookup error without the terms of the library.
fn words(error: &NetError) -> std::sync::Arc<str> {
    match error {
        unknown if is_unknown(unknown) => "unknown host name".into(),
        NetError::Dns(DnsError::NoRecordsFound(_)) => "the host name has no address".into(),
        NetError::Dns(DnsError::ResponseCode(code)) => format!("the name server returned an error: {code}").into(),
        NetError::Timeout => "the name server did not respond".into(),
        NetError::NoConnections | NetError::Io(_) => "no name server can be reached".into(),
        NetError::Proto(_) => "not a valid host name".into(),
        other => fold(&other.to_string()),
    }
}
