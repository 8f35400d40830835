//! Environment variables available to a scenario, and which of them are secrets.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::ScenarioError;
use super::eval::template;
use super::secrets::Redactor;
use super::syntax::node::Node;
use super::syntax::{compose, dotenv};

/// Redactor for the secrets that a scenario and its profiles declare.
pub(super) fn declared(root: &Node, environment: &BTreeMap<String, String>) -> Redactor {
    let values = compose::secrets(root).filter_map(|name| environment.get(name)).map(String::as_str);
    Redactor::new(values.chain(unnamed(environment)))
}

/// Redactor for a file that cannot be parsed: the secrets are unknown, so all variables named in the file are masked.
pub(super) fn named_in(text: &str, environment: &BTreeMap<String, String>) -> Redactor {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let words: BTreeSet<&str> = text.split(|c: char| !is_word(c)).collect();
    let named = environment.iter().filter(|(name, _)| words.contains("secrets") && words.contains(name.as_str()));
    Redactor::new(named.map(|(_, value)| value.as_str()).chain(unnamed(environment)))
}

/// Passwords that need not be declared.
fn unnamed(environment: &BTreeMap<String, String>) -> impl Iterator<Item = &str> {
    environment.get("REDIS_PASSWORD").into_iter().map(String::as_str)
}

/// The process environment, completed with `.env` in the scenario's folder.
pub(super) fn environment(folder: Option<&Path>) -> Result<BTreeMap<String, String>, ScenarioError> {
    let mut all = template::process();
    let Some(folder) = folder else { return Ok(all) };
    let mut own = BTreeMap::new();
    // The last definition of a name is used, as in a shell.
    own.extend(dotenv::read(&folder.join(".env"))?);
    for (name, value) in own {
        all.entry(name).or_insert(value);
    }
    Ok(all)
}
