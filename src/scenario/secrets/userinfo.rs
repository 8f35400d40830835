//! Finds and masks user names and passwords in URLs.
//!
//! Malformed URLs are handled too, because errors show lines with invalid addresses.

use std::borrow::Cow;
use std::ops::Range;

/// Replacement for user name and password.
pub(crate) const MASK: &str = "***";

/// Byte ranges between `://` and `@`, in order.
pub(crate) fn find(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, mark) in text.match_indices("://") {
        let start = at + mark.len();
        if found.last().is_some_and(|before| start < before.end) {
            continue;
        }
        let rest = &text[start..];
        let quote = text[..at].trim_end_matches(is_scheme).chars().next_back().filter(|c| "\"'`".contains(*c));
        let ends = |c: char| if quote.is_some() { Some(c) == quote } else { c.is_whitespace() || c == '"' };
        let url = &rest[..rest.find(ends).unwrap_or(rest.len())];
        let Some(end) = url.rfind('@').filter(|end| *end > 0) else { continue };
        // A later @ belongs to the path, unless the text before it cannot be host and port.
        let first = url.split(['/', '?', '#']).next().unwrap_or_default();
        let port = first.rsplit_once(':').map_or("", |(_, port)| port.trim_end_matches([']', ',', '}']));
        if first.contains('@') || !port.chars().all(|c| c.is_ascii_digit()) {
            found.push(start..start + end);
        }
    }
    found
}

/// The password of a URL, decoded and as written; empty if it has none.
pub(crate) fn passwords(url: &str) -> Vec<String> {
    let url = url::Url::parse(url.trim()).ok();
    let Some(written) = url.as_ref().and_then(url::Url::password) else { return Vec::new() };
    vec![percent_encoding::percent_decode_str(written).decode_utf8_lossy().into_owned(), written.to_owned()]
}

fn is_scheme(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+-.".contains(c)
}

/// Masks user names and passwords.
pub(crate) fn mask(text: &str) -> Cow<'_, str> {
    let found = find(text);
    if found.is_empty() {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for range in found {
        out.extend([&text[from..range.start], MASK]);
        from = range.end;
    }
    out.push_str(&text[from..]);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_are_masked_in_urls() {
        for (text, shown) in [
            ("redis: { url: redis://u:s3cret@h:1/0 }", "redis: { url: redis://***@h:1/0 }"),
            ("url: \"rediss://:s3 cret@h\"", "url: \"rediss://***@h\""),
            ("host: http://u:s3cret@h/users/@me", "host: http://***@me"),
            ("default('redis://u:s3cret@h') }} a@b", "default('redis://***@h') }} a@b"),
            ("redis://u:s3/cret@h and http://v:s@h", "redis://***@h and http://***@h"),
            ("redis://u:s3@cret@h, x: a@b", "redis://***@h, x: a@b"),
            ("http://h:80/users/@me", "http://h:80/users/@me"),
            ("http://[::1]:80/@me http://[::1]/@me", "http://[::1]:80/@me http://[::1]/@me"),
            ("://@ ://", "://@ ://"),
            ("größe://ü:s3cret@h", "größe://***@h"),
            ("mail a@b", "mail a@b"),
        ] {
            assert_eq!(mask(text), shown);
        }
    }
}
