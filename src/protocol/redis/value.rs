//! Values of responses, as the `redis` crate parses them.

use ::redis::{Value, parse_redis_value};
use serde_json::Value as Json;

use super::resp::FormatError;

/// The value of a complete response. Numbers and strings, which most commands return, are read here: the parser of the
/// crate, which reads the rest, is made for responses that arrive in pieces.
///
/// # Errors
/// When it is not valid.
pub fn parse(response: &[u8]) -> Result<Value, FormatError> {
    let simple = || {
        let (kind, rest) = response.split_first()?;
        let line = &rest[..rest.iter().position(|byte| *byte == b'\r')?];
        match kind {
            b':' => std::str::from_utf8(line).ok()?.parse().ok().map(Value::Int),
            b'+' if line == b"OK" => Some(Value::Okay),
            b'_' => Some(Value::Nil),
            b'$' if line == b"-1" => Some(Value::Nil),
            b'$' => Some(Value::BulkString(rest.get(line.len() + 2..rest.len().checked_sub(2)?)?.to_vec())),
            _ => None,
        }
    };
    simple().map_or_else(|| parse_redis_value(response).map_err(|_| FormatError::Malformed("invalid value")), Ok)
}

/// Converts to JSON; invalid UTF-8 becomes replacement characters.
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Nil => Json::Null,
        Value::Int(number) => Json::from(*number),
        Value::Double(number) => Json::from(*number),
        Value::Boolean(is_true) => Json::from(*is_true),
        Value::Array(items) | Value::Set(items) | Value::Push { data: items, .. } => {
            items.iter().map(to_json).collect()
        }
        Value::Map(pairs) => pairs.iter().map(|(key, value)| (key_text(key), to_json(value))).collect(),
        Value::Attribute { data, .. } => to_json(data),
        Value::ServerError(error) => Json::from(error_text(error)),
        other => bytes(other).map_or(Json::Null, |bytes| Json::from(String::from_utf8_lossy(bytes))),
    }
}

fn key_text(key: &Value) -> String {
    match to_json(key) {
        Json::String(text) => text,
        other => other.to_string(),
    }
}

/// The bytes of a string of any kind, or of a big number; `None` for any other value.
pub fn bytes(value: &Value) -> Option<&[u8]> {
    match value {
        Value::BulkString(bytes) | Value::BigNumber(bytes) => Some(bytes),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Some(text.as_bytes()),
        Value::Okay => Some(b"OK"),
        Value::Attribute { data, .. } => bytes(data),
        _ => None,
    }
}

/// The contents of a string; empty for any other value.
pub fn text(value: &Value) -> String {
    bytes(value).map_or_else(String::new, |bytes| String::from_utf8_lossy(bytes).into_owned())
}

/// An error response as the server wrote it: its code, and what follows.
pub fn error_text(error: &::redis::ServerError) -> String {
    match error.details() {
        Some(details) => format!("{} {details}", error.code()),
        None => error.code().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_kinds_of_values_become_json() {
        for (response, expected) in [
            ("+OK\r\n", json!("OK")),
            (":-3\r\n", json!(-3)),
            (",1.5\r\n", json!(1.5)),
            (",inf\r\n", json!(null)),
            ("#t\r\n", json!(true)),
            ("_\r\n", json!(null)),
            ("$0\r\n\r\n", json!("")),
            ("$2\r\n\r\n\r\n", json!("\r\n")),
            ("+PONG\r\n", json!("PONG")),
            ("$-1\r\n", json!(null)),
            ("$3\r\na\r\n\r\n", json!("a\r\n")),
            ("=7\r\ntxt:abc\r\n", json!("abc")),
            ("(123456789012345678901234567890\r\n", json!("123456789012345678901234567890")),
            ("*2\r\n:1\r\n*1\r\n$1\r\nx\r\n", json!([1, ["x"]])),
            ("%2\r\n+a\r\n:1\r\n:2\r\n~1\r\n+b\r\n", json!({"a": 1, "2": ["b"]})),
            ("|1\r\n+ttl\r\n:3\r\n:7\r\n", json!(7)),
            ("-ERR broken\r\n", json!("ERR broken")),
        ] {
            let theirs = parse_redis_value(response.as_bytes()).unwrap();
            assert_eq!((to_json(&theirs), parse(response.as_bytes())), (expected, Ok(theirs)), "{response:?}");
        }
        let Ok(Value::ServerError(error)) = parse_redis_value(b"!5\r\nOOM x\r\n") else { panic!("no error") };
        assert_eq!((error.code(), error_text(&error).as_str()), ("OOM", "OOM x"));
        assert_eq!(to_json(&parse_redis_value(b"$2\r\n\xff\xfe\r\n").unwrap()), json!("\u{fffd}\u{fffd}"));
    }
}
