//! Masking secrets in any text that is kept or shown.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Replaces the secrets of a scenario, also their base64 and URL-encoded forms.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Every form to look for, longest first, so that no part of a long one stays when a short one is inside it.
    needles: Vec<String>,
}

/// What stands in the place of a secret.
const MASK: &str = "***";
/// A shorter value would mask half of every text and protect nothing.
const SHORTEST: usize = 4;

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} forms)", self.needles.len())
    }
}

impl Redactor {
    /// Masks these values; those shorter than four characters are left alone.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut needles: Vec<String> =
            values.into_iter().filter(|v| v.chars().count() >= SHORTEST).flat_map(forms).collect();
        needles.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        needles.dedup();
        Self { needles }
    }

    /// True when there is nothing to mask.
    pub fn is_empty(&self) -> bool {
        self.needles.is_empty()
    }

    /// The text with every secret masked.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut out = Cow::Borrowed(text);
        for needle in &self.needles {
            if out.contains(needle.as_str()) {
                out = Cow::Owned(out.replace(needle.as_str(), MASK));
            }
        }
        out
    }
}

/// How a value may be written: as it is, percent-encoded in two ways, in JSON, and in base64 at each of the three
/// offsets it can have inside a longer text.
fn forms(value: &str) -> Vec<String> {
    let form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let percent = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string();
    let json = serde_json::Value::from(value).to_string();
    let path = percent.replace("%2D", "-").replace("%2E", ".").replace("%5F", "_").replace("%7E", "~");
    let mut all =
        vec![value.to_owned(), form, percent.to_lowercase(), percent, path, json.trim_matches('"').to_owned()];
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
        for text in texts {
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
    }
}
