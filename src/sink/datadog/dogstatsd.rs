//! Sends metrics and events to the DogStatsD server of an agent. Datagrams may be lost without notice.
//!
//! Format: <https://docs.datadoghq.com/developers/dogstatsd/datagram_shell>, version 1.1.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UdpSocket, UnixDatagram};

use super::metrics::{Metric, Source, Value};
use super::notice::Notice;
use super::tags::Tags;
use crate::clean;
use crate::protocol::net::reason::io_reason;
use crate::protocol::net::resolve::CachingResolver;
use crate::settings::StatsdAddress;
use crate::sink::contract::Sink;
use crate::sink::event::Event;
use crate::sink::feed::Feed;
use crate::sink::status::{Reporter, Status};
use crate::stats::Reason;

/// Maximum sizes of a datagram in bytes.
const MAX_UDP: usize = 1_432;
const MAX_UNIX: usize = 8_192;
/// Maximum time for a datagram, name lookup included: a socket that nobody reads is full after a while.
const TIMEOUT: Duration = Duration::from_secs(1);
/// Shortest part of a text that is left when it is cut to fit into a datagram, in bytes.
const SHORTEST_TEXT: usize = 64;

/// The server of an agent.
pub struct Agent {
    address: StatsdAddress,
    tags: Tags,
    resolver: CachingResolver,
}

/// An open socket.
enum Socket {
    Udp(UdpSocket),
    Unix(UnixDatagram),
}

impl Agent {
    /// Creates an agent; `tags` are on all metrics.
    pub fn new(address: StatsdAddress, tags: Tags) -> Self {
        Self { address, tags, resolver: CachingResolver::default() }
    }

    async fn connect(&self) -> Result<Socket, String> {
        match &self.address {
            StatsdAddress::Unix(path) => {
                let open = || -> io::Result<UnixDatagram> {
                    let socket = UnixDatagram::unbound()?;
                    socket.connect(path)?;
                    Ok(socket)
                };
                open().map(Socket::Unix).map_err(|error| not_a_socket(path).unwrap_or_else(|| words(&error)))
            }
            StatsdAddress::Udp(host, port) => {
                let address = SocketAddr::new(self.ip(host).await?, *port);
                let any = if address.is_ipv6() { "[::]:0" } else { "0.0.0.0:0" };
                let socket = UdpSocket::bind(any).await.map_err(|error| words(&error))?;
                socket.connect(address).await.map_err(|error| words(&error))?;
                Ok(Socket::Udp(socket))
            }
        }
    }

    /// The first address of a name, as of the names of targets.
    async fn ip(&self, host: &str) -> Result<IpAddr, String> {
        if let Ok(ip) = host.parse() {
            return Ok(ip);
        }
        let found = self.resolver.addresses(host).await.map_err(|why| Reason::Dns(why.0).to_string())?;
        found.first().map(SocketAddr::ip).ok_or_else(|| "the name has no address".to_owned())
    }

    fn max_size(&self) -> usize {
        match self.address {
            StatsdAddress::Unix(_) => MAX_UNIX,
            StatsdAddress::Udp(..) => MAX_UDP,
        }
    }
}

impl Socket {
    /// Sends a datagram. Fails also where the network has reported by now that nobody receives this or an earlier one.
    async fn send(&self, datagram: &[u8]) -> io::Result<()> {
        match self {
            Socket::Udp(socket) => {
                socket.send(datagram).await?;
                socket.take_error()?.map_or(Ok(()), Err)
            }
            Socket::Unix(socket) => socket.send(datagram).await.map(|_| ()),
        }
    }
}

/// Why this is not the socket of an agent; `None` if it is a socket.
pub fn not_a_socket(path: &Path) -> Option<String> {
    match std::fs::metadata(path) {
        Ok(found) if found.file_type().is_socket() => None,
        Ok(_) => Some(format!("{} is not a socket", path.display())),
        Err(error) => Some(format!("{}: {}", path.display(), clean::cause(&error))),
    }
}

/// What an error of a socket means.
fn words(error: &io::Error) -> String {
    io_reason(error).map_or_else(|| clean::cause(error), |reason| reason.to_string())
}

impl Sink for Agent {
    fn name(&self) -> &'static str {
        "DogStatsD"
    }

    fn place(&self) -> String {
        self.address.to_string()
    }

    fn run(self: Box<Self>, mut feed: Feed, reporter: Reporter) -> Pin<Box<dyn Future<Output = ()>>> {
        Box::pin(async move {
            let meta = Arc::clone(feed.meta());
            let mut source = Source::new(self.tags.of_run(&meta), self.tags.prefix.clone(), meta);
            reporter.change(|status| status.is_unconfirmed = true);
            let mut socket = None;
            while let Some(event) = feed.next().await {
                if let Event::Interval(interval) = &event {
                    reporter.change(|status| status.missed += interval.missed);
                }
                let datagrams = datagrams(&mut source, &event, self.max_size());
                reporter.change(|status| datagrams.iter().for_each(|(_, points)| status.enqueued(*points)));
                for (datagram, points) in datagrams {
                    let sent = self.sent(&mut socket, datagram.as_bytes()).await;
                    let message: Arc<str> = sent.as_ref().map_or_else(String::as_str, |()| "sent").into();
                    reporter.change(|status| {
                        if sent.is_ok() {
                            status.delivered(points)
                        } else {
                            status.lost(points)
                        }
                        status.answered(&message, sent.is_err());
                    });
                    if sent.is_err() {
                        // The agent may be restarted: open a new socket for the next event.
                        socket = None;
                        reporter.change(Status::lose_waiting);
                        break;
                    }
                }
            }
        })
    }
}

impl Agent {
    /// Sends a datagram; connects first where there is no socket.
    async fn sent(&self, socket: &mut Option<Socket>, datagram: &[u8]) -> Result<(), String> {
        let send = async {
            let sent = match socket {
                Some(socket) => socket.send(datagram).await,
                None => socket.insert(self.connect().await?).send(datagram).await,
            };
            sent.map_err(|error| words(&error))
        };
        tokio::time::timeout(TIMEOUT, send).await.unwrap_or_else(|_| Err("timed out".to_owned()))
    }
}

/// Datagrams for an event, each with the number of its metrics.
fn datagrams(source: &mut Source, event: &Event, max: usize) -> Vec<(String, u64)> {
    let mut all: Vec<(String, u64)> = Vec::new();
    for line in source.metrics(event).iter().flat_map(|metric| lines(metric, max)) {
        match all.last_mut() {
            Some((datagram, points)) if datagram.len() + 1 + line.len() <= max => {
                datagram.push('\n');
                datagram.push_str(&line);
                *points += 1;
            }
            _ => all.push((line, 1)),
        }
    }
    all.extend(source.notice(event).map(|notice| (event_line(&notice, max), 0)));
    all
}

/// A line for a metric; several for a distribution whose values do not fit into one datagram.
fn lines(metric: &Metric, max: usize) -> Vec<String> {
    let Metric { name, tags, .. } = metric;
    let line = |values: &str, kind: &str| format!("{name}:{values}|{kind}|#{}", tags.join(","));
    match &metric.value {
        Value::Count(count) => vec![line(&count.to_string(), "c")],
        Value::Gauge(value) => vec![line(&value.to_string(), "g")],
        Value::Distribution(values) => {
            let room = max.saturating_sub(line("", "d").len());
            let mut lines = Vec::new();
            let mut packed = String::new();
            for value in values.iter().map(f64::to_string) {
                if !packed.is_empty() && packed.len() + 1 + value.len() > room {
                    lines.push(line(&packed, "d"));
                    packed.clear();
                }
                if !packed.is_empty() {
                    packed.push(':');
                }
                packed.push_str(&value);
            }
            if !packed.is_empty() {
                lines.push(line(&packed, "d"));
            }
            lines
        }
    }
}

/// The line for an event. Its text is cut so that it fits into a datagram.
fn event_line(notice: &Notice, max: usize) -> String {
    let escape = |text: &str| text.replace("\r\n", "\n").replace('\n', "\\n");
    let title = escape(&notice.title);
    let key = notice.key.as_ref().map(|key| format!("|k:{key}")).unwrap_or_default();
    let line = |text: &str| {
        format!(
            "_e{{{},{}}}:{title}|{text}|d:{}{key}|t:{}|#{}",
            title.len(),
            text.len(),
            notice.at,
            notice.kind,
            notice.tags.join(",")
        )
    };
    let mut text = escape(&notice.text);
    let excess = line(&text).len().saturating_sub(max);
    let mut end = text.len().saturating_sub(excess).max(SHORTEST_TEXT).min(text.len());
    while !text.is_char_boundary(end) || text[..end].ends_with('\\') {
        end -= 1;
    }
    text.truncate(end);
    line(&text)
}
