//! Compiles expected values: a literal, a comparison such as `> 100`, a list, or a map of operators.

use serde_json::Value as Json;

use super::builder::Builder;
use super::fields::Fields;
use crate::scenario::eval::expect::{Matcher, Operand, Test, Unit};
use crate::scenario::eval::operator::Operator;
use crate::scenario::eval::status::StatusRange;
use crate::scenario::eval::template;
use crate::scenario::eval::template::{Scope, Template};
use crate::scenario::grammar::hints;
use crate::scenario::grammar::keys::OPERATORS;
use crate::scenario::grammar::table;
use crate::scenario::syntax::node::{Kind, Node};
use crate::units;

/// Note for invalid patterns.
pub(super) const PATTERN_ADVICE: &str =
    r"escape a literal ( [ { . * + ? or | with \, and put the pattern into single quotes";

/// From here on, a bare number of seconds is probably a mistake in a response time.
const MANY_SECONDS: f64 = 60.0;

impl Builder<'_> {
    pub(super) fn matcher(&mut self, node: &Node, unit: Unit) -> Option<Matcher> {
        match &node.kind {
            Kind::Map(entries) => {
                let allowed: Vec<&str> = table::names(OPERATORS.keys);
                self.rules(Fields(entries), &node.at, OPERATORS.what, OPERATORS.rules);
                if entries.is_empty() {
                    return None;
                }
                let mut tests = Vec::with_capacity(entries.len());
                let mut right = true;
                for (key, value) in entries {
                    if !allowed.contains(&key.name.as_str()) {
                        self.diagnostics.unknown(
                            key.at.clone(),
                            &key.name,
                            &allowed,
                            hints::key(OPERATORS.kind, &key.name),
                        );
                        right = false;
                        continue;
                    }
                    match self.test(&key.name, value, unit) {
                        Some(test) => tests.push(test),
                        None => right = false,
                    }
                }
                right.then_some(Matcher(tests))
            }
            Kind::List(items) => {
                if items.is_empty() {
                    self.error(node, "this list is empty: nothing could match");
                    return None;
                }
                self.operands(items, unit).map(|all| Matcher(vec![Test::In(all)]))
            }
            Kind::Text(text) => {
                let trimmed = text.trim();
                let begins = |operator: &Operator| trimmed.starts_with(operator.sign());
                let Some(operator) = Operator::ALL.into_iter().find(begins) else { return self.literal(node, unit) };
                let sign = operator.sign();
                let rest = trimmed.trim_start_matches(sign).trim();
                if rest.is_empty() {
                    self.error(node, format!("expected a value after `{sign}`"));
                    return None;
                }
                let operand = self.operand_text(node, rest, unit)?;
                Some(Matcher(vec![Test::Compare(operator, operand)]))
            }
            Kind::Null | Kind::Bool(_) | Kind::Number(..) => self.literal(node, unit),
        }
    }

    fn literal(&mut self, node: &Node, unit: Unit) -> Option<Matcher> {
        self.operand(node, unit).map(|operand| Matcher(vec![Test::Equals(operand)]))
    }

    fn test(&mut self, operator: &str, node: &Node, unit: Unit) -> Option<Test> {
        let compare = |operator| move |operand| Test::Compare(operator, operand);
        match operator {
            "eq" => self.operand(node, unit).map(Test::Equals),
            "ne" => self.operand(node, unit).map(compare(Operator::Different)),
            "gt" => self.operand(node, unit).map(compare(Operator::Greater)),
            "gte" => self.operand(node, unit).map(compare(Operator::AtLeast)),
            "lt" => self.operand(node, unit).map(compare(Operator::Less)),
            "lte" => self.operand(node, unit).map(compare(Operator::AtMost)),
            "in" if node.scalar().is_some_and(|text| text.contains("{{")) => {
                self.operand(node, unit).map(|list| match list {
                    Operand::Fixed(Json::Array(all)) => Test::In(all.into_iter().map(Operand::Fixed).collect()),
                    list => Test::In(vec![list]),
                })
            }
            "in" => {
                let items = self.list(node, "in")?;
                if items.is_empty() {
                    self.error(node, "this list is empty: nothing could match");
                }
                self.operands(items, unit).map(Test::In)
            }
            "contains" => self.operand(node, Unit::Plain).map(Test::Contains),
            "starts_with" => self.operand(node, Unit::Plain).map(Test::StartsWith),
            "ends_with" => self.operand(node, Unit::Plain).map(Test::EndsWith),
            "matches" => {
                let text = self.scalar(node, "matches")?;
                if text.contains("{{") && text.contains("}}") {
                    let note = "patterns are compiled when the file is loaded; contains, starts_with and ends_with take templates";
                    self.report(node.at.clone(), "templates are not allowed in a pattern", note);
                    return None;
                }
                match regex::RegexBuilder::new(&text).size_limit(MAX_PATTERN).build() {
                    Ok(pattern) => Some(Test::Matches(pattern)),
                    Err(e) => {
                        let message = format!("invalid pattern: {}", regex_error(&e));
                        self.report(node.at.clone(), message, PATTERN_ADVICE);
                        None
                    }
                }
            }
            "exists" => self.truth(node, "exists").map(Test::Exists),
            "length" => self.matcher(node, Unit::Plain).map(|m| Test::Length(Box::new(m))),
            // `not` is the only remaining operator.
            _ => self.matcher(node, unit).map(|m| Test::Not(Box::new(m))),
        }
    }

    /// Warns of a bare number of seconds that was probably meant as milliseconds.
    pub(super) fn bare_seconds(&mut self, node: &Node, text: &str) {
        if text.trim().parse::<f64>().is_ok_and(|seconds| seconds >= MANY_SECONDS) {
            let text = text.trim();
            let message = format!("{text} is {text} seconds: a bare number of a time is seconds");
            self.warn(node.at.clone(), message, format!("write {text}ms or {text}s"));
        }
    }

    fn operands(&mut self, items: &[Node], unit: Unit) -> Option<Vec<Operand>> {
        items.iter().map(|item| self.operand(item, unit)).collect()
    }

    fn operand(&mut self, node: &Node, unit: Unit) -> Option<Operand> {
        if unit != Unit::Plain
            && let Some(text) = node.scalar()
        {
            let text = text.to_owned();
            return self.operand_text(node, &text, unit);
        }
        Some(match self.template(node)? {
            Template::Constant(value) => Operand::Fixed(template::to_json(&value).unwrap_or(Json::Null)),
            filled => Operand::Filled(filled, node.scalar().unwrap_or("a value").into(), unit),
        })
    }

    /// Compiles an operand in text form, such as the part after `>`.
    fn operand_text(&mut self, node: &Node, text: &str, unit: Unit) -> Option<Operand> {
        if text.contains("{{") {
            let part = Node { at: node.at.clone(), kind: Kind::Text(text.to_owned()) };
            let filled = Operand::Filled(self.template(&part)?, text.into(), unit);
            if let Operand::Filled(Template::Constant(_), ..) = &filled {
                // Constant for the whole run.
                let found =
                    filled.value(&mut Scope::new(0, 0, self.names.vars.clone())).map(|value| value.into_owned());
                return match found {
                    Ok(value) => Some(Operand::Shown(value, text.into())),
                    Err(error) => {
                        self.error(node, error.0);
                        None
                    }
                };
            }
            return Some(filled);
        }
        match unit {
            Unit::Time => match units::parse_duration(text) {
                Ok(d) => {
                    self.bare_seconds(node, text);
                    Some(Operand::Shown(d.as_secs_f64().into(), units::plain(d).into()))
                }
                Err(e) => {
                    self.error(node, e.to_string());
                    None
                }
            },
            Unit::Size => match units::parse_size(text) {
                Some(size) => Some(Operand::Shown(size.into(), text.into())),
                None => {
                    self.error(node, format!("{text:?} is not a size: write 512, 10KB or 1MB"));
                    None
                }
            },
            Unit::Status if StatusRange::class(text).is_some() => Some(Operand::Shown(text.into(), text.into())),
            Unit::Status => match text.parse::<u16>() {
                Ok(code) if (100..=599).contains(&code) => Some(Operand::Fixed(code.into())),
                _ => {
                    let note = "write a number from 100 to 599, or a class such as 2xx";
                    self.report(node.at.clone(), format!("{text:?} is not a status"), note);
                    None
                }
            },
            Unit::Plain => {
                let number = text.parse::<i64>().map(Json::from).or_else(|_| text.parse::<f64>().map(Json::from));
                Some(Operand::Fixed(number.unwrap_or_else(|_| Json::from(text))))
            }
        }
    }
}

/// Maximum size of a compiled pattern in bytes.
pub(super) const MAX_PATTERN: usize = 1 << 20;
/// Maximum length of a path or selector: their parsers are recursive.
pub(super) const MAX_PATH: usize = 400;

/// The most useful line of a pattern error.
pub(super) fn regex_error(error: &regex::Error) -> String {
    if let regex::Error::CompiledTooBig(_) = error {
        return "it is too large".to_owned();
    }
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}
