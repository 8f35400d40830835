//! The members of a GraphQL reply, each as JSON text of its own.
//!
//! In: the bytes of a body. Out: `data`, `errors` and `extensions` as they stand, and what the first error says; or what
//! the body is instead of a reply. No reader here is derived, because a derived one takes a list for the members in
//! their order; and errors are read as far as they can be, because many servers write them in ways of their own.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::scenario::secrets::Redactor;

/// What some servers and proxies put before their JSON.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// A body that is no GraphQL reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Alien {
    /// Nothing.
    Empty,
    /// Bytes that are no text.
    NotText,
    /// Text that is no JSON, with the place and the reason.
    NotJson(String),
    /// The beginning of JSON.
    Truncated,
    /// A list: what answers a batch.
    List,
    /// A bare text, number, truth value or null.
    Bare,
    /// An object without the members of a reply.
    Stranger,
}

impl Alien {
    /// What the failure is grouped by. The media type tells the error where it is not that of JSON: HTML from a proxy.
    pub fn what(&self, media: Option<&str>, secrets: &Redactor) -> String {
        match (self, media) {
            (Self::NotText | Self::NotJson(_), Some(media)) if !media.contains("json") => secrets.clip(media, 60),
            (Self::Empty, _) => "an empty body".to_owned(),
            (Self::NotText, _) => "invalid UTF-8".to_owned(),
            (Self::NotJson(_), Some(_)) => "not JSON, though sent as JSON".to_owned(),
            (Self::NotJson(_), None) => "not JSON, and without a content type".to_owned(),
            (Self::Truncated, _) => "truncated JSON".to_owned(),
            (Self::List, _) => "a list".to_owned(),
            (Self::Bare, _) => "JSON, but not an object".to_owned(),
            (Self::Stranger, _) => "neither data nor errors".to_owned(),
        }
    }

    /// What is said of one such reply.
    pub fn detail(&self) -> String {
        match self {
            Self::Empty => "the body has no bytes".to_owned(),
            Self::NotText => "JSON is UTF-8 text, and these bytes are not".to_owned(),
            Self::NotJson(why) => why.clone(),
            Self::Truncated => "the JSON ends before it is complete".to_owned(),
            Self::List => "a list answers a batch; one operation was sent".to_owned(),
            Self::Bare | Self::Stranger => "neither `data` nor `errors` is in it".to_owned(),
        }
    }
}

/// The members of a reply as they stand.
pub(super) struct Envelope<'a> {
    /// `data`.
    pub data: Option<&'a str>,
    /// `errors`, unless null.
    pub errors: Option<&'a str>,
    /// `extensions`.
    pub extensions: Option<&'a str>,
}

impl<'a> Envelope<'a> {
    /// Reads a body.
    pub fn read(body: &'a [u8]) -> Result<Self, Alien> {
        let text = std::str::from_utf8(body.strip_prefix(BOM).unwrap_or(body)).map_err(|_| Alien::NotText)?;
        let [data, errors, extensions] =
            members(text, ["data", "errors", "extensions"]).map_err(|error| alien(text, &error))?;
        let errors = errors.filter(|errors| *errors != "null");
        if data.is_none() && errors.is_none() {
            return Err(Alien::Stranger);
        }
        Ok(Self { data, errors, extensions })
    }
}

/// What a text is that is no JSON object, by the error of the reader that wanted one.
pub(super) fn alien(text: &str, error: &serde_json::Error) -> Alien {
    let truncated_or_invalid = |error: &serde_json::Error, may_be_truncated: bool| {
        if error.is_eof() && may_be_truncated { Alien::Truncated } else { Alien::NotJson(error.to_string()) }
    };
    match text.trim_start().chars().next() {
        None => Alien::Empty,
        Some('{') => truncated_or_invalid(error, true),
        Some(first) => match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) if first == '[' => Alien::List,
            Ok(_) => Alien::Bare,
            Err(error) => truncated_or_invalid(&error, matches!(first, '[' | '"')),
        },
    }
}

/// What an error says, as far as it can be read.
#[derive(Debug, Default, PartialEq)]
pub(super) struct ServerError {
    /// `message`, or the error itself where it is a bare text.
    pub message: Option<String>,
    /// `path`.
    pub path: Vec<Value>,
    /// `extensions.code`.
    pub code: Option<String>,
}

impl ServerError {
    /// The first of `errors`; `None` if that is an empty list. Where it is no list, it is the one error itself.
    pub fn first(errors: &str) -> Option<Self> {
        if !errors.starts_with('[') {
            return Some(Self::read(errors));
        }
        let First(first) = serde_json::from_str(errors).unwrap_or_default();
        first.map(|first| Self::read(first.get()))
    }

    fn read(error: &str) -> Self {
        if error.starts_with('"') {
            return Self { message: text(error), ..Self::default() };
        }
        let [message, path, extensions] = members(error, ["message", "path", "extensions"]).unwrap_or_default();
        let [code] = extensions.and_then(|extensions| members(extensions, ["code"]).ok()).unwrap_or_default();
        Self {
            message: message.and_then(text),
            path: path.and_then(|path| serde_json::from_str(path).ok()).unwrap_or_default(),
            code: code.and_then(text),
        }
    }
}

/// The named members of a JSON object; of one that is written twice, the last.
pub(super) fn members<'a, const N: usize>(
    text: &'a str,
    names: [&'static str; N],
) -> Result<[Option<&'a str>; N], serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let found = reader.deserialize_map(Members(names))?;
    reader.end()?;
    Ok(found)
}

struct Members<const N: usize>([&'static str; N]);

impl<'de, const N: usize> Visitor<'de> for Members<N> {
    type Value = [Option<&'de str>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(Text(name)) = map.next_key()? {
            match self.0.iter().position(|one| *one == name) {
                Some(index) => found[index] = Some(map.next_value::<&'de RawValue>()?.get()),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// The first element of a list.
#[derive(Default)]
struct First<'a>(Option<&'a RawValue>);

impl<'de> Deserialize<'de> for First<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(FirstVisitor)
    }
}

struct FirstVisitor;

impl<'de> Visitor<'de> for FirstVisitor {
    type Value = First<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let first = seq.next_element()?;
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(First(first))
    }
}

/// A JSON text; `None` for any other value.
pub(super) fn text(json: &str) -> Option<String> {
    serde_json::from_str(json).ok().map(|Text(text)| text)
}

/// A text in which halves of characters (`\ud800`) do no harm.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // As bytes, because a reader of texts refuses all of a text that has one such half in it.
        deserializer.deserialize_bytes(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Text, E> {
        Ok(Text(String::from_utf8_lossy(bytes).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_no_reply_is_said_to_be_what_it_is() {
        let json = Some("application/json");
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for (body, media, wanted) in [
            (&b""[..], json, "an empty body"),
            (b" \r\n", None, "an empty body"),
            (BOM, json, "an empty body"),
            (br#"[{"data":null,"errors":[{"message":"boom"}]}]"#, json, "a list"),
            (br#"["anything"]"#, json, "a list"),
            (b"[1,[]]", None, "a list"),
            (deep.as_bytes(), json, "a list"),
            (b"{\"data\":{\"a\":\"\xff\xfe\"}}", json, "invalid UTF-8"),
            (b"<p>\xe9</p>", Some("text/html"), "text/html"),
            (b"<html></html>", Some("text/html"), "text/html"),
            (b"<html></html>", json, "not JSON, though sent as JSON"),
            (b"nope", None, "not JSON, and without a content type"),
            (br#"{"data":1} {"data":2}"#, json, "not JSON, though sent as JSON"),
            (br#"{"data":"#, json, "truncated JSON"),
            (br#"{"data":{"a":"bc"#, None, "truncated JSON"),
            (b"[1,", None, "truncated JSON"),
            (b"null", json, "JSON, but not an object"),
            (b"\"data\"", json, "JSON, but not an object"),
            (b"{}", json, "neither data nor errors"),
            (br#"{"errors":null}"#, json, "neither data nor errors"),
            (br#"{"message":"not found"}"#, json, "neither data nor errors"),
        ] {
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            let alien = Envelope::read(body).map(|_| ()).expect_err(&shown);
            assert_eq!(alien.what(media, &Redactor::default()), wanted, "{shown}");
            assert!(!alien.detail().is_empty(), "{shown}");
        }
    }

    #[test]
    fn members_are_told_apart_by_their_names_alone() {
        let body = br#"{"x":[1],"\ud800":0,"data":{"a":"\ud800"},"extensions":null,"errors":null,"data":7}"#;
        let whole = [BOM, body].concat();
        let found = Envelope::read(&whole).expect("a reply");
        assert_eq!((found.data, found.errors, found.extensions), (Some("7"), None, Some("null")));
    }

    #[test]
    fn errors_are_read_as_far_as_they_can_be() {
        let says = |message: &str| Some(ServerError { message: Some(message.to_owned()), ..ServerError::default() });
        for (errors, wanted) in [
            ("[]", None),
            (r#"["boom", 7]"#, says("boom")),
            (r#""boom""#, says("boom")),
            (r#"{"message":"boom"}"#, says("boom")),
            (r#"[{"message":"\ud800 boom","path":7,"extensions":[1]}]"#, says("\u{fffd}\u{fffd}\u{fffd} boom")),
            ("[null]", Some(ServerError::default())),
            (r#"[{"message":5}]"#, Some(ServerError::default())),
            (r#"[["boom",[],{"code":"X"}]]"#, Some(ServerError::default())),
            ("true", Some(ServerError::default())),
        ] {
            assert_eq!(ServerError::first(errors), wanted, "{errors}");
        }
        let full = r#"[{"message":"m","path":["a",0],"extensions":{"code":"C"}},{"message":"n"}]"#;
        let wanted =
            ServerError { message: Some("m".to_owned()), path: vec!["a".into(), 0.into()], code: Some("C".to_owned()) };
        assert_eq!(ServerError::first(full), Some(wanted));
    }
}
