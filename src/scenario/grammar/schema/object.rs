//! Definition of a map with known keys, and the rules between them.

use serde_json::{Map, Value, json};

use crate::scenario::grammar::kind::ValueKind;
use crate::scenario::grammar::table::{DefaultValue, Key, Rule};

pub(super) fn reference(kind: ValueKind) -> Value {
    json!({ "$ref": format!("#/$defs/{}", kind.name()) })
}

pub(super) fn property(key: &Key) -> (String, Value) {
    let mut value = reference(key.kind);
    // Since draft 2019-09, keywords next to `$ref` are evaluated too.
    value["description"] = key.about.into();
    if let Some(default) = key.default {
        value["description"] = format!("{}; default: {default}", key.about).into();
        value["default"] = match default {
            DefaultValue::Text(text) => text.into(),
            DefaultValue::Whole(number) => number.into(),
            DefaultValue::Bool(value) => value.into(),
        };
    }
    (key.name.to_owned(), value)
}

/// A map with these keys and no others; the `given` ones are required.
pub(super) fn object<'k>(keys: impl IntoIterator<Item = &'k Key>, given: &[&str], all: &[Rule]) -> Value {
    let properties: Map<String, Value> = keys.into_iter().map(property).collect();
    let mut object = rules(all);
    let required = object["required"].as_array().cloned().unwrap_or_default();
    object["required"] = given.iter().map(|key| json!(key)).chain(required).collect();
    object["type"] = "object".into();
    object["properties"] = properties.into();
    object["additionalProperties"] = false.into();
    object
}

/// Constraints of the rules.
pub(super) fn rules(rules: &[Rule]) -> Value {
    let mut out = Map::new();
    let (mut required, mut never, mut needed) = (Vec::new(), Vec::new(), Map::new());
    for rule in rules {
        match *rule {
            Rule::Required(key, _) | Rule::RequiredAlone(key) => required.push(key),
            Rule::AnyOf(keys, _) => drop(out.insert("anyOf".to_owned(), each_required(keys))),
            Rule::OneOf(keys, _) => drop(out.insert("oneOf".to_owned(), each_required(keys))),
            Rule::Excludes(first, second, _) => never.push(json!({ "required": [first, second] })),
            Rule::OneTrue(first, second, _) => never.push(json!({
                "required": [first, second],
                "properties": { first: { "const": true }, second: { "const": true } },
            })),
            Rule::Needs(key, other, _) => drop(needed.insert(key.to_owned(), json!([other]))),
            Rule::NotEmpty(_) => drop(out.insert("minProperties".to_owned(), 1.into())),
        }
    }
    if !required.is_empty() {
        out.insert("required".to_owned(), required.into());
    }
    if !never.is_empty() {
        out.insert("not".to_owned(), json!({ "anyOf": never }));
    }
    if !needed.is_empty() {
        out.insert("dependentRequired".to_owned(), needed.into());
    }
    out.into()
}

fn each_required(keys: &[&str]) -> Value {
    keys.iter().map(|key| json!({ "required": [key] })).collect()
}
