//! The outcome of a GraphQL response. The status is not enough: servers send errors with 200, and only the body tells.
//!
//! Follows the GraphQL over HTTP specification: a response without `data` is a request error, one whose `data` is null
//! is an execution error, one with `data` and errors is partial.

use std::sync::Arc;

use serde_json::Value;

use super::cost;
use super::envelope::{InvalidResponse, ResponseMembers, ServerError};
use crate::scenario::plan::ErrorPolicy;
use crate::scenario::secrets::Redactor;
use crate::stats::operation::Cost;

/// Characters of a message that failures are grouped by.
const MAX_MESSAGE: usize = 80;
/// Characters of a message that are read: ids in it are longer than their replacement.
const MAX_READ: usize = 4_000;

/// Whether a response has errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GraphqlOutcome {
    /// No errors.
    Ok,
    /// At least one error.
    Errors {
        class: ErrorClass,
        /// What the failure is grouped by: the code of the first error, else its message, with ids replaced.
        what: Arc<str>,
        /// Message and path of the first error; indices in the path are shown as `[]`.
        detail: String,
    },
}

/// How far execution got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// It did not start: no `data`.
    Request,
    /// It failed: `data` is null.
    Execution,
    /// It returned data, and errors.
    Partial,
}

impl ErrorClass {
    /// The class shown in the failures pane.
    pub fn words(self) -> &'static str {
        match self {
            ErrorClass::Request => "GraphQL request error",
            ErrorClass::Execution => "GraphQL execution failed",
            ErrorClass::Partial => "GraphQL partial data",
        }
    }

    /// Whether this is a failure under `policy`.
    pub fn fails(self, policy: ErrorPolicy) -> bool {
        match policy {
            ErrorPolicy::Fail => true,
            ErrorPolicy::PartialOk => self != ErrorClass::Partial,
            ErrorPolicy::Ignore => false,
        }
    }
}

/// A GraphQL response: its outcome, and its cost if the server reports one.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphqlResponse {
    pub outcome: GraphqlOutcome,
    /// From `extensions`.
    pub cost: Option<Cost>,
}

/// Reads a response body.
pub(super) fn read(body: &[u8], secrets: &Redactor) -> Result<GraphqlResponse, InvalidResponse> {
    let ResponseMembers { data, errors, extensions } = ResponseMembers::read(body)?;
    Ok(GraphqlResponse { outcome: outcome(data, errors, secrets), cost: extensions.and_then(cost::read) })
}

/// The outcome of an `error` message of a subscription: its payload is a list of errors, and nothing was executed.
pub(super) fn refusal(errors: &str, secrets: &Redactor) -> GraphqlOutcome {
    outcome(None, Some(errors), secrets)
}

fn outcome(data: Option<&str>, errors: Option<&str>, secrets: &Redactor) -> GraphqlOutcome {
    // `data: null` without errors is valid for a nullable root field.
    let Some(errors) = errors else { return GraphqlOutcome::Ok };
    let class = match data {
        None => ErrorClass::Request,
        Some("null") => ErrorClass::Execution,
        Some(_) => ErrorClass::Partial,
    };
    let first = match ServerError::first(errors) {
        Some(first) => first,
        None if data.is_none() => ServerError::default(),
        // The specification forbids an empty list; treat it as no error.
        None => return GraphqlOutcome::Ok,
    };
    GraphqlOutcome::Errors { class, what: first.kind(secrets).into(), detail: first.words(secrets) }
}

/// Why a server rejects a persisted query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersistedQueryError {
    /// It does not know the hash: send the text once.
    NotFound,
    /// It does not support persisted queries: always send the text.
    NotSupported,
}

/// Whether the response rejects a persisted query.
pub fn persisted_query_error(outcome: &GraphqlOutcome) -> Option<PersistedQueryError> {
    let GraphqlOutcome::Errors { what, detail, .. } = outcome else { return None };
    let says = |code: &str, message: &str| &**what == code || detail.starts_with(message);
    if says("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound") {
        Some(PersistedQueryError::NotFound)
    } else if says("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported") {
        Some(PersistedQueryError::NotSupported)
    } else {
        None
    }
}

impl ServerError {
    fn says(&self) -> &str {
        self.message.as_deref().unwrap_or("no message")
    }

    fn kind(&self, secrets: &Redactor) -> String {
        group(self.code.as_deref(), self.says(), secrets)
    }

    fn words(&self, secrets: &Redactor) -> String {
        let mut out = secrets.clip(self.says(), 500);
        for (at, step) in self.path.iter().take(50).enumerate() {
            match step {
                Value::String(name) if at == 0 => out.extend([" at ", name]),
                Value::String(name) => out.extend([".", name]),
                _ => out.push_str("[]"),
            }
        }
        out
    }
}

/// What an error is grouped by: its code, else its message, with ids replaced.
pub(super) fn group(code: Option<&str>, message: &str, secrets: &Redactor) -> String {
    match code {
        Some(code) if is_constant(code) => secrets.clip(code, MAX_MESSAGE),
        other => fold(other.unwrap_or(message), secrets),
    }
}

/// Whether a code with digits is one of a list, and no id of this error: a short number, with or without letters before
/// it, as in `404`, `E1042` and `P2002`; or words in upper case with names like `S3` and `OAUTH2` among them.
fn is_constant(code: &str) -> bool {
    let split = |word: &'_ str| {
        let letters = word.bytes().take_while(u8::is_ascii_alphabetic).count();
        let digits = word.bytes().skip(letters).take_while(u8::is_ascii_digit).count();
        (letters + digits == word.len()).then_some((letters, digits))
    };
    if let Some((letters, digits)) = split(code) {
        return digits == 0 || (letters <= 4 && digits <= 5);
    }
    let words = || code.split('_').map(split);
    !code.bytes().any(|byte| byte.is_ascii_lowercase())
        && words().any(|word| matches!(word, Some((3.., 0))))
        && words().all(|word| matches!(word, Some((1.., 0..=2))))
}

/// The start of a message, masked; each word that contains a digit (an id or a number) becomes `N`.
fn fold(message: &str, secrets: &Redactor) -> String {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let mut out = String::new();
    let message = secrets.clip(message, MAX_READ);
    let mut rest = message.as_str();
    while let Some(first) = rest.chars().next() {
        let end = if is_word(first) { rest.find(|c| !is_word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (piece, after) = rest.split_at(end);
        let has_digit = piece.chars().any(|c| c.is_ascii_digit());
        out.push_str(if has_digit {
            "N"
        } else if first.is_control() {
            " "
        } else {
            piece
        });
        if out.len() > 4 * MAX_MESSAGE {
            break;
        }
        rest = after;
    }
    out.chars().take(MAX_MESSAGE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_determines_the_outcome() {
        use ErrorClass::*;
        for (body, wanted) in [
            (r#"{"data":{"a":1}}"#, None),
            (r#"{"data":null}"#, None),
            (r#"{"data":{"a":1},"errors":[]}"#, None),
            (r#"{"errors":[{"message":"Syntax"}]}"#, Some((Request, "Syntax"))),
            (r#"{"data":{"a":1},"errors":null}"#, None),
            (r#"{"errors":[]}"#, Some((Request, "no message"))),
            (r#"{"errors":["boom"]}"#, Some((Request, "boom"))),
            (r#"{"data":null,"errors":"boom"}"#, Some((Execution, "boom"))),
            (r#"{"data":{"a":1},"errors":{"message":"boom"}}"#, Some((Partial, "boom"))),
            (r#"{"data":{"a":1},"errors":[null]}"#, Some((Partial, "no message"))),
            (r#"{"errors":[{"message":"x","extensions":{"code":"BAD"}}],"data":null}"#, Some((Execution, "BAD"))),
            (r#"{"data":{"a":null},"errors":[{"message":"no item 42-ab"}]}"#, Some((Partial, "no item N"))),
        ] {
            let got = match read(body.as_bytes(), &Redactor::default()).expect("GraphQL").outcome {
                GraphqlOutcome::Ok => None,
                GraphqlOutcome::Errors { class, what, .. } => Some((class, what)),
            };
            assert_eq!(got.as_ref().map(|(class, what)| (*class, &**what)), wanted, "{body}");
        }
    }

    #[test]
    fn ids_in_codes_do_not_make_groups() {
        let kind = |error: &str| match read(format!(r#"{{"errors":[{error}]}}"#).as_bytes(), &Redactor::default()) {
            Ok(GraphqlResponse { outcome: GraphqlOutcome::Errors { what, .. }, .. }) => what.to_string(),
            other => panic!("{other:?}"),
        };
        let code = |code: &str| kind(&format!(r#"{{"message":"m","extensions":{{"code":"{code}"}}}}"#));
        for (given, wanted) in [
            ("RATE_LIMITED", "RATE_LIMITED"),
            ("550e8400-e29b-41d4-a716-446655440000", "N"),
            ("ERR:550e8400-e29b-41d4-a716-446655440000", "ERR:N"),
            ("timeout of request 4f3a9c", "timeout of request N"),
            ("REQ-10800", "N"),
            ("1732723200000", "N"),
            ("E1042", "E1042"),
            ("P2002", "P2002"),
            ("23505", "23505"),
            ("S3_ERROR", "S3_ERROR"),
            ("OAUTH2_TOKEN_EXPIRED", "OAUTH2_TOKEN_EXPIRED"),
            ("ORDER_42_NOT_FOUND", "N"),
            ("ORDER_A4711_NOT_FOUND", "N"),
            ("trace_S3", "N"),
            ("E1042A", "N"),
        ] {
            assert_eq!(code(given), wanted, "{given}");
        }
        let groups: std::collections::HashSet<String> =
            (0..10_800_u32).map(|n| code(&format!("{n:08x}-e29b-41d4-a716-4466{:08x}", n * 7))).collect();
        assert_eq!(groups.len(), 1, "{groups:?}");
        assert_eq!(kind(r#"{"type":"NOT_FOUND","message":"no repository 'a/b'"}"#), "NOT_FOUND");
        assert_eq!(kind(r#"{"extensions":{"code":403},"message":"m"}"#), "403");
    }

    #[test]
    fn the_path_is_shown_without_indices() {
        let body = r#"{"data":{},"errors":[{"message":"boom","path":["products",3,"price"]}]}"#;
        let Ok(GraphqlOutcome::Errors { detail, .. }) =
            read(body.as_bytes(), &Redactor::default()).map(|parsed| parsed.outcome)
        else {
            panic!("errors")
        };
        assert_eq!(detail, "boom at products[].price");
    }

    #[test]
    fn rejected_persisted_queries_are_recognized() {
        for (error, wanted) in [
            (r#"{"message":"PersistedQueryNotFound"}"#, Some(PersistedQueryError::NotFound)),
            (
                r#"{"message":"x","extensions":{"code":"PERSISTED_QUERY_NOT_FOUND"}}"#,
                Some(PersistedQueryError::NotFound),
            ),
            (r#"{"message":"PersistedQueryNotSupported"}"#, Some(PersistedQueryError::NotSupported)),
            (r#"{"message":"other"}"#, None),
        ] {
            let outcome =
                read(format!(r#"{{"errors":[{error}]}}"#).as_bytes(), &Redactor::default()).expect("GraphQL").outcome;
            assert_eq!(persisted_query_error(&outcome), wanted, "{error}");
        }
    }

    #[test]
    fn the_policy_decides_which_classes_fail() {
        use ErrorPolicy::*;
        let fails =
            |policy| [ErrorClass::Request, ErrorClass::Execution, ErrorClass::Partial].map(|class| class.fails(policy));
        assert_eq!((fails(Fail), fails(PartialOk), fails(Ignore)), ([true; 3], [true, true, false], [false; 3]));
    }

    #[test]
    fn ids_are_folded() {
        assert_eq!(fold("User 7f3a-11 has 12 carts", &Redactor::default()), "User N has N carts");
        assert_eq!(fold(&"é".repeat(500), &Redactor::default()).chars().count(), MAX_MESSAGE);
    }
}
