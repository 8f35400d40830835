//! The thread that looks names up: the hosts file first, as the system's own resolver does, then the name servers of
//! `resolv.conf`.
//!
//! In: a [`Job`] a name. Out: its answer, into the names that are known and to whoever waits.

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

use super::names::{Answer, Entry, Names, ResolveError};
use crate::protocol::net::reason::fold;

/// How long an answer of the hosts file is good.
const KEEP_HOSTS: Duration = Duration::from_secs(30);
/// How long a failure is good: short, but a dead name server is not asked by every user at once.
const KEEP_FAILURE: Duration = Duration::from_secs(1);
/// Longest lookup, however many name servers and search domains there are.
const LONGEST: Duration = Duration::from_secs(15);

/// A name to be looked up.
#[derive(Debug)]
pub struct Job {
    /// As in a URL, in ASCII.
    pub name: String,
    /// Where the answer goes.
    pub answer: watch::Sender<Option<Answer>>,
}

/// Who is asked.
#[derive(Debug, Clone, Default)]
pub enum Source {
    /// Hosts file and name servers of this machine.
    #[default]
    System,
    /// Others, in a test.
    #[cfg(test)]
    These(std::sync::Arc<(Hosts, ResolverConfig, ResolverOpts)>),
}

/// Starts the thread; it ends when nobody can ask any more. `None` when there can be none.
pub fn begin(names: Names, source: Source) -> Option<mpsc::UnboundedSender<Job>> {
    let (sender, mut jobs) = mpsc::unbounded_channel::<Job>();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let work = move || {
        runtime.block_on(async move {
            let asker = asker(&source);
            while let Some(job) = jobs.recv().await {
                tokio::spawn(work_off(job, asker.clone(), source.clone(), Names::clone(&names)));
            }
        });
    };
    std::thread::Builder::new().name("names".to_owned()).spawn(work).ok().map(|_| sender)
}

async fn work_off(job: Job, asker: Result<Asker, NetError>, source: Source, names: Names) {
    let asking = async {
        match source.hosts(&job.name) {
            found if !found.is_empty() => Ok((Instant::now() + KEEP_HOSTS, found)),
            _ => asker?.look_up(&job.name).await,
        }
    };
    let found = tokio::time::timeout(LONGEST, asking).await.unwrap_or(Err(NetError::Timeout));
    let (until, answer) = match found {
        Ok((until, found)) => (until, Ok(in_order(found).into())),
        Err(error) => (Instant::now() + KEEP_FAILURE, Err(ResolveError(words(&error)))),
    };
    let mut names = names.lock().unwrap_or_else(PoisonError::into_inner);
    names.insert(job.name, Entry::Known(until, answer.clone()));
    drop(names);
    // Nobody may wait for it any more.
    let _ = job.answer.send(Some(answer));
}

/// The name servers, and how names without a dot at their end are completed.
#[derive(Debug, Clone)]
struct Asker {
    resolver: TokioResolver,
    search: Vec<Name>,
    ndots: usize,
}

impl Asker {
    async fn look_up(&self, name: &str) -> Result<(Instant, Vec<IpAddr>), NetError> {
        // Names with an underscore are common inside of clusters; only ASCII of any kind takes them as they are.
        let name = Name::from_ascii(name)?;
        let mut failed = None;
        for name in self.candidates(name) {
            match self.resolver.lookup_ip(name).await {
                Ok(found) => return Ok((found.valid_until(), found.iter().collect())),
                // One that does not answer does not answer to the next name.
                Err(NetError::Timeout) => return Err(NetError::Timeout),
                // That one name is unknown says less than that another could not be looked up.
                Err(error) if failed.as_ref().is_none_or(is_unknown) => failed = Some(error),
                Err(_) => {}
            }
        }
        Err(failed.unwrap_or(NetError::NoConnections))
    }

    /// The full names that a name may mean, in the order of `resolv.conf`.
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

impl Source {
    /// The addresses of a name in the hosts file, which is read anew: it may have changed.
    fn hosts(&self, name: &str) -> Vec<IpAddr> {
        match self {
            Source::System => in_hosts(&Hosts::from_system().unwrap_or_default(), name),
            #[cfg(test)]
            Source::These(these) => in_hosts(&these.0, name),
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

fn asker(source: &Source) -> Result<Asker, NetError> {
    let (config, mut options) = match source {
        // Without a readable file the system's own resolver asks this machine, too.
        Source::System => read_system_conf().unwrap_or_else(|_| {
            let local = NameServerConfig::udp_and_tcp(IpAddr::V4(Ipv4Addr::LOCALHOST));
            (ResolverConfig::from_parts(None, Vec::new(), vec![local]), ResolverOpts::default())
        }),
        #[cfg(test)]
        Source::These(these) => (these.1.clone(), these.2.clone()),
    };
    let (search, ndots) = (config.search().to_vec(), options.ndots);
    // The file counts attempts, the library those after the first.
    options.attempts = options.attempts.saturating_sub(1);
    options.ip_strategy = LookupIpStrategy::Ipv6AndIpv4;
    options.use_hosts_file = ResolveHosts::Never;
    options.server_ordering_strategy = ServerOrderingStrategy::UserProvidedOrder;
    // What is known is kept by the caller.
    options.cache_size = 0;
    let builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default());
    Ok(Asker { resolver: builder.with_options(options).build()?, search, ndots })
}

/// Those first that this machine has a way to, of these the ones of IPv6, as the system's own resolver puts them
/// (RFC 6724).
fn in_order(found: Vec<IpAddr>) -> Vec<SocketAddr> {
    let has_way = |ip: &IpAddr| {
        // Connecting a datagram socket sends nothing; it only asks for a way.
        let own = SocketAddr::new(if ip.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { IpAddr::from([0u16; 8]) }, 0);
        ip.is_ipv4() || UdpSocket::bind(own).is_ok_and(|socket| socket.connect(SocketAddr::new(*ip, 9)).is_ok())
    };
    let (mut first, last): (Vec<IpAddr>, Vec<IpAddr>) = found.into_iter().partition(has_way);
    first.sort_by_key(IpAddr::is_ipv4);
    first.into_iter().chain(last).map(|ip| SocketAddr::new(ip, 0)).collect()
}

/// Why there is no address, in words for somebody who has never seen the library.
fn words(error: &NetError) -> std::sync::Arc<str> {
    match error {
        unknown if is_unknown(unknown) => "unknown host name".into(),
        NetError::Dns(DnsError::NoRecordsFound(_)) => "the host name has no address".into(),
        NetError::Dns(DnsError::ResponseCode(code)) => format!("the name server answered: {code}").into(),
        NetError::Timeout => "the name server did not answer".into(),
        NetError::NoConnections | NetError::Io(_) => "no name server can be reached".into(),
        NetError::Proto(_) => "not a valid host name".into(),
        other => fold(&other.to_string()),
    }
}
