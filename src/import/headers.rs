//! Headers that no step is written with, because the client adds its own.

/// They say how a request is carried.
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
/// They say which client sends it, and what it has kept from before.
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

/// Whether it is a header at all.
pub fn is_header(name: &str, value: &str) -> bool {
    http::HeaderName::try_from(name).is_ok() && http::HeaderValue::try_from(value).is_ok()
}

/// Whether a header says how a request is carried, which is the client's part.
pub fn is_carriage(name: &str) -> bool {
    CARRIED.contains(&name.to_ascii_lowercase().as_str())
}

/// Whether a client adds the header by itself, or it belongs to the one browser that was recorded, or is none.
pub fn is_the_clients_own(name: &str, value: &str) -> bool {
    if !is_header(name, value) {
        return true;
    }
    let name = name.to_ascii_lowercase();
    if name == "accept" {
        // What a script asks for is its own; what the browser asks for is not.
        return value.contains("*/*") || value.starts_with("text/html") || value.starts_with("image/");
    }
    name.starts_with("sec-") || is_carriage(&name) || OF_ONE_CLIENT.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_client_adds_is_told_from_what_was_asked_for() {
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
