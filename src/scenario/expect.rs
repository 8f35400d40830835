//! Judging a reply: pure functions over a [`ReplyView`].

use std::fmt;
use std::sync::Arc;

use http::HeaderName;
use serde_json::Value as Json;

use super::path::Path;
use super::plan::{Operator, StatusRange};
use super::reply::ReplyView;
use super::template::{RenderError, Scope, Template};
use crate::units;

/// One line of `expect`, compiled.
#[derive(Debug)]
pub struct Expect {
    /// What is looked at.
    pub subject: Subject,
    /// What it must be.
    pub matcher: Matcher,
    /// For the reason of a failure: `json $.total > 100`. The same for every failure of it, so that they are grouped.
    pub words: Arc<str>,
}

/// What an expectation looks at.
#[derive(Debug)]
pub enum Subject {
    /// The status code.
    Status,
    /// From the send to the last byte, in seconds.
    Time,
    /// The first line of a header.
    Header(HeaderName),
    /// The body as text.
    Body,
    /// A value in the JSON of the body.
    Json(Path),
    /// Bytes of the body, decompressed.
    Size,
}

/// Tests that must all hold.
#[derive(Debug)]
pub struct Matcher(pub Vec<Test>);

/// One test.
#[derive(Debug)]
pub enum Test {
    /// The value itself.
    Equals(Operand),
    /// One of these values.
    In(Vec<Operand>),
    /// Before or after in order: numbers as numbers, texts as texts.
    Compare(Operator, Operand),
    /// A text with this in it, a list with this item, a map with this key.
    Contains(Operand),
    /// A text that begins so.
    StartsWith(Operand),
    /// A text that ends so.
    EndsWith(Operand),
    /// A text in which this pattern is found.
    Matches(regex::Regex),
    /// It is there, or it is not.
    Exists(bool),
    /// Characters of a text, items of a list, keys of a map.
    Length(Box<Matcher>),
    /// Holds when the inner tests do not.
    Not(Box<Matcher>),
}

/// What is compared with.
#[derive(Debug)]
pub enum Operand {
    /// Known before the run.
    Fixed(Json),
    /// The same, shown in other words: a time of 1 as `1s`.
    Shown(Json, Arc<str>),
    /// Filled for every reply, its text for messages, and what a number in it means.
    Filled(Template, Arc<str>, Unit),
}

/// What a number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Itself.
    Plain,
    /// A length of time; a bare number is seconds.
    Time,
    /// Bytes.
    Size,
    /// A status, a class such as `2xx`, or a list of them.
    Status,
}

/// An expectation that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, got {got}")]
pub struct Mismatch {
    /// [`Expect::words`]; groups the failures.
    pub expected: Arc<str>,
    /// What came instead, at most 200 characters; differs from failure to failure.
    pub got: String,
}

/// A subject's value in one reply.
enum Got<'a> {
    Missing(&'static str),
    Status(u16, Json),
    /// A header or a body: a number in it is a text like any other.
    Text(Json),
    One(std::borrow::Cow<'a, Json>),
    Many(Vec<&'a Json>),
}

impl Expect {
    /// Whether the reply is as expected.
    ///
    /// # Errors
    /// When it is not, or a template in the expectation fails.
    pub fn judge(&self, reply: &ReplyView<'_>, scope: &mut Scope) -> Result<(), Mismatch> {
        let got = self.subject.of(reply);
        match self.matcher.holds(&got, scope) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Mismatch { expected: Arc::clone(&self.words), got: got.shown(&self.subject) }),
            Err(error) => Err(Mismatch { expected: Arc::clone(&self.words), got: format!("an error: {error}") }),
        }
    }

    /// Whether the body must be kept for it.
    pub fn reads_body(&self) -> bool {
        matches!(self.subject, Subject::Body | Subject::Json(_))
    }
}

impl Subject {
    fn of<'a>(&self, reply: &'a ReplyView<'_>) -> Got<'a> {
        use std::borrow::Cow::{Borrowed, Owned};
        match self {
            Subject::Status => Got::Status(reply.status, reply.status.into()),
            Subject::Time => Got::One(Owned(reply.elapsed.as_secs_f64().into())),
            Subject::Size => Got::One(Owned(reply.size.into())),
            Subject::Body => Got::Text(String::from_utf8_lossy(reply.body).into_owned().into()),
            Subject::Header(name) => match reply.headers.get(name) {
                Some(value) => Got::Text(String::from_utf8_lossy(value.as_bytes()).into_owned().into()),
                None => Got::Missing("no such header"),
            },
            Subject::Json(path) => match reply.json() {
                None if reply.body.is_empty() => Got::Missing("an empty body"),
                None => Got::Missing("a body that is not JSON"),
                Some(json) => match path.find(json).as_slice() {
                    [] => Got::Missing("no such value"),
                    [one] if path.is_single() => Got::One(Borrowed(one)),
                    many => Got::Many(many.to_vec()),
                },
            },
        }
    }
}

impl Matcher {
    /// Whether a single value passes, for answers that are no HTTP replies.
    ///
    /// # Errors
    /// When a template in it fails.
    pub fn accepts(&self, value: &Json, scope: &mut Scope) -> Result<bool, RenderError> {
        self.holds(&Got::One(std::borrow::Cow::Borrowed(value)), scope)
    }

    fn holds(&self, got: &Got<'_>, scope: &mut Scope) -> Result<bool, RenderError> {
        for test in &self.0 {
            if !test.holds(got, scope)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Test {
    fn holds(&self, got: &Got<'_>, scope: &mut Scope) -> Result<bool, RenderError> {
        match self {
            Test::Exists(wanted) => return Ok(*wanted != matches!(got, Got::Missing(_))),
            Test::Not(inner) => return Ok(!inner.holds(got, scope)?),
            Test::Length(inner) => {
                let Some(length) = got.length() else { return Ok(false) };
                return inner.accepts(&length.into(), scope);
            }
            _ => {}
        }
        if let Test::Contains(operand) = self {
            let wanted = operand.value(scope)?;
            return Ok(got.contains(&wanted));
        }
        let Some(value) = got.value() else { return Ok(false) };
        Ok(match self {
            Test::Equals(operand) => got.equals(&value, &*operand.value(scope)?),
            Test::In(operands) => {
                let mut found = false;
                for operand in operands {
                    let wanted = operand.value(scope)?;
                    let filled = matches!(operand, Operand::Filled(..) | Operand::Shown(..));
                    let list = wanted.as_array().filter(|_| filled);
                    found |= match list {
                        Some(all) => all.iter().any(|one| got.equals(&value, one)),
                        None => got.equals(&value, &wanted),
                    };
                }
                found
            }
            Test::Compare(Operator::Equal, operand) => got.equals(&value, &*operand.value(scope)?),
            Test::Compare(Operator::Different, operand) => !got.equals(&value, &*operand.value(scope)?),
            Test::Compare(operator, operand) => compare(*operator, &value, &*operand.value(scope)?),
            Test::StartsWith(operand) => plain(&value).starts_with(&*plain(&*operand.value(scope)?)),
            Test::EndsWith(operand) => plain(&value).ends_with(&*plain(&*operand.value(scope)?)),
            Test::Matches(pattern) => pattern.is_match(&plain(&value)),
            Test::Contains(_) | Test::Exists(_) | Test::Length(_) | Test::Not(_) => false,
        })
    }
}

impl Operand {
    /// The value to compare with: times in seconds, sizes in bytes.
    ///
    /// # Errors
    /// When its template fails, or gives no such value.
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
    /// A filled value as its literal form is read.
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
                None => Err(RenderError(format!("{} is not a size", shortened(value.to_string())))),
            },
            Unit::Status => {
                let one = |value: &Json| {
                    let text = plain(value);
                    StatusRange::class(&text).is_some()
                        || text.parse().is_ok_and(|code: u16| (100..=599).contains(&code))
                };
                let all = value.as_array().map_or_else(|| one(&value), |all| !all.is_empty() && all.iter().all(one));
                let wrong = || RenderError(format!("{} is not a status", shortened(value.to_string())));
                if all { Ok(value) } else { Err(wrong()) }
            }
        }
    }
}

/// Whether a status is the wanted one, of the wanted class, or one of a list.
fn is_status(status: u16, wanted: &Json) -> bool {
    match wanted {
        Json::Array(all) => all.iter().any(|one| is_status(status, one)),
        Json::String(text) => match StatusRange::class(text) {
            Some(class) => class.contains(status),
            None => text.parse() == Ok(status),
        },
        _ => wanted.as_u64() == Some(status.into()),
    }
}

impl Got<'_> {
    /// The one value: also of a path that could find several when it found one.
    fn value(&self) -> Option<std::borrow::Cow<'_, Json>> {
        match self {
            Got::Missing(_) => None,
            Got::Text(value) | Got::Status(_, value) => Some(std::borrow::Cow::Borrowed(value)),
            Got::One(value) => Some(std::borrow::Cow::Borrowed(value)),
            Got::Many(all) => match all.as_slice() {
                [one] => Some(std::borrow::Cow::Borrowed(one)),
                all => Some(std::borrow::Cow::Owned(all.iter().map(|v| (*v).clone()).collect())),
            },
        }
    }

    fn equals(&self, value: &Json, wanted: &Json) -> bool {
        match self {
            Got::Text(text) => plain(text) == plain(wanted),
            Got::Status(status, _) => is_status(*status, wanted),
            _ => equal(value, wanted),
        }
    }

    fn length(&self) -> Option<u64> {
        match self {
            Got::Missing(_) | Got::Status(..) => None,
            Got::Many(all) => Some(all.len() as u64),
            Got::Text(value) => length(value),
            Got::One(value) => length(value),
        }
    }

    fn contains(&self, wanted: &Json) -> bool {
        match self {
            Got::Missing(_) | Got::Status(..) => false,
            Got::Many(all) => all.iter().any(|item| equal(item, wanted)),
            Got::Text(value) => contains(value, wanted),
            Got::One(value) => contains(value, wanted),
        }
    }

    fn shown(&self, subject: &Subject) -> String {
        let text = match (self, subject) {
            (Got::Missing(what), _) => return (*what).to_owned(),
            (Got::One(value), Subject::Time) => {
                let seconds = value.as_f64().unwrap_or_default();
                return crate::units::latency(std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default());
            }
            (Got::Text(value) | Got::Status(_, value), _) => plain(value),
            (Got::One(value), _) => value.to_string(),
            (Got::Many(all), _) => {
                let shown: Vec<String> = all.iter().take(20).map(|v| v.to_string()).collect();
                format!("{} values: {}", all.len(), shown.join(", "))
            }
        };
        shortened(text)
    }
}

/// At most 200 characters.
fn shortened(text: String) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn length(value: &Json) -> Option<u64> {
    let length = match value {
        Json::String(text) => text.chars().count(),
        Json::Array(items) => items.len(),
        Json::Object(entries) => entries.len(),
        Json::Null | Json::Bool(_) | Json::Number(_) => return None,
    };
    Some(length as u64)
}

fn contains(value: &Json, wanted: &Json) -> bool {
    match value {
        Json::Array(items) => items.iter().any(|item| equal(item, wanted)),
        Json::Object(entries) => entries.contains_key(&plain(wanted)),
        Json::String(text) => text.contains(&plain(wanted)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

/// Numbers by value: `1` is `1.0`, also deep inside.
fn equal(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(a), Json::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => left == right,
    }
}

/// Before or after in order; other operators never come here.
fn compare(operator: Operator, left: &Json, right: &Json) -> bool {
    if let (Some(a), Some(b)) = (number(left), number(right)) {
        return operator.holds(a, b);
    }
    let (Json::String(a), Json::String(b)) = (left, right) else { return false };
    match operator {
        Operator::Less => a < b,
        Operator::AtMost => a <= b,
        Operator::Greater => a > b,
        Operator::AtLeast => a >= b,
        Operator::Equal | Operator::Different => false,
    }
}

/// A number, also one in a text: headers are texts.
fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Number(n) => n.as_f64(),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A value as text without quotes.
fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
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
