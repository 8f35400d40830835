//! Reasons why a string cannot be parsed as JSON.

/// The message for JSON that is nested too deeply; the limit protects the parser's stack.
pub(crate) const TOO_DEEP: &str = "JSON nested 128 levels or deeper, which is not supported";

/// The reason in words: `what` is not JSON, or is nested too deeply.
pub(crate) fn refusal(what: &str, error: &serde_json::Error) -> String {
    if error.is_data() {
        return format!("{what} is not what is expected: {error}");
    }
    if is_depth(error) { format!("{what} is {TOO_DEEP}") } else { format!("{what} is not JSON: {error}") }
}

/// Whether the error is about the depth of nesting.
pub(crate) fn is_depth(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("recursion limit exceeded")
}

/// Whether the text is JSON that is nested too deeply.
pub(crate) fn is_too_deep(bytes: &[u8]) -> bool {
    // Parses again, which happens only after a failure.
    let read = serde_json::from_slice::<serde_json::Value>(bytes);
    read.is_err_and(|error| is_depth(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_depth_limit_is_reported() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text);
        assert!(read(&nested(127)).is_ok() && !is_too_deep(nested(127).as_bytes()));
        let deeper = nested(128);
        assert_eq!(refusal("it", &read(&deeper).unwrap_err()), format!("it is {TOO_DEEP}"));
        assert!(is_too_deep(deeper.as_bytes()));
        // Other errors are not about the depth.
        assert!(
            !is_too_deep(b"<html>")
                && !is_too_deep(b"{\"a\":")
                && refusal("it", &read("x").unwrap_err()).starts_with("it is not JSON: ")
        );
    }
}
