//! Definitions of lists, maps and alternatives.

use serde_json::{Map, Value, json};

use super::object::{property, reference};
use crate::scenario::grammar::keys::OPERATORS;
use crate::scenario::grammar::kind::ValueKind as K;
use crate::scenario::grammar::table::Key;

/// A map of operators on numbers.
fn numbers(of: K, more: &[&str]) -> Value {
    let properties: Map<String, Value> = OPERATORS
        .keys
        .iter()
        .filter(|key| ["gt", "gte", "lt", "lte", "not"].contains(&key.name) || more.contains(&key.name))
        .map(|key| property(&Key { kind: if key.name == "not" { of } else { key.kind }, ..*key }))
        .collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1 })
}

fn compared() -> Value {
    json!({ "type": "string", "pattern": r"^\s*[<>=!]|\{\{" })
}

fn either_of(kinds: &[Value]) -> Value {
    json!({ "anyOf": kinds })
}

pub(super) fn collections() -> Vec<(K, Value)> {
    let list = |of: K| json!({ "type": "array", "items": reference(of), "minItems": 1 });
    let map = |of: K| json!({ "type": "object", "additionalProperties": reference(of) });
    let named = |names: K, of: K| json!({ "type": "object", "propertyNames": reference(names), "additionalProperties": reference(of) });
    let either = |kinds: &[K]| json!({ "anyOf": kinds.iter().map(|k| reference(*k)).collect::<Vec<_>>() });
    vec![
        (K::List, json!({ "type": "array", "minItems": 1 })),
        (K::Map, json!({ "type": "object", "allOf": [reference(K::Any)] })),
        (K::Assignments, json!({ "type": "object", "allOf": [reference(K::Any)], "minProperties": 1 })),
        (
            K::Texts,
            json!({ "anyOf": [reference(K::Text), { "type": "array", "items": reference(K::Text) }, { "type": "null" }] }),
        ),
        (K::Auth, json!({ "anyOf": [{ "const": "none" }, reference(K::AuthFull)] })),
        (
            K::Pair,
            json!({ "anyOf": [reference(K::HeaderLine), { "type": "array", "items": reference(K::HeaderLine) }] }),
        ),
        (
            K::Pairs,
            json!({
                "type": "object",
                "propertyNames": { "not": { "pattern": r"\{\{" } },
                "additionalProperties": reference(K::Pair),
            }),
        ),
        (K::Steps, list(K::Step)),
        // Not all of them can have weight 0.
        (
            K::Tasks,
            json!({
                "type": "array",
                "items": reference(K::Task),
                "minItems": 1,
                "not": { "items": { "required": ["weight"], "properties": { "weight": { "const": 0 } } } },
            }),
        ),
        (K::Classes, json!({ "type": "object", "additionalProperties": reference(K::Class), "minProperties": 1 })),
        (K::Flows, map(K::Steps)),
        (K::Data, map(K::DataFile)),
        (K::Stages, list(K::Stage)),
        (K::Profiles, map(K::Profile)),
        (
            K::Matcher,
            json!({ "anyOf": [reference(K::Operators), reference(K::Text), { "type": "null" }, reference(K::List)] }),
        ),
        // Numbers that always exist.
        (
            K::TimeMatcher,
            json!({ "anyOf": [{ "type": "string", "pattern": r"^\s*[<>]" }, numbers(K::TimeMatcher, &[])] }),
        ),
        (
            K::SizeMatcher,
            either_of(&[
                reference(K::Size),
                compared(),
                reference(K::List),
                numbers(K::SizeMatcher, &["eq", "ne", "in"]),
            ]),
        ),
        (
            K::CountMatcher,
            either_of(&[
                json!({ "type": "number" }),
                json!({ "type": "string", "pattern": r"^\s*[<>=!]*\s*-?\d|\{\{" }),
                reference(K::List),
                numbers(K::CountMatcher, &["eq", "ne", "in"]),
            ]),
        ),
        (K::HeaderMatchers, named(K::HeaderName, K::Matcher)),
        (K::HeaderLine, json!({ "type": ["string", "number", "boolean", "null"] })),
        (K::HeaderLines, named(K::OwnHeader, K::HeaderLine)),
        (K::PathMatchers, named(K::Path, K::Matcher)),
        (K::Path, json!({ "pattern": r"^\$" })),
        (
            K::Status,
            json!({ "anyOf": [
                reference(K::StatusOne),
                { "type": "array", "items": reference(K::StatusOne), "minItems": 1 },
                { "type": "string", "pattern": r"^\s*[<>=!]|\{\{" },
                numbers(K::Status, &["starts_with", "ends_with", "matches", "eq", "ne", "in"]),
            ] }),
        ),
        (K::CaptureOne, either(&[K::Place, K::CaptureFull])),
        (
            K::Capture,
            json!({
                "type": "object",
                "propertyNames": reference(K::Variable),
                "additionalProperties": reference(K::CaptureOne),
                "minProperties": 1,
            }),
        ),
        (K::Upload, either(&[K::Text, K::File])),
        (K::Uploads, json!({ "anyOf": [reference(K::Upload), { "type": "array", "items": reference(K::Upload) }] })),
        (K::Files, map(K::Uploads)),
        (K::Threshold, either(&[K::Text, K::ThresholdFull])),
        (K::Thresholds, json!({ "type": "array", "items": reference(K::Threshold) })),
        (K::On, either(&[K::Texts, K::OnFull])),
    ]
}
