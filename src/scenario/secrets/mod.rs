//! Masking secrets in any text that is kept or shown.
//!
//! Mask before folding and truncating: a part of a secret, or one with folded digits, is not found. Therefore use
//! [`Redactor::clip`] and [`Redactor::fold`] to shorten untrusted text.

mod forms;
pub(crate) mod header;
pub(crate) mod masked;
pub(crate) mod userinfo;

use std::borrow::Cow;
use std::sync::Arc;

use regex::{NoExpand, Regex, RegexBuilder};

/// Masks the secrets of a scenario in all encodings.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Matches any secret in any form; the longest first, so that a short secret inside a long one does not leave a
    /// part of it.
    needles: Option<Regex>,
    /// Plain secrets.
    values: Vec<String>,
}

/// What replaces a secret.
const MASK: &str = "***";
/// Maximum size of all compiled patterns in bytes: enough for some megabytes of secrets.
const MOST: usize = 256 << 20;
/// Maximum length of a failure reason in characters.
const REASON: usize = 200;

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_empty() { "Redactor(nothing)" } else { "Redactor(…)" })
    }
}

impl Redactor {
    /// Redactor for these values; those not accepted by [`Redactor::takes`] are ignored.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut values: Vec<&str> = values.into_iter().filter(|value| Self::takes(value)).collect();
        values.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        values.dedup();
        if values.is_empty() {
            return Self::default();
        }
        let mut patterns: Vec<_> = values.iter().flat_map(|value| forms::patterns(bare(value))).collect();
        patterns.sort_by(|(a, _), (b, _)| b.cmp(a));
        let all = patterns.into_iter().map(|(_, pattern)| pattern).collect::<Vec<_>>().join("|");
        let needles = RegexBuilder::new(&all).size_limit(MOST).dfa_size_limit(8 << 20).build().ok();
        // If the patterns are too large, mask everything.
        let values = values.into_iter().map(str::to_owned).collect();
        Self { needles: needles.or_else(|| Regex::new("(?s).+").ok()), values }
    }

    /// Adds more values.
    #[must_use]
    pub fn with<'a>(self: &Arc<Self>, more: impl IntoIterator<Item = &'a str>) -> Arc<Self> {
        let more: Vec<&str> = more.into_iter().filter(|value| Self::takes(value)).collect();
        if more.iter().all(|value| self.values.iter().any(|known| known == value)) {
            return Arc::clone(self);
        }
        Arc::new(Self::new(self.values.iter().map(String::as_str).chain(more)))
    }

    /// True if a value can be masked: it has at least four characters.
    pub fn takes(value: &str) -> bool {
        value.chars().nth(forms::SHORTEST - 1).is_some()
    }

    /// The secrets, to create another redactor; must not be shown.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// True without secrets.
    pub fn is_empty(&self) -> bool {
        self.needles.is_none()
    }

    /// Masks all secrets in a text.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match &self.needles {
            Some(needles) => needles.replace_all(text, NoExpand(MASK)),
            None => Cow::Borrowed(text),
        }
    }

    /// Byte ranges of the secrets in a text, in order.
    pub(crate) fn find(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        let found = self.needles.iter().flat_map(|needles| needles.find_iter(text));
        found.map(|found| found.range()).filter(|range| !range.is_empty()).collect()
    }

    /// Maximum length of a secret in bytes, in any form. When keeping only the start of a text, keep this much more, so
    /// that a secret at its end is complete when it is masked.
    pub fn reach(&self) -> usize {
        self.values.iter().map(|value| value.len()).max().unwrap_or(0).saturating_mul(forms::WIDEST)
    }

    /// The first `most` characters of a text, masked before truncation. The cost does not depend on the length of the
    /// text.
    pub fn clip(&self, text: &str, most: usize) -> String {
        self.clip_part(text, most, true)
    }

    /// Like [`clip`](Self::clip) for the start of a longer text, which may end inside of a secret: its last
    /// [`reach`](Self::reach) bytes are searched, but not shown.
    pub fn clip_part(&self, text: &str, most: usize, is_whole: bool) -> String {
        let Some(needles) = &self.needles else { return text.chars().take(most).collect() };
        let end = if is_whole { text.len() } else { text.floor_char_boundary(text.len().saturating_sub(self.reach())) };
        let (mut out, mut left, mut at) = (String::new(), most, 0);
        while at < end && left > 0 {
            // Up to the maximum length of what is left, plus a secret that starts there.
            let window = text.floor_char_boundary((at + 4 * left).saturating_add(self.reach()));
            let found = needles.find_at(&text[..window], at).filter(|found| found.start() < end && !found.is_empty());
            let plain = &text[at..found.map_or(end, |found| found.start())];
            for c in plain.chars().take(left) {
                out.push(c);
                left -= 1;
            }
            let Some(found) = found else { break };
            if left > 0 {
                out.push_str(MASK);
                left = left.saturating_sub(MASK.len());
            }
            at = found.end();
        }
        out
    }

    /// Normalizes an untrusted text for use as a failure reason: masked, on one line, numbers replaced with `N` so that
    /// ports and ids do not create separate groups, at most 200 characters.
    pub fn fold(&self, text: &str) -> Arc<str> {
        fold(&self.clip(text, REASON)).into()
    }
}

/// The value without characters that are usually dropped.
fn bare(value: &str) -> &str {
    let bare = value.trim();
    if Redactor::takes(bare) { bare } else { value }
}

fn fold(text: &str) -> String {
    let mut out = String::new();
    let mut in_number = false;
    for c in text.chars() {
        if c.is_ascii_digit() {
            if !in_number {
                out.push('N');
            }
            in_number = true;
        } else {
            in_number = false;
            out.push(if c.is_control() { ' ' } else { c });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    use super::*;

    #[test]
    fn base64_is_masked_to_its_end_and_across_lines() {
        let redactor = Redactor::new(["p4ss w/ord"]);
        for before in 0..70 {
            let encoded = STANDARD.encode(format!("{}p4ss w/ord", "x".repeat(before)));
            let (first, rest) = encoded.split_at(encoded.len().min(76));
            let masked = redactor.mask(&format!("{first}\r\n{rest}")).trim_end().to_owned();
            let others = masked.strip_suffix(MASK).unwrap_or_else(|| panic!("{before}: {masked}"));
            // What is left is of the characters before it.
            let of_x = STANDARD.encode("x".repeat(before + 3));
            assert!(of_x.starts_with(&others.replace("\r\n", "")), "{before}: {masked}");
        }
    }

    #[test]
    fn secrets_are_masked_in_every_form() {
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
            // URLs that leave some characters unescaped, lower-case hexadecimal digits, and JSON escapes of other
            // programs.
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
    fn longest_secret_first_and_short_values_are_ignored() {
        let redactor = Redactor::new(["abcd", "abcdefgh", "x"]);
        assert_eq!(redactor.mask("abcdefgh abcd x"), "*** *** x");
        assert!(Redactor::new(["", "abc"]).is_empty());
        assert!(!format!("{redactor:?}").contains("abcd"));
        // As in a host name.
        assert_eq!(redactor.mask("ABCD"), "***");
    }

    #[test]
    fn long_secrets_are_masked() {
        let key = "-----BEGIN/KEY+é\n".repeat(250);
        let redactor = Redactor::new([key.as_str(), "$1{abcd}"]);
        assert_eq!(redactor.mask(&format!("a {} b", key.trim().replace('\n', "\\n"))), "a *** b");
        assert_eq!(redactor.mask("x$1{abcd}y"), "x***y");
    }

    #[test]
    fn every_secret_is_found_in_every_encoding() {
        let pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC+/BK\nAgEAAoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE KEY-----";
        for secret in ["4815162342", "a b c d", "Tok-3n_x", "q\"u'o\\t<e>&", "größe-ß✓", pem, "a%20b+c/d=e"] {
            let redactor = Redactor::new([secret]);
            let once = serde_json::to_string(secret).unwrap();
            let percent = percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string();
            let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
            let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&#34;").replace('\'', "&#x27;");
            for text in [
                secret.to_owned(),
                secret.replace('\n', "\r\n"),
                secret.replace('\n', " "),
                secret.replace('\n', ""),
                secret.to_lowercase(),
                format!("{secret:?}"),
                once.clone(),
                serde_json::to_string(&once).unwrap(),
                percent.to_lowercase(),
                percent_encoding::utf8_percent_encode(&percent, percent_encoding::NON_ALPHANUMERIC).to_string(),
                percent,
                form,
                hex.to_uppercase(),
                hex,
                html,
                STANDARD.encode(secret),
                URL_SAFE.encode(secret),
                STANDARD.encode(format!("u:{secret}")),
                STANDARD.encode(format!("user:{secret}")),
                STANDARD.encode(format!("us:{secret}")),
            ] {
                let masked = redactor.mask(&text);
                let left = masked.replace(MASK, "").replace("dXNlcj", "");
                // Only quotes, padding and shared bits may be left.
                assert!(masked.contains(MASK) && left.len() <= 8, "{secret} in {text}: {masked}");
            }
        }
    }

    #[test]
    fn lines_of_secrets_are_masked() {
        let redactor = Redactor::new(["-----BEGIN KEY-----\nMIIEvQIBADANBgkqh\nx\n-----END KEY-----\n"]);
        assert_eq!(redactor.mask("< MIIEvQIBADANBgkqh"), "< ***");
    }

    #[test]
    fn text_is_masked_before_it_is_truncated() {
        let redactor = Redactor::new(["tok-48151623-end"]);
        let text = format!("{}tok-48151623-end{}", "x".repeat(95), "y".repeat(100));
        for most in 90..130 {
            let cut = redactor.clip(&text, most);
            assert!(!cut.contains("tok") && cut.chars().count() <= most.max(98), "{most}: {cut}");
        }
        assert_eq!(redactor.clip("tok-48151623-end and 7", 200), "*** and 7");
        assert_eq!(&*redactor.fold("no 12 tok-48151623-end\n"), "no N *** ");
        // A text truncated before masking must not show a part of a secret.
        for end in 95..120 {
            let kept = &text[..end];
            assert!(!redactor.clip_part(kept, 500, false).contains('t'), "{end}");
        }
        let many = "tok-48151623-end".repeat(400);
        assert!(redactor.clip_part(&many[..4_000], 4_000, false).chars().all(|c| c == '*'));
        assert_eq!(Redactor::default().clip("größe", 3), "grö");
    }
}
