//! Definitions of steps: a form for each action, of which the most likely one is chosen, so that editors complete its
//! keys, and name one mistake instead of all that the other forms would have.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::object::{forbidden, foreign, property};
use super::rules::rules;
use crate::scenario::grammar::actions::{ACTIONS, ANY_STEP, Action, ActionKind, is_action};
use crate::scenario::grammar::kind::ValueKind as K;
use crate::scenario::grammar::likely::{beside, by_likelihood};

/// The definition of a step, and those of its forms by name.
pub(super) fn steps() -> (Value, Vec<(String, Value)>) {
    let chosen =
        by_likelihood().collect::<Vec<_>>().into_iter().rev().fold(without_action(), |otherwise, (action, keys)| {
            let mut condition = json!({ "type": "object", "required": [action.key.name] });
            if !keys.is_empty() {
                condition["anyOf"] = keys.iter().map(|key| json!({ "required": [key] })).collect();
            }
            json!({ "if": condition, "then": { "$ref": format!("#/$defs/{}", name(action)) }, "else": otherwise })
        });
    (chosen, ACTIONS.iter().map(|action| (name(action), form(action))).collect())
}

/// Name of the definition of a form.
fn name(action: &Action) -> String {
    format!("step_{}", action.key.name)
}

/// An action, its modifiers, and what to do with other actions beside it.
fn form(action: &Action) -> Value {
    let modifiers = action.modifiers.iter().copied().chain([ANY_STEP]).flatten();
    let properties: Map<String, Value> = [&action.key].into_iter().chain(modifiers).map(property).collect();
    let mut others: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for other in ACTIONS.iter().filter(|other| !properties.contains_key(other.key.name)) {
        let message = format!("this step has `{}`: {}", action.key.name, beside(action, other));
        others.entry(message).or_default().push(other.key.name);
    }
    let others = others.into_iter().map(|(message, names)| (format!("^({})$", names.join("|")), forbidden(&message)));
    let mut foreign_keys = match action.kind {
        ActionKind::Http | ActionKind::Graphql => {
            foreign(K::Step, |name| properties.contains_key(name) || is_action(name))
        }
        _ => Map::new(),
    };
    foreign_keys.extend(others);
    let mut form = json!({
        "type": "object",
        "required": [action.key.name],
        "patternProperties": foreign_keys,
        "additionalProperties": false,
    });
    form["properties"] = properties.into();
    let rules = rules(action.rules);
    if !rules.is_empty() {
        form["allOf"] = rules.into();
    }
    form
}

/// A step in which no action has been written yet, which editors complete; it is always an error.
fn without_action() -> Value {
    let properties: Map<String, Value> = ACTIONS.iter().map(|action| property(&action.key)).collect();
    let names: Vec<&str> = ACTIONS.iter().map(|action| action.key.name).collect();
    let message = format!("a step has one action: {}", names.join(", "));
    let any = ANY_STEP.iter().chain(ACTIONS.iter().flat_map(|action| action.modifiers.iter().copied().flatten()));
    let any: Map<String, Value> = any.map(|key| (key.name.to_owned(), json!({ "doNotSuggest": true }))).collect();
    let hints = foreign(K::Step, |name| properties.contains_key(name) || any.contains_key(name));
    json!({
        "type": "object",
        "properties": properties.into_iter().chain(any).collect::<Map<_, _>>(),
        "patternProperties": hints,
        "additionalProperties": false,
        "errorMessage": message,
        "allOf": [{ "required": ["get"], "errorMessage": message }],
    })
}
