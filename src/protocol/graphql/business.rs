//! Errors that a schema writes as data, such as `userErrors` of a mutation: found at the path that the scenario names.

use serde_json::Value;

use super::outcome::fold;
use crate::scenario::eval::path::Path;
use crate::scenario::secrets::Redactor;
use crate::stats::Reason;

/// The class of a response in which nobody can look for business errors.
pub(super) const UNREADABLE: &str = "not a GraphQL response";
/// Longest text that is kept of an error.
const DETAIL: usize = 500;

/// A business error.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BusinessError {
    /// What it is grouped by: its `code`, else its `message` with ids folded, else what there is.
    pub what: String,
    /// The error in words.
    pub detail: String,
}

impl BusinessError {
    /// For the failures pane.
    pub(super) fn reason(&self) -> Reason {
        Reason::Answer { class: "GraphQL business error", what: self.what.as_str().into() }
    }
}

/// The first error that the path finds in a reply. Nothing, null, false and what is empty are none.
pub(super) fn find(path: &Path, reply: &Value, secrets: &Redactor) -> Option<BusinessError> {
    let found = path.find(reply).into_iter().find_map(first)?;
    let text = |name: &str| found.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let whole = || found.as_str().map_or_else(|| found.to_string(), str::to_owned);
    let says = text("message").map_or_else(whole, str::to_owned);
    let what = fold(text("code").unwrap_or(&says), secrets);
    Some(BusinessError { what, detail: secrets.clip(&says, DETAIL) })
}

/// An error, or the first one of a list.
fn first(value: &Value) -> Option<&Value> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::String(text) => (!text.is_empty()).then_some(value),
        Value::Object(members) => (!members.is_empty()).then_some(value),
        Value::Array(items) => items.iter().find_map(first),
        Value::Bool(true) | Value::Number(_) => Some(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_is_no_error() {
        for (data, wanted) in [
            (r#"{"a":{"userErrors":[]}}"#, None),
            (r#"{"a":{"userErrors":null},"b":null}"#, None),
            (r#"{"a":null}"#, None),
            (r#"{"a":{"userErrors":[[],null,""]}}"#, None),
            (
                r#"{"a":{"userErrors":[{"message":"stars are 1 to 5"}]}}"#,
                Some(("stars are N to N", "stars are 1 to 5")),
            ),
            (r#"{"a":{"userErrors":[]},"b":{"userErrors":["late"]}}"#, Some(("late", "late"))),
            (r#"{"a":{"userErrors":[{"code":"TAKEN","message":"id 7 is taken"}]}}"#, Some(("TAKEN", "id 7 is taken"))),
            (r#"{"a":{"userErrors":{"field":"x"}}}"#, Some((r#"{"field":"x"}"#, r#"{"field":"x"}"#))),
        ] {
            let reply = serde_json::from_str(&format!(r#"{{"data":{data}}}"#)).expect("JSON");
            let found = find(&Path::new("$.data.*.userErrors").expect("a path"), &reply, &Redactor::default());
            assert_eq!(found.as_ref().map(|e| (&*e.what, &*e.detail)), wanted, "{data}");
        }
    }
}
