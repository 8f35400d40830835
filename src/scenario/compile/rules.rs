//! Rules between the keys of a map: required keys, and keys that exclude each other.

use std::ops::Range;

use super::builder::Builder;
use super::fields::{Fields, quoted};
use crate::scenario::grammar::table::Rule;
use crate::scenario::syntax::node::Kind;

impl Builder<'_> {
    /// Reports violated rules; missing keys are reported at `at`.
    pub(super) fn rules(&mut self, fields: Fields<'_>, at: &Range<usize>, what: &str, rules: &[Rule]) {
        let is_set = |key: &str| fields.get(key).is_some();
        for rule in rules {
            let (missing, note) = match *rule {
                Rule::Required(key, note) if !is_set(key) => (format!("`{key}`"), note),
                Rule::AnyOf(keys, note) if !keys.iter().any(|key| is_set(key)) => (either(keys), note),
                Rule::OneOf(keys, note) => {
                    let mut given = keys.iter().filter(|key| is_set(key));
                    match (given.next(), given.next()) {
                        (Some(first), Some(second)) => {
                            self.keep_one(fields, first, second, note);
                            continue;
                        }
                        (Some(_), None) => continue,
                        (None, _) => (either(keys), note),
                    }
                }
                Rule::Excludes(first, second, note) if is_set(first) && is_set(second) => {
                    self.keep_one(fields, first, second, note);
                    continue;
                }
                Rule::OneTrue(first, second, note) => {
                    let is_true = |key: &str| fields.get(key).is_some_and(|node| matches!(node.kind, Kind::Bool(true)));
                    if is_true(first) && is_true(second) {
                        self.keep_one(fields, first, second, note);
                    }
                    continue;
                }
                Rule::Needs(key, other, note) if !is_set(other) => {
                    if let Some(at) = fields.key(key) {
                        self.report(at, format!("`{key}` requires `{other}`"), note);
                    }
                    continue;
                }
                Rule::NotEmpty(note) if fields.0.is_empty() => {
                    self.report(at.clone(), format!("{} is empty", quoted(what)), note);
                    continue;
                }
                _ => continue,
            };
            self.report(at.clone(), format!("{} requires {missing}", quoted(what)), note);
        }
    }

    fn keep_one(&mut self, fields: Fields<'_>, first: &str, second: &str, note: &str) {
        if let Some(at) = fields.key(second) {
            self.report(at, format!("both `{first}` and `{second}` are set; keep one"), note);
        }
    }
}

/// `a`, `b` or `c`.
fn either(keys: &[&str]) -> String {
    let quoted: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    match quoted.as_slice() {
        [most @ .., last] if !most.is_empty() => format!("{} or {last}", most.join(", ")),
        all => all.concat(),
    }
}
