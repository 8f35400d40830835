//! Definition of a map with known keys.

use serde_json::{Map, Value, json};

use crate::scenario::grammar::examples;
use crate::scenario::grammar::hints;
use crate::scenario::grammar::kind::ValueKind;
use crate::scenario::grammar::table::{DefaultValue, Key};

pub(super) fn reference(kind: ValueKind) -> Value {
    json!({ "$ref": format!("#/$defs/{}", kind.name()) })
}

/// A key with what editors show: title, description, default and examples.
pub(super) fn property(key: &Key) -> (String, Value) {
    // Editors insert `key: ` for alternatives, on the same line, which is right in braces too.
    let mut value = json!({ "title": key.name, "description": key.about, "anyOf": [reference(key.kind)] });
    if let Some(default) = key.default {
        value["description"] = format!("{}; default: {default}", key.about).into();
        value["default"] = match default {
            DefaultValue::Text(text) => text.into(),
            DefaultValue::Whole(number) => number.into(),
            DefaultValue::Bool(value) => value.into(),
        };
    }
    let (values, written): (Vec<&str>, Vec<&str>) = examples::of(key).iter().partition(|example| is_scalar(example));
    if !values.is_empty() {
        value["examples"] = values.into_iter().map(scalar).collect();
    }
    if !written.is_empty() {
        // Editors offer examples as values, and can only offer scalars well.
        let shown: String =
            written.iter().map(|example| format!("\n\n```yaml\n{}: {example}\n```", key.name)).collect();
        let about = value["description"].as_str().unwrap_or_default().to_owned();
        value["markdownDescription"] = format!("{about}{shown}").into();
        // For editors that show no Markdown, or show only this of a map.
        value["description"] = format!("{about}. Example: `{}: {}`", key.name, written[0]).into();
    }
    (key.name.to_owned(), value)
}

/// True for an example that is neither a list nor a map; a GraphQL document is none either.
fn is_scalar(example: &str) -> bool {
    let is_map = example.starts_with('{') && !example.starts_with("{{") || example.starts_with('[');
    !is_map && !example.starts_with('"')
}

fn scalar(example: &str) -> Value {
    serde_json::from_str(example).unwrap_or_else(|_| example.into())
}

/// No value is valid here, for the reason that is given.
pub(super) fn forbidden(why: &str) -> Value {
    // Editors show this message; they have none for `false`.
    json!({ "type": "object", "const": null, "errorMessage": why, "doNotSuggest": true })
}

/// A map with these keys and no others.
pub(super) fn object<'k>(keys: impl IntoIterator<Item = &'k Key>, kind: ValueKind, rules: Vec<Value>) -> Value {
    let properties: Map<String, Value> = keys.into_iter().map(property).collect();
    let hints = foreign(kind, |name| properties.contains_key(name));
    // A message of the whole definition would replace those that name an unknown key.
    let is_map = json!({ "type": "object", "errorMessage": such_as("a map", kind) });
    let all: Vec<Value> = [is_map].into_iter().chain(rules).collect();
    let mut object = json!({ "properties": properties, "additionalProperties": false, "allOf": all });
    if !hints.is_empty() {
        object["patternProperties"] = hints.into();
    }
    object
}

/// The message for a value of another type.
pub(super) fn such_as(what: &str, kind: ValueKind) -> String {
    let example = examples::of_kind(kind).iter().find(|example| !is_scalar(example));
    example.map_or_else(|| format!("expected {what}"), |example| format!("expected {what} such as {example}"))
}

/// What to write instead of the keys of other tools, by the pattern of their names.
pub(super) fn foreign(kind: ValueKind, is_known: impl Fn(&str) -> bool) -> Map<String, Value> {
    let row = |(words, note): (String, String)| {
        let words: Vec<&str> = words.split(' ').filter(|word| !is_known(word)).collect();
        let pattern = words.iter().map(|word| spellings(word)).collect::<Vec<_>>().join("|");
        (!words.is_empty()).then(|| (format!("^({pattern})$"), forbidden(&note)))
    };
    hints::keys_of(kind).into_iter().filter_map(row).collect()
}

/// A pattern for a word of several parts: `statusCode`, `status_code`, `status-code`.
fn spellings(word: &str) -> String {
    let part = |(at, part): (usize, &str)| match part.chars().next() {
        Some(first) if at > 0 => {
            format!("[_-]?[{}{}]{}", first, first.to_ascii_uppercase(), regex_literal(&part[first.len_utf8()..]))
        }
        _ => regex_literal(part),
    };
    word.split('_').enumerate().map(part).collect()
}

fn regex_literal(text: &str) -> String {
    text.chars().flat_map(|c| ("$^.*+?()[]{}|\\/".contains(c).then_some('\\')).into_iter().chain([c])).collect()
}
