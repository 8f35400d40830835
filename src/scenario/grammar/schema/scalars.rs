//! Definitions of scalar values.

use serde_json::{Value, json};

use super::object::reference;
use crate::scenario::grammar::kind::ValueKind as K;

pub(super) fn scalars() -> Vec<(K, Value)> {
    let words = |all: &[&str]| json!({ "enum": all });
    let scalar = json!({ "type": ["string", "number", "boolean"] });
    let time = r"^\s*(\d+(\.\d+)?|(\d+(\.\d+)?d)?(\d+(\.\d+)?h)?(\d+(\.\d+)?m)?(\d+(\.\d+)?s)?(\d+(\.\d+)?ms)?(\d+(\.\d+)?us)?)\s*$";
    vec![
        // Keys cannot contain templates, at any depth.
        (
            K::Any,
            json!({ "propertyNames": { "not": { "pattern": r"\{\{" } }, "additionalProperties": reference(K::Any), "items": reference(K::Any) }),
        ),
        (K::AnyOrFile, reference(K::Any)),
        (K::Text, scalar.clone()),
        (K::TextOrFile, reference(K::Text)),
        (K::Document, reference(K::Text)),
        (K::LogLine, reference(K::Text)),
        (
            K::Expression,
            json!({ "type": ["string", "number", "boolean"], "not": { "type": "string", "pattern": r"\{\{" } }),
        ),
        (K::Name, json!({ "type": "string", "pattern": r"\S" })),
        (K::Label, json!({ "type": ["string", "number", "boolean"], "pattern": r"\S" })),
        // Up to the first template: the content of templates is not checked.
        (
            K::Address,
            json!({
                "type": "string",
                "pattern": r"^(/|https?://|\{\{)",
                "not": { "pattern": r"^((?!\{\{)[\s\S])*\{[%#]|\{\{(?![\s\S]*\}\})" },
            }),
        ),
        (K::Host, json!({ "type": "string", "pattern": r"^demo$|\{\{|^\s*[hH][tT][tT][pP][sS]?:[^?#]+$" })),
        (
            K::StatusOne,
            json!({ "anyOf": [
                { "type": "integer", "minimum": 100, "maximum": 599 },
                { "type": "string", "pattern": r"^[1-5]([0-9]{2}|xx)$" },
            ] }),
        ),
        (K::HeaderName, json!({ "pattern": r"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$" })),
        (
            K::OwnHeader,
            json!({ "allOf": [reference(K::HeaderName), {
            "not": { "pattern": "^([cC][oO][nN][tT][eE][nN][tT]-[lL][eE][nN][gG][tT][hH]|[tT][rR][aA][nN][sS][fF][eE][rR]-[eE][nN][cC][oO][dD][iI][nN][gG]|[cC][oO][nN][nN][eE][cC][tT][iI][oO][nN])$" },
        }] }),
        ),
        (K::Row, json!({ "allOf": [reference(K::Label), { "not": { "type": "string", "pattern": r"\{\{" } }] })),
        (K::Variable, json!({ "pattern": r"^[A-Za-z_][A-Za-z0-9_]*$" })),
        (
            K::Place,
            json!({
                "type": "string",
                "pattern": r"^\s*(\$|(json|header|cookie|regex|css|body|status)\s*:)|^(body|status)$",
            }),
        ),
        (K::Bool, json!({ "type": "boolean" })),
        (K::Yes, json!({ "const": true })),
        (K::Ordered, json!({ "type": ["string", "number"] })),
        (K::Regex, json!({ "type": "string", "not": { "pattern": r"\{\{[\s\S]*\}\}" } })),
        // Users, weights and passes: at most a million.
        (
            K::Whole,
            json!({ "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": 1_000_000 },
                { "type": "string", "pattern": r"^\s*0*(\d{1,6}|1000000)\s*$" },
            ] }),
        ),
        (
            K::Some,
            json!({ "allOf": [reference(K::Whole), { "not": { "const": 0 } }, { "not": { "type": "string", "pattern": r"^[\s0]*$" } }] }),
        ),
        (
            K::SpawnRate,
            json!({ "allOf": [reference(K::Rate), { "not": { "const": 0 } }, { "not": { "type": "string", "pattern": r"^[^1-9]*(/|$)" } }] }),
        ),
        (K::Items, json!({ "anyOf": [reference(K::Template), { "type": ["array", "object"] }] })),
        (K::ListOrTemplate, json!({ "anyOf": [reference(K::List), reference(K::Template)] })),
        (
            K::Number,
            json!({ "anyOf": [{ "type": "number", "minimum": 0 }, { "type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*$" }] }),
        ),
        (K::Count, json!({ "anyOf": [reference(K::Whole), reference(K::Template)] })),
        (K::Template, json!({ "type": "string", "pattern": r"\{\{" })),
        (
            K::Events,
            json!({ "anyOf": [
                { "type": "integer", "minimum": 1 },
                { "type": "string", "pattern": r"^\s*0*[1-9]\d*\s*$" },
                reference(K::Template),
            ] }),
        ),
        (K::ListenFor, json!({ "anyOf": [reference(K::Length), reference(K::Template)] })),
        (K::Duration, json!({ "anyOf": [{ "type": "number", "minimum": 0 }, { "type": "string", "pattern": time }] })),
        // A duration above 0.
        (
            K::Length,
            json!({ "anyOf": [
                { "type": "number", "exclusiveMinimum": 0 },
                { "type": "string", "pattern": time, "not": { "pattern": r"^[^1-9]*$" } },
            ] }),
        ),
        (
            K::Rate,
            json!({ "anyOf": [{ "type": "number", "minimum": 0 }, { "type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*(/\s*(s|m|min|h))?\s*$" }] }),
        ),
        (
            K::Size,
            json!({ "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*([kKmMgG]?[bB]?)\s*$" }] }),
        ),
        (
            K::Wait,
            json!({ "type": "string", "pattern": r"^\s*(between|constant|constant_pacing|constant_throughput)\s*\(.*\)\s*$" }),
        ),
        (
            K::WaitStep,
            json!({ "anyOf": [reference(K::Duration), reference(K::Template), { "type": "string", "pattern": r"^\s*(between|constant)\s*\(.*\)\s*$" }] }),
        ),
        (K::Start, words(&["with_others", "before_others"])),
        (K::HttpVersion, json!({ "enum": ["any", "1.1", "1", "2", 1, 1.1, 2] })),
        (K::Connections, words(&["per_user", "per_request"])),
        (K::Persisted, words(&["apq", "off"])),
        (K::GraphqlMethod, words(&["post", "get"])),
        (K::Measure, words(&["delivery", "nothing"])),
        (K::Stop, words(&["task", "user", "run"])),
        (K::ErrorsExpected, words(&["none", "any"])),
        (K::Pick, words(&["first", "last", "random", "all"])),
        (K::Vary, words(&["users", "rate"])),
        (K::Order, words(&["sequential", "random", "shuffle"])),
        (K::Bind, words(&["user", "iteration"])),
        (K::OnEnd, words(&["recycle", "stop"])),
        (K::ErrorPolicy, words(&["fail", "partial_ok", "ignore"])),
        (K::RedisProtocol, words(&["resp2", "resp3"])),
        (K::Envelope, words(&["binary", "json", "off"])),
        (K::Regression, words(&["fail", "warn"])),
    ]
}
