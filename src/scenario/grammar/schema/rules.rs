//! Rules between the keys of a map, each with its message.

use serde_json::{Value, json};

use super::object::forbidden;
use crate::scenario::grammar::table::Rule;

/// Constraints of the rules.
pub(super) fn rules(rules: &[Rule]) -> Vec<Value> {
    rules.iter().flat_map(rule).collect()
}

fn rule(rule: &Rule) -> Vec<Value> {
    match *rule {
        Rule::Required(key, note) => vec![required(key, &format!("`{key}` is required: {note}"))],
        Rule::RequiredAlone(keys) => {
            let message = format!("{} is required", either(keys));
            vec![json!({ "anyOf": keys.iter().map(|key| required(key, &message)).collect::<Vec<_>>() })]
        }
        Rule::AnyOf(keys, note) => vec![any_of(keys, note)],
        Rule::OneOf(keys, note) => {
            let pairs = keys
                .iter()
                .enumerate()
                .flat_map(|(at, first)| keys[at + 1..].iter().map(move |second| (first, second)));
            pairs.map(|(first, second)| excludes(first, second, note)).chain([any_of(keys, note)]).collect()
        }
        Rule::Excludes(first, second, note) => vec![excludes(first, second, note)],
        Rule::OneTrue(first, second, note) => vec![json!({
            "if": { "required": [first, second], "properties": { first: { "const": true } } },
            "then": { "properties": { second: { "const": false, "errorMessage": keep_one(first, second, note) } } },
        })],
        Rule::Needs(key, other, note) => {
            vec![
                json!({ "if": { "required": [key] }, "then": required(other, &format!("`{key}` requires `{other}`: {note}")) }),
            ]
        }
        // Editors have no message of ours for `minProperties`.
        Rule::NotEmpty(note) => vec![json!({
            "if": { "type": "object", "maxProperties": 0 },
            "then": forbidden(note),
        })],
    }
}

fn required(key: &str, message: &str) -> Value {
    json!({ "required": [key], "errorMessage": message })
}

fn any_of(keys: &[&str], note: &str) -> Value {
    let message = format!("{} is required: {note}", either(keys));
    json!({ "anyOf": keys.iter().map(|key| required(key, &message)).collect::<Vec<_>>() })
}

fn either(keys: &[&str]) -> String {
    keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" or ")
}

fn excludes(first: &str, second: &str, note: &str) -> Value {
    json!({
        "if": { "required": [first, second] },
        "then": { "properties": { second: forbidden(&keep_one(first, second, note)) } },
    })
}

fn keep_one(first: &str, second: &str, note: &str) -> String {
    format!("both `{first}` and `{second}` are set; keep one: {note}")
}
