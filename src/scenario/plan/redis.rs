//! Compiled Redis steps.

use std::sync::Arc;
use std::time::Duration;

use super::{Address, ClientOptions, EndpointId};
use crate::scenario::eval::capture::Capture;
use crate::scenario::eval::expect::{Expect, Matcher};
use crate::scenario::eval::payload::Payload;
use crate::scenario::eval::size::Size;
use crate::scenario::eval::template::Text;

/// A Redis server, or a cluster of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisTarget {
    /// URLs that [`Address::parse`] takes, with user, password and database: the server, or nodes of a cluster that know
    /// the others. The credentials of the first one are those of all nodes. Empty until the run gives one.
    pub urls: Vec<Arc<str>>,
    /// Whether it is a cluster; `None` if the server is asked.
    pub cluster: Option<bool>,
    /// The server is the master of this name, which the servers of `urls`, Sentinels, know.
    pub sentinel: Option<Sentinel>,
    /// Send commands that only read to replicas.
    pub reads_replicas: bool,
    /// Protocol version.
    pub protocol: RedisProtocol,
    /// Envelope of measured messages.
    pub envelope: Envelope,
    /// Time after the last message at which a gap in the sequence counts as lost.
    pub drain: Duration,
    /// TLS settings: only `ca`, `identity` and `insecure` are used.
    pub tls: ClientOptions,
}

impl RedisTarget {
    /// A server that no scenario describes, to ask whether it responds.
    pub fn of_url(url: &str) -> Self {
        let tls = ClientOptions::default();
        Self {
            urls: vec![url.into()],
            cluster: None,
            sentinel: None,
            reads_replicas: false,
            protocol: RedisProtocol::Resp3,
            envelope: Envelope::Binary,
            drain: Duration::ZERO,
            tls,
        }
    }

    /// The first address, which distinguishes targets; with credentials.
    pub fn first_url(&self) -> Arc<str> {
        self.urls.first().cloned().unwrap_or_default()
    }

    /// The first address without user name and password.
    pub fn shown(&self) -> Arc<str> {
        let url = self.urls.first().map_or("", |url| url.trim());
        let Ok(address) = Address::parse(url) else { return "redis".into() };
        let scheme = url.split("://").next().unwrap_or_default().to_ascii_lowercase();
        format!("{scheme}://{}", address.server).into()
    }
}

/// A master that Sentinels watch over, and the credentials of its servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentinel {
    /// Its name.
    pub master: Arc<str>,
    /// User name; `None`: `default`.
    pub user: Option<Arc<str>>,
    /// Password for `AUTH`.
    pub password: Option<Arc<str>>,
    /// Number of the database.
    pub database: u32,
}

/// `redis.protocol`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedisProtocol {
    /// RESP2.
    Resp2,
    /// RESP3, by `HELLO 3`.
    Resp3,
}

/// `redis.envelope`: format of the metadata (sender, sequence number, times) of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    /// Fixed bytes before the payload.
    Binary,
    /// A member `_lt` of the JSON payload, for channels with other readers.
    Json,
    /// None: deliveries cannot be measured.
    Off,
}

/// Publishes a message to a channel.
#[derive(Debug, Clone)]
pub struct PublishStep {
    /// Row of the statistics: type `PUBLISH`, name of the channel.
    pub endpoint: EndpointId,
    /// Channel.
    pub channel: Text,
    /// Payload.
    pub payload: Payload,
    /// Padded size of the message in bytes.
    pub size: Option<Size>,
    /// Use `SPUBLISH`.
    pub sharded: bool,
    /// Expected number of receivers in the server's response.
    pub receivers: Option<Matcher>,
    /// Maximum time from the send to the response.
    pub timeout: Duration,
}

impl PublishStep {
    /// The Redis command.
    pub fn verb(&self) -> &'static str {
        if self.sharded { "SPUBLISH" } else { "PUBLISH" }
    }

    /// The mean padded size, 0 without; `None` if it depends on the run.
    pub fn mean_padding(&self) -> Option<f64> {
        self.size.as_ref().map_or(Some(0.0), Size::mean)
    }
}

/// Subscribes to channels.
#[derive(Debug, Clone)]
pub struct SubscribeStep {
    /// Row of the statistics: type `SUBSCRIBE`.
    pub endpoint: EndpointId,
    /// Channels.
    pub channels: Vec<Text>,
    /// The names are patterns (`PSUBSCRIBE`).
    pub pattern: bool,
    /// Use `SSUBSCRIBE`.
    pub sharded: bool,
    /// Read the envelope of every message: latency, loss, duplicates and order.
    pub measure: bool,
    /// Rows of the statistics, one per channel: type `DELIVER`, name of the channel as written, or the same row for each of
    /// very many channels. Empty unless `measure`.
    pub deliver: Vec<EndpointId>,
}

/// A word of a command.
#[derive(Debug, Clone)]
pub enum Argument {
    /// A string.
    Text(Text),
    /// Bytes.
    Bytes(Payload),
}

impl Argument {
    /// The string, if it is constant.
    pub fn fixed(&self) -> Option<&Arc<str>> {
        match self {
            Argument::Text(text) => text.fixed(),
            Argument::Bytes(_) => None,
        }
    }
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Argument::Text(Text::Fixed(text.into()))
    }
}

/// Executes any command.
#[derive(Debug, Clone)]
pub struct RedisStep {
    /// Row of the statistics: type `REDIS`, `name` of the step or else the command.
    pub endpoint: EndpointId,
    /// The command and its arguments.
    pub command: Vec<Argument>,
    /// Expectations; the response is evaluated like a JSON body.
    pub expects: Vec<Expect>,
    /// Captures from the response.
    pub captures: Vec<Capture>,
    /// Maximum time from the send to the response.
    pub timeout: Duration,
}

/// Commands executed once before the users start: an entry of `redis.prefill`.
#[derive(Debug, Clone)]
pub struct Prefill {
    /// Number of commands.
    pub count: u64,
    /// The command and its arguments; `iteration` is its number, from 0.
    pub command: Vec<Argument>,
}

/// Commands that block on the server until there is something to return.
const BLOCKING: [&str; 10] =
    ["BLMOVE", "BLMPOP", "BLPOP", "BRPOP", "BRPOPLPUSH", "BZMPOP", "BZPOPMAX", "BZPOPMIN", "WAIT", "WAITAOF"];

impl RedisStep {
    /// True for commands that block intentionally, so that their response time does not measure the server.
    pub fn is_blocking(&self) -> bool {
        is_blocking(&self.command)
    }
}

/// True for a command that blocks intentionally.
pub(crate) fn is_blocking(command: &[Argument]) -> bool {
    let mut words = command.iter().map(|word| word.fixed().map_or("", |word| &**word));
    let Some(first) = words.next() else { return false };
    // Called for every command: most are ruled out by their first letter.
    match first.as_bytes().first() {
        Some(b'b' | b'B' | b'w' | b'W') => BLOCKING.iter().any(|name| first.eq_ignore_ascii_case(name)),
        Some(b'x' | b'X') => {
            let reads = ["XREAD", "XREADGROUP"].iter().any(|name| first.eq_ignore_ascii_case(name));
            reads && words.any(|word| word.eq_ignore_ascii_case("BLOCK"))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocking_commands_are_recognized() {
        for (command, wanted) in [
            ("BLPOP queue 5", true),
            ("blmove a b LEFT RIGHT 0", true),
            ("XREAD COUNT 2 block 500 STREAMS s $", true),
            ("XREAD COUNT 2 STREAMS s 0", false),
            ("XADD s * block 1", false),
            ("WAIT 1 100", true),
            ("BITCOUNT k", false),
            ("GET blpop", false),
            ("", false),
        ] {
            let words = command.split_whitespace().map(Argument::from).collect();
            let step = RedisStep {
                endpoint: EndpointId(0),
                command: words,
                expects: Vec::new(),
                captures: Vec::new(),
                timeout: Duration::ZERO,
            };
            assert_eq!(step.is_blocking(), wanted, "{command}");
        }
    }
}
