//! Headers that are omitted because the client sets them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::draft::Draft;
use super::literal::literal;

/// Connection headers.
const CARRIED: [&str; 11] = [
    "connection",
    "content-length",
    "accept-encoding",
    "te",
    "transfer-encoding",
    "keep-alive",
    "expect",
    "upgrade",
    "trailer",
    "proxy-connection",
    "proxy-authorization",
];
/// Headers that are specific to the recorded browser and its cache.
const OF_ONE_CLIENT: [&str; 18] = [
    "host",
    "user-agent",
    "accept-language",
    "cache-control",
    "pragma",
    "referer",
    "origin",
    "upgrade-insecure-requests",
    "dnt",
    "priority",
    "cookie",
    "if-none-match",
    "if-modified-since",
    "x-client-data",
    "save-data",
    "purpose",
    "postman-token",
    "alt-used",
];

/// Headers of the recorded browser that can be kept for all requests.
const OF_BROWSER: [&str; 4] = ["User-Agent", "Accept-Language", "Origin", "Referer"];

/// Keeps the headers of the browser as defaults, with their most frequent values, or notes that they are omitted.
pub fn of_browser(sent: &[(&str, &str)], keep: bool, draft: &mut Draft) {
    let mut found: Vec<&str> = Vec::new();
    for wanted in OF_BROWSER {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, value) in
            sent.iter().filter(|(name, value)| name.eq_ignore_ascii_case(wanted) && is_header(name, value))
        {
            *counts.entry(value).or_default() += 1;
        }
        let Some((value, _)) = counts.into_iter().rev().max_by_key(|(_, count)| *count) else { continue };
        found.push(wanted);
        if keep {
            let value = draft.credentials.found(wanted, value).unwrap_or_else(|| literal(value));
            draft.default_headers.insert(wanted.to_owned(), Value::from(value));
        }
    }
    let names = found.join(", ");
    draft.notes.extend((!found.is_empty()).then(|| match keep {
        true => format!("{names} are those of the recorded browser, for all requests, under `defaults`"),
        false => format!("omitted: {names} of the recorded browser (keep them with --browser-headers)"),
    }));
}

/// True if the header is valid.
pub fn is_header(name: &str, value: &str) -> bool {
    http::HeaderName::try_from(name).is_ok() && http::HeaderValue::try_from(value).is_ok()
}

/// True for connection headers, which the client sets.
pub fn is_carriage(name: &str) -> bool {
    CARRIED.contains(&name.to_ascii_lowercase().as_str())
}

/// True if the client sets the header, or if it is browser-specific or invalid.
pub fn is_client_header(name: &str, value: &str) -> bool {
    if !is_header(name, value) {
        return true;
    }
    let name = name.to_ascii_lowercase();
    if name == "accept" {
        // Keep an `Accept` header set by a script, but not the browser's default.
        return value.trim() == "*/*" || ["text/html", "image/", "text/css"].iter().any(|kind| value.starts_with(kind));
    }
    name.starts_with("sec-") || is_carriage(&name) || OF_ONE_CLIENT.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_headers_are_omitted() {
        for (name, value, own) in [
            ("Connection", "close", true),
            ("Cookie", "a=b", true),
            ("Sec-Fetch-Mode", "cors", true),
            ("Accept", "text/html,*/*;q=0.8", true),
            ("Accept", "application/json", false),
            ("X-Api-Version", "2", false),
            ("no header", "x", true),
            ("x-broken", "a\nb", true),
        ] {
            assert_eq!(is_client_header(name, value), own, "{name}: {value}");
        }
        assert!(is_carriage("Transfer-Encoding") && !is_carriage("Cookie"));
    }
}
