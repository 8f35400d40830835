//! What a GraphQL reply says, whatever its status: servers answer 200 with errors, and the body alone tells.
//!
//! Follows the GraphQL over HTTP specification: a reply without `data` is a request error, one whose `data` is null
//! failed in execution, one with both is partial.

use std::sync::Arc;

use serde_json::Value;

use super::cost;
use super::envelope::{Alien, Envelope, ServerError};
use crate::scenario::plan::ErrorPolicy;
use crate::scenario::secrets::Redactor;
use crate::stats::operation::Cost;

/// Characters of a message that tell one kind of failure from another.
const MESSAGE: usize = 80;
/// Characters of a message that are looked at: ids in it are longer than what replaces them.
const LOOKED_AT: usize = 4_000;

/// A reply's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// `data` without errors.
    Ok,
    /// Errors.
    Errors {
        /// How bad they are.
        class: Class,
        /// What the failure is grouped by: the code of the first error, else its message with ids folded.
        what: Arc<str>,
        /// The first error in words: message and path, indices as `[]`.
        detail: String,
    },
}

/// How far execution came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It did not begin.
    Request,
    /// It gave nothing.
    Execution,
    /// It gave a part.
    Partial,
}

impl Class {
    /// For the failures pane.
    pub fn words(self) -> &'static str {
        match self {
            Class::Request => "GraphQL request error",
            Class::Execution => "GraphQL execution failed",
            Class::Partial => "GraphQL partial data",
        }
    }

    /// Whether it is a failure under this policy.
    pub fn fails(self, policy: ErrorPolicy) -> bool {
        match policy {
            ErrorPolicy::Fail => true,
            ErrorPolicy::PartialOk => self != Class::Partial,
            ErrorPolicy::Ignore => false,
        }
    }
}

/// What a reply says: how it went, and what it cost where the server tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// How it went.
    pub outcome: Outcome,
    /// `extensions.cost`.
    pub cost: Option<Cost>,
}

/// Reads a reply.
pub(super) fn read(body: &[u8], secrets: &Redactor) -> Result<Answer, Alien> {
    let Envelope { data, errors, extensions } = Envelope::read(body)?;
    Ok(Answer { outcome: outcome(data, errors, secrets), cost: extensions.and_then(cost::read) })
}

/// What an `error` message of a subscription says: its payload is what `errors` is in a reply, and nothing was executed.
pub(super) fn refusal(errors: &str, secrets: &Redactor) -> Outcome {
    outcome(None, Some(errors), secrets)
}

fn outcome(data: Option<&str>, errors: Option<&str>, secrets: &Redactor) -> Outcome {
    // Null without errors is allowed for a nullable root.
    let Some(errors) = errors else { return Outcome::Ok };
    let class = match data {
        None => Class::Request,
        Some("null") => Class::Execution,
        Some(_) => Class::Partial,
    };
    let first = match ServerError::first(errors) {
        Some(first) => first,
        None if data.is_none() => ServerError::default(),
        // The specification forbids an empty list; it says that nothing went wrong.
        None => return Outcome::Ok,
    };
    Outcome::Errors { class, what: first.kind(secrets).into(), detail: first.words(secrets) }
}

/// The code of a persisted query's miss, or of a server that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persistence {
    /// Send the text once more.
    NotFound,
    /// Send the text always.
    NotSupported,
}

/// Whether the reply asks for the text of a persisted query.
pub fn persistence(outcome: &Outcome) -> Option<Persistence> {
    let Outcome::Errors { what, detail, .. } = outcome else { return None };
    let says = |code: &str, message: &str| &**what == code || detail.starts_with(message);
    if says("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound") {
        Some(Persistence::NotFound)
    } else if says("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported") {
        Some(Persistence::NotSupported)
    } else {
        None
    }
}

impl ServerError {
    fn says(&self) -> &str {
        self.message.as_deref().unwrap_or("no message")
    }

    fn kind(&self, secrets: &Redactor) -> String {
        match self.code.as_deref() {
            Some(code) if !code.is_empty() => secrets.clip(code, MESSAGE),
            _ => fold(self.says(), secrets),
        }
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

/// The beginning of a message, masked; a word with a digit in it is an id or a number and becomes `N`.
pub(super) fn fold(message: &str, secrets: &Redactor) -> String {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let mut out = String::new();
    let message = secrets.clip(message, LOOKED_AT);
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
        if out.len() > 4 * MESSAGE {
            break;
        }
        rest = after;
    }
    out.chars().take(MESSAGE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_told_by_their_body() {
        use Class::*;
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
                Outcome::Ok => None,
                Outcome::Errors { class, what, .. } => Some((class, what)),
            };
            assert_eq!(got.as_ref().map(|(class, what)| (*class, &**what)), wanted, "{body}");
        }
    }

    #[test]
    fn the_path_is_kept_without_its_indices() {
        let body = r#"{"data":{},"errors":[{"message":"boom","path":["products",3,"price"]}]}"#;
        let Ok(Outcome::Errors { detail, .. }) =
            read(body.as_bytes(), &Redactor::default()).map(|answer| answer.outcome)
        else {
            panic!("errors")
        };
        assert_eq!(detail, "boom at products[].price");
    }

    #[test]
    fn a_persisted_query_that_is_missing_is_asked_for() {
        for (error, wanted) in [
            (r#"{"message":"PersistedQueryNotFound"}"#, Some(Persistence::NotFound)),
            (r#"{"message":"x","extensions":{"code":"PERSISTED_QUERY_NOT_FOUND"}}"#, Some(Persistence::NotFound)),
            (r#"{"message":"PersistedQueryNotSupported"}"#, Some(Persistence::NotSupported)),
            (r#"{"message":"other"}"#, None),
        ] {
            let outcome =
                read(format!(r#"{{"errors":[{error}]}}"#).as_bytes(), &Redactor::default()).expect("GraphQL").outcome;
            assert_eq!(persistence(&outcome), wanted, "{error}");
        }
    }

    #[test]
    fn policies_differ_in_what_fails() {
        use ErrorPolicy::*;
        let fails = |policy| [Class::Request, Class::Execution, Class::Partial].map(|class| class.fails(policy));
        assert_eq!((fails(Fail), fails(PartialOk), fails(Ignore)), ([true; 3], [true, true, false], [false; 3]));
    }

    #[test]
    fn ids_do_not_make_kinds_of_their_own() {
        assert_eq!(fold("User 7f3a-11 has 12 carts", &Redactor::default()), "User N has N carts");
        assert_eq!(fold(&"é".repeat(500), &Redactor::default()).chars().count(), MESSAGE);
    }
}
