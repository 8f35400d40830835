//! Actions of steps, with their allowed keys.

use std::collections::BTreeSet;

use super::kind::ValueKind as K;
use super::table::{Key, Rule, key};

/// Kind of an action; the compiler has a function for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ActionKind {
    /// A request; the key is the method.
    Http,
    /// `graphql`.
    Graphql,
    /// `publish`.
    Publish,
    /// `subscribe`.
    Subscribe,
    /// `unsubscribe`.
    Unsubscribe,
    /// `redis`.
    Redis,
    /// `set`.
    Set,
    /// `wait`.
    Wait,
    /// `log`.
    Log,
    /// `repeat`.
    Repeat,
    /// `for_each`.
    ForEach,
    /// `while`.
    While,
    /// `if`.
    If,
    /// `call`.
    Call,
    /// `stop`.
    Stop,
}

/// An action and its modifiers.
#[derive(Debug)]
pub(crate) struct Action {
    /// Kind.
    pub kind: ActionKind,
    /// Key of the action.
    pub key: Key,
    /// Groups of allowed keys, in addition to [`ANY_STEP`].
    pub modifiers: &'static [&'static [Key]],
    /// Rules between these keys.
    pub rules: &'static [Rule],
}

impl Action {
    /// True if the action contains step lists.
    pub fn contains_steps(&self) -> bool {
        self.modifiers.iter().copied().flatten().any(is_steps)
    }
}

fn is_steps(key: &Key) -> bool {
    key.kind == K::Steps
}

/// True if the value of this key of a step is a step list.
pub(crate) fn is_step_list(name: &str) -> bool {
    let modifiers = ACTIONS.iter().flat_map(|action| action.modifiers).copied().flatten();
    modifiers.filter(|key| is_steps(key)).any(|key| key.name == name)
}

/// True if this is the key of an action.
pub(crate) fn is_action(name: &str) -> bool {
    ACTIONS.iter().any(|action| action.key.name == name)
}

/// True if the value of this key of a step is an expression, written without braces.
pub(crate) fn is_expression(name: &str) -> bool {
    ACTIONS.iter().map(|action| &action.key).chain(ANY_STEP).any(|key| key.name == name && key.kind == K::Expression)
}

/// Keys of steps whose value can be `@file`.
pub(crate) fn file_keys() -> BTreeSet<&'static str> {
    let keys = ACTIONS.iter().flat_map(|action| action.modifiers.iter().copied().flatten().chain([&action.key]));
    keys.filter(|key| key.kind.reads_files()).map(|key| key.name).collect()
}

/// Keys of every step.
pub(crate) const ANY_STEP: &[Key] = &[
    key("when", K::Expression, "Skip the step unless this is true"),
    key("tags", K::Tags, "Labels for --tags and --exclude-tags").eg(&["[read, critical]"]),
];

/// Connection settings of a request; also in `defaults`.
pub(crate) const CONNECTION: &[Key] = &[
    key("timeout", K::Length, "From the send to the last byte").or_text("30s"),
    key("headers", K::HeaderLines, "Header lines"),
    key("auth", K::Auth, "Basic or bearer authentication, or none"),
    key("follow_redirects", K::Bool, "Follow redirects").or_bool(true),
    key("tls", K::Tls, "Certificates"),
    key("proxy", K::Text, "Send through this proxy; `env` uses HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY")
        .eg(&["http://127.0.0.1:3128", "env"]),
    key("http_version", K::HttpVersion, "1.1, 2 or any").or_text("any"),
    key("connections", K::Connections, "per_user or per_request").or_text("per_user"),
];

/// Expectations and captures of a request.
pub(crate) const RESPONSE: &[Key] = &[
    key("name", K::Row, "Row of the statistics; default: the address as written"),
    key("expect", K::Expect, "Conditions on the response; default: a status below 400"),
    key("capture", K::Capture, "Values to extract from the response, by name"),
];

/// Content of an HTTP request.
pub(crate) const REQUEST: &[Key] = &[
    key("query", K::Pairs, "Query parameters"),
    key("json", K::AnyOrFile, "Body as JSON, or @file"),
    key("form", K::Pairs, "Body as form fields"),
    key("body", K::TextOrFile, "Body as text, or @file"),
    key("files", K::Files, "Files of an upload; form adds fields to them"),
];

const GRAPHQL: &[Key] = &[
    key("variables", K::Map, "Variables of the operation"),
    key("operation", K::Text, "Operation of the document to send").eg(&["Item"]),
    key("operation_name", K::Text, "The same as operation").eg(&["Item"]),
    key("persisted", K::Persisted, "apq: send the hash first"),
    key("method", K::GraphqlMethod, "post, or get for queries"),
    key("business_errors", K::Text, "JSONPath of errors that are returned as data, such as $.data.*.userErrors")
        .eg(&["$.data.*.userErrors"]),
    key("events", K::Events, "Subscription: end after this many events"),
    key("listen_for", K::ListenFor, "Subscription: end after this time"),
];
pub(crate) const PUBLISH: &[Key] = &[
    key("name", K::Row, "Row of the statistics; default: the channel"),
    key(
        "payload",
        K::AnyOrFile,
        "A string, JSON, @file, { base64: … } for bytes, or { random: SIZE } for random bytes",
    ),
    key("size", K::Sizes, "Pad the message to this many bytes"),
    key("sharded", K::Bool, "Send with SPUBLISH").or_bool(false),
    key("expect", K::ExpectPublish, "Conditions on the response"),
    key("timeout", K::Length, "From the send to the response").or_text("30s"),
];
pub(crate) const SUBSCRIBE: &[Key] = &[
    key("name", K::Row, "Row of the statistics; default: the channels"),
    key("measure", K::Measure, "delivery: latency, loss, duplicates and order").or_text("nothing"),
    key("pattern", K::Bool, "The channels are patterns").or_bool(false),
    key("sharded", K::Bool, "Listen with SSUBSCRIBE").or_bool(false),
];
pub(crate) const REDIS: &[Key] = &[
    key("name", K::Row, "Row of the statistics; default: the command's first word"),
    key("expect", K::ExpectRedis, "Conditions on the response; default: no error"),
    key("capture", K::Capture, "Values to extract from the response, by name"),
    key("timeout", K::Length, "From the send to the response").or_text("30s"),
];
const LOOP: &[Key] = &[
    key("steps", K::Steps, "Run in order"),
    key("as", K::Variable, "Variable for the item, or for the number of the pass"),
];
pub(crate) const WHILE: &[Key] =
    &[key("steps", K::Steps, "Run in order"), key("limit", K::Whole, "Maximum number of passes").or_whole(1_000)];
const IF: &[Key] = &[key("then", K::Steps, "Run if it is true"), key("else", K::Steps, "Run if it is false")];
const CALL: &[Key] = &[key("with", K::Assignments, "Variables set before the flow")];

const HTTP: &[&[Key]] = &[RESPONSE, REQUEST, CONNECTION];

const ONE_BODY: &str = "a request has one body";
const UPLOAD: &str = "an upload has files and form fields";
const HTTP_RULES: &[Rule] = &[
    Rule::Excludes("json", "form", ONE_BODY),
    Rule::Excludes("json", "body", ONE_BODY),
    Rule::Excludes("form", "body", ONE_BODY),
    Rule::Excludes("files", "json", UPLOAD),
    Rule::Excludes("files", "body", UPLOAD),
];

const fn http(name: &'static str) -> Action {
    let key = key(name, K::Address, "Path or URL of the request");
    Action { kind: ActionKind::Http, key, modifiers: HTTP, rules: HTTP_RULES }
}

const fn action(kind: ActionKind, key: Key, modifiers: &'static [&'static [Key]], rules: &'static [Rule]) -> Action {
    Action { kind, key, modifiers, rules }
}

/// All actions.
pub(crate) const ACTIONS: &[Action] = &[
    http("get"),
    http("post"),
    http("put"),
    http("patch"),
    http("delete"),
    http("head"),
    http("options"),
    action(
        ActionKind::Graphql,
        key("graphql", K::Document, "A GraphQL document, or @file"),
        &[RESPONSE, GRAPHQL, CONNECTION],
        &[Rule::Excludes("operation", "operation_name", "they are synonyms")],
    ),
    action(
        ActionKind::Publish,
        key("publish", K::Text, "A Redis channel to send to").eg(&["orders", "user:{{ user.id }}"]),
        &[PUBLISH],
        &[],
    ),
    action(
        ActionKind::Subscribe,
        key("subscribe", K::Texts, "Redis channels to listen to").eg(&["[orders]", "orders"]),
        &[SUBSCRIBE],
        &[],
    ),
    action(
        ActionKind::Unsubscribe,
        key("unsubscribe", K::Texts, "Redis channels to unsubscribe from; all without a value")
            .eg(&["[orders]", "all"]),
        &[],
        &[],
    ),
    action(
        ActionKind::Redis,
        key("redis", K::Command, "A Redis command").eg(&[
            "[GET, \"key:{{ user.id }}\"]",
            "PING",
            "[SET, \"key:{{ zipf(1000) }}\", { random: 1KB }]",
        ]),
        &[REDIS],
        &[],
    ),
    action(ActionKind::Set, key("set", K::Assignments, "Variables and their new values"), &[], &[]),
    action(ActionKind::Wait, key("wait", K::WaitStep, "Pause"), &[], &[]),
    action(ActionKind::Log, key("log", K::LogLine, "A line for the log"), &[], &[]),
    action(
        ActionKind::Repeat,
        key("repeat", K::Count, "Run steps this many times"),
        &[LOOP],
        &[Rule::Required("steps", "write steps: [ … ] below `repeat`")],
    ),
    action(
        ActionKind::ForEach,
        key("for_each", K::Items, "Run steps for each item of a list"),
        &[LOOP],
        &[
            Rule::Required("as", "name the item: as: item; templates read it as {{ item }}"),
            Rule::Required("steps", "write steps: [ … ] below `for_each`"),
        ],
    ),
    action(
        ActionKind::While,
        key("while", K::Expression, "Run steps while this is true"),
        &[WHILE],
        &[Rule::Required("steps", "write steps: [ … ] below `while`")],
    ),
    action(
        ActionKind::If,
        key("if", K::Expression, "Run one of two lists of steps"),
        &[IF],
        &[Rule::AnyOf(&["then", "else"], "write then: [ … ] below `if`")],
    ),
    action(ActionKind::Call, key("call", K::Name, "Run a flow"), &[CALL], &[]),
    action(ActionKind::Stop, key("stop", K::Stop, "task, user or run"), &[], &[]),
];
