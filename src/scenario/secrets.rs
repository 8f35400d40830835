//! Masking secrets in any text that is kept or shown.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use regex::{NoExpand, Regex, RegexBuilder};

/// Replaces the secrets of a scenario, however they are encoded.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Any secret in any form; the longest first, so that no part of a long one stays when a short one is inside it.
    needles: Option<Regex>,
    /// The secrets as they are.
    values: Vec<String>,
}

/// What stands in the place of a secret.
const MASK: &str = "***";
/// A shorter value would mask half of every text and protect nothing.
const SHORTEST: usize = 4;

/// Bytes of all forms compiled: some megabytes of secrets.
const MOST: usize = 256 << 20;

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_empty() { "Redactor(nothing)" } else { "Redactor(…)" })
    }
}

impl Redactor {
    /// Masks these values; those that [`Redactor::takes`] refuses are left alone.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut values: Vec<&str> = values.into_iter().filter(|value| Self::takes(value)).collect();
        values.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        values.dedup();
        if values.is_empty() {
            return Self::default();
        }
        let written: Vec<String> = values.iter().map(|value| pattern(value)).collect();
        let mut encoded: Vec<String> = values.iter().flat_map(|value| base64_forms(value)).collect();
        encoded.sort_by_key(|form| std::cmp::Reverse(form.len()));
        let encoded = encoded.iter().map(|form| regex::escape(form));
        let all = written.into_iter().chain(encoded).collect::<Vec<_>>().join("|");
        let needles = RegexBuilder::new(&all).size_limit(MOST).dfa_size_limit(8 << 20).build().ok();
        // Rather nothing is shown than a secret.
        let values = values.into_iter().map(str::to_owned).collect();
        Self { needles: needles.or_else(|| Regex::new("(?s).+").ok()), values }
    }

    /// Whether a value is masked: not one of fewer than four characters.
    pub fn takes(value: &str) -> bool {
        value.chars().nth(SHORTEST - 1).is_some()
    }

    /// What is masked, for those who must be told to mask it, too; never to be shown.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// True when there is nothing to mask.
    pub fn is_empty(&self) -> bool {
        self.needles.is_none()
    }

    /// The text with every secret masked.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match &self.needles {
            Some(needles) => needles.replace_all(text, NoExpand(MASK)),
            None => Cow::Borrowed(text),
        }
    }
}

/// A pattern for a value in which each character may be written as it is, percent-encoded, or escaped as in JSON or
/// HTML: encoders differ in what they leave alone, and in the case of their digits.
fn pattern(value: &str) -> String {
    let mut out = String::with_capacity(value.len() * 40);
    for c in value.chars() {
        let percent: String = c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("%{byte:02x}")).collect();
        let unicode: String = c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!(r"\\u{unit:04x}")).collect();
        let own = regex::escape(c.encode_utf8(&mut [0; 4]));
        let _ = write!(out, "(?:{own}|(?i:{percent}|{unicode}");
        if let Some((_, short)) = SHORT.iter().find(|(known, _)| *known == c) {
            let _ = write!(out, "|{short}");
        }
        out.push_str("))");
    }
    out
}

/// What else stands for a character: `+` in forms, escapes of JSON, entities of HTML.
const SHORT: [(char, &str); 10] = [
    (' ', r"\+"),
    ('"', r#"\\"|&quot;|&#34;"#),
    ('\\', r"\\\\"),
    ('/', r"\\/"),
    ('\n', r"\\n"),
    ('\t', r"\\t"),
    ('&', "&amp;"),
    ('<', "&lt;"),
    ('>', "&gt;"),
    ('\'', "&#39;|&#x27;|&apos;"),
];

/// A value in base64, at each of the three offsets that it can have inside a longer text.
fn base64_forms(value: &str) -> Vec<String> {
    let mut all = Vec::new();
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        for offset in 0..3usize {
            let mut bytes = vec![0u8; offset];
            bytes.extend_from_slice(value.as_bytes());
            let encoded = engine.encode(&bytes);
            // Characters that hold bits of a neighbour are cut off: they differ with it.
            let from = [0, 2, 3][offset];
            let to = bytes.len() * 8 / 6;
            if let Some(inner) = encoded.get(from..to)
                && inner.len() >= SHORTEST
            {
                all.push(inner.to_owned());
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    use super::*;

    #[test]
    fn a_secret_is_masked_in_every_form() {
        let secret = "p4ss w/ord+\"é?>";
        let redactor = Redactor::new([secret]);
        let url = url::Url::parse_with_params("http://h/", [("k", secret)]).unwrap();
        let json = serde_json::json!({ "k": secret }).to_string();
        let texts = [
            format!("Authorization: {secret}"),
            url.to_string(),
            percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string(),
            json,
            STANDARD.encode(secret),
            URL_SAFE.encode(secret),
            STANDARD.encode(format!("u:{secret}")),
            STANDARD.encode(format!("me:{secret}\n")),
            STANDARD.encode(format!("you:{secret}!!")),
        ];
        let lower = percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string();
        let mixed = [
            // As URLs leave some characters alone, as other programs write hexadecimal digits, as others escape JSON.
            "p4ss%20w/ord+%22%C3%A9?%3E".to_owned(),
            lower.replace("%2F", "%2f").replace("%C3%A9", "%c3%a9"),
            r#"p4ss w\/ord+\"\u00E9?\u003e"#.to_owned(),
            "p4ss w/ord+&quot;é?&gt;".to_owned(),
        ];
        for text in texts.into_iter().chain(mixed) {
            let masked = redactor.mask(&text);
            assert!(masked.contains(MASK), "{text}");
            assert!(!masked.contains(secret) && !masked.contains("p4ss"), "{masked}");
        }
        assert_eq!(redactor.mask("nothing here"), "nothing here");
    }

    #[test]
    fn the_longest_goes_first_and_the_short_are_left_alone() {
        let redactor = Redactor::new(["abcd", "abcdefgh", "x"]);
        assert_eq!(redactor.mask("abcdefgh abcd x"), "*** *** x");
        assert!(Redactor::new(["", "abc"]).is_empty());
        assert!(!format!("{redactor:?}").contains("abcd"));
        assert_eq!(redactor.mask("ABCD"), "ABCD");
    }

    #[test]
    fn a_secret_may_be_long() {
        let key = "-----BEGIN/KEY+é\n".repeat(250);
        let redactor = Redactor::new([key.as_str(), "$1{abcd}"]);
        assert_eq!(redactor.mask(&format!("a {} b", key.replace('\n', "\\n"))), "a *** b");
        assert_eq!(redactor.mask("x$1{abcd}y"), "x***y");
    }
}
