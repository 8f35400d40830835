//! Functions and filters in addition to those of minijinja.

use jiff::Timestamp;
use minijinja::value::{Kwargs, Serde, StringInput, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Value, filters};

use super::bounded::MAX_TEXT;
use super::context::with_rng;
use super::{digest, draw, error_text, fake, plain};
use crate::scenario::eval::json;

pub(super) fn register(env: &mut Environment<'static>) {
    env.add_function("random_int", random_int);
    env.add_function("random_float", random_float);
    env.add_function("random_string", random_string);
    env.add_function("uuid", uuid);
    env.add_function("choice", choice);
    env.add_function("now", now);
    digest::register(env);
    draw::register(env);
    env.add_filter("jsonpath", jsonpath);
    // The library's versions write True and None.
    env.add_filter("string", string);
    env.add_filter("join", join);
    env.add_global("fake", Value::from_object(fake::Fake));
}

/// Whether the library formats the value differently from JSON.
fn is_foreign(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::Bool | ValueKind::None | ValueKind::Seq | ValueKind::Iterable | ValueKind::Map)
}

fn string(state: &State, value: &Value) -> Result<Value, Error> {
    if !is_foreign(value) {
        return filters::string(state, value);
    }
    plain::shown(value).map(Value::from).map_err(|e| wrong(e.0))
}

/// Lists longer than this are joined by the library.
const MAX_JOINED: usize = 100_000;

fn join(
    state: &mut State,
    list: &Value,
    separator: Option<StringInput<'_>>,
    attribute: Option<&str>,
    named: Kwargs,
) -> Result<Value, Error> {
    let by_attribute = attribute.is_some() || named.has("attribute");
    let is_list = matches!(list.kind(), ValueKind::Seq | ValueKind::Iterable);
    let short = list.len().is_some_and(|length| length <= MAX_JOINED);
    if by_attribute || !is_list || !short {
        return filters::join(state, list, separator, attribute, named);
    }
    let (mut items, mut left) = (Vec::new(), MAX_TEXT);
    for item in list.try_iter()? {
        if !is_foreign(&item) {
            items.push(item);
            continue;
        }
        let mut text = String::new();
        plain::append(&item, left, &mut text).map_err(|e| wrong(e.0))?;
        left = left.saturating_sub(text.len());
        items.push(text.into());
    }
    filters::join(state, &items.into(), separator, attribute, named)
}

fn wrong(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, text.into())
}

fn random_int(low: i64, high: i64) -> Result<i64, Error> {
    if low > high {
        return Err(wrong(format!("random_int({low}, {high}): the first number must not be above the second")));
    }
    Ok(with_rng(|rng| rng.i64(low..=high)))
}

fn random_float(low: f64, high: f64) -> Result<f64, Error> {
    // Also rejects NaN and infinity.
    if low > high || !(high - low).is_finite() {
        return Err(wrong(format!("random_float({low}, {high}): the first number must not be above the second")));
    }
    Ok(with_rng(|rng| low + rng.f64() * (high - low)))
}

fn random_string(length: usize) -> Result<String, Error> {
    if length > MAX_TEXT {
        return Err(wrong(format!("random_string({length}): at most {MAX_TEXT} characters")));
    }
    Ok(with_rng(|rng| (0..length).map(|_| rng.alphanumeric()).collect()))
}

/// A version 4 UUID.
fn uuid() -> String {
    let random = with_rng(|rng| rng.u128(..));
    let bits = (random & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn choice(list: &Value) -> Result<Value, Error> {
    let wrong = |what: &str| wrong(format!("choice(list): {what}"));
    if !matches!(list.kind(), ValueKind::Seq | ValueKind::Iterable) {
        let kind = match list.kind() {
            ValueKind::String | ValueKind::Bytes => "a string".to_owned(),
            kind => error_text::kind(&kind.to_string()).to_owned(),
        };
        return Err(wrong(&format!("expected a list, found {kind}: write choice([\"a\", \"b\"])")));
    }
    let length = list.len().ok_or_else(|| wrong("expected a list"))?;
    if length == 0 {
        return Err(wrong("the list is empty"));
    }
    let index = with_rng(|rng| rng.usize(..length));
    list.get_item_by_index(index).map_err(|_| wrong("expected a list"))
}

/// The current time in RFC 3339, or in a `strftime` format; `unix` and `unix_ms` are numbers.
fn now(format: Option<&str>) -> Result<Value, Error> {
    let now = Timestamp::now();
    Ok(match format {
        None => Value::from(format!("{now:.3}")),
        Some("unix") => Value::from(now.as_second()),
        Some("unix_ms") => Value::from(now.as_millisecond()),
        Some(format) => {
            let utc = now.to_zoned(jiff::tz::TimeZone::UTC);
            let text = jiff::fmt::strtime::format(format, &utc).map_err(|e| wrong(format!("now({format:?}): {e}")))?;
            Value::from(text)
        }
    })
}

/// The first value that the path finds in a value or a JSON string.
fn jsonpath(value: &Value, path: &str) -> Result<Value, Error> {
    let path = serde_json_path::JsonPath::parse(path).map_err(|e| wrong(format!("jsonpath({path:?}): {e}")))?;
    let json: serde_json::Value = match value.as_str() {
        Some(text) => serde_json::from_str(text).map_err(|e| wrong(json::refusal("jsonpath: the text", &e)))?,
        None => serde_json::to_value(value).map_err(|e| wrong(format!("jsonpath: {e}")))?,
    };
    Ok(path.query(&json).first().map_or(Value::UNDEFINED, |found| Value::from(Serde(found))))
}
