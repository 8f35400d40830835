//! The GraphQL request in the example of a failure: the text of the operation, then its variables.

use bytes::Bytes;
use serde_json::Value;

use crate::protocol::example::{EXAMPLE_BODY, beginning};
use crate::protocol::http::HttpClient;
use crate::scenario::plan::GraphqlStep;
use crate::scenario::secrets::Redactor;
use crate::stats::ExampleRequest;

/// Maximum characters of the variables; the rest is for the operation.
const MAX_VARIABLES: usize = 1_024;
/// Longer bodies, in bytes, are shown unparsed: parsing them would take too long.
const MAX_PARSED: usize = 256 * 1024;

/// The last request of a query or mutation.
pub(super) fn request(client: &HttpClient, step: &GraphqlStep) -> ExampleRequest {
    let mut request = client.example_request(&step.http.fixed_headers);
    if step.by_get {
        let url = client.sent().0.split_once('?').map_or("", |(_, parameters)| parameters);
        let one = |name: &str| url::form_urlencoded::parse(url.as_bytes()).find(|(key, _)| key == name);
        let [query, variables] = ["query", "variables"].map(|name| one(name).map(|(_, value)| value));
        request.body = laid_out(query.as_deref(), variables.as_deref(), client.secrets());
    } else {
        request.body = operation(client.sent().1, client.secrets());
    }
    request
}

/// Text and variables of an operation. A body without text, such as that of a persisted query, is returned unchanged.
pub(super) fn operation(body: &Bytes, secrets: &Redactor) -> String {
    let json = (body.len() <= MAX_PARSED).then(|| serde_json::from_slice::<Value>(body).ok()).flatten();
    let query = json.as_ref().and_then(|json| json.get("query")).and_then(Value::as_str);
    let variables = json.as_ref().and_then(|json| json.get("variables")).map(Value::to_string);
    match query {
        Some(query) => laid_out(Some(query), variables.as_deref(), secrets),
        None => beginning(body, EXAMPLE_BODY, secrets),
    }
}

fn laid_out(query: Option<&str>, variables: Option<&str>, secrets: &Redactor) -> String {
    let query = secrets.clip(query.unwrap_or_default().trim(), EXAMPLE_BODY - MAX_VARIABLES);
    match variables.filter(|variables| !matches!(*variables, "null" | "{}")) {
        Some(variables) => {
            format!("{query}\n\nvariables: {}", secrets.clip(variables, MAX_VARIABLES)).trim().to_owned()
        }
        None => query,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_shown_with_variables() {
        let secrets = Redactor::new(["tok-4815"]);
        for (body, wanted) in [
            (r#"{"query":"{\n  a\n}","variables":{}}"#, "{\n  a\n}"),
            (
                r#"{"query":"query Q { a }","variables":{"t":"tok-4815"}}"#,
                "query Q { a }\n\nvariables: {\"t\":\"***\"}",
            ),
            (r#"{"extensions":{},"variables":{"a":1}}"#, r#"{"extensions":{},"variables":{"a":1}}"#),
            ("no JSON tok-4815", "no JSON ***"),
        ] {
            assert_eq!(operation(&body.into(), &secrets), wanted);
        }
        let long = serde_json::json!({ "query": "q".repeat(9_000), "variables": { "v": "w".repeat(9_000) } });
        let shown = operation(&long.to_string().into(), &secrets);
        assert!(shown.contains("variables: {\"v\":\"www") && shown.chars().count() < EXAMPLE_BODY + 20, "{shown}");
    }
}
