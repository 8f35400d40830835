//! The entries of a map whose keys are known.

use std::ops::Range;

use crate::scenario::grammar::actions;
use crate::scenario::syntax::node::{Key, Node};

/// The entries of a map whose keys are known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'n>(pub &'n [(Key, Node)]);

impl<'n> Fields<'n> {
    pub fn get(&self, name: &str) -> Option<&'n Node> {
        self.0.iter().find(|(k, _)| k.name == name).map(|(_, v)| v)
    }

    pub fn key(&self, name: &str) -> Option<Range<usize>> {
        self.0.iter().find(|(k, _)| k.name == name).map(|(k, _)| k.at.clone())
    }

    /// Where these are the keys of a step: the lists of steps inside it.
    pub fn step_lists(self) -> impl Iterator<Item = &'n Node> {
        self.0.iter().filter(|(k, _)| actions::is_step_list(&k.name)).map(|(_, list)| list)
    }
}

/// What a message calls something: a key is in quotes, words are not.
pub(super) fn quoted(what: &str) -> String {
    if what.contains(' ') { what.to_owned() } else { format!("`{what}`") }
}
