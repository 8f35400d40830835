//! Compiles `expect`. Accepted statuses, the common case, become ranges; everything else becomes a list of
//! expectations.

use http::HeaderName;

use super::builder::Builder;
use super::matcher::MAX_PATH;
use super::unsatisfiable::Tested;
use crate::scenario::eval::expect::{Expect, Subject, Unit};
use crate::scenario::eval::path::Path;
use crate::scenario::eval::status::StatusRange;
use crate::scenario::grammar::hints;
use crate::scenario::grammar::keys;
use crate::scenario::grammar::table::Table;
use crate::scenario::plan::Accepted;
use crate::scenario::syntax::diagnostic::Diagnostic;
use crate::scenario::syntax::node::{Kind, Node};

impl Builder<'_> {
    pub(super) fn expect(&mut self, node: &Node) -> (Accepted, Vec<Expect>) {
        self.expectations(node, &keys::EXPECT)
    }

    /// Compiles the expectations allowed by this table.
    pub(super) fn expectations(&mut self, node: &Node, table: &Table) -> (Accepted, Vec<Expect>) {
        let (mut accepted, mut expects) = (Accepted::BelowError, Vec::new());
        let Some(fields) = self.fields(node, table) else { return (accepted, expects) };
        if let Some(status) = fields.get("status") {
            if is_plain_status(status) {
                accepted = self.statuses(status).map(Accepted::Ranges).unwrap_or_default();
            } else {
                accepted = Accepted::Judged;
                expects.extend(self.one(Subject::Status, "status", status, Unit::Status));
            }
        }
        if let Some(time) = fields.get("time") {
            expects.extend(self.one(Subject::Time, "time", time, Unit::Time));
        }
        if let Some(size) = fields.get("size") {
            expects.extend(self.one(Subject::Size, "size", size, Unit::Size));
        }
        for (key, value) in fields.get("header").and_then(|n| self.map(n, "header")).unwrap_or_default() {
            match HeaderName::try_from(key.name.as_str()) {
                Ok(name) => {
                    let words = format!("header {name}");
                    expects.extend(self.one(Subject::Header(name), &words, value, Unit::Plain));
                }
                Err(_) => {
                    let message = format!("{:?} is not a header name", key.name);
                    self.report(key.at.clone(), message, "letters, digits and - are allowed");
                }
            }
        }
        if let Some(body) = fields.get("body") {
            expects.extend(self.one(Subject::Body, "body", body, Unit::Plain));
        }
        for (key, value) in fields.get("json").and_then(|n| self.map(n, "json")).unwrap_or_default() {
            let words = format!("json {}", key.name);
            self.meant_as_null(value);
            if let Some(path) = self.path(&key.name, key.at.clone()) {
                expects.extend(self.one(Subject::Json(path), &words, value, Unit::Plain));
            }
        }
        (accepted, expects)
    }

    fn one(&mut self, subject: Subject, words: &str, node: &Node, unit: Unit) -> Option<Expect> {
        let tested = match unit {
            Unit::Time => Tested::Time,
            Unit::Size => Tested::Size,
            Unit::Status => Tested::Status,
            Unit::Plain => Tested::Any,
        };
        self.unsatisfiable(node, tested, false);
        let matcher = self.matcher(node, unit)?;
        let words = crate::clean::line(&format!("{words} {matcher}")).into_owned();
        Some(Expect { subject, matcher, words: words.into() })
    }

    /// Compiles a JSONPath; errors are reported at their position.
    pub(super) fn path(&mut self, text: &str, at: std::ops::Range<usize>) -> Option<Path> {
        if text.len() > MAX_PATH {
            self.diagnostics
                .errors
                .push(Diagnostic::new(at, format!("this JSONPath is longer than {MAX_PATH} characters")));
            return None;
        }
        match Path::new(text) {
            Ok(path) => Some(path),
            Err(e) => {
                // Account for a quote before the path.
                let written = self.sources.at(at.clone());
                let shift = written.find(text).unwrap_or(0) + e.position();
                let place = (at.start + shift).min(at.end.max(at.start));
                let why = match e.message() {
                    "parser error" => "unexpected input",
                    why => why,
                };
                let message = format!("invalid JSONPath {text:?}: {why}");
                let note = hints::path(text);
                let note = note.unwrap_or_else(|| "write a path such as $.items[0].id or $.items[*].id".to_owned());
                self.report(place..place + 1, message, note);
                None
            }
        }
    }

    fn statuses(&mut self, node: &Node) -> Option<Vec<StatusRange>> {
        if node.one_or_more().is_empty() {
            self.error(node, "this list of statuses is empty: no response could match");
            return None;
        }
        node.one_or_more().iter().map(|n| self.status(n)).collect()
    }

    fn status(&mut self, node: &Node) -> Option<StatusRange> {
        let text = self.scalar(node, "status")?;
        if let Some(class) = StatusRange::class(&text) {
            return Some(class);
        }
        match text.parse::<u16>() {
            Ok(code) if (100..=599).contains(&code) => Some(StatusRange { from: code, to: code }),
            _ => {
                let note = "write a number from 100 to 599, a class such as 2xx, or a list of them";
                self.report(node.at.clone(), format!("{text:?} is not a status"), note);
                None
            }
        }
    }
}

/// True for what ranges can express: a number, a class, or a list of these.
fn is_plain_status(node: &Node) -> bool {
    match &node.kind {
        Kind::Map(_) => false,
        Kind::Text(text) => !text.contains("{{") && !text.trim_start().starts_with(['<', '>', '=', '!']),
        _ => true,
    }
}
