//! Keys of load, thresholds and reports.

use crate::scenario::grammar::kind::ValueKind as K;
use crate::scenario::grammar::table::{Rule, Table, key};

const SEARCH_EXAMPLE: &str = "write search: { vary: users, from: 10, to: 1000, hold: 45s, until: p95 < 300ms }";

/// `shape`.
pub(crate) const SHAPE: Table = Table {
    kind: K::Shape,
    what: "shape",
    keys: &[
        key("stages", K::Stages, "Stages, run one after the other"),
        key("max_users", K::Whole, "With rates: maximum number of busy users").or_whole(1_000),
    ],
    rules: &[Rule::Required("stages", "write stages: [{ duration: 1m, users: 10 }]")],
};

/// A stage.
pub(crate) const STAGE: Table = Table {
    kind: K::Stage,
    what: "a stage",
    keys: &[
        key("name", K::Label, "Name, used by thresholds and on the screen"),
        key("duration", K::Length, "Length of this stage"),
        key("users", K::Whole, "Users at its end"),
        key("spawn_rate", K::SpawnRate, "Users started per second; default: evenly over the stage"),
        key("rate", K::Rate, "Arrivals per second at its end"),
        key("ramp", K::Duration, "With rate: duration of the change; default: the whole stage"),
        key("warm_up", K::Bool, "Not counted").or_bool(false),
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
        key("ramp", K::Duration, "Time to reach the rate").or_text("0s"),
        key("max_users", K::Some, "Maximum number of busy users").or_whole(1_000),
        key("stages", K::Stages, "Stages with rates, instead of rate and ramp"),
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
        key("vary", K::Vary, "users or rate").or_text("users"),
        key("from", K::Number, "First level"),
        key("to", K::Number, "Last level"),
        key("hold", K::Length, "Length of each level"),
        key("until", K::Condition, "The threshold that must pass"),
    ],
    rules: &[
        Rule::Required("from", SEARCH_EXAMPLE),
        Rule::Required("to", SEARCH_EXAMPLE),
        Rule::Required("hold", SEARCH_EXAMPLE),
        Rule::Required("until", SEARCH_EXAMPLE),
    ],
};

/// A threshold in full form.
pub(crate) const THRESHOLD: Table = Table {
    kind: K::ThresholdFull,
    what: "a threshold",
    keys: &[
        key("check", K::Condition, "Condition, such as p95 < 300ms"),
        key("on", K::On, "A row of the statistics, tags, or an operation"),
        key("stage", K::Text, "Evaluate only this stage").eg(&["hold"]),
        key("over", K::Length, "Evaluate a sliding window of this length"),
        key("for", K::Duration, "Fail only after the condition has failed for this long").or_text("0s"),
        key("abort", K::Bool, "Abort the run if it fails").or_bool(false),
        key("warn", K::Bool, "Report a failure, but do not fail the run").or_bool(false),
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
        key("name", K::Texts, "Rows").eg(&["POST /api/checkout"]),
        key("tags", K::Texts, "Tags").eg(&["[read, critical]"]),
        key("operation", K::Texts, "GraphQL operations").eg(&["Item"]),
    ],
    rules: &[Rule::NotEmpty("write on: \"POST /path\", or on: { tags: [read] }")],
};

/// `report`.
pub(crate) const REPORT: Table = Table {
    kind: K::Report,
    what: "report",
    keys: &[
        key("html", K::Text, "One page").eg(&["out/shop.html"]),
        key("csv", K::Text, "Prefix of the CSV files").eg(&["out/shop"]),
        key("junit", K::Text, "JUnit XML").eg(&["out/shop.xml"]),
        key("json", K::Text, "JSON document").eg(&["out/shop.json"]),
        key("markdown", K::Text, "Markdown for pull requests").eg(&["out/shop.md"]),
        key("text", K::Text, "Plain text").eg(&["out/shop.txt"]),
    ],
    rules: &[],
};

/// `baseline`.
pub(crate) const BASELINE: Table = Table {
    kind: K::Baseline,
    what: "baseline",
    keys: &[
        key("name", K::Label, "Name of the set of runs").or_text("main"),
        key("keep", K::Whole, "Number of runs to keep").or_whole(10),
        key("tolerance", K::Pairs, "Allowed change by metric").eg(&["{ p95: 10%, fail_ratio: 0.2% }"]),
        key("on_regression", K::Regression, "fail or warn").or_text("fail"),
    ],
    rules: &[],
};
