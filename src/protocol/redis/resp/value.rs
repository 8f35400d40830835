//! Parses a complete response.

use serde_json::Value as Json;

use super::format::FormatError;
use super::inbox::{length, line};

/// Maximum depth of nesting.
const MAX_DEPTH: usize = 32;

/// The value of a response.
#[derive(Debug, Clone, PartialEq)]
pub enum RedisValue {
    /// Null.
    Null,
    /// An integer.
    Int(i64),
    /// A double.
    Double(f64),
    /// A boolean.
    Bool(bool),
    /// A string of any kind, or a big number.
    Text(Vec<u8>),
    /// An error: a code and a message.
    Error(String),
    /// An array, a set or a push.
    List(Vec<RedisValue>),
    /// A map.
    Map(Vec<(RedisValue, RedisValue)>),
}

impl RedisValue {
    /// Parses a response that [`Inbox`](super::Inbox) has delimited.
    ///
    /// # Errors
    /// When it is invalid inside, or nested too deeply.
    pub fn read(response: &[u8]) -> Result<Self, FormatError> {
        ValueParser { rest: response }.value(0)
    }

    /// The contents of a string; empty for any other value.
    pub fn into_text(self) -> String {
        match self {
            RedisValue::Text(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            _ => String::new(),
        }
    }

    /// Converts to JSON; invalid UTF-8 becomes replacement characters.
    pub fn to_json(&self) -> Json {
        match self {
            RedisValue::Null => Json::Null,
            RedisValue::Int(n) => Json::from(*n),
            RedisValue::Double(n) => Json::from(*n),
            RedisValue::Bool(b) => Json::from(*b),
            RedisValue::Text(bytes) => Json::from(String::from_utf8_lossy(bytes)),
            RedisValue::Error(text) => Json::from(text.as_str()),
            RedisValue::List(items) => items.iter().map(RedisValue::to_json).collect(),
            RedisValue::Map(pairs) => Json::Object(pairs.iter().map(|(k, v)| (k.key(), v.to_json())).collect()),
        }
    }

    fn key(&self) -> String {
        match self.to_json() {
            Json::String(text) => text,
            other => other.to_string(),
        }
    }
}

struct ValueParser<'a> {
    rest: &'a [u8],
}

impl<'a> ValueParser<'a> {
    fn line(&mut self) -> Result<&'a [u8], FormatError> {
        let line = line(self.rest).ok_or(FormatError::Malformed("incomplete line"))?;
        self.rest = &self.rest[line.len() + 2..];
        Ok(line)
    }

    fn bytes(&mut self, count: u64) -> Result<&'a [u8], FormatError> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let bytes = self.rest.get(..count).ok_or(FormatError::Malformed("incomplete string"))?;
        self.rest = self.rest.get(count + 2..).unwrap_or_default();
        Ok(bytes)
    }

    fn value(&mut self, depth: usize) -> Result<RedisValue, FormatError> {
        if depth > MAX_DEPTH {
            return Err(FormatError::Malformed("nested too deeply"));
        }
        let line = self.line()?;
        let (kind, rest) = line.split_first().ok_or(FormatError::Malformed("an empty line"))?;
        let text = || String::from_utf8_lossy(rest).into_owned();
        Ok(match kind {
            b'+' | b'(' => RedisValue::Text(rest.to_vec()),
            b'-' => RedisValue::Error(text()),
            b':' => RedisValue::Int(text().parse().map_err(|_| FormatError::Malformed("invalid number"))?),
            b',' => RedisValue::Double(text().parse().map_err(|_| FormatError::Malformed("invalid number"))?),
            b'#' => RedisValue::Bool(rest == b"t"),
            b'_' => RedisValue::Null,
            b'$' | b'=' | b'!' => match length(rest)? {
                None => RedisValue::Null,
                Some(count) => {
                    let bytes = self.bytes(count)?;
                    match kind {
                        b'!' => RedisValue::Error(String::from_utf8_lossy(bytes).into_owned()),
                        // The first four bytes name the format: `txt:`.
                        b'=' => RedisValue::Text(bytes.get(4..).unwrap_or_default().to_vec()),
                        _ => RedisValue::Text(bytes.to_vec()),
                    }
                }
            },
            b'*' | b'~' | b'>' => match length(rest)? {
                None => RedisValue::Null,
                Some(count) => RedisValue::List((0..count).map(|_| self.value(depth + 1)).collect::<Result<_, _>>()?),
            },
            b'%' | b'|' => {
                let count = length(rest)?.unwrap_or(0);
                let pair = |_| Ok((self.value(depth + 1)?, self.value(depth + 1)?));
                let pairs = (0..count).map(pair).collect::<Result<_, FormatError>>()?;
                if *kind == b'|' {
                    // Attributes of the response that follows.
                    return self.value(depth + 1);
                }
                RedisValue::Map(pairs)
            }
            _ => return Err(FormatError::Malformed("unknown type of value")),
        })
    }
}

/// The first four elements of a flat array or push of strings and numbers, without copying: the form of messages.
/// Missing elements are empty. `None` for any other response.
pub fn flat_elements(response: &[u8]) -> Option<[&[u8]; 4]> {
    let mut reader = ValueParser { rest: response };
    let (kind, count) = reader.line().ok()?.split_first()?;
    if !matches!(kind, b'*' | b'>') {
        return None;
    }
    let count = length(count).ok()??;
    let mut found: [&[u8]; 4] = [b""; 4];
    for slot in found.iter_mut().take(usize::try_from(count).unwrap_or(0)) {
        let (kind, rest) = reader.line().ok()?.split_first()?;
        *slot = match kind {
            b'$' => match length(rest).ok()? {
                Some(count) => reader.bytes(count).ok()?,
                None => b"",
            },
            b'+' | b':' | b'_' => rest,
            _ => return None,
        };
    }
    Some(found)
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
            ("$-1\r\n", json!(null)),
            ("$3\r\na\r\n\r\n", json!("a\r\n")),
            ("=7\r\ntxt:abc\r\n", json!("abc")),
            ("(123456789012345678901234567890\r\n", json!("123456789012345678901234567890")),
            ("*2\r\n:1\r\n*1\r\n$1\r\nx\r\n", json!([1, ["x"]])),
            ("%2\r\n+a\r\n:1\r\n:2\r\n~1\r\n+b\r\n", json!({"a": 1, "2": ["b"]})),
            ("|1\r\n+ttl\r\n:3\r\n:7\r\n", json!(7)),
            ("-ERR broken\r\n", json!("ERR broken")),
        ] {
            assert_eq!(RedisValue::read(response.as_bytes()).unwrap().to_json(), expected, "{response:?}");
        }
        assert_eq!(RedisValue::read(b"!5\r\nOOM x\r\n"), Ok(RedisValue::Error("OOM x".into())));
        assert_eq!(RedisValue::read(b"$2\r\n\xff\xfe\r\n").unwrap().to_json(), json!("\u{fffd}\u{fffd}"));
        assert!(RedisValue::read("*1\r\n".repeat(50).as_bytes()).is_err());
    }

    #[test]
    fn messages_are_parsed_flat() {
        for (response, expected) in [
            ("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n", Some(["message", "c", "hi", ""])),
            (">4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\nc\r\n$0\r\n\r\n", Some(["pmessage", "*", "c", ""])),
            (">3\r\n+subscribe\r\n$1\r\nc\r\n:1\r\n", Some(["subscribe", "c", "1", ""])),
            ("*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n", Some(["unsubscribe", "", "0", ""])),
            (":1\r\n", None),
            ("*1\r\n*0\r\n", None),
        ] {
            let expected = expected.map(|items| items.map(str::as_bytes));
            assert_eq!(flat_elements(response.as_bytes()), expected, "{response:?}");
        }
    }
}
