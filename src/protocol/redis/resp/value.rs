//! A whole reply, read.

use serde_json::Value as Json;

use super::format::FormatError;
use super::inbox::{length, line};

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 32;

/// What a Redis answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// Any number.
    Double(f64),
    /// True or false.
    Bool(bool),
    /// Text or bytes, whatever kind of string it was sent as.
    Text(Vec<u8>),
    /// A refusal: a code word and a text.
    Error(String),
    /// An array, a set or a push.
    List(Vec<Value>),
    /// Pairs.
    Map(Vec<(Value, Value)>),
}

impl Value {
    /// Reads a reply that an [`Inbox`](super::Inbox) has found whole.
    ///
    /// # Errors
    /// When it breaks the rules inside, or is nested too deeply.
    pub fn read(reply: &[u8]) -> Result<Self, FormatError> {
        Reader { rest: reply }.value(0)
    }

    /// The string that it is, however it was sent; empty for anything else.
    pub fn into_text(self) -> String {
        match self {
            Value::Text(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            _ => String::new(),
        }
    }

    /// As JSON; bytes that are no UTF-8 become replacement characters.
    pub fn to_json(&self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Int(n) => Json::from(*n),
            Value::Double(n) => Json::from(*n),
            Value::Bool(b) => Json::from(*b),
            Value::Text(bytes) => Json::from(String::from_utf8_lossy(bytes)),
            Value::Error(text) => Json::from(text.as_str()),
            Value::List(items) => items.iter().map(Value::to_json).collect(),
            Value::Map(pairs) => Json::Object(pairs.iter().map(|(k, v)| (k.key(), v.to_json())).collect()),
        }
    }

    fn key(&self) -> String {
        match self.to_json() {
            Json::String(text) => text,
            other => other.to_string(),
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn line(&mut self) -> Result<&'a [u8], FormatError> {
        let line = line(self.rest).ok_or(FormatError::Malformed("a line without an end"))?;
        self.rest = &self.rest[line.len() + 2..];
        Ok(line)
    }

    fn bytes(&mut self, count: u64) -> Result<&'a [u8], FormatError> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let bytes = self.rest.get(..count).ok_or(FormatError::Malformed("a string without an end"))?;
        self.rest = self.rest.get(count + 2..).unwrap_or_default();
        Ok(bytes)
    }

    fn value(&mut self, depth: usize) -> Result<Value, FormatError> {
        if depth > MAX_DEPTH {
            return Err(FormatError::Malformed("nested too deeply"));
        }
        let line = self.line()?;
        let (kind, rest) = line.split_first().ok_or(FormatError::Malformed("an empty line"))?;
        let text = || String::from_utf8_lossy(rest).into_owned();
        Ok(match kind {
            b'+' | b'(' => Value::Text(rest.to_vec()),
            b'-' => Value::Error(text()),
            b':' => Value::Int(text().parse().map_err(|_| FormatError::Malformed("a number that is none"))?),
            b',' => Value::Double(text().parse().map_err(|_| FormatError::Malformed("a number that is none"))?),
            b'#' => Value::Bool(rest == b"t"),
            b'_' => Value::Null,
            b'$' | b'=' | b'!' => match length(rest)? {
                None => Value::Null,
                Some(count) => {
                    let bytes = self.bytes(count)?;
                    match kind {
                        b'!' => Value::Error(String::from_utf8_lossy(bytes).into_owned()),
                        // The first four bytes name the format: `txt:`.
                        b'=' => Value::Text(bytes.get(4..).unwrap_or_default().to_vec()),
                        _ => Value::Text(bytes.to_vec()),
                    }
                }
            },
            b'*' | b'~' | b'>' => match length(rest)? {
                None => Value::Null,
                Some(count) => Value::List((0..count).map(|_| self.value(depth + 1)).collect::<Result<_, _>>()?),
            },
            b'%' | b'|' => {
                let count = length(rest)?.unwrap_or(0);
                let pair = |_| Ok((self.value(depth + 1)?, self.value(depth + 1)?));
                let pairs = (0..count).map(pair).collect::<Result<_, FormatError>>()?;
                if *kind == b'|' {
                    // Remarks about the reply that follows.
                    return self.value(depth + 1);
                }
                Value::Map(pairs)
            }
            _ => return Err(FormatError::Malformed("an unknown kind of value")),
        })
    }
}

/// The elements of a flat array or push of strings and numbers, without copying them: how messages come. `None` for
/// anything else. What is missing at the end is empty.
pub fn flat(reply: &[u8]) -> Option<[&[u8]; 4]> {
    let mut reader = Reader { rest: reply };
    let (kind, count) = reader.line().ok()?.split_first()?;
    if !matches!(kind, b'*' | b'>') {
        return None;
    }
    let count = length(count).ok()??;
    let mut found: [&[u8]; 4] = [b""; 4];
    for place in found.iter_mut().take(usize::try_from(count).unwrap_or(0)) {
        let (kind, rest) = reader.line().ok()?.split_first()?;
        *place = match kind {
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
    fn every_kind_of_value_becomes_json() {
        for (reply, expected) in [
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
            assert_eq!(Value::read(reply.as_bytes()).unwrap().to_json(), expected, "{reply:?}");
        }
        assert_eq!(Value::read(b"!5\r\nOOM x\r\n"), Ok(Value::Error("OOM x".into())));
        assert_eq!(Value::read(b"$2\r\n\xff\xfe\r\n").unwrap().to_json(), json!("\u{fffd}\u{fffd}"));
        assert!(Value::read("*1\r\n".repeat(50).as_bytes()).is_err());
    }

    #[test]
    fn messages_are_read_flat() {
        for (reply, expected) in [
            ("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n", Some(["message", "c", "hi", ""])),
            (">4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\nc\r\n$0\r\n\r\n", Some(["pmessage", "*", "c", ""])),
            (">3\r\n+subscribe\r\n$1\r\nc\r\n:1\r\n", Some(["subscribe", "c", "1", ""])),
            ("*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n", Some(["unsubscribe", "", "0", ""])),
            (":1\r\n", None),
            ("*1\r\n*0\r\n", None),
        ] {
            let expected = expected.map(|items| items.map(str::as_bytes));
            assert_eq!(flat(reply.as_bytes()), expected, "{reply:?}");
        }
    }
}
