//! The actual value of a subject, and how it compares with the expected one.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::scenario::eval::operator::Operator;
use crate::scenario::eval::status::StatusRange;
use crate::scenario::secrets::Redactor;

/// Maximum characters of an actual value in a message.
pub(super) const MAX_ACTUAL: usize = 200;

/// The value of a subject in one response.
pub(super) enum Actual<'a> {
    Missing(&'static str),
    /// The body is not JSON: all tests fail, including `exists: false` and `not`.
    Unreadable(&'static str),
    Status(u16, Json),
    /// A header or body: numbers in it are compared as strings.
    Text(Json),
    /// Seconds.
    Time(Cow<'a, Json>),
    One(Cow<'a, Json>),
    Many(Vec<Cow<'a, Json>>),
}

/// Whether a status equals the expected one, is of its class, or is in a list.
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

impl Actual<'_> {
    /// Whether there is a value. A path that could find several values but finds none has no value.
    pub fn exists(&self) -> bool {
        match self {
            Actual::Missing(_) | Actual::Unreadable(_) => false,
            Actual::Many(all) => !all.is_empty(),
            Actual::Text(_) | Actual::Status(..) | Actual::Time(_) | Actual::One(_) => true,
        }
    }

    /// The single value, or the list of values of a path that finds several.
    pub fn value(&self) -> Option<Cow<'_, Json>> {
        match self {
            Actual::Missing(_) | Actual::Unreadable(_) => None,
            Actual::Text(value) | Actual::Status(_, value) => Some(Cow::Borrowed(value)),
            Actual::Time(value) | Actual::One(value) => Some(Cow::Borrowed(value)),
            Actual::Many(all) => match all.as_slice() {
                [one] => Some(Cow::Borrowed(one)),
                all => Some(Cow::Owned(all.iter().map(|v| v.clone().into_owned()).collect())),
            },
        }
    }

    pub fn equals(&self, value: &Json, wanted: &Json) -> bool {
        match self {
            Actual::Text(text) => plain(text) == plain(wanted),
            Actual::Status(status, _) => is_status(*status, wanted),
            _ => equal(value, wanted),
        }
    }

    pub fn length(&self) -> Option<u64> {
        match self {
            Actual::Missing(_) | Actual::Unreadable(_) | Actual::Status(..) | Actual::Time(_) => None,
            Actual::Many(all) => Some(all.len() as u64),
            Actual::Text(value) => length(value),
            Actual::One(value) => length(value),
        }
    }

    pub fn contains(&self, wanted: &Json) -> bool {
        match self {
            Actual::Missing(_) | Actual::Unreadable(_) | Actual::Status(..) | Actual::Time(_) => false,
            Actual::Many(all) => all.iter().any(|item| equal(item, wanted)),
            Actual::Text(value) => contains(value, wanted),
            Actual::One(value) => contains(value, wanted),
        }
    }

    /// The value as shown in messages, at most `most` characters.
    pub fn shown(&self, secrets: &Redactor, most: usize) -> String {
        let text = match self {
            Actual::Missing(what) | Actual::Unreadable(what) => return (*what).to_owned(),
            Actual::Time(value) => {
                let seconds = value.as_f64().unwrap_or_default();
                return crate::units::latency(std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default());
            }
            Actual::Text(value) | Actual::Status(_, value) => plain(value),
            Actual::One(value) => value.to_string(),
            Actual::Many(all) if all.is_empty() => return "no such value".to_owned(),
            Actual::Many(all) => {
                let shown: Vec<String> = all.iter().take(most / 10).map(|v| v.to_string()).collect();
                format!("{} values: {}", all.len(), shown.join(", "))
            }
        };
        if most == usize::MAX {
            return secrets.mask(&text).into_owned();
        }
        let mut shown = secrets.clip(&text, most + 1);
        if let Some((end, _)) = shown.char_indices().nth(most) {
            shown.truncate(end);
            shown.push('…');
        }
        shown
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

/// Compares numbers by value (`1` equals `1.0`), also inside lists and maps.
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

/// Compares by order. Not called for equality.
pub(super) fn compare(operator: Operator, left: &Json, right: &Json) -> bool {
    if let (Some(a), Some(b)) = (number(left), number(right)) {
        return operator.compare(a, b);
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

/// The number in a JSON number or string: header values are strings.
fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Number(n) => n.as_f64(),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A value as a string without quotes.
pub(super) fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
