//! Generates the JSON Schema of scenario files from the tables of the grammar.

mod collections;
mod object;
mod scalars;

use serde_json::{Map, Value, json};

use self::object::{object, reference, rules};
use super::actions::{ACTIONS, ANY_STEP, Action};
use super::keys::{SCENARIO, TABLES, of_profiles};
use super::kind::ValueKind as K;

/// The JSON Schema, as printed by `katydid schema`.
pub fn schema() -> Value {
    let tables = TABLES.iter().map(|table| (table.kind, object(table.keys, &[], table.rules)));
    let top = [(K::Scenario, object(SCENARIO.keys, &[], &[])), (K::Profile, object(of_profiles(), &[], &[]))];
    let step = (K::Step, json!({ "oneOf": ACTIONS.iter().map(step).collect::<Vec<_>>() }));
    let definitions: Map<String, Value> = tables
        .chain(top)
        .chain(scalars::scalars())
        .chain(collections::collections())
        .chain([step])
        .map(|(kind, definition)| (kind.name().to_owned(), definition))
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "katydid scenario",
        // The rules of whole files do not apply to profiles, which have the same keys.
        "allOf": [reference(K::Scenario), rules(SCENARIO.rules)],
        "$defs": definitions
    })
}

/// A form of a step: its action, the modifiers of that action, and no other keys.
fn step(action: &Action) -> Value {
    let modifiers = action.modifiers.iter().copied().chain([ANY_STEP]).flatten();
    object([&action.key].into_iter().chain(modifiers), &[action.key.name], action.rules)
}

#[cfg(test)]
mod tests {
    use super::super::kind::ALL;
    use super::*;

    #[test]
    fn every_kind_has_one_definition() {
        let schema = schema();
        let definitions = schema["$defs"].as_object().unwrap();
        let missing: Vec<&K> = ALL.iter().filter(|kind| !definitions.contains_key(kind.name())).collect();
        assert_eq!((missing, definitions.len()), (Vec::new(), ALL.len()));
    }
}
