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
        // Of a Unix socket it is in the query.
        if text[..at].ends_with("+unix") {
            let Some(begin) = url.find("pass=").map(|at| at + "pass=".len()) else { continue };
            let end = url[begin..].find(['&', ',', '}']).map_or(url.len(), |end| begin + end);
            found.push(start + begin..start + end);
            continue;
        }
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

/// Like [`find`], and also before the `@` of an address without a scheme: `user:password@host`. For text that was written
/// by hand and may be wrong; in other texts it could be something else.
pub(crate) fn find_written(text: &str) -> Vec<Range<usize>> {
    let mut found = find(text);
    let mut start = 0;
    for piece in text.split(|c: char| c.is_whitespace() || "\"'`".contains(c)) {
        let from = start;
        // All separators are known by their length only after the piece.
        start += piece.len();
        start += text[start..].chars().next().map_or(0, char::len_utf8);
        if let Some(range) = without_scheme(piece) {
            let range = from + range.start..from + range.end;
            if found.iter().all(|other| range.end <= other.start || other.end <= range.start) {
                found.push(range);
            }
        }
    }
    found.sort_by_key(|range| range.start);
    found
}

/// User name and password of an address without a scheme, or with one that is misspelled.
fn without_scheme(piece: &str) -> Option<Range<usize>> {
    let end = piece.rfind('@').filter(|end| piece[end + 1..].starts_with(|c: char| c.is_alphanumeric() || c == '['))?;
    let colon = piece[..end].find(':').filter(|colon| colon + 1 < end)?;
    let before = piece[..colon].trim_start_matches(['{', '[', '(', '<', ',', '=']);
    if piece.contains("://") || NOT_PASSWORDS.iter().any(|scheme| before.eq_ignore_ascii_case(scheme)) {
        return None;
    }
    let start = piece[..colon].rfind('/').map_or(colon - before.len(), |slash| slash + 1);
    (start < end).then_some(start..end)
}

/// Schemes whose addresses have an `@` and no password.
const NOT_PASSWORDS: [&str; 5] = ["mailto", "sip", "sips", "xmpp", "acct"];

/// The password of a URL, decoded and as written; empty if it has none.
pub(crate) fn passwords(url: &str) -> Vec<String> {
    let Ok(url) = url::Url::parse(url.trim()) else { return Vec::new() };
    let written = match url.password() {
        None if url.scheme().ends_with("+unix") => url.query().and_then(|query| query.split("pass=").nth(1)),
        written => written,
    };
    let Some(written) = written.map(|text| text.split('&').next().unwrap_or_default()) else { return Vec::new() };
    vec![percent_encoding::percent_decode_str(written).decode_utf8_lossy().into_owned(), written.to_owned()]
}

fn is_scheme(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+-.".contains(c)
}

/// Masks user names and passwords.
pub(crate) fn mask(text: &str) -> Cow<'_, str> {
    without(text, find(text))
}

/// Masks user names and passwords, also in addresses without a scheme: see [`find_written`].
pub(crate) fn mask_written(text: &str) -> Cow<'_, str> {
    without(text, find_written(text))
}

fn without(text: &str, found: Vec<Range<usize>>) -> Cow<'_, str> {
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
    fn user_and_password_are_masked_in_addresses_without_a_scheme() {
        for (text, shown) in [
            ("redis: { url: \"u:pw@127.0.0.1:6379\" }", "redis: { url: \"***@127.0.0.1:6379\" }"),
            ("host: u:pw@h", "host: ***@h"),
            ("host:u:pw@h", "***@h"),
            ("proxy: http//u:pw@h:1", "proxy: http//***@h:1"),
            ("proxy: http:/u:p@w@h:1 # x", "proxy: ***@h:1 # x"),
            ("url: :pw@[::1]:1", "url: ***@[::1]:1"),
            ("{url: u:pw@h, b: http://u:pw@h}", "{url: ***@h, b: http://***@h}"),
            ("größe: ü:pw@h", "größe: ***@h"),
            ("http://u:pw@h and v:pw@i", "http://***@h and ***@i"),
            ("http://h:80/users/@me", "http://h:80/users/@me"),
            (
                "{\"mail\":\"a@b\"} mail: a@b mailto:a@b a:b 12:30 @me x:@y",
                "{\"mail\":\"a@b\"} mail: a@b mailto:a@b a:b 12:30 @me x:@y",
            ),
        ] {
            assert_eq!(mask_written(text), shown);
        }
    }

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
            ("{ url: redis+unix:///a@b?user=u&pass=s3cret&db=1 }", "{ url: redis+unix:///a@b?user=u&pass=***&db=1 }"),
            ("{ url: redis+unix:///run/s?pass=s3cret, x: 1 }", "{ url: redis+unix:///run/s?pass=***, x: 1 }"),
        ] {
            assert_eq!(mask(text), shown);
        }
    }

    #[test]
    fn passwords_are_known_as_written_and_decoded() {
        for (url, known) in [
            ("redis://u:p%40ss@h", &["p@ss", "p%40ss"][..]),
            ("redis+unix:///s?pass=p%40ss&db=1", &["p@ss", "p%40ss"]),
            ("redis+unix:///s?db=1", &[]),
            ("redis://h?pass=x", &[]),
        ] {
            assert_eq!(passwords(url), known, "{url}");
        }
    }
}
