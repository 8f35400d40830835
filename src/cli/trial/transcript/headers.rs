//! Headers of requests and responses, without credentials.

/// Headers whose values are credentials.
const PRIVATE: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];

/// A value that may be shown; it is masked already.
pub(super) fn shown(name: &str, masked: &str) -> String {
    if PRIVATE.contains(&name) { private(name, masked) } else { masked.to_owned() }
}

/// The value of a header.
pub(super) fn value<'a>(mut headers: impl Iterator<Item = (&'a str, &'a str)>, name: &str) -> &'a str {
    headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
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
            ("authorization", "secret", "***"),
        ] {
            assert_eq!(private(name, value), wanted);
        }
    }
}
