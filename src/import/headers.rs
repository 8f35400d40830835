//! Headers that are left out of steps, because the client adds its own.

/// Headers of the connection.
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
/// Headers that describe the recording browser and its cache.
const OF_ONE_CLIENT: [&str; 16] = [
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
];

/// Whether the name is a valid header name.
pub fn is_header(name: &str, value: &str) -> bool {
    http::HeaderName::try_from(name).is_ok() && http::HeaderValue::try_from(value).is_ok()
}

/// Whether a header is one of the connection, which the client sets.
pub fn is_carriage(name: &str) -> bool {
    CARRIED.contains(&name.to_ascii_lowercase().as_str())
}

/// Whether the client sets the header, or it is specific to the recorded browser, or invalid.
pub fn is_the_clients_own(name: &str, value: &str) -> bool {
    if !is_header(name, value) {
        return true;
    }
    let name = name.to_ascii_lowercase();
    if name == "accept" {
        // A script's own `Accept` is kept, the browser's default is not.
        return value.trim() == "*/*" || ["text/html", "image/", "text/css"].iter().any(|kind| value.starts_with(kind));
    }
    name.starts_with("sec-") || is_carriage(&name) || OF_ONE_CLIENT.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_the_client_are_left_out() {
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
            assert_eq!(is_the_clients_own(name, value), own, "{name}: {value}");
        }
        assert!(is_carriage("Transfer-Encoding") && !is_carriage("Cookie"));
    }
}
