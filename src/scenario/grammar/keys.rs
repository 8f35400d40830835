//! Every key of the language outside of steps, with the kind of its value: read by the compiler, which refuses all
//! others, and by the JSON Schema, so that the two cannot differ.

use super::actions::CONNECTION;
use super::kind::ValueKind as K;
use super::table::{Key, Rule, Table, key};

const IN_CLASSES: &str = "move it into each of the user classes";
const BY_SHAPE: &str = "`shape` replaces it";
const BY_ARRIVALS: &str = "`arrivals` replaces it";
const SEARCH_EXAMPLE: &str = "write search: { vary: users, from: 10, to: 1000, hold: 45s, until: p95 < 300ms }";
/// Where the value of a capture comes from.
pub(crate) const CAPTURE_SOURCES: &[&str] = &["json", "header", "cookie", "regex", "css", "body", "status"];
/// How a capture is written.
pub(crate) const CAPTURE_FORMS: &str = "write $.path, header: NAME, cookie: NAME, regex: PATTERN or css: SELECTOR";

/// All tables, but for that of the file.
pub(crate) const TABLES: &[&Table] = &[
    &CLASS,
    &TASK,
    &DEFAULTS,
    &OPERATORS,
    &EXPECT,
    &EXPECT_PUBLISH,
    &EXPECT_REDIS,
    &CAPTURE,
    &SHAPE,
    &STAGE,
    &ARRIVALS,
    &SEARCH,
    &DATA,
    &AUTH,
    &BASIC,
    &TLS,
    &FILE,
    &THRESHOLD,
    &ON,
    &GRAPHQL_SETTINGS,
    &REDIS_SETTINGS,
    &REPORT,
    &BASELINE,
];

/// `defaults`.
pub(crate) const DEFAULTS: Table = Table { kind: K::Defaults, what: "defaults", keys: CONNECTION, rules: &[] };
/// The file.
pub(crate) const SCENARIO: Table = Table {
    kind: K::Scenario,
    what: "a scenario",
    keys: &[
        key("name", K::Label, "Name of the scenario; default: the file's name"),
        key("description", K::Label, "One line for the list of scenarios"),
        key("host", K::Host, "Base URL of the target, or demo"),
        key("users", K::Whole, "Peak number of concurrent users"),
        key("spawn_rate", K::SpawnRate, "Users started per second"),
        key("run_time", K::Length, "Stop after this long; default: until stopped"),
        key("stop_timeout", K::Duration, "How long running tasks may take to finish after a stop"),
        key("warm_up", K::Duration, "Exclude this much time at the start"),
        key("shape", K::Shape, "Stages, instead of users, spawn_rate and run_time"),
        key("arrivals", K::Arrivals, "Iterations arrive at a rate, whether or not users are free"),
        key("search", K::Search, "Search for the largest load that passes"),
        key("vars", K::Map, "Values for templates"),
        key("secrets", K::Texts, "Environment variables whose values are masked everywhere"),
        key("data", K::Data, "CSV files whose rows feed the users"),
        key("include", K::Texts, "Files whose vars, data, flows, defaults and secrets are added"),
        key("defaults", K::Defaults, "What every request has unless its step says otherwise"),
        key("graphql", K::GraphqlSettings, "Settings of all GraphQL steps"),
        key("redis", K::RedisSettings, "Where Redis steps go"),
        key("wait_time", K::Wait, "The pause after each task"),
        key("sequential", K::Bool, "Run the tasks in order instead of by weight"),
        key("on_start", K::Steps, "Run once by each user before its first task"),
        key("on_stop", K::Steps, "Run once by each user when it stops"),
        key("tasks", K::Tasks, "What users do"),
        key("user_classes", K::Classes, "Several kinds of users, by name"),
        key("flows", K::Flows, "Named lists of steps for call"),
        key("thresholds", K::Thresholds, "Conditions under which the run passes"),
        key("profiles", K::Profiles, "Sets of top-level keys, chosen with --profile"),
        key("report", K::Report, "Files to write at the end"),
        key("baseline", K::Baseline, "What the run is compared with"),
    ],
    rules: &[
        Rule::AnyOf(&["tasks", "user_classes"], "give `tasks`, or `user_classes` with tasks"),
        Rule::Excludes("user_classes", "wait_time", IN_CLASSES),
        Rule::Excludes("user_classes", "sequential", IN_CLASSES),
        Rule::Excludes("user_classes", "on_start", IN_CLASSES),
        Rule::Excludes("user_classes", "on_stop", IN_CLASSES),
        Rule::Excludes("user_classes", "tasks", IN_CLASSES),
        Rule::Excludes("shape", "users", BY_SHAPE),
        Rule::Excludes("shape", "spawn_rate", BY_SHAPE),
        Rule::Excludes("shape", "run_time", BY_SHAPE),
        Rule::Excludes("shape", "arrivals", BY_SHAPE),
        Rule::Excludes("arrivals", "users", BY_ARRIVALS),
        Rule::Excludes("arrivals", "spawn_rate", BY_ARRIVALS),
    ],
};

/// The keys of the file that a profile cannot have.
const NOT_IN_PROFILES: [&str; 2] = ["profiles", "include"];

/// The keys of a profile: those of the file, laid over it.
pub(crate) fn of_profiles() -> impl Iterator<Item = &'static Key> {
    SCENARIO.keys.iter().filter(|key| !NOT_IN_PROFILES.contains(&key.name))
}

/// What may be in an included file.
pub(crate) const INCLUDED: [&str; 6] = ["vars", "data", "flows", "defaults", "secrets", "include"];

/// A user class.
pub(crate) const CLASS: Table = Table {
    kind: K::Class,
    what: "a user class",
    keys: &[
        key("weight", K::Whole, "Share of the users that have no fixed count; default 1"),
        key("fixed_count", K::Whole, "Exactly this many users of this class"),
        key("users", K::Whole, "The same as fixed_count"),
        key("spawn_rate", K::SpawnRate, "Users started per second, where the file gives no rate for all"),
        key("start", K::Start, "before_others: all are up before another class begins"),
        key("wait_time", K::Wait, "The pause after each task"),
        key("sequential", K::Bool, "Run the tasks in order instead of by weight"),
        key("on_start", K::Steps, "Run once by each user before its first task"),
        key("on_stop", K::Steps, "Run once by each user when it stops"),
        key("tasks", K::Tasks, "What users of this class do"),
    ],
    rules: &[
        Rule::Required("tasks", "write tasks: [ … ] in the class"),
        Rule::Excludes("fixed_count", "users", "they mean the same"),
    ],
};

/// A task.
pub(crate) const TASK: Table = Table {
    kind: K::Task,
    what: "a task",
    keys: &[
        key("name", K::Label, "Name for lists"),
        key("weight", K::Whole, "Relative frequency; default 1"),
        key("tags", K::Texts, "Labels for --tags and --exclude-tags"),
        key("steps", K::Steps, "Run in order"),
    ],
    rules: &[Rule::Required("steps", "write steps: [ … ]")],
};

/// The operators of an expectation.
pub(crate) const OPERATORS: Table = Table {
    kind: K::Operators,
    what: "an expectation",
    keys: &[
        key("eq", K::Any, "Equal"),
        key("ne", K::Any, "Not equal"),
        key("gt", K::Ordered, "Above"),
        key("gte", K::Ordered, "At least"),
        key("lt", K::Ordered, "Below"),
        key("lte", K::Ordered, "At most"),
        key("in", K::ListOrTemplate, "One of these"),
        key("contains", K::Any, "A part of a string, an item of a list, a key of a map"),
        key("starts_with", K::Text, "The beginning of a string"),
        key("ends_with", K::Text, "The end of a string"),
        key("matches", K::Regex, "A regular expression"),
        key("exists", K::Bool, "Whether it exists"),
        key("length", K::CountMatcher, "Characters, items or keys"),
        key("not", K::Matcher, "The opposite"),
    ],
    rules: &[Rule::NotEmpty("write a value, or { gte: 1 }")],
};

/// `expect` of a request.
pub(crate) const EXPECT: Table = Table {
    kind: K::Expect,
    what: "expect",
    keys: &[
        key("status", K::Status, "200, 2xx, a list, or a comparison"),
        key("time", K::TimeMatcher, "Such as < 1s"),
        key("header", K::HeaderMatchers, "Header lines by name"),
        key("body", K::Matcher, "The body as a string"),
        key("json", K::PathMatchers, "Values by JSONPath"),
        key("size", K::SizeMatcher, "Bytes of the body"),
        key("errors", K::ErrorsExpected, "GraphQL: none or any"),
    ],
    rules: &[Rule::NotEmpty("write expect: { time: < 1s }")],
};
/// `expect` of a publish.
pub(crate) const EXPECT_PUBLISH: Table = Table {
    kind: K::ExpectPublish,
    what: "expect",
    keys: &[key("receivers", K::CountMatcher, "How many got the message")],
    rules: &[Rule::Required("receivers", "write expect: { receivers: { gte: 1 } }")],
};
/// `expect` of a Redis command.
pub(crate) const EXPECT_REDIS: Table = Table {
    kind: K::ExpectRedis,
    what: "expect",
    keys: &[
        key("json", K::PathMatchers, "Values of the response by JSONPath"),
        key("body", K::Matcher, "The response as a string"),
        key("time", K::TimeMatcher, "Such as < 10ms"),
    ],
    rules: &[Rule::NotEmpty("write expect: { time: < 10ms }")],
};
/// The full form of a capture.
pub(crate) const CAPTURE: Table = Table {
    kind: K::CaptureFull,
    what: "a capture",
    keys: &[
        key("json", K::Text, "A JSONPath"),
        key("header", K::Text, "A header"),
        key("cookie", K::Text, "A cookie that the response sets"),
        key("regex", K::Text, "A pattern; its first group counts"),
        key("css", K::Text, "A CSS selector"),
        key("body", K::Yes, "The whole body"),
        key("status", K::Yes, "The status code"),
        key("attribute", K::Text, "With css: an attribute instead of the element's text"),
        key("pick", K::Pick, "first, last, random or all"),
        key("default", K::Any, "Used when nothing is found"),
    ],
    rules: &[
        Rule::OneOf(CAPTURE_SOURCES, CAPTURE_FORMS),
        Rule::Needs("attribute", "css", "only an element has attributes"),
    ],
};
/// `shape`.
pub(crate) const SHAPE: Table = Table {
    kind: K::Shape,
    what: "shape",
    keys: &[
        key("stages", K::Stages, "One after the other"),
        key("max_users", K::Whole, "With rates: most users that are busy at once"),
    ],
    rules: &[Rule::Required("stages", "write stages: [{ duration: 1m, users: 10 }]")],
};
/// A stage.
pub(crate) const STAGE: Table = Table {
    kind: K::Stage,
    what: "a stage",
    keys: &[
        key("name", K::Label, "For thresholds and the screen"),
        key("duration", K::Length, "Length of this stage"),
        key("users", K::Whole, "Users at its end"),
        key("spawn_rate", K::SpawnRate, "Users started per second; default: evenly over the stage"),
        key("rate", K::Rate, "Arrivals per second at its end"),
        key("ramp", K::Duration, "With rate: how long the change takes; default: the whole stage"),
        key("warm_up", K::Bool, "Not counted"),
    ],
    rules: &[
        Rule::Required("duration", "write duration: 1m; it is the length of this stage alone"),
        Rule::OneOf(&["users", "rate"], "write users: 100, or rate: 50/s"),
    ],
};
/// `arrivals`.
pub(crate) const ARRIVALS: Table = Table {
    kind: K::Arrivals,
    what: "arrivals",
    keys: &[
        key("rate", K::Rate, "Iterations per second"),
        key("ramp", K::Duration, "How long it takes to get there"),
        key("max_users", K::Some, "Most users that are busy at once"),
        key("stages", K::Stages, "Rates one after the other, instead of rate and ramp"),
    ],
    rules: &[
        Rule::OneOf(&["rate", "stages"], "write rate: 50/s; each stage has its own rate"),
        Rule::Excludes("stages", "ramp", "each stage has its own"),
    ],
};
/// `search`.
pub(crate) const SEARCH: Table = Table {
    kind: K::Search,
    what: "search",
    keys: &[
        key("vary", K::Vary, "users or rate"),
        key("from", K::Number, "First level"),
        key("to", K::Number, "Last level"),
        key("hold", K::Length, "Length of each level"),
        key("until", K::Text, "The threshold that must pass"),
    ],
    rules: &[
        Rule::Required("from", SEARCH_EXAMPLE),
        Rule::Required("to", SEARCH_EXAMPLE),
        Rule::Required("hold", SEARCH_EXAMPLE),
        Rule::Required("until", SEARCH_EXAMPLE),
    ],
};
/// A data file.
pub(crate) const DATA: Table = Table {
    kind: K::DataFile,
    what: "a data file",
    keys: &[
        key("file", K::Text, "CSV file with a header, beside the scenario"),
        key("order", K::Order, "sequential, random or shuffle"),
        key("bind", K::Bind, "user or iteration: who gets a new row"),
        key("on_end", K::OnEnd, "recycle or stop"),
        key("delimiter", K::Text, "One character; default ,"),
    ],
    rules: &[Rule::Required("file", "write file: data/accounts.csv")],
};
/// `auth`.
pub(crate) const AUTH: Table = Table {
    kind: K::AuthFull,
    what: "auth",
    keys: &[key("basic", K::Basic, "User and password"), key("bearer", K::Text, "A token")],
    rules: &[Rule::OneOf(&["basic", "bearer"], "write auth: { bearer: \"{{ token }}\" }")],
};
/// `auth.basic`.
pub(crate) const BASIC: Table = Table {
    kind: K::Basic,
    what: "basic",
    keys: &[key("username", K::Text, "User"), key("password", K::Text, "Password")],
    rules: &[
        Rule::Required("username", "write basic: { username: ada, password: … }"),
        Rule::Required("password", "write basic: { username: ada, password: … }"),
    ],
};
/// `tls`.
pub(crate) const TLS: Table = Table {
    kind: K::Tls,
    what: "tls",
    keys: &[
        key("ca", K::Text, "PEM file of certificates to trust"),
        key("cert", K::Text, "PEM file of the client's certificate"),
        key("key", K::Text, "PEM file of its key"),
        key("insecure", K::Bool, "Accept any certificate"),
    ],
    rules: &[
        Rule::Needs("cert", "key", "a client certificate needs both"),
        Rule::Needs("key", "cert", "a client certificate needs both"),
    ],
};
/// A file of an upload.
pub(crate) const FILE: Table = Table {
    kind: K::File,
    what: "files",
    keys: &[
        key("file", K::Text, "The file"),
        key("name", K::Label, "File name that is sent; default: its own"),
        key("type", K::Text, "Media type; default: by its ending"),
    ],
    rules: &[Rule::Required("file", "write { file: photo.jpg, type: image/jpeg }")],
};
/// The full form of a threshold.
pub(crate) const THRESHOLD: Table = Table {
    kind: K::ThresholdFull,
    what: "a threshold",
    keys: &[
        key("check", K::Text, "Such as p95 < 300ms"),
        key("on", K::On, "A row of the statistics, tags, or an operation"),
        key("stage", K::Text, "Only in this stage"),
        key("over", K::Length, "Over a sliding window"),
        key("for", K::Duration, "Fails only after not passing for this long"),
        key("abort", K::Bool, "A failure stops the run"),
        key("warn", K::Bool, "A failure is only reported"),
    ],
    rules: &[
        Rule::Required("check", "write check: p95 < 300ms"),
        Rule::OneTrue("abort", "warn", "a failure either stops the run or is only reported"),
    ],
};
/// `on` of a threshold.
pub(crate) const ON: Table = Table {
    kind: K::OnFull,
    what: "on",
    keys: &[
        key("name", K::Texts, "Rows"),
        key("tags", K::Texts, "Tags"),
        key("operation", K::Texts, "GraphQL operations"),
    ],
    rules: &[Rule::NotEmpty("write on: \"POST /path\", or on: { tags: [read] }")],
};
/// `graphql` at the top.
pub(crate) const GRAPHQL_SETTINGS: Table = Table {
    kind: K::GraphqlSettings,
    what: "graphql",
    keys: &[
        key("endpoint", K::Text, "Path or URL; default /graphql"),
        key("errors", K::ErrorPolicy, "fail, partial_ok or ignore"),
        key("business_errors", K::Text, "JSONPath of errors that are data, such as $.data.*.userErrors"),
        key("accept", K::Text, "The Accept header"),
        key("persisted", K::Persisted, "apq: send the hash first"),
        key("method", K::GraphqlMethod, "post, or get for queries"),
        key("subscriptions", K::Text, "Path or URL of the WebSocket for subscriptions; default: endpoint"),
        key("connection_params", K::Map, "Payload of connection_init, which opens a subscription's connection"),
    ],
    rules: &[],
};
/// `redis` at the top.
pub(crate) const REDIS_SETTINGS: Table = Table {
    kind: K::RedisSettings,
    what: "redis",
    keys: &[
        key("url", K::Text, "redis:// or rediss://"),
        key("protocol", K::RedisProtocol, "resp2 or resp3"),
        key("envelope", K::Envelope, "binary, json or off"),
        key("drain", K::Duration, "A missing message counts as lost after this long; default 2s"),
        key("tls", K::Tls, "Certificates, for rediss://"),
    ],
    rules: &[Rule::RequiredAlone("url")],
};
/// `report`.
pub(crate) const REPORT: Table = Table {
    kind: K::Report,
    what: "report",
    keys: &[
        key("html", K::Text, "One page"),
        key("csv", K::Text, "Prefix of the CSV files"),
        key("junit", K::Text, "JUnit XML"),
    ],
    rules: &[],
};
/// `baseline`.
pub(crate) const BASELINE: Table = Table {
    kind: K::Baseline,
    what: "baseline",
    keys: &[
        key("name", K::Label, "Which pool of runs"),
        key("keep", K::Whole, "How many runs it keeps"),
        key("tolerance", K::Pairs, "Allowed change by metric"),
        key("on_regression", K::Regression, "fail or warn"),
    ],
    rules: &[],
};
