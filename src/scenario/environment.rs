//! Environment variables available to a scenario, and which of them are secrets.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

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

/// Variables that `env` can use.
#[derive(Debug, Default)]
pub(super) struct Environment {
    /// Names and values: those of the process, completed with `.env` in the scenario's folder.
    pub values: Arc<BTreeMap<String, String>>,
    /// Variables in lines of `.env` that cannot be read, and why; an empty name stands for all others, if the whole file
    /// cannot be read.
    pub unreadable: Arc<BTreeMap<String, String>>,
    /// Warning about such lines. None for the `.env` of the current folder, about which the program warns itself.
    pub warning: Option<String>,
}

impl Environment {
    /// Reads the variables.
    pub fn read(folder: Option<&Path>) -> Self {
        let mut values = template::process();
        let Some(folder) = folder else { return Self { values: Arc::new(values), ..Self::default() } };
        let file = dotenv::read(&folder.join(".env"));
        let same = |here: std::path::PathBuf| Some(here.canonicalize().ok()? == folder.canonicalize().ok()?);
        let here = std::env::current_dir().ok().and_then(same) == Some(true);
        let warning = file.warning().filter(|_| !here);
        // The last definition of a name is used, as in a shell.
        for (name, value) in file.values.into_iter().collect::<BTreeMap<_, _>>() {
            values.entry(name).or_insert(value);
        }
        // The variables of the current folder are those of the process.
        let others = if here { Vec::new() } else { dotenv::read(Path::new(".env")).unreadable };
        let unreadable =
            others.into_iter().chain(file.unreadable).filter_map(|line| Some((line.name?, line.error.brief)));
        Self { values: Arc::new(values), unreadable: Arc::new(unreadable.collect()), warning }
    }
}
