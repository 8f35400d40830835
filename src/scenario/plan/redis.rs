//! Redis publish and subscribe, and plain commands.

use std::sync::Arc;
use std::time::Duration;

use super::{ClientOptions, EndpointId};
use crate::scenario::eval::capture::Capture;
use crate::scenario::eval::expect::{Expect, Matcher};
use crate::scenario::eval::template::{Json, Text};

/// Where Redis steps go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisTarget {
    /// `redis://` or `rediss://`, with user, password and database.
    pub url: Arc<str>,
    /// Which protocol is spoken.
    pub protocol: RedisProtocol,
    /// What measured messages begin with.
    pub envelope: Envelope,
    /// How long after the last message a gap in the sequence counts as lost.
    pub drain: Duration,
    /// Certificates: of these options only `ca`, `identity` and `insecure` count.
    pub tls: ClientOptions,
}

impl RedisTarget {
    /// The address without user and password.
    pub fn shown(&self) -> Arc<str> {
        let url = url::Url::parse(&self.url).ok();
        let parts = url.as_ref().and_then(|url| Some((url.scheme(), url.host_str()?, url.port().unwrap_or(6379))));
        parts.map_or_else(|| "redis".into(), |(scheme, host, port)| format!("{scheme}://{host}:{port}").into())
    }
}

/// `redis.protocol`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedisProtocol {
    /// RESP2.
    Resp2,
    /// RESP3, by `HELLO 3`.
    Resp3,
}

/// `redis.envelope`: how a message carries its sender, number and times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    /// Fixed bytes before the payload.
    Binary,
    /// A `_lt` member of the JSON payload, for channels that others read.
    Json,
    /// None: nothing can be measured at the receiver.
    Off,
}

/// A message to a channel.
#[derive(Debug, Clone)]
pub struct PublishStep {
    /// Row of the statistics: type `PUBLISH`, name of the channel.
    pub endpoint: EndpointId,
    /// Where to.
    pub channel: Text,
    /// What.
    pub payload: Json,
    /// The message is padded to this many bytes.
    pub size: Option<u32>,
    /// By `SPUBLISH`.
    pub sharded: bool,
    /// Compared with the number of receivers in the server's response.
    pub receivers: Option<Matcher>,
    /// Maximum time from the send to the response.
    pub timeout: Duration,
}

impl PublishStep {
    /// The command that publishes it.
    pub fn verb(&self) -> &'static str {
        if self.sharded { "SPUBLISH" } else { "PUBLISH" }
    }
}

/// Listening to channels.
#[derive(Debug, Clone)]
pub struct SubscribeStep {
    /// Row of the statistics: type `SUBSCRIBE`.
    pub endpoint: EndpointId,
    /// Which ones.
    pub channels: Vec<Text>,
    /// The names are patterns (`PSUBSCRIBE`).
    pub pattern: bool,
    /// By `SSUBSCRIBE`.
    pub sharded: bool,
    /// Read the envelope of every message: latency, loss, duplicates and order.
    pub measure: bool,
    /// Rows of the statistics, one a channel: type `DELIVER`, the channel as written. Empty unless `measure`.
    pub deliver: Vec<EndpointId>,
}

/// Any command.
#[derive(Debug, Clone)]
pub struct RedisStep {
    /// Row of the statistics: type `REDIS`, the `name` of the step, else the command's first word.
    pub endpoint: EndpointId,
    /// The command and its arguments.
    pub command: Vec<Text>,
    /// Expectations; the response is read like a JSON body.
    pub expects: Vec<Expect>,
    /// Captures from the response.
    pub captures: Vec<Capture>,
    /// Maximum time from the send to the response.
    pub timeout: Duration,
}

/// Commands that block on the server until there is something to return.
const BLOCKING: [&str; 10] =
    ["BLMOVE", "BLMPOP", "BLPOP", "BRPOP", "BRPOPLPUSH", "BZMPOP", "BZPOPMAX", "BZPOPMIN", "WAIT", "WAITAOF"];

impl RedisStep {
    /// True for commands that block on purpose, so that their response time does not measure the server.
    pub fn is_blocking(&self) -> bool {
        let mut words = self.command.iter().map(|word| word.fixed().map_or("", |word| &**word));
        let Some(first) = words.next() else { return false };
        // Looked at for every command: most are known by their first letter.
        match first.as_bytes().first() {
            Some(b'b' | b'B' | b'w' | b'W') => BLOCKING.iter().any(|name| first.eq_ignore_ascii_case(name)),
            Some(b'x' | b'X') => {
                let reads = ["XREAD", "XREADGROUP"].iter().any(|name| first.eq_ignore_ascii_case(name));
                reads && words.any(|word| word.eq_ignore_ascii_case("BLOCK"))
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_wait_on_purpose_are_known() {
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
            let words = command.split_whitespace().map(|word| Text::Fixed(word.into())).collect();
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
