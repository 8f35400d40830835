//! Splits a GraphQL response into its members, each as raw JSON.
//!
//! In: the bytes of a body. Out: `data`, `errors` and `extensions` as raw JSON, and the first error; or why the body is
//! not a GraphQL response. Nothing here uses derived deserializers, because those accept a list of values in place of
//! an object. Errors are read leniently, because many servers deviate from the specification.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::scenario::secrets::Redactor;

/// UTF-8 byte order mark, which some servers and proxies send before their JSON.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// Why a body is not a GraphQL response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum InvalidResponse {
    /// The body is empty.
    Empty,
    /// Not UTF-8.
    NotText,
    /// Not JSON; the parser's message, with line and column.
    NotJson(String),
    /// JSON that ends too early.
    Truncated,
    /// A JSON array: the response to a batch.
    List,
    /// A JSON string, number, boolean or null.
    Scalar,
    /// An object with neither `data` nor `errors`.
    MissingMembers,
}

impl InvalidResponse {
    /// What the failure is grouped by. Where the media type is not that of JSON, it explains more: HTML from a proxy.
    pub fn what(&self, media: Option<&str>, secrets: &Redactor) -> String {
        match (self, media) {
            (Self::NotText | Self::NotJson(_), Some(media)) if !media.contains("json") => secrets.clip(media, 60),
            (Self::Empty, _) => "an empty body".to_owned(),
            (Self::NotText, _) => "invalid UTF-8".to_owned(),
            (Self::NotJson(_), Some(_)) => "not JSON, though sent as JSON".to_owned(),
            (Self::NotJson(_), None) => "not JSON, and without a content type".to_owned(),
            (Self::Truncated, _) => "truncated JSON".to_owned(),
            (Self::List, _) => "a list".to_owned(),
            (Self::Scalar, _) => "JSON, but not an object".to_owned(),
            (Self::MissingMembers, _) => "neither data nor errors".to_owned(),
        }
    }

    /// The detail, for the example.
    pub fn detail(&self) -> String {
        match self {
            Self::Empty => "the body has no bytes".to_owned(),
            Self::NotText => "JSON is UTF-8 text, and these bytes are not".to_owned(),
            Self::NotJson(why) => why.clone(),
            Self::Truncated => "the JSON ends before it is complete".to_owned(),
            Self::List => "a list answers a batch; one operation was sent".to_owned(),
            Self::Scalar | Self::MissingMembers => "neither `data` nor `errors` is in it".to_owned(),
        }
    }
}

/// The members of a response as raw JSON.
pub(super) struct ResponseMembers<'a> {
    pub data: Option<&'a str>,
    /// Not null.
    pub errors: Option<&'a str>,
    pub extensions: Option<&'a str>,
}

impl<'a> ResponseMembers<'a> {
    /// Reads a body.
    pub fn read(body: &'a [u8]) -> Result<Self, InvalidResponse> {
        let text = std::str::from_utf8(body.strip_prefix(BOM).unwrap_or(body)).map_err(|_| InvalidResponse::NotText)?;
        let [data, errors, extensions] =
            members(text, ["data", "errors", "extensions"]).map_err(|error| invalid_response(text, &error))?;
        let errors = errors.filter(|errors| *errors != "null");
        if data.is_none() && errors.is_none() {
            return Err(InvalidResponse::MissingMembers);
        }
        Ok(Self { data, errors, extensions })
    }
}

/// Why `text` is not a JSON object, given the error of a parser that expected one.
pub(super) fn invalid_response(text: &str, error: &serde_json::Error) -> InvalidResponse {
    let truncated_or_invalid = |error: &serde_json::Error, may_be_truncated: bool| {
        if error.is_eof() && may_be_truncated {
            InvalidResponse::Truncated
        } else {
            InvalidResponse::NotJson(error.to_string())
        }
    };
    match text.trim_start().chars().next() {
        None => InvalidResponse::Empty,
        Some('{') => truncated_or_invalid(error, true),
        Some(first) => match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) if first == '[' => InvalidResponse::List,
            Ok(_) => InvalidResponse::Scalar,
            Err(error) => truncated_or_invalid(&error, matches!(first, '[' | '"')),
        },
    }
}

/// The readable fields of an error.
#[derive(Debug, Default, PartialEq)]
pub(super) struct ServerError {
    /// `message`, or the error itself if it is a bare string.
    pub message: Option<String>,
    pub path: Vec<Value>,
    /// The code, from the first of the places where servers put it: `code`, `errorType` (DGS) and `classification`
    /// (GraphQL Java) of `extensions`; `type` (GitHub), `errorType` (AppSync) and `code` of the error itself. A number is
    /// its digits.
    pub code: Option<String>,
}

impl ServerError {
    /// The first of `errors`; `None` for an empty list. A value that is not a list is taken as the error itself.
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
        let names = ["message", "path", "extensions", "type", "errorType", "code"];
        let [message, path, extensions, own_type, error_type, own_code] = members(error, names).unwrap_or_default();
        let inner = extensions.and_then(|text| members(text, ["code", "errorType", "classification"]).ok());
        let places = inner.unwrap_or_default().into_iter().chain([own_type, error_type, own_code]);
        Self {
            message: message.and_then(text),
            path: path.and_then(|path| serde_json::from_str(path).ok()).unwrap_or_default(),
            code: places.flatten().find_map(code),
        }
    }
}

/// The value of a JSON string that is not empty, or the digits of a number.
fn code(json: &str) -> Option<String> {
    let number = || json.bytes().all(|byte| byte.is_ascii_digit()).then(|| json.to_owned());
    text(json).or_else(number).filter(|code| !code.trim().is_empty())
}

/// The named members of a JSON object. If a name is repeated, the last one counts.
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
        while let Some(LenientString(name)) = map.next_key()? {
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

/// The value of a JSON string; `None` for any other value.
pub(super) fn text(json: &str) -> Option<String> {
    serde_json::from_str(json).ok().map(|LenientString(text)| text)
}

/// A string; unpaired surrogates (`\ud800`) are replaced instead of rejected.
struct LenientString(String);

impl<'de> Deserialize<'de> for LenientString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // As bytes: `deserialize_str` rejects strings with an unpaired surrogate.
        deserializer.deserialize_bytes(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = LenientString;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<LenientString, E> {
        Ok(LenientString(text.to_owned()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<LenientString, E> {
        Ok(LenientString(String::from_utf8_lossy(bytes).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_bodies_are_classified() {
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
            let invalid_response = ResponseMembers::read(body).map(|_| ()).expect_err(&shown);
            assert_eq!(invalid_response.what(media, &Redactor::default()), wanted, "{shown}");
            assert!(!invalid_response.detail().is_empty(), "{shown}");
        }
    }

    #[test]
    fn only_the_names_of_members_matter() {
        let body = br#"{"x":[1],"\ud800":0,"data":{"a":"\ud800"},"extensions":null,"errors":null,"data":7}"#;
        let whole = [BOM, body].concat();
        let found = ResponseMembers::read(&whole).expect("a reply");
        assert_eq!((found.data, found.errors, found.extensions), (Some("7"), None, Some("null")));
    }

    #[test]
    fn errors_are_read_leniently() {
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
        for (error, wanted) in [
            (r#"{"type":"NOT_FOUND","path":["repository"],"message":"Could not resolve"}"#, Some("NOT_FOUND")),
            (
                r#"{"errorType":"DynamoDB:ConditionalCheckFailedException","type":null}"#,
                Some("DynamoDB:ConditionalCheckFailedException"),
            ),
            (r#"{"type":"T","extensions":{"classification":"DataFetchingException"}}"#, Some("DataFetchingException")),
            (r#"{"extensions":{"classification":"INTERNAL","errorType":"UNAVAILABLE"}}"#, Some("UNAVAILABLE")),
            (r#"{"type":"T","code":"X","extensions":{"code":""}}"#, Some("T")),
            (r#"{"extensions":{"code":404}}"#, Some("404")),
            (r#"{"extensions":{"code":-1.5,"classification":{"type":"ValidationError"}},"code":7}"#, Some("7")),
            (r#"{"type":" ","extensions":[]}"#, None),
        ] {
            let found = ServerError::first(&format!("[{error}]")).expect("an error");
            assert_eq!(found.code.as_deref(), wanted, "{error}");
        }
        let full = r#"[{"message":"m","path":["a",0],"extensions":{"code":"C"}},{"message":"n"}]"#;
        let wanted =
            ServerError { message: Some("m".to_owned()), path: vec!["a".into(), 0.into()], code: Some("C".to_owned()) };
        assert_eq!(ServerError::first(full), Some(wanted));
    }
}
