//! Definitions of scalar values. Each is one form with one message: of several forms, editors would report the first.

use serde_json::{Value, json};

use super::object::reference;
use crate::scenario::grammar::kind::ValueKind as K;
use crate::scenario::grammar::metrics::TIME;
use crate::scenario::grammar::{metrics, words};

const WHOLE: &str = r"0*(\d{1,6}|1000000)";
/// A string with a template, as an alternative of a pattern.
const TEMPLATE: &str = r"|[\s\S]*\{\{[\s\S]*";
const A_TIME: &str = "a time such as 500ms, 30s, 2m or 1h30m; a bare number is in seconds";

/// A value of these types; strings must match the pattern.
fn one(types: &[&str], pattern: &str, message: &str) -> Value {
    let types = if let [only] = types { json!(only) } else { json!(types) };
    let mut value = json!({ "type": types, "errorMessage": format!("expected {message}") });
    if !pattern.is_empty() {
        value["pattern"] = format!("^({pattern})$").into();
    }
    value
}

fn with(mut value: Value, more: Value) -> Value {
    if let (Some(value), Value::Object(more)) = (value.as_object_mut(), more) {
        value.extend(more);
    }
    value
}

fn words_of(all: &[&str]) -> Value {
    json!({ "enum": all, "errorMessage": format!("expected {}", all.join(", ")) })
}

/// A pattern for the name of a variable.
fn variable() -> String {
    format!("(?!({})$)[A-Za-z_][A-Za-z0-9_]*", words::reserved().collect::<Vec<_>>().join("|"))
}

pub(super) fn scalars() -> Vec<(K, Value)> {
    const SCALAR: &[&str] = &["string", "number", "boolean"];
    const NUMERIC: &[&str] = &["string", "number"];
    const INTEGRAL: &[&str] = &["string", "integer"];
    let spaced = |pattern: &str| format!(r"\s*{pattern}\s*");
    let duration = spaced(&format!("(?=[0-9]){TIME}"));
    let length = spaced(&format!("(?=[^1-9]*[1-9]){TIME}"));
    let calls = r"\s*\(.*\)\s*";
    vec![
        // Keys cannot contain templates, at any depth.
        (
            K::Any,
            json!({ "propertyNames": reference(K::Untemplated), "additionalProperties": reference(K::Any), "items": reference(K::Any) }),
        ),
        (
            K::Untemplated,
            json!({ "pattern": r"^(?![\s\S]*\{\{)", "errorMessage": "templates are not allowed in keys" }),
        ),
        (K::AnyOrFile, reference(K::Any)),
        (K::Text, one(SCALAR, "", "a single value; quote values with templates: \"{{ … }}\"")),
        (K::TextOrFile, reference(K::Text)),
        (K::Document, reference(K::Text)),
        (K::LogLine, reference(K::Text)),
        (K::Expression, one(SCALAR, r"(?![\s\S]*\{\{)[\s\S]*", "an expression without braces: total > 100")),
        (K::Name, one(&["string"], r"(?![\s\S]*\{\{)[\s\S]*\S[\s\S]*", "a name, without templates")),
        (K::Tag, one(SCALAR, r"(?![\s\S]*,)[\s\S]*\S[\s\S]*", "a tag, without a comma, or a list of tags")),
        (K::Label, one(SCALAR, r"[\s\S]*\S[\s\S]*", "a name")),
        // Up to the first template: the content of templates is not checked.
        (
            K::Address,
            one(
                &["string"],
                r"(?!((?!\{\{)[\s\S])*\{[%#])(?![\s\S]*\{\{(?![\s\S]*\}\}))(/|https?://|\{\{)[\s\S]*",
                "a path that starts with /, or an http(s) URL; a template ends with }}",
            ),
        ),
        (
            K::Host,
            one(
                &["string"],
                r"demo|[\s\S]*\{\{[\s\S]*|\s*[hH][tT][tT][pP][sS]?:[^?#]+",
                "a URL such as https://staging.example.com, without ? and #, or demo",
            ),
        ),
        (
            K::StatusOne,
            with(
                one(INTEGRAL, "[1-5]([0-9]{2}|xx)", "a status from 100 to 599, or a class such as 2xx"),
                json!({ "minimum": 100, "maximum": 599 }),
            ),
        ),
        (
            K::HeaderName,
            json!({
                "pattern": r"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$",
                "errorMessage": "expected a header name: letters, digits and -",
            }),
        ),
        (
            K::OwnHeader,
            json!({
                "allOf": [reference(K::HeaderName)],
                "pattern": r"^(?!([cC][oO][nN][tT][eE][nN][tT]-[lL][eE][nN][gG][tT][hH]|[tT][rR][aA][nN][sS][fF][eE][rR]-[eE][nN][cC][oO][dD][iI][nN][gG]|[cC][oO][nN][nN][eE][cC][tT][iI][oO][nN])$)",
                "errorMessage": "this header is set automatically",
            }),
        ),
        (K::Row, one(SCALAR, r"(?![\s\S]*\{\{)[\s\S]*\S[\s\S]*", "one name for the statistics, without templates")),
        (
            K::Variable,
            one(
                &["string"],
                &variable(),
                "the name of a variable: letters, digits and _, not a reserved word or a function",
            ),
        ),
        (
            K::Place,
            one(
                &["string"],
                r"\s*(\$|(json|header|cookie|regex|css|body|status)\s*:)[\s\S]*|body|status",
                "$.path, header: NAME, cookie: NAME, regex: PATTERN or css: SELECTOR",
            ),
        ),
        (K::Bool, json!({ "type": "boolean", "errorMessage": "expected true or false" })),
        (K::Yes, json!({ "const": true, "errorMessage": "expected true, or leave it out" })),
        (K::Ordered, one(NUMERIC, "", "a number or a string")),
        (K::Regex, one(&["string"], r"(?![\s\S]*\{\{[\s\S]*\}\})[\s\S]*", "a regular expression, without templates")),
        // Users, weights and passes: at most a million.
        (
            K::Whole,
            with(
                one(INTEGRAL, &spaced(WHOLE), "a whole number from 0 to 1000000"),
                json!({ "minimum": 0, "maximum": 1_000_000 }),
            ),
        ),
        (
            K::Some,
            with(
                one(INTEGRAL, &spaced(&format!("(?=0*[1-9]){WHOLE}")), "a whole number from 1 to 1000000"),
                json!({ "minimum": 1, "maximum": 1_000_000 }),
            ),
        ),
        (
            K::SpawnRate,
            with(
                one(
                    NUMERIC,
                    r"\s*(?=[^/]*[1-9])\d+(\.\d+)?\s*(/\s*(s|m|min|h))?\s*",
                    "users per second above 0, such as 5, 0.5 or 60/m",
                ),
                json!({ "exclusiveMinimum": 0 }),
            ),
        ),
        (
            K::Items,
            one(&["string", "array", "object"], r"[\s\S]*\{\{[\s\S]*", "a list, a map, or a template: \"{{ name }}\""),
        ),
        (
            K::ListOrTemplate,
            with(
                one(&["string", "array"], r"[\s\S]*\{\{[\s\S]*", "a list, or a template: \"{{ name }}\""),
                json!({ "minItems": 1 }),
            ),
        ),
        (K::Number, with(one(NUMERIC, r"\s*\d+(\.\d+)?\s*", "a number from 0"), json!({ "minimum": 0 }))),
        (
            K::Count,
            with(
                one(INTEGRAL, &(spaced(WHOLE) + TEMPLATE), "a whole number from 0 to 1000000, or a template"),
                json!({ "minimum": 0, "maximum": 1_000_000 }),
            ),
        ),
        (
            K::Events,
            with(
                one(INTEGRAL, &(spaced(r"0*[1-9]\d*") + TEMPLATE), "a whole number above 0, or a template"),
                json!({ "minimum": 1 }),
            ),
        ),
        (
            K::ListenFor,
            with(
                one(NUMERIC, &(length.clone() + TEMPLATE), "a time above 0 such as 30s, or a template"),
                json!({ "exclusiveMinimum": 0 }),
            ),
        ),
        (K::Duration, with(one(NUMERIC, &duration, A_TIME), json!({ "minimum": 0 }))),
        (K::Length, with(one(NUMERIC, &length, &format!("{A_TIME}, above 0")), json!({ "exclusiveMinimum": 0 }))),
        (
            K::Rate,
            with(
                one(
                    NUMERIC,
                    r"\s*\d+(\.\d+)?\s*(/\s*(s|m|min|h))?\s*",
                    "a rate such as 50/s or 600/m; a bare number is per second",
                ),
                json!({ "minimum": 0 }),
            ),
        ),
        (
            K::Size,
            with(
                one(
                    INTEGRAL,
                    &format!(r"\s*\d+(\.\d+)?\s*([kKmMgG]?[bB]?)\s*|\s*(between|gaussian){calls}{TEMPLATE}"),
                    "a size such as 512, 10KB, between(64, 4KB), gaussian(64, 4KB), or a template",
                ),
                json!({ "minimum": 0, "maximum": 16_777_216 }),
            ),
        ),
        (
            K::CommandCount,
            with(
                one(
                    INTEGRAL,
                    &(spaced(r"0*[1-9]\d{0,8}|1000000000") + TEMPLATE),
                    "a whole number from 1 to 1000000000, or a template",
                ),
                json!({ "minimum": 1, "maximum": 1_000_000_000 }),
            ),
        ),
        (K::Percentage, one(&["string"], r"\s*(\d{1,2}|100)\s*%\s*", "a percentage such as 50%")),
        (
            K::Wait,
            one(
                &["string"],
                &format!(r"\s*(between|constant|constant_pacing|constant_throughput){calls}"),
                "between(1s, 5s), constant(2s), constant_pacing(10s) or constant_throughput(0.5)",
            ),
        ),
        (
            K::WaitStep,
            with(
                one(
                    NUMERIC,
                    &format!(r"{duration}|\s*(between|constant){calls}{TEMPLATE}"),
                    "a time such as 1s, between(500ms, 2s), or a template",
                ),
                json!({ "minimum": 0 }),
            ),
        ),
        (
            K::Condition,
            with(
                one(SCALAR, "", "a condition such as p95 < 400ms, fail_ratio < 1%, rps > 50 or dropped == 0"),
                json!({ "type": "string", "pattern": metrics::pattern() }),
            ),
        ),
        (K::Start, words_of(&["with_others", "before_others"])),
        (
            K::HttpVersion,
            json!({ "enum": ["any", "1.1", "1", "2", 1, 1.1, 2], "errorMessage": "expected any, 1.1 or 2" }),
        ),
        (K::Connections, words_of(&["per_user", "per_request"])),
        (K::Persisted, words_of(&["apq", "off"])),
        (K::GraphqlMethod, words_of(&["post", "get"])),
        (K::Measure, words_of(&["delivery", "nothing"])),
        (K::Stop, words_of(&["task", "user", "run"])),
        (K::ErrorsExpected, words_of(&["none", "any"])),
        (K::Pick, words_of(&["first", "last", "random", "all"])),
        (K::Vary, words_of(&["users", "rate"])),
        (K::Order, words_of(&["sequential", "random", "shuffle"])),
        (K::Bind, words_of(&["user", "iteration"])),
        (K::OnEnd, words_of(&["recycle", "stop"])),
        (K::ErrorPolicy, words_of(&["fail", "partial_ok", "ignore"])),
        (K::ReadFrom, words_of(&["master", "replica"])),
        (K::RedisProtocol, words_of(&["resp2", "resp3"])),
        (K::Envelope, words_of(&["binary", "json", "off"])),
        (K::Regression, words_of(&["fail", "warn"])),
    ]
}
