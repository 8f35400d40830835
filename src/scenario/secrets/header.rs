//! Headers of requests and responses without credentials, whether these are known secrets or not: a session is as good
//! as a password to whoever reads a report.

/// Headers whose values are credentials.
const PRIVATE: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];

/// Parts of the names of other headers that carry them.
const PARTS: [&str; 10] =
    ["token", "secret", "password", "passwd", "session", "signature", "jwt", "api-key", "apikey", "access-key"];

/// A value that may be shown; known secrets are masked already. `name` is in lower case.
pub(crate) fn shown(name: &str, masked: &str) -> String {
    let is_private = PRIVATE.contains(&name) || PARTS.iter().any(|part| name.contains(part));
    if is_private { private(name, masked) } else { masked.to_owned() }
}

/// A value without its credentials.
fn private(name: &str, value: &str) -> String {
    let pair = |pair: &str| pair.split_once('=').map_or_else(|| "***".to_owned(), |(key, _)| format!("{key}=***"));
    match name {
        "cookie" => value.split("; ").map(pair).collect::<Vec<_>>().join("; "),
        "set-cookie" => {
            let (first, rest) = value.split_once(';').unwrap_or((value, ""));
            format!("{};{rest}", pair(first)).trim_end_matches(';').to_owned()
        }
        _ => value.split_once(' ').map_or_else(|| "***".to_owned(), |(scheme, _)| format!("{scheme} ***")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_named_and_not_shown() {
        for (name, value, wanted) in [
            ("set-cookie", "sid=1; Path=/", "sid=***; Path=/"),
            ("set-cookie", "sid=1", "sid=***"),
            ("set-cookie", "plain", "***"),
            ("cookie", "a=1; b=2", "a=***; b=***"),
            ("authorization", "secret", "***"),
            ("authorization", "Bearer abc", "Bearer ***"),
            ("x-session-token", "abc", "***"),
            ("idempotency-key", "abc", "abc"),
            ("access-control-allow-credentials", "true", "true"),
        ] {
            assert_eq!(shown(name, value), wanted);
        }
    }
}
