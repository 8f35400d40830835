//! Expectations: pure functions that compare a [`ResponseView`] with what is expected.

mod actual;

use std::fmt;
use std::sync::Arc;

use http::HeaderName;
use serde_json::Value as Json;

use self::actual::{Actual, MAX_ACTUAL, compare, plain};
use super::operator::Operator;
use super::path::Path;
use super::response::{ResponseView, Selected};
use super::status::StatusRange;
use super::template::{RenderError, Scope, Template};
use crate::scenario::grammar::hints;
use crate::units;

/// A compiled line of `expect`.
#[derive(Debug, Clone)]
pub struct Expect {
    /// What is compared.
    pub subject: Subject,
    /// What it is compared with.
    pub matcher: Matcher,
    /// For failure reasons: `json $.total > 100`. The same for all its failures, so that they are grouped.
    pub words: Arc<str>,
}

/// The subject of an expectation.
#[derive(Debug, Clone)]
pub enum Subject {
    /// The status code.
    Status,
    /// From sending to the last byte, in seconds.
    Time,
    /// A header; several lines with the same name are one value, joined by `, ` (RFC 9110, section 5.3).
    Header(HeaderName),
    /// The body as a string.
    Body,
    /// A value in the JSON of the body.
    Json(Path),
    /// Bytes of the body, decompressed.
    Size,
}

/// Tests that must all pass.
#[derive(Debug, Clone)]
pub struct Matcher(pub Vec<Test>);

/// One test.
#[derive(Debug, Clone)]
pub enum Test {
    /// Equal to this value.
    Equals(Operand),
    /// One of these values.
    In(Vec<Operand>),
    /// Ordered before or after this value: numbers by value, strings alphabetically.
    Compare(Operator, Operand),
    /// A string with this substring, a list with this item, a map with this key.
    Contains(Operand),
    /// A string with this prefix.
    StartsWith(Operand),
    /// A string with this suffix.
    EndsWith(Operand),
    /// A string that matches this pattern.
    Matches(regex::Regex),
    /// Whether the value exists.
    Exists(bool),
    /// Characters of a string, items of a list, keys of a map.
    Length(Box<Matcher>),
    /// Passes when the inner tests fail.
    Not(Box<Matcher>),
}

/// The value to compare with.
#[derive(Debug, Clone)]
pub enum Operand {
    /// A constant.
    Fixed(Json),
    /// A constant with its own notation: a time of 1 as `1s`.
    Shown(Json, Arc<str>),
    /// A template, its source for messages, and the unit of its value.
    Filled(Template, Arc<str>, Unit),
}

/// The unit of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// No unit.
    Plain,
    /// A duration; a number without unit is seconds.
    Time,
    /// Bytes.
    Size,
    /// A status, a class such as `2xx`, or a list of them.
    Status,
}

/// Appended to the words of an expectation whose template failed.
pub const TEMPLATE_FAILED: &str = " (but its template failed)";

/// An expectation that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, got {actual}")]
pub struct Mismatch {
    /// [`Expect::words`], followed by [`TEMPLATE_FAILED`] if a template is at fault and not the response. Failures are
    /// grouped by it.
    pub expected: Arc<str>,
    /// The actual value, at most 200 characters; differs between failures.
    pub actual: String,
}

impl Expect {
    /// Compares the response.
    ///
    /// # Errors
    /// When it does not match, or a template in the expectation fails.
    pub fn check(&self, response: &ResponseView<'_>, scope: &mut Scope) -> Result<(), Mismatch> {
        self.check_showing(response, scope, MAX_ACTUAL)
    }

    /// Like [`check`](Self::check); the mismatch has the whole value.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn check_in_full(&self, response: &ResponseView<'_>, scope: &mut Scope) -> Result<(), Mismatch> {
        self.check_showing(response, scope, usize::MAX)
    }

    fn check_showing(&self, response: &ResponseView<'_>, scope: &mut Scope, most: usize) -> Result<(), Mismatch> {
        let actual = self.subject.of(response);
        if let Actual::Unreadable(what) = actual {
            return Err(Mismatch { expected: Arc::clone(&self.words), actual: what.to_owned() });
        }
        match self.matcher.matches(&actual, scope) {
            Ok(true) => Ok(()),
            Ok(false) => {
                let mut shown = actual.shown(&scope.secrets, most);
                if shown == "no such value"
                    && let Subject::Json(path) = &self.subject
                    && let Some(advice) = hints::length(path.text())
                {
                    shown = format!("{shown}; {advice}");
                }
                Err(Mismatch { expected: Arc::clone(&self.words), actual: shown })
            }
            Err(error) => {
                let expected = format!("{}{TEMPLATE_FAILED}", self.words).into();
                Err(Mismatch { expected, actual: scope.secrets.clip(&format!("an error: {error}"), MAX_ACTUAL) })
            }
        }
    }

    /// Whether the body must be kept for this expectation.
    pub fn reads_body(&self) -> bool {
        matches!(self.subject, Subject::Body | Subject::Json(_))
    }
}

impl Subject {
    fn of<'a>(&self, response: &'a ResponseView<'_>) -> Actual<'a> {
        use std::borrow::Cow::Owned;
        match self {
            Subject::Status => Actual::Status(response.status, response.status.into()),
            Subject::Time => Actual::Time(Owned(response.elapsed.as_secs_f64().into())),
            Subject::Size => Actual::One(Owned(response.size.into())),
            Subject::Body => Actual::Text(String::from_utf8_lossy(response.text()).into_owned().into()),
            Subject::Header(name) => {
                let lines = response.headers.all().get_all(name).iter();
                let lines: Vec<_> = lines.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
                if lines.is_empty() { Actual::Missing("no such header") } else { Actual::Text(lines.join(", ").into()) }
            }
            Subject::Json(path) => match response.select(path) {
                Selected::NotJson => Actual::Unreadable(response.not_json()),
                Selected::Found(mut found) if path.is_single() => match found.pop() {
                    None => Actual::Missing("no such value"),
                    Some(one) => Actual::One(one),
                },
                Selected::Found(many) => Actual::Many(many),
            },
        }
    }
}

impl Matcher {
    /// Whether a value passes all tests, for responses that are not HTTP.
    ///
    /// # Errors
    /// When a template in it fails.
    pub fn accepts(&self, value: &Json, scope: &mut Scope) -> Result<bool, RenderError> {
        self.matches(&Actual::One(std::borrow::Cow::Borrowed(value)), scope)
    }

    fn matches(&self, actual: &Actual<'_>, scope: &mut Scope) -> Result<bool, RenderError> {
        for test in &self.0 {
            if !test.matches(actual, scope)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Test {
    fn matches(&self, actual: &Actual<'_>, scope: &mut Scope) -> Result<bool, RenderError> {
        match self {
            Test::Exists(wanted) => return Ok(*wanted == actual.exists()),
            Test::Not(inner) => return Ok(!inner.matches(actual, scope)?),
            Test::Length(inner) => {
                let Some(length) = actual.length() else { return Ok(false) };
                return inner.accepts(&length.into(), scope);
            }
            _ => {}
        }
        if let Test::Contains(operand) = self {
            let wanted = operand.value(scope)?;
            return Ok(actual.contains(&wanted));
        }
        let Some(value) = actual.value() else { return Ok(false) };
        Ok(match self {
            Test::Equals(operand) => actual.equals(&value, &*operand.value(scope)?),
            Test::In(operands) => {
                let mut found = false;
                for operand in operands {
                    let wanted = operand.value(scope)?;
                    let filled = matches!(operand, Operand::Filled(..) | Operand::Shown(..));
                    let list = wanted.as_array().filter(|_| filled);
                    found |= match list {
                        Some(all) => all.iter().any(|one| actual.equals(&value, one)),
                        None => actual.equals(&value, &wanted),
                    };
                }
                found
            }
            Test::Compare(Operator::Equal, operand) => actual.equals(&value, &*operand.value(scope)?),
            Test::Compare(Operator::Different, operand) => !actual.equals(&value, &*operand.value(scope)?),
            Test::Compare(operator, operand) => compare(*operator, &value, &*operand.value(scope)?),
            Test::StartsWith(operand) => plain(&value).starts_with(&*plain(&*operand.value(scope)?)),
            Test::EndsWith(operand) => plain(&value).ends_with(&*plain(&*operand.value(scope)?)),
            Test::Matches(pattern) => pattern.is_match(&plain(&value)),
            Test::Contains(_) | Test::Exists(_) | Test::Length(_) | Test::Not(_) => false,
        })
    }
}

impl Operand {
    /// The value to compare with: durations in seconds, sizes in bytes.
    ///
    /// # Errors
    /// When its template fails, or its value has the wrong type.
    pub fn value(&self, scope: &mut Scope) -> Result<std::borrow::Cow<'_, Json>, RenderError> {
        match self {
            Operand::Fixed(value) | Operand::Shown(value, _) => Ok(std::borrow::Cow::Borrowed(value)),
            Operand::Filled(template, _, unit) => {
                let value = template.value(scope)?;
                unit.read(super::template::to_json(&value)?).map(std::borrow::Cow::Owned)
            }
        }
    }
}

impl Unit {
    /// Converts the value of a template as its literal would be.
    fn read(self, value: Json) -> Result<Json, RenderError> {
        let text = plain(&value);
        match self {
            Unit::Plain => Ok(value),
            Unit::Time => match units::parse_duration(&text) {
                Ok(time) => Ok(time.as_secs_f64().into()),
                Err(error) => Err(RenderError(error.to_string())),
            },
            Unit::Size => match units::parse_size(&text) {
                Some(size) => Ok(size.into()),
                None => Err(RenderError(format!("{value} is not a size"))),
            },
            Unit::Status => {
                let one = |value: &Json| {
                    let text = plain(value);
                    StatusRange::class(&text).is_some()
                        || text.parse().is_ok_and(|code: u16| (100..=599).contains(&code))
                };
                let all = value.as_array().map_or_else(|| one(&value), |all| !all.is_empty() && all.iter().all(one));
                let wrong = || RenderError(format!("{value} is not a status"));
                if all { Ok(value) } else { Err(wrong()) }
            }
        }
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, test) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(" and ")?;
            }
            test.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Test::Equals(operand) => operand.fmt(f),
            Test::In(operands) => {
                for (i, operand) in operands.iter().enumerate() {
                    write!(f, "{}{operand}", if i > 0 { " or " } else { "" })?;
                }
                Ok(())
            }
            Test::Compare(operator, operand) => write!(f, "{} {operand}", operator.sign()),
            Test::Contains(operand) => write!(f, "contains {operand}"),
            Test::StartsWith(operand) => write!(f, "starts with {operand}"),
            Test::EndsWith(operand) => write!(f, "ends with {operand}"),
            Test::Matches(pattern) => write!(f, "matches {pattern}"),
            Test::Exists(true) => f.write_str("exists"),
            Test::Exists(false) => f.write_str("does not exist"),
            Test::Length(inner) => write!(f, "length {inner}"),
            Test::Not(inner) => write!(f, "not {inner}"),
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operand::Fixed(value) => value.fmt(f),
            Operand::Shown(_, text) | Operand::Filled(_, text, _) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests;
