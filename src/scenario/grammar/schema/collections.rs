//! Definitions of lists, maps and alternatives.

use serde_json::{Map, Value, json};

use super::object::{property, reference, such_as};
use crate::scenario::grammar::keys::OPERATORS;
use crate::scenario::grammar::kind::ValueKind as K;
use crate::scenario::grammar::table::Key;

/// A comparison such as `> 5`, or a template.
const COMPARED: &str = r"\s*[<>=!][\s\S]*|[\s\S]*\{\{[\s\S]*";

/// What a number must be: itself, a comparison, a list, or a map of operators.
fn number(types: &[&str], pattern: &str, of: K, more: &[&str], message: &str) -> Value {
    let operators = OPERATORS.keys.iter();
    let allowed =
        operators.filter(|key| ["gt", "gte", "lt", "lte", "not"].contains(&key.name) || more.contains(&key.name));
    let properties: Map<String, Value> =
        allowed.map(|key| property(&Key { kind: if key.name == "not" { of } else { key.kind }, ..*key })).collect();
    json!({
        "type": types,
        "pattern": format!("^({pattern})$"),
        "minItems": 1,
        "properties": properties,
        "additionalProperties": false,
        "minProperties": 1,
        "errorMessage": format!("expected {message}"),
    })
}

pub(super) fn collections() -> Vec<(K, Value)> {
    let list = |kind: K, of: K| {
        (
            kind,
            json!({ "type": "array", "items": reference(of), "minItems": 1, "errorMessage": such_as("a list", kind) }),
        )
    };
    let map = |kind: K, more: Value| {
        let mut map = json!({ "type": "object", "errorMessage": such_as("a map", kind) });
        if let (Some(map), Value::Object(more)) = (map.as_object_mut(), more) {
            map.extend(more);
        }
        (kind, map)
    };
    let named = |kind: K, names: K, of: K| {
        map(kind, json!({ "propertyNames": reference(names), "additionalProperties": reference(of) }))
    };
    let either = |kinds: &[K]| json!({ "anyOf": kinds.iter().map(|k| reference(*k)).collect::<Vec<_>>() });
    let all = &["string", "integer", "array", "object"];
    let more = &["eq", "ne", "in"];
    let status = number(
        all,
        &format!("[1-5]([0-9]{{2}}|xx)|{COMPARED}"),
        K::Status,
        &["starts_with", "ends_with", "matches", "eq", "ne", "in"],
        "a status such as 200, 2xx, [200, 404], \"< 500\" or { gte: 200, lt: 400 }",
    );
    vec![
        (K::List, json!({ "type": "array", "minItems": 1 })),
        map(K::Map, json!({ "allOf": [reference(K::Any)] })),
        map(K::Vars, json!({ "allOf": [reference(K::Any)], "propertyNames": reference(K::Variable) })),
        map(
            K::Assignments,
            json!({ "allOf": [reference(K::Any)], "propertyNames": reference(K::Variable), "minProperties": 1 }),
        ),
        (
            K::Texts,
            json!({ "anyOf": [reference(K::Text), { "type": "array", "items": reference(K::Text) }, { "type": "null" }] }),
        ),
        (
            K::Tags,
            json!({ "anyOf": [reference(K::Tag), { "type": "array", "items": reference(K::Tag) }, { "type": "null" }] }),
        ),
        (
            K::Command,
            json!({ "anyOf": [reference(K::Text), { "type": "array", "items": reference(K::Argument), "minItems": 1 }] }),
        ),
        (
            K::Prefills,
            json!({ "anyOf": [reference(K::Prefill), { "type": "array", "items": reference(K::Prefill), "minItems": 1 }] }),
        ),
        (K::Argument, either(&[K::Text, K::Bytes])),
        map(
            K::SizeWeights,
            json!({
                "propertyNames": { "pattern": r"^\s*\d+(\.\d+)?\s*([kKmMgG]?[bB]?)\s*$" },
                "additionalProperties": reference(K::Whole),
                "minProperties": 1,
            }),
        ),
        (K::Sizes, either(&[K::Size, K::SizeWeights])),
        (
            K::Auth,
            json!({ "anyOf": [{ "const": "none", "errorMessage": "expected none, { bearer: TOKEN } or { basic: { username, password } }" }, reference(K::AuthFull)] }),
        ),
        (
            K::Pair,
            json!({ "anyOf": [reference(K::HeaderLine), { "type": "array", "items": reference(K::HeaderLine) }] }),
        ),
        named(K::Pairs, K::Untemplated, K::Pair),
        list(K::Steps, K::Step),
        // Not all of them can have weight 0.
        (
            K::Tasks,
            json!({
                "type": "array",
                "items": reference(K::Task),
                "contains": { "not": { "required": ["weight"], "properties": { "weight": { "const": 0 } } } },
                "errorMessage": "expected a list of tasks, of which one has a weight above 0",
            }),
        ),
        map(K::Classes, json!({ "additionalProperties": reference(K::Class), "minProperties": 1 })),
        named(K::Flows, K::Name, K::Steps),
        named(K::Data, K::Variable, K::DataFile),
        list(K::Stages, K::Stage),
        map(K::Profiles, json!({ "additionalProperties": reference(K::Profile) })),
        (
            K::Matcher,
            json!({ "anyOf": [reference(K::Operators), reference(K::Text), { "type": "null" }, reference(K::List)] }),
        ),
        // Numbers that always exist.
        (
            K::TimeMatcher,
            number(
                &["string", "object"],
                r"\s*[<>][\s\S]*",
                K::TimeMatcher,
                &[],
                "a comparison such as < 1s, or { lt: 1s }",
            ),
        ),
        (
            K::SizeMatcher,
            number(
                all,
                &format!(r"\s*\d+(\.\d+)?\s*([kKmMgG]?[bB]?)\s*|{COMPARED}"),
                K::SizeMatcher,
                more,
                "a size such as < 10KB or { lt: 1MB }",
            ),
        ),
        (
            K::CountMatcher,
            number(
                &["string", "number", "array", "object"],
                r"\s*[<>=!]*\s*-?\d[\s\S]*|[\s\S]*\{\{[\s\S]*",
                K::CountMatcher,
                more,
                "a number such as 3, \"> 1\" or { gte: 1 }",
            ),
        ),
        named(K::HeaderMatchers, K::HeaderName, K::Matcher),
        (
            K::HeaderLine,
            json!({ "type": ["string", "number", "boolean", "null"], "errorMessage": "expected a single value" }),
        ),
        named(K::HeaderLines, K::OwnHeader, K::HeaderLine),
        named(K::PathMatchers, K::Path, K::Matcher),
        (
            K::Path,
            json!({ "pattern": r"^\$(?!.*\(\)$)", "errorMessage": "expected a JSONPath such as $.items[0].id; the length of $.items is $.items: { length: 3 }" }),
        ),
        (K::Status, {
            let mut status = status;
            status["items"] = reference(K::StatusOne);
            status["minimum"] = 100.into();
            status["maximum"] = 599.into();
            status
        }),
        (K::CaptureOne, either(&[K::Place, K::CaptureFull])),
        map(
            K::Capture,
            json!({
                "propertyNames": reference(K::Variable),
                "additionalProperties": reference(K::CaptureOne),
                "minProperties": 1,
            }),
        ),
        (K::Upload, either(&[K::Text, K::File])),
        (K::Uploads, json!({ "anyOf": [reference(K::Upload), { "type": "array", "items": reference(K::Upload) }] })),
        map(K::Files, json!({ "additionalProperties": reference(K::Uploads) })),
        (K::Threshold, either(&[K::Condition, K::ThresholdFull])),
        (
            K::Thresholds,
            json!({ "type": "array", "items": reference(K::Threshold), "errorMessage": such_as("a list", K::Thresholds) }),
        ),
        (K::On, either(&[K::Texts, K::OnFull])),
    ]
}
