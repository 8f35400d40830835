//! Compiles Redis steps and the address of the server.

use std::sync::Arc;
use std::time::Duration;

use crate::row_kind::RowKind;
use crate::scenario::compile::builder::Builder;
use crate::scenario::compile::fields::Fields;
use crate::scenario::compile::unsatisfiable::Tested;
use crate::scenario::eval::expect::Unit;
use crate::scenario::eval::template::{self, Text};
use crate::scenario::grammar::actions::{PUBLISH, REDIS, SUBSCRIBE};
use crate::scenario::grammar::keys;
use crate::scenario::plan::{
    Action, Address, Argument, EndpointId, Envelope, PublishStep, RedisProtocol, RedisStep, RedisTarget, SubscribeStep,
};
use crate::scenario::syntax::diagnostic::Diagnostic;
use crate::scenario::syntax::node::{Kind, Node};

/// Maximum number of names in a `subscribe` step that have `DELIVER` rows of their own: a row needs up to 200 kB for its
/// histograms, and thousands of rows are of use to nobody.
const MAX_OWN_ROWS: usize = 100;
/// Maximum number of `DELIVER` rows of a scenario; further names share [`OTHERS`].
const MAX_DELIVER_ROWS: usize = 1_000;
const OTHERS: &str = "further channels";

/// Commands after which a connection only receives: reason why they are not allowed in a `redis` step, and the
/// alternative.
const STREAMING: &[(&str, &str, &str)] = &[
    ("SUBSCRIBE", LISTENS, "write subscribe: [channel]"),
    ("PSUBSCRIBE", LISTENS, "write subscribe: [pattern] and pattern: true"),
    ("SSUBSCRIBE", LISTENS, "write subscribe: [channel] and sharded: true"),
    ("UNSUBSCRIBE", ENDS, "write unsubscribe: [channel], or unsubscribe: all"),
    ("PUNSUBSCRIBE", ENDS, "write unsubscribe: [pattern], or unsubscribe: all"),
    ("SUNSUBSCRIBE", ENDS, "write unsubscribe: [channel], or unsubscribe: all"),
    ("SYNC", "makes a connection a replica's, which does nothing but receive", NO_STEP),
    ("PSYNC", "makes a connection a replica's, which does nothing but receive", NO_STEP),
    (
        "MONITOR",
        "never stops sending responses",
        "katydid has no step for it; redis-cli monitor shows what a server receives",
    ),
];
const NO_STEP: &str = "katydid has no step for it";
const LISTENS: &str = "makes a connection only receive; use a `subscribe` step";
const ENDS: &str = "ends a subscription; use an `unsubscribe` step";

impl Builder<'_> {
    /// Address of Redis steps, unless the run overrides it; without any address, the run must specify one.
    pub(in crate::scenario::compile) fn redis_target(&mut self, fields: &Fields<'_>) -> Option<RedisTarget> {
        let environment = self.redis_from_environment();
        if let Some(url) = &environment {
            self.password_of(url);
        }
        let Some(node) = fields.get("redis") else {
            let used = self.uses.redis.clone()?;
            if environment.is_none() {
                let advice = "write redis: { url: redis://127.0.0.1:6379 } at the top, or give --host redis://HOST, or set REDIS_HOST";
                self.uses.no_redis = Some(Diagnostic::new(used, "Redis step without a Redis address").note(advice));
            }
            let (protocol, envelope, drain) = self.redis_options(Fields(&[]))?;
            let urls = environment.into_iter().collect();
            return Some(RedisTarget { urls, protocol, envelope, drain, ..RedisTarget::of_url("") });
        };
        let fields = self.fields(node, &keys::REDIS_SETTINGS)?;
        let mut target = self.redis_servers(node, fields, environment);
        (target.protocol, target.envelope, target.drain) = self.redis_options(fields)?;
        if target.envelope == Envelope::Off {
            for at in std::mem::take(&mut self.uses.measured) {
                self.report(
                    at,
                    "`measure: delivery` has no effect with `envelope: off`",
                    "use envelope: binary or json in `redis`, or remove `measure`",
                );
            }
        }
        if target.envelope == Envelope::Json {
            for at in std::mem::take(&mut self.uses.binary) {
                self.report(
                    at,
                    "bytes cannot be sent with `envelope: json`",
                    "use envelope: binary or off in `redis`, or send base64 as a string",
                );
            }
        }
        if target.cluster == Some(true) {
            self.diagnostics.errors.append(&mut self.uses.cross_slot);
        }
        if let Some(node) = fields.get("tls") {
            self.tls(node, &mut target.tls);
            let url = target.urls.first().map_or("", |url| url.trim());
            if Address::parse(url).is_ok_and(|address| !address.tls) {
                let scheme = url.split("://").next().unwrap_or("redis");
                let secure = if scheme.starts_with("valkey") { "valkeys" } else { "rediss" };
                let message = format!("`tls` has no effect with a {scheme}:// address");
                self.warn(node.at.clone(), message, format!("write {secure}:// for TLS"));
            }
        }
        Some(target)
    }

    /// Protocol, envelope and drain of `redis`.
    fn redis_options(&mut self, fields: Fields<'_>) -> Option<(RedisProtocol, Envelope, Duration)> {
        let keys = keys::REDIS_SETTINGS.keys;
        let protocols = [("resp2", RedisProtocol::Resp2), ("resp3", RedisProtocol::Resp3)];
        let protocol =
            self.or_default(fields.get("protocol"), keys, "protocol", |b, n, key| b.word(n, key, &protocols));
        let envelopes = [("binary", Envelope::Binary), ("json", Envelope::Json), ("off", Envelope::Off)];
        let envelope =
            self.or_default(fields.get("envelope"), keys, "envelope", |b, n, key| b.word(n, key, &envelopes));
        let drain = self.or_default(fields.get("drain"), keys, "drain", Self::duration);
        Some((protocol?, envelope?, drain?))
    }

    /// Address from `REDIS_HOST`, `REDIS_PORT`, `REDIS_USERNAME`, `REDIS_PASSWORD` and `REDIS_TLS`.
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

    pub(super) fn redis_url(&mut self, node: &Node) -> Option<Arc<str>> {
        let text = self.constant_text(node, "url")?;
        self.password_of(&text);
        if let Err(error) = Address::parse(&text) {
            self.error(node, error.to_string());
            return None;
        }
        Some(text.into())
    }

    fn row(&mut self, fields: &Fields<'_>, kind: RowKind, default: &str) -> EndpointId {
        let name = self.row_name(fields).unwrap_or_else(|| default.to_owned());
        self.endpoint(kind, &name)
    }

    fn channels(&mut self, node: &Node, what: &str) -> (Vec<Text>, String) {
        let items = node.one_or_more();
        if items.is_empty() {
            self.error(node, format!("`{what}` is empty"));
        }
        let names: Vec<&str> = items.iter().filter_map(Node::scalar).collect();
        let name = match names.as_slice() {
            [first, .., last] if names.len() > MAX_OWN_ROWS => format!("{first} … {last} ({} names)", names.len()),
            few => few.join(" "),
        };
        (items.iter().filter_map(|n| self.text(n, what)).collect(), name)
    }

    pub(super) fn publish(&mut self, argument: &Node, fields: &Fields<'_>) -> Option<PublishStep> {
        self.uses.redis.get_or_insert(argument.at.clone());
        let channel = self.text(argument, "publish");
        let row = self.row(fields, RowKind::Publish, argument.scalar().unwrap_or_default());
        let payload = self.payload(fields.get("payload"));
        let size = match fields.get("size") {
            Some(node) => Some(self.sizes(node, "size")?),
            None => None,
        };
        let sharded = self.or_default(fields.get("sharded"), PUBLISH, "sharded", Self::truth)?;
        let receivers = fields.get("expect").and_then(|n| {
            let expect = self.fields(n, &keys::EXPECT_PUBLISH)?;
            let receivers = expect.get("receivers")?;
            self.unsatisfiable(receivers, Tested::Count, false);
            self.matcher(receivers, Unit::Plain)
        });
        let timeout = self.or_default(fields.get("timeout"), PUBLISH, "timeout", Self::some_time)?;
        Some(PublishStep { endpoint: row, channel: channel?, payload: payload?, size, sharded, receivers, timeout })
    }

    pub(super) fn subscribe(&mut self, argument: &Node, fields: &Fields<'_>) -> Option<SubscribeStep> {
        self.uses.redis.get_or_insert(argument.at.clone());
        let (channels, name) = self.channels(argument, "subscribe");
        let name = self.row_name(fields).unwrap_or(name);
        let endpoint = self.endpoint(RowKind::Subscribe, &name);
        let read = |b: &mut Self, n: &Node, key: &str| b.word(n, key, &[("delivery", true), ("nothing", false)]);
        let measure = self.or_default(fields.get("measure"), SUBSCRIBE, "measure", read)?;
        let pattern = self.or_default(fields.get("pattern"), SUBSCRIBE, "pattern", Self::truth)?;
        let sharded = self.or_default(fields.get("sharded"), SUBSCRIBE, "sharded", Self::truth)?;
        if pattern && sharded {
            self.error(argument, "sharded channels have no patterns");
        }
        if let Some(node) = fields.get("measure").filter(|_| measure) {
            self.uses.measured.push(node.at.clone());
        }
        let deliver = match channels.len() {
            _ if !measure => Vec::new(),
            many if many > MAX_OWN_ROWS => vec![self.endpoint(RowKind::Deliver, &name); many],
            _ => self.deliver_rows(argument),
        };
        Some(SubscribeStep { endpoint, channels, pattern, sharded, measure, deliver })
    }

    /// A row for each name, as long as there are not very many in the scenario.
    fn deliver_rows(&mut self, argument: &Node) -> Vec<EndpointId> {
        let rows = self.interner.endpoints.iter();
        let mut count = rows.filter(|row| row.kind == RowKind::Deliver).count();
        let mut row = |name: &str| {
            let before = self.interner.endpoints.len();
            let name =
                if count < MAX_DELIVER_ROWS || self.interner.has(RowKind::Deliver, name) { name } else { OTHERS };
            let row = self.endpoint(RowKind::Deliver, name);
            count += self.interner.endpoints.len() - before;
            row
        };
        argument.one_or_more().iter().filter_map(Node::scalar).map(&mut row).collect()
    }

    pub(super) fn unsubscribe(&mut self, argument: &Node) -> Option<Action> {
        self.uses.redis.get_or_insert(argument.at.clone());
        // A channel with this name must be in a list.
        if matches!(argument.kind, Kind::Null) || argument.scalar() == Some("all") {
            return Some(Action::Unsubscribe(Vec::new()));
        }
        Some(Action::Unsubscribe(self.channels(argument, "unsubscribe").0))
    }

    /// Reports a command after which a connection only receives, and one without words; returns its name.
    pub(super) fn refuse_streaming(&mut self, argument: &Node, command: &[Argument]) -> String {
        if command.is_empty() {
            self.report(
                argument.at.clone(),
                "a Redis step without a command",
                "write redis: [GET, \"key {{ user.id }}\"]",
            );
        }
        // The command as written: a rendered template may be a secret.
        let word = argument.one_or_more().first().and_then(|n| template::words(n.scalar()?).first().copied());
        let first = word.filter(|word| !word.contains("{{")).map_or_else(|| "COMMAND".to_owned(), str::to_uppercase);
        if let Some((_, why, instead)) = STREAMING.iter().find(|(command, ..)| *command == first) {
            self.report(argument.at.clone(), format!("{first} {why}"), *instead);
        }
        self.one_slot(argument, command);
        first
    }

    pub(super) fn redis_step(&mut self, argument: &Node, fields: &Fields<'_>) -> Option<RedisStep> {
        self.uses.redis.get_or_insert(argument.at.clone());
        let command = self.arguments(argument, "redis");
        let first = self.refuse_streaming(argument, &command);
        let endpoint = self.row(fields, RowKind::Redis, &first);
        let (_, expects) = fields.get("expect").map(|n| self.expectations(n, &keys::EXPECT_REDIS)).unwrap_or_default();
        let captures = fields.get("capture").map(|n| self.captures(n)).unwrap_or_default();
        let timeout = self.or_default(fields.get("timeout"), REDIS, "timeout", Self::some_time)?;
        Some(RedisStep { endpoint, command, expects, captures, timeout })
    }
}
