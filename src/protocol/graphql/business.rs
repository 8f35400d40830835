//! Errors that a schema returns as data, such as `userErrors` of a mutation, found at the path given in the scenario.

use serde_json::Value;

use super::outcome::group;
use crate::scenario::eval::path::Path;
use crate::scenario::secrets::Redactor;
use crate::stats::Reason;

/// The class of a response in which business errors cannot be looked up.
pub(super) const UNREADABLE: &str = "not a GraphQL response";
/// Maximum length of an error's detail, in characters.
const MAX_DETAIL: usize = 500;

/// A business error.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BusinessError {
    /// What it is grouped by: `code`, else `message` with ids replaced, else the JSON itself.
    pub what: String,
    /// The message, for the example.
    pub detail: String,
}

impl BusinessError {
    /// The reason shown in the failures pane.
    pub(super) fn reason(&self) -> Reason {
        Reason::Answer { class: "GraphQL business error", what: self.what.as_str().into() }
    }
}

/// The first error at the path. Null, false, and empty strings, lists and objects are not errors.
pub(super) fn find(path: &Path, response: &Value, secrets: &Redactor) -> Option<BusinessError> {
    let found = path.find(response).into_iter().find_map(first)?;
    let text = |name: &str| found.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let whole = || found.as_str().map_or_else(|| found.to_string(), str::to_owned);
    let says = text("message").map_or_else(whole, str::to_owned);
    let what = group(text("code"), &says, secrets);
    Some(BusinessError { what, detail: secrets.clip(&says, MAX_DETAIL) })
}

/// The value itself if it is an error, or the first error in a list.
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
    fn empty_values_are_not_errors() {
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
            let response = serde_json::from_str(&format!(r#"{{"data":{data}}}"#)).expect("JSON");
            let found = find(&Path::new("$.data.*.userErrors").expect("a path"), &response, &Redactor::default());
            assert_eq!(found.as_ref().map(|e| (&*e.what, &*e.detail)), wanted, "{data}");
        }
    }
}
