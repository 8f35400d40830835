//! Generates the JSON Schema of scenario files from the tables of the grammar.
//!
//! Besides what is valid, it has what editors show: titles, descriptions, examples, and a message for each mistake
//! (`errorMessage`, which yaml-language-server and VS Code show instead of a pattern).

mod collections;
mod object;
mod rules;
mod scalars;
mod step;

use serde_json::{Map, Value, json};

use self::object::{object, reference};
use self::rules::rules;
use super::keys::{SCENARIO, TABLES, of_profiles};
use super::kind::ValueKind as K;

/// Identifies the schema; it is not an address: the schema is part of the program.
pub const ID: &str = "urn:katydid:scenario";
/// Name of the file, next to scenarios.
pub const FILE: &str = "katydid.schema.json";
/// First line of scenarios, which editors read. The path is relative to the scenario: the schema belongs to a version of
/// the program, and needs no network.
pub const MODELINE: &str = "# yaml-language-server: $schema=katydid.schema.json";

/// The JSON Schema, as printed by `katydid schema`.
pub fn schema() -> Value {
    let tables = TABLES.iter().map(|table| (table.kind, object(table.keys, table.kind, rules(table.rules))));
    let top = [
        (K::Scenario, object(SCENARIO.keys, K::Scenario, Vec::new())),
        (K::Profile, object(of_profiles(), K::Scenario, Vec::new())),
    ];
    let (step, forms) = step::steps();
    let definitions: Map<String, Value> = tables
        .chain(top)
        .chain(scalars::scalars())
        .chain(collections::collections())
        .chain([(K::Step, step)])
        .map(|(kind, definition)| (kind.name().to_owned(), definition))
        .chain(forms)
        .collect();
    // The rules of whole files do not apply to profiles, which have the same keys.
    let whole: Vec<Value> = [reference(K::Scenario)].into_iter().chain(rules(SCENARIO.rules)).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "katydid scenario",
        "description": "A load test: its users, what they do, and the load",
        "allOf": whole,
        "$defs": definitions
    })
}

#[cfg(test)]
mod tests {
    use super::super::actions::ACTIONS;
    use super::super::kind::ALL;
    use super::*;

    #[test]
    fn every_kind_has_one_definition() {
        let schema = schema();
        let definitions = schema["$defs"].as_object().unwrap();
        let missing: Vec<&K> = ALL.iter().filter(|kind| !definitions.contains_key(kind.name())).collect();
        assert_eq!((missing, definitions.len()), (Vec::new(), ALL.len() + ACTIONS.len()));
    }
}
