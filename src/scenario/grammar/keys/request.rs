//! Keys of data files, authentication, certificates, uploads, and the settings of GraphQL and Redis.

use crate::scenario::grammar::actions::CONNECTION;
use crate::scenario::grammar::kind::ValueKind as K;
use crate::scenario::grammar::table::{Rule, Table, key};

/// `defaults`.
pub(crate) const DEFAULTS: Table = Table { kind: K::Defaults, what: "defaults", keys: CONNECTION, rules: &[] };

/// A data file.
pub(crate) const DATA: Table = Table {
    kind: K::DataFile,
    what: "a data file",
    keys: &[
        key("file", K::Text, "CSV file with a header, next to the scenario").eg(&["data/accounts.csv"]),
        key("order", K::Order, "sequential, random or shuffle").or_text("sequential"),
        key("bind", K::Bind, "user: one row per user; iteration: a new row in each iteration").or_text("user"),
        key("on_end", K::OnEnd, "recycle or stop").or_text("recycle"),
        key("delimiter", K::Text, "One character").eg(&[";"]).or_text(","),
    ],
    rules: &[Rule::Required("file", "write file: data/accounts.csv")],
};

/// `auth`.
pub(crate) const AUTH: Table = Table {
    kind: K::AuthFull,
    what: "auth",
    keys: &[key("basic", K::Basic, "User and password"), key("bearer", K::Text, "A token").eg(&["{{ token }}"])],
    rules: &[Rule::OneOf(&["basic", "bearer"], "write auth: { bearer: \"{{ token }}\" }")],
};

/// `auth.basic`.
pub(crate) const BASIC: Table = Table {
    kind: K::Basic,
    what: "basic",
    keys: &[
        key("username", K::Text, "User").eg(&["ada"]),
        key("password", K::Text, "Password").eg(&["{{ env.PASSWORD }}"]),
    ],
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
        key("ca", K::Text, "PEM file of certificates to trust").eg(&["ca.pem"]),
        key("cert", K::Text, "PEM file of the client's certificate").eg(&["client.pem"]),
        key("key", K::Text, "PEM file of its key").eg(&["client.key"]),
        key("insecure", K::Bool, "Accept any certificate").or_bool(false),
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
        key("file", K::Text, "The file").eg(&["photo.jpg"]),
        key("name", K::Label, "File name to send; default: the name of the file"),
        key("type", K::Text, "Media type; default: by file extension").eg(&["image/jpeg"]),
    ],
    rules: &[Rule::Required("file", "write { file: photo.jpg, type: image/jpeg }")],
};

/// The top-level key `graphql`.
pub(crate) const GRAPHQL_SETTINGS: Table = Table {
    kind: K::GraphqlSettings,
    what: "graphql",
    keys: &[
        key("endpoint", K::Text, "Path or URL").eg(&["/graphql"]).or_text("/graphql"),
        key("errors", K::ErrorPolicy, "fail, partial_ok or ignore").or_text("fail"),
        key("business_errors", K::Text, "JSONPath of errors that are returned as data, such as $.data.*.userErrors")
            .eg(&["$.data.*.userErrors"]),
        key("accept", K::Text, "The Accept header")
            .eg(&["application/json"])
            .or_text("application/graphql-response+json, application/json;q=0.9"),
        key("persisted", K::Persisted, "apq: send the hash first").or_text("off"),
        key("method", K::GraphqlMethod, "post, or get for queries").or_text("post"),
        key("subscriptions", K::Text, "Path or URL of the WebSocket for subscriptions; default: endpoint")
            .eg(&["wss://shop.example.com/graphql"]),
        key("connection_params", K::Map, "Payload of connection_init, which opens a subscription's connection")
            .eg(&["{ authorization: \"Bearer {{ token }}\" }"]),
    ],
    rules: &[],
};

/// Bytes as a value of a Redis command.
pub(crate) const BYTES: Table = Table {
    kind: K::Bytes,
    what: "bytes",
    keys: &[
        key("random", K::Sizes, "This many random bytes"),
        key("compressible", K::Percentage, "How much of them is a repeated letter instead").or_text("0%"),
        key("base64", K::Text, "The bytes that this string encodes").eg(&["AAEC/w=="]),
    ],
    rules: &[
        Rule::OneOf(&["random", "base64"], "write { random: 1KB } or { base64: AAEC/w== }; for JSON, write a string"),
        Rule::Needs("compressible", "random", "other bytes are sent as they are"),
    ],
};

/// An entry of `redis.prefill`.
pub(crate) const PREFILL: Table = Table {
    kind: K::Prefill,
    what: "prefill",
    keys: &[
        key("count", K::CommandCount, "Number of commands; `iteration` is the number of each, from 0"),
        key("command", K::Command, "The command").eg(&["[SET, \"user:{{ iteration }}\", { random: 1KB }]"]),
    ],
    rules: &[Rule::Required("count", PREFILL_EXAMPLE), Rule::Required("command", PREFILL_EXAMPLE)],
};
const PREFILL_EXAMPLE: &str =
    "write prefill: { count: 100000, command: [SET, \"user:{{ iteration }}\", { random: 1KB }] }";

/// The top-level key `redis`.
pub(crate) const REDIS_SETTINGS: Table = Table {
    kind: K::RedisSettings,
    what: "redis",
    keys: &[
        key("url", K::Text, "redis:// or valkey://; rediss:// or valkeys:// for TLS; redis+unix:// for a socket")
            .eg(&["redis://127.0.0.1:6379", "rediss://cache.example.com"]),
        key("urls", K::Texts, "Several nodes of a cluster, of which one must respond")
            .eg(&["[redis://10.0.0.1:6379, redis://10.0.0.2:6379]"]),
        key("cluster", K::Bool, "Use the nodes of a cluster; default: if the server says that it is one"),
        key("sentinel", K::Sentinel, "A master that Sentinels watch over, instead of an address"),
        key("read_from", K::ReadFrom, "Where commands go that only read, in a cluster or behind Sentinel")
            .or_text("master"),
        key("protocol", K::RedisProtocol, "resp2 or resp3").or_text("resp3"),
        key("envelope", K::Envelope, "binary, json or off").or_text("binary"),
        key("drain", K::Duration, "A missing message counts as lost after this long").or_text("2s"),
        key("tls", K::Tls, "Certificates, for rediss:// and valkeys://"),
        key("prefill", K::Prefills, "Commands to execute once before the users start"),
    ],
    rules: &[
        Rule::RequiredAlone(&["url", "urls", "sentinel"]),
        Rule::Excludes("urls", "url", "give the address or a list of them"),
        Rule::Excludes("sentinel", "url", "the addresses of the Sentinels are in `sentinel.urls`"),
        Rule::Excludes("sentinel", "urls", "the addresses of the Sentinels are in `sentinel.urls`"),
        Rule::Excludes("sentinel", "cluster", "a cluster has no Sentinels"),
    ],
};

/// `redis.sentinel`.
pub(crate) const SENTINEL: Table = Table {
    kind: K::Sentinel,
    what: "sentinel",
    keys: &[
        key("master", K::Text, "Name of the master").eg(&["mymaster"]),
        key("urls", K::Texts, "Addresses of the Sentinels; rediss:// for TLS")
            .eg(&["[redis://10.0.0.1:26379, redis://10.0.0.2:26379]"]),
        key("username", K::Text, "User at the master and its replicas").eg(&["load"]),
        key("password", K::Text, "Password at the master and its replicas").eg(&["{{ env.REDIS_PASSWORD }}"]),
        key("database", K::Whole, "Number of the database").or_whole(0),
    ],
    rules: &[
        Rule::Required("master", "the name that Sentinels know it by"),
        Rule::Required("urls", "the addresses of the Sentinels"),
    ],
};
