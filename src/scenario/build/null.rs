//! Words for null of other languages, which are strings here.

use super::Builder;
use crate::scenario::node::{Kind, Node};

const WORDS: [&str; 4] = ["none", "nil", "undefined", "null"];

impl Builder<'_> {
    /// Warns of a value that means null to whoever wrote it, and is a string. In quotes it is meant.
    pub(super) fn meant_as_null(&mut self, node: &Node) {
        let Kind::Text(text) = &node.kind else { return };
        if WORDS.iter().any(|word| text.eq_ignore_ascii_case(word)) && self.sources.at(node.at.clone()) == text {
            let message = format!("`{text}` is the string {text:?}");
            self.warn(
                node.at.clone(),
                message,
                format!("write null for no value, or {text:?} in quotes for the string"),
            );
        }
    }
}
