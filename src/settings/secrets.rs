//! What must not be shown of the settings.

use percent_encoding::percent_decode_str;
use url::Url;

use super::Settings;
use crate::scenario::secrets::userinfo;

/// Minimum length of a key in a path, in characters, and of one in lower case without digits. Others are words.
const SHORTEST_KEY: usize = 8;
const SHORTEST_LOWER_KEY: usize = 16;

impl Settings {
    /// The values that must not be shown anywhere, and the parts of them that receivers repeat in their errors.
    pub fn secrets(&self) -> Vec<String> {
        let mut secrets = Vec::new();
        for setting in Self::TABLE {
            let Some(given) = self.given.get(setting.key) else { continue };
            if setting.is_hidden() {
                secrets.push(given.text.clone());
                secrets.extend(parts(&given.text));
            } else if setting.is_secret() {
                secrets.extend(userinfo::passwords(&given.text));
            }
        }
        secrets
    }
}

/// Path, query and password of a URL, or the values of a list of `NAME=VALUE`.
fn parts(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let Ok(url) = Url::parse(text.trim()) else {
        let values = text.split(',').filter_map(|pair| pair.split_once('='));
        parts.extend(values.flat_map(|(_, value)| plain_and_decoded(value.trim())));
        return parts;
    };
    parts.extend(userinfo::passwords(text));
    let segments = url.path().split('/').filter(|segment| is_key(segment));
    parts.extend(segments.flat_map(plain_and_decoded));
    parts.push(url.path().trim_start_matches('/').to_owned());
    parts.extend(url.query().map(str::to_owned));
    parts.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
    parts
}

/// True for a part of a path that is a key rather than a word such as `services`.
fn is_key(segment: &str) -> bool {
    let is_word = segment.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '-' | '_' | '.'));
    segment.len() >= if is_word { SHORTEST_LOWER_KEY } else { SHORTEST_KEY }
}

fn plain_and_decoded(text: &str) -> [String; 2] {
    [text.to_owned(), percent_decode_str(text).decode_utf8_lossy().into_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::secrets::Redactor;
    use crate::settings::Sources;

    #[test]
    fn parts_of_urls_and_lists_are_secret_too() {
        let flags = [
            ("webhook_url", "https://h.test/in/k%20ey-48151623?token=t0ken&x=1"),
            ("slack_webhook_url", "https://hooks.slack.com/services/T000/B000/slack-48151623"),
            ("otlp_headers", "api-key=4815%2F1623,x=header-4815"),
            ("otlp_endpoint", "https://u:otlp-48151623@otel.test/v1/traces"),
        ];
        let flags = flags.into_iter().map(|(key, value)| (key, value.into())).collect();
        let settings = Settings::resolve(&Sources { flags, ..Sources::default() }).unwrap();
        let secrets = settings.secrets();
        let redactor = Redactor::new(secrets.iter().map(String::as_str));
        for (said, shown) in [
            ("Cannot POST /in/k%20ey-48151623", "Cannot POST /***"),
            ("no hook k ey-48151623", "no hook ***"),
            ("token t0ken is unknown", "token *** is unknown"),
            ("POST /services/T000/B000/slack-48151623", "POST /***"),
            ("unknown slack-48151623", "unknown ***"),
            ("key 4815/1623 and header-4815", "key *** and ***"),
            ("of u:otlp-48151623", "of u:***"),
            ("POST /v1/traces of our services", "POST /v1/traces of our services"),
        ] {
            assert_eq!(redactor.mask(said), shown, "{said}");
        }
    }
}
