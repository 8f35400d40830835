//! Redis steps and where they go.

use std::sync::Arc;
use std::time::Duration;

use super::Builder;
use super::fields::Fields;
use crate::scenario::expect::Unit;
use crate::scenario::keys;
use crate::scenario::node::Node;
use crate::scenario::plan::{Action, Envelope, PublishStep, RedisProtocol, RedisStep, RedisTarget, SubscribeStep};
use crate::scenario::template::{JsonBuilder, Text};

/// Without `timeout`.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Without `drain`.
const DRAIN: Duration = Duration::from_secs(2);
/// Largest padded message.
const MAX_SIZE: u64 = 64 * 1024 * 1024;

impl Builder<'_> {
    pub(super) fn redis_target(&mut self, fields: &Fields<'_>) -> Option<RedisTarget> {
        let from_environment = self.redis_from_environment();
        let Some(node) = fields.get("redis") else {
            let used = self.redis_used.clone()?;
            if from_environment.is_none() {
                self.report(
                    used,
                    "a Redis step, but no `redis` to send it to",
                    "write redis: { url: redis://127.0.0.1:6379 } at the top, or set REDIS_HOST",
                );
            }
            let (protocol, envelope) = (RedisProtocol::Resp3, Envelope::Binary);
            return Some(RedisTarget { url: from_environment?, protocol, envelope, drain: DRAIN });
        };
        let fields = self.fields(node, "redis", keys::REDIS_SETTINGS)?;
        let url = match fields.get("url") {
            Some(node) => self.redis_url(node),
            None => from_environment,
        };
        if fields.get("url").is_none() && url.is_none() {
            let advice = "write url: redis://127.0.0.1:6379, or set REDIS_HOST";
            self.report(node.at.clone(), "`redis` has no `url`", advice);
        }
        let protocols = [("resp2", RedisProtocol::Resp2), ("resp3", RedisProtocol::Resp3)];
        let protocol = fields.get("protocol").and_then(|n| self.word(n, "protocol", &protocols));
        let envelopes = [("binary", Envelope::Binary), ("json", Envelope::Json), ("off", Envelope::Off)];
        let envelope = fields.get("envelope").and_then(|n| self.word(n, "envelope", &envelopes));
        let drain = fields.get("drain").and_then(|n| self.duration(n, "drain")).unwrap_or(DRAIN);
        let (protocol, envelope) = (protocol.unwrap_or(RedisProtocol::Resp3), envelope.unwrap_or(Envelope::Binary));
        Some(RedisTarget { url: url?, protocol, envelope, drain })
    }

    /// The address by `REDIS_HOST`, `REDIS_PORT`, `REDIS_USERNAME`, `REDIS_PASSWORD` and `REDIS_TLS`.
    fn redis_from_environment(&self) -> Option<Arc<str>> {
        let get = |name: &str| self.names.environment.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let host = get("REDIS_HOST")?;
        let tls = get("REDIS_TLS").is_some_and(|value| !["0", "false", "no", "off"].contains(&value));
        let scheme = if tls { "rediss" } else { "redis" };
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let mut url = url::Url::parse(&format!("{scheme}://{host}")).ok()?;
        url.set_port(Some(get("REDIS_PORT").unwrap_or("6379").parse().ok()?)).ok()?;
        url.set_username(get("REDIS_USERNAME").unwrap_or_default()).ok()?;
        url.set_password(get("REDIS_PASSWORD")).ok()?;
        Some(url.as_str().into())
    }

    fn redis_url(&mut self, node: &Node) -> Option<Arc<str>> {
        let text = self.constant_text(node, "url")?;
        match url::Url::parse(&text) {
            Ok(url) if matches!(url.scheme(), "redis" | "rediss") && url.has_host() => Some(text.into()),
            // The text is not shown: it may hold a password.
            _ => {
                self.report(
                    node.at.clone(),
                    "this is not the address of a Redis",
                    "write redis://host:6379 or rediss://host:6379",
                );
                None
            }
        }
    }

    fn row(&mut self, fields: &Fields<'_>, method: &str, default: &str) -> crate::scenario::plan::EndpointId {
        let name = fields.get("name").and_then(|n| self.plain_text(n, "name")).unwrap_or_else(|| default.to_owned());
        self.endpoint(method, &name)
    }

    fn channels(&mut self, node: &Node, what: &str) -> (Vec<Text>, String) {
        let items = node.one_or_more();
        if items.is_empty() {
            self.error(node, format!("`{what}` is empty"));
        }
        let names: Vec<&str> = items.iter().filter_map(Node::scalar).collect();
        let name = names.join(" ");
        (items.iter().filter_map(|n| self.text(n, what)).collect(), name)
    }

    pub(super) fn publish(&mut self, argument: &Node, fields: &Fields<'_>) -> Option<PublishStep> {
        self.redis_used.get_or_insert(argument.at.clone());
        let channel = self.text(argument, "publish");
        let row = self.row(fields, "PUBLISH", argument.scalar().unwrap_or_default());
        let payload = match fields.get("payload") {
            Some(node) => self.json(node),
            None => Some(JsonBuilder::default().finish()),
        };
        let size = fields.get("size").and_then(|n| {
            let size = self.size(n, "size")?;
            if size > MAX_SIZE {
                self.error(n, "`size` must be at most 64MB");
            }
            u32::try_from(size).ok()
        });
        let sharded = fields.get("sharded").and_then(|n| self.truth(n, "sharded")).unwrap_or(false);
        let receivers = fields.get("expect").and_then(|n| {
            let expect = self.fields(n, "expect", keys::EXPECT_PUBLISH)?;
            self.matcher(expect.get("receivers")?, Unit::Plain)
        });
        let timeout = fields.get("timeout").and_then(|n| self.some_time(n, "timeout")).unwrap_or(TIMEOUT);
        Some(PublishStep { endpoint: row, channel: channel?, payload: payload?, size, sharded, receivers, timeout })
    }

    pub(super) fn subscribe(&mut self, argument: &Node, fields: &Fields<'_>) -> Option<SubscribeStep> {
        self.redis_used.get_or_insert(argument.at.clone());
        let (channels, name) = self.channels(argument, "subscribe");
        let endpoint = self.row(fields, "SUBSCRIBE", &name);
        let measure =
            fields.get("measure").and_then(|n| self.word(n, "measure", &[("delivery", true), ("nothing", false)]));
        let pattern = fields.get("pattern").and_then(|n| self.truth(n, "pattern")).unwrap_or(false);
        let sharded = fields.get("sharded").and_then(|n| self.truth(n, "sharded")).unwrap_or(false);
        if pattern && sharded {
            self.error(argument, "sharded channels have no patterns");
        }
        let measure = measure.unwrap_or(false);
        let names = argument.one_or_more().iter().filter_map(Node::scalar).filter(|_| measure);
        let deliver = names.map(|name| self.endpoint("DELIVER", name)).collect();
        Some(SubscribeStep { endpoint, channels, pattern, sharded, measure, deliver })
    }

    pub(super) fn unsubscribe(&mut self, argument: &Node) -> Option<Action> {
        self.redis_used.get_or_insert(argument.at.clone());
        if matches!(argument.kind, crate::scenario::node::Kind::Null) {
            return Some(Action::Unsubscribe(Vec::new()));
        }
        Some(Action::Unsubscribe(self.channels(argument, "unsubscribe").0))
    }

    pub(super) fn redis_step(&mut self, argument: &Node, fields: &Fields<'_>) -> Option<RedisStep> {
        self.redis_used.get_or_insert(argument.at.clone());
        let mut command = Vec::new();
        match argument.scalar() {
            // One text is cut at its blanks; an argument with blanks needs the list.
            Some(text) => {
                for word in text.split_whitespace() {
                    let kind = crate::scenario::node::Kind::Text(word.to_owned());
                    command.extend(self.text(&Node { at: argument.at.clone(), kind }, "redis"));
                }
            }
            None => command = self.channels(argument, "redis").0,
        }
        if command.is_empty() {
            self.report(
                argument.at.clone(),
                "a Redis step without a command",
                "write redis: [GET, \"key {{ user.id }}\"]",
            );
        }
        let first = match command.first() {
            Some(Text::Fixed(word)) => word.to_uppercase(),
            _ => "COMMAND".to_owned(),
        };
        let endpoint = self.row(fields, "REDIS", &first);
        let captures = fields.get("capture").map(|n| self.captures(n)).unwrap_or_default();
        let timeout = fields.get("timeout").and_then(|n| self.some_time(n, "timeout")).unwrap_or(TIMEOUT);
        Some(RedisStep { endpoint, command, captures, timeout })
    }
}
