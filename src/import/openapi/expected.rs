//! Expected statuses.

use serde_json::Value;

use crate::import::draft::is_redirect;

/// Success statuses in the document (empty if none), and whether they include a redirect.
pub fn expected(operation: &Value) -> (Option<Value>, bool) {
    let mut redirects = false;
    let known = operation["responses"].as_object().into_iter().flatten();
    let statuses: Vec<Value> = known
        .filter_map(|(key, _)| match (key.parse::<u16>(), key.to_ascii_lowercase().as_str()) {
            (Ok(status), _) if (200..400).contains(&status) => {
                redirects |= is_redirect(status);
                Some(Value::from(status))
            }
            (Err(_), range @ ("2xx" | "3xx")) => {
                redirects |= range == "3xx";
                Some(Value::from(range))
            }
            _ => None,
        })
        .take(10)
        .collect();
    match statuses.as_slice() {
        [] => (None, false),
        [one] => (Some(one.clone()), redirects),
        _ => (Some(Value::Array(statuses)), redirects),
    }
}
