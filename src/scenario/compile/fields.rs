//! Access to the entries of a map by key.

use std::ops::Range;

use crate::scenario::grammar::actions;
use crate::scenario::syntax::node::{Key, Node};

/// The entries of a map with known keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'n>(pub &'n [(Key, Node)]);

impl<'n> Fields<'n> {
    pub fn get(&self, name: &str) -> Option<&'n Node> {
        self.0.iter().find(|(k, _)| k.name == name).map(|(_, v)| v)
    }

    pub fn key(&self, name: &str) -> Option<Range<usize>> {
        self.0.iter().find(|(k, _)| k.name == name).map(|(k, _)| k.at.clone())
    }

    /// For the keys of a step: the step lists that it contains.
    pub fn step_lists(self) -> impl Iterator<Item = &'n Node> {
        self.0.iter().filter(|(k, _)| actions::is_step_list(&k.name)).map(|(_, list)| list)
    }
}

/// Formats a name for messages: keys are quoted, phrases are not.
pub(super) fn quoted(what: &str) -> String {
    if what.contains(' ') { what.to_owned() } else { format!("`{what}`") }
}
