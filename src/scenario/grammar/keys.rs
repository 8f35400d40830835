//! Every key of the language with the kind of its value: read by the builder, which refuses all others, and by the
//! JSON Schema, so that the two cannot differ.

/// One key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// As written.
    pub name: &'static str,
    /// Name of the definition in the schema.
    pub kind: &'static str,
    /// What it does, in one line; editors show it.
    pub about: &'static str,
}

const fn key(name: &'static str, kind: &'static str, about: &'static str) -> Key {
    Key { name, kind, about }
}

/// The names of some keys.
pub(crate) fn names(keys: &[Key]) -> Vec<&'static str> {
    keys.iter().map(|k| k.name).collect()
}

/// The file.
pub(crate) const TOP: &[Key] = &[
    key("name", "label", "Name of the scenario; default: the file's name"),
    key("description", "label", "One line for the list of scenarios"),
    key("host", "host", "Base URL of the target, or demo"),
    key("users", "whole", "Peak number of concurrent users"),
    key("spawn_rate", "spawn_rate", "Users started per second"),
    key("run_time", "length", "Stop after this long; default: until stopped"),
    key("stop_timeout", "duration", "How long running tasks may take to finish after a stop"),
    key("warm_up", "duration", "From the beginning, nothing counts for so long"),
    key("shape", "shape", "Stages, in place of users, spawn_rate and run_time"),
    key("arrivals", "arrivals", "Iterations arrive at a rate, whether or not users are free"),
    key("search", "search", "Search the largest load that holds"),
    key("vars", "map", "Values for templates"),
    key("secrets", "texts", "Environment variables whose values are masked everywhere"),
    key("data", "data", "CSV files whose rows feed the users"),
    key("include", "texts", "Files whose vars, data, flows, defaults and secrets are added"),
    key("defaults", "defaults", "What every request has unless its step says otherwise"),
    key("graphql", "graphql_settings", "Settings of all GraphQL steps"),
    key("redis", "redis_settings", "Where Redis steps go"),
    key("wait_time", "wait", "The pause after each task"),
    key("sequential", "bool", "Run the tasks in order instead of by weight"),
    key("on_start", "steps", "Run once by each user before its first task"),
    key("on_stop", "steps", "Run once by each user when it stops"),
    key("tasks", "tasks", "What users do"),
    key("user_classes", "classes", "Several kinds of users, by name"),
    key("flows", "flows", "Named lists of steps for call"),
    key("thresholds", "thresholds", "What must hold for the run to pass"),
    key("profiles", "profiles", "Sets of top-level keys, chosen with --profile"),
    key("report", "report", "Files to write at the end"),
    key("baseline", "baseline", "What the run is compared with"),
];

/// What may stand in an included file.
pub(crate) const INCLUDED: [&str; 6] = ["vars", "data", "flows", "defaults", "secrets", "include"];

/// A user class.
pub(crate) const CLASS: &[Key] = &[
    key("weight", "whole", "Share of the users that have no fixed count; default 1"),
    key("fixed_count", "whole", "Exactly so many users of this class"),
    key("users", "whole", "The same as fixed_count"),
    key("spawn_rate", "spawn_rate", "Users started per second, where the file gives no rate for all"),
    key("start", "start", "before_others: all are up before another class begins"),
    key("wait_time", "wait", "The pause after each task"),
    key("sequential", "bool", "Run the tasks in order instead of by weight"),
    key("on_start", "steps", "Run once by each user before its first task"),
    key("on_stop", "steps", "Run once by each user when it stops"),
    key("tasks", "tasks", "What users of this class do"),
];

/// A task.
pub(crate) const TASK: &[Key] = &[
    key("name", "label", "Name for lists"),
    key("weight", "whole", "Relative frequency; default 1"),
    key("tags", "texts", "Labels for --tags and --exclude-tags"),
    key("steps", "steps", "Run in order"),
];

/// What every step may have.
pub(crate) const ANY_STEP: &[Key] = &[
    key("when", "expression", "Skip the step unless this holds"),
    key("tags", "texts", "Labels for --tags and --exclude-tags"),
];

/// What describes the connection of a request; also in `defaults`.
pub(crate) const CONNECTION: &[Key] = &[
    key("timeout", "length", "From the send to the last byte; default 30s"),
    key("headers", "header_lines", "Header lines"),
    key("auth", "auth", "Basic or bearer authentication, or none"),
    key("follow_redirects", "bool", "Follow redirects; default true"),
    key("tls", "tls", "Certificates"),
    key(
        "proxy",
        "text",
        "Send through this proxy; `env` takes those of HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY",
    ),
    key("http_version", "http_version", "1.1, 2 or any"),
    key("connections", "connections", "per_user or per_request"),
];

/// What a request is checked by and gives.
pub(crate) const REPLY: &[Key] = &[
    key("name", "row", "Row of the statistics; default: the address as written"),
    key("expect", "expect", "What the reply must be; default: a status below 400"),
    key("capture", "capture", "Names for values of the reply"),
];

/// What an HTTP request sends.
pub(crate) const REQUEST: &[Key] = &[
    key("query", "pairs", "Pairs after the ?"),
    key("json", "any", "Body as JSON, or @file"),
    key("form", "pairs", "Body as form fields"),
    key("body", "text", "Body as text, or @file"),
    key("files", "files", "Files of an upload; form gives the fields beside them"),
];

const GRAPHQL: &[Key] = &[
    key("variables", "map", "Variables of the operation"),
    key("operation", "text", "Which operation of the document"),
    key("operation_name", "text", "The same as operation"),
    key("persisted", "persisted", "apq: send the hash first"),
    key("method", "graphql_method", "post, or get for queries"),
    key("business_errors", "text", "JSONPath of errors that are data, such as $.data.*.userErrors"),
    key("events", "events", "Of a subscription: end after so many events"),
    key("listen_for", "listen_for", "Of a subscription: end after so long"),
];
const PUBLISH: &[Key] = &[
    key("name", "row", "Row of the statistics; default: the channel"),
    key("payload", "any", "What is sent"),
    key("size", "size", "Pad the message to so many bytes"),
    key("sharded", "bool", "By SPUBLISH"),
    key("expect", "expect_publish", "What the answer must be"),
    key("timeout", "length", "From the send to the answer; default 30s"),
];
const SUBSCRIBE: &[Key] = &[
    key("name", "row", "Row of the statistics; default: the channels"),
    key("measure", "measure", "delivery: latency, loss, duplicates and order"),
    key("pattern", "bool", "The channels are patterns"),
    key("sharded", "bool", "By SSUBSCRIBE"),
];
const REDIS: &[Key] = &[
    key("name", "row", "Row of the statistics; default: the command's first word"),
    key("expect", "expect_redis", "What the answer must be; default: no error"),
    key("capture", "capture", "Names for values of the answer"),
    key("timeout", "length", "From the send to the answer; default 30s"),
];
const LOOP: &[Key] =
    &[key("steps", "steps", "Run in order"), key("as", "name", "Name of the item, or of the number of the pass")];
const WHILE: &[Key] = &[key("steps", "steps", "Run in order"), key("limit", "whole", "Most passes; default 1000")];
const IF: &[Key] = &[key("then", "steps", "Run when it holds"), key("else", "steps", "Run when it does not")];
const CALL: &[Key] = &[key("with", "map", "Variables set before the flow")];

/// An action and the modifiers that go with it.
#[derive(Debug)]
pub(crate) struct Action {
    /// The action's own key.
    pub key: Key,
    /// Groups of keys that may stand beside it, besides [`ANY_STEP`].
    pub modifiers: &'static [&'static [Key]],
}

impl Action {
    /// Whether the action has lists of steps inside it.
    pub fn contains_steps(&self) -> bool {
        self.modifiers.iter().copied().flatten().any(Key::is_steps)
    }
}

impl Key {
    fn is_steps(&self) -> bool {
        self.kind == "steps"
    }
}

/// Whether a key of a step has a list of steps as its value.
pub(crate) fn is_step_list(name: &str) -> bool {
    let modifiers = ACTIONS.iter().flat_map(|action| action.modifiers).copied().flatten();
    modifiers.filter(|key| key.is_steps()).any(|key| key.name == name)
}

const HTTP: &[&[Key]] = &[REPLY, REQUEST, CONNECTION];

const fn http(name: &'static str) -> Action {
    Action { key: key(name, "address", "Path or URL of the request"), modifiers: HTTP }
}

const fn action(key: Key, modifiers: &'static [&'static [Key]]) -> Action {
    Action { key, modifiers }
}

/// Every action of a step.
pub(crate) const ACTIONS: &[Action] = &[
    http("get"),
    http("post"),
    http("put"),
    http("patch"),
    http("delete"),
    http("head"),
    http("options"),
    action(key("graphql", "text", "A GraphQL document, or @file"), &[REPLY, GRAPHQL, CONNECTION]),
    action(key("publish", "text", "A Redis channel to send to"), &[PUBLISH]),
    action(key("subscribe", "texts", "Redis channels to listen to"), &[SUBSCRIBE]),
    action(key("unsubscribe", "texts", "Redis channels to leave; nothing means all"), &[]),
    action(key("redis", "texts", "A Redis command"), &[REDIS]),
    action(key("set", "assignments", "Variables and their new values"), &[]),
    action(key("wait", "wait_step", "Pause"), &[]),
    action(key("log", "text", "A line for the log"), &[]),
    action(key("repeat", "count", "Run steps so often"), &[LOOP]),
    action(key("for_each", "items", "Run steps for each item of a list"), &[LOOP]),
    action(key("while", "expression", "Run steps as long as this holds"), &[WHILE]),
    action(key("if", "expression", "Run one of two lists of steps"), &[IF]),
    action(key("call", "name", "Run a flow"), &[CALL]),
    action(key("stop", "stop", "task, user or run"), &[]),
];

/// The operators of an expectation.
pub(crate) const OPERATORS: &[Key] = &[
    key("eq", "any", "Equal"),
    key("ne", "any", "Not equal"),
    key("gt", "ordered", "Above"),
    key("gte", "ordered", "At least"),
    key("lt", "ordered", "Below"),
    key("lte", "ordered", "At most"),
    key("in", "list_or_template", "One of these"),
    key("contains", "any", "A part of a text, an item of a list, a key of a map"),
    key("starts_with", "text", "The beginning of a text"),
    key("ends_with", "text", "The end of a text"),
    key("matches", "regex", "A regular expression"),
    key("exists", "bool", "It is there"),
    key("length", "count_matcher", "Characters, items or keys"),
    key("not", "matcher", "The opposite"),
];

/// `expect` of a request.
pub(crate) const EXPECT: &[Key] = &[
    key("status", "status", "200, 2xx, a list, or a comparison"),
    key("time", "time_matcher", "Such as < 1s"),
    key("header", "header_matchers", "Header lines by name"),
    key("body", "matcher", "The body as text"),
    key("json", "path_matchers", "Values by JSONPath"),
    key("size", "size_matcher", "Bytes of the body"),
    key("errors", "errors_expected", "GraphQL: none or any"),
];
/// `expect` of a publish.
pub(crate) const EXPECT_PUBLISH: &[Key] = &[key("receivers", "count_matcher", "How many got the message")];
/// `expect` of a Redis command.
pub(crate) const EXPECT_REDIS: &[Key] = &[
    key("json", "path_matchers", "Values of the answer by JSONPath"),
    key("body", "matcher", "The answer as text"),
    key("time", "time_matcher", "Such as < 10ms"),
];
/// The full form of a capture.
pub(crate) const CAPTURE: &[Key] = &[
    key("json", "text", "A JSONPath"),
    key("header", "text", "A header"),
    key("cookie", "text", "A cookie that the reply sets"),
    key("regex", "text", "A pattern; its first group counts"),
    key("css", "text", "A CSS selector"),
    key("body", "yes", "The whole body"),
    key("status", "yes", "The status code"),
    key("attribute", "text", "With css: an attribute instead of the text"),
    key("pick", "pick", "first, last, random or all"),
    key("default", "any", "Taken instead of a miss"),
];
/// `shape`.
pub(crate) const SHAPE: &[Key] = &[
    key("stages", "stages", "One after the other"),
    key("max_users", "whole", "With rates: most users that are busy at once"),
];
/// A stage.
pub(crate) const STAGE: &[Key] = &[
    key("name", "label", "For thresholds and the screen"),
    key("duration", "length", "Length of this stage"),
    key("users", "whole", "Users at its end"),
    key("spawn_rate", "spawn_rate", "Users started per second; default: evenly over the stage"),
    key("rate", "rate", "Arrivals per second at its end"),
    key("ramp", "duration", "With rate: how long the change takes; default: the whole stage"),
    key("warm_up", "bool", "Nothing in it counts"),
];
/// `arrivals`.
pub(crate) const ARRIVALS: &[Key] = &[
    key("rate", "rate", "Iterations per second"),
    key("ramp", "duration", "How long it takes to get there"),
    key("max_users", "some", "Most users that are busy at once"),
    key("stages", "stages", "Rates one after the other, in place of rate and ramp"),
];
/// `search`.
pub(crate) const SEARCH: &[Key] = &[
    key("vary", "vary", "users or rate"),
    key("from", "number", "First level"),
    key("to", "number", "Last level"),
    key("hold", "length", "Length of each level"),
    key("until", "text", "What must hold"),
];
/// A data file.
pub(crate) const DATA: &[Key] = &[
    key("file", "text", "CSV file with a header, beside the scenario"),
    key("order", "order", "sequential, random or shuffle"),
    key("bind", "bind", "user or iteration: who gets a new row"),
    key("on_end", "on_end", "recycle or stop"),
    key("delimiter", "text", "One character; default ,"),
];
/// `auth`.
pub(crate) const AUTH: &[Key] = &[key("basic", "basic", "User and password"), key("bearer", "text", "A token")];
/// `auth.basic`.
pub(crate) const BASIC: &[Key] = &[key("username", "text", "User"), key("password", "text", "Password")];
/// `tls`.
pub(crate) const TLS: &[Key] = &[
    key("ca", "text", "PEM file of certificates to trust"),
    key("cert", "text", "PEM file of the client's certificate"),
    key("key", "text", "PEM file of its key"),
    key("insecure", "bool", "Accept any certificate"),
];
/// A file of an upload.
pub(crate) const FILE: &[Key] = &[
    key("file", "text", "The file"),
    key("name", "label", "File name that is sent; default: its own"),
    key("type", "text", "Media type; default: by its ending"),
];
/// The full form of a threshold.
pub(crate) const THRESHOLD: &[Key] = &[
    key("check", "text", "Such as p95 < 300ms"),
    key("on", "on", "A row of the statistics, tags, or an operation"),
    key("stage", "text", "Only in this stage"),
    key("over", "length", "Over a sliding window"),
    key("for", "duration", "Fails when it has not held for so long"),
    key("abort", "bool", "A failure stops the run"),
    key("warn", "bool", "A failure is only said"),
];
/// `on` of a threshold.
pub(crate) const ON: &[Key] =
    &[key("name", "texts", "Rows"), key("tags", "texts", "Tags"), key("operation", "texts", "GraphQL operations")];
/// `graphql` at the top.
pub(crate) const GRAPHQL_SETTINGS: &[Key] = &[
    key("endpoint", "text", "Path or URL; default /graphql"),
    key("errors", "error_policy", "fail, partial_ok or ignore"),
    key("business_errors", "text", "JSONPath of errors that are data, such as $.data.*.userErrors"),
    key("accept", "text", "The Accept header"),
    key("persisted", "persisted", "apq: send the hash first"),
    key("method", "graphql_method", "post, or get for queries"),
    key("subscriptions", "text", "Path or URL of the WebSocket for subscriptions; default: endpoint"),
    key("connection_params", "map", "Payload of connection_init, which opens a subscription's connection"),
];
/// `redis` at the top.
pub(crate) const REDIS_SETTINGS: &[Key] = &[
    key("url", "text", "redis:// or rediss://"),
    key("protocol", "redis_protocol", "resp2 or resp3"),
    key("envelope", "envelope", "binary, json or off"),
    key("drain", "duration", "After so long a gap counts as lost; default 2s"),
    key("tls", "tls", "Certificates, for rediss://"),
];
/// `report`.
pub(crate) const REPORT: &[Key] = &[
    key("html", "text", "One page"),
    key("csv", "text", "Prefix of the CSV files"),
    key("junit", "text", "JUnit XML"),
];
/// `baseline`.
pub(crate) const BASELINE: &[Key] = &[
    key("name", "label", "Which pool of runs"),
    key("keep", "whole", "How many runs it keeps"),
    key("tolerance", "pairs", "Allowed change by metric"),
    key("on_regression", "regression", "fail or warn"),
];
