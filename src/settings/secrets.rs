//! What must not be shown of the settings.

use percent_encoding::percent_decode_str;
use url::Url;

use super::Settings;
use super::setting::Secrecy;
use crate::scenario::secrets::userinfo;

/// Minimum length in characters of a key in a path: of one with letters and digits, of another, and of one that could be
/// a word, in lower case without digits. Others are words and numbers.
const SHORTEST_MIXED: usize = 6;
const SHORTEST_KEY: usize = 8;
const SHORTEST_LOWER_KEY: usize = 16;
/// Minimum length of the end of a path, and of a value of a query that could be a word.
const SHORTEST_END: usize = 8;

impl Settings {
    /// The values that must not be shown anywhere, and the parts of them that receivers repeat in their errors.
    pub fn secrets(&self) -> Vec<String> {
        let mut secrets = Vec::new();
        for setting in Self::TABLE {
            let Some(given) = self.given.get(setting.key) else { continue };
            let text = given.text.trim();
            secrets.extend(match (setting.secrecy(), Url::parse(text)) {
                (Secrecy::Public, _) => Vec::new(),
                (Secrecy::Password, _) => userinfo::passwords(text),
                (Secrecy::Keys, Ok(url)) => keys(&url),
                (Secrecy::Keys, Err(_)) => vec![text.to_owned()],
                (Secrecy::Whole, Ok(url)) => [vec![text.to_owned()], keys(&url), ends(&url)].concat(),
                (Secrecy::Whole, Err(_)) => [vec![text.to_owned()], values(text)].concat(),
            });
        }
        secrets
    }
}

/// Password and query of a URL, and the parts of its path that are keys.
fn keys(url: &Url) -> Vec<String> {
    let mut keys = userinfo::passwords(url.as_str());
    let segments = url.path().split('/').filter(|segment| is_key(segment));
    keys.extend(segments.flat_map(plain_and_decoded));
    // A word such as `json` alone says nothing.
    let is_key = |value: &String| !is_lower(value) || value.len() >= SHORTEST_END;
    keys.extend(url.query().map(str::to_owned));
    keys.extend(url.query_pairs().map(|(_, value)| value.into_owned()).filter(is_key));
    keys
}

/// The ends of a path from each of its parts but the last: proxies remove the beginning.
fn ends(url: &Url) -> Vec<String> {
    let path = url.path().trim_matches('/');
    let starts = std::iter::once(0).chain(path.match_indices('/').map(|(at, _)| at + 1));
    let ends = starts.map(|start| &path[start..]).filter(|end| end.contains('/') && end.len() >= SHORTEST_END);
    ends.flat_map(plain_and_decoded).collect()
}

/// The values of a list of `NAME=VALUE`.
fn values(text: &str) -> Vec<String> {
    let values = text.split(',').filter_map(|pair| pair.split_once('='));
    values.flat_map(|(_, value)| plain_and_decoded(value.trim())).collect()
}

/// True for a part of a path that is a key rather than a word such as `services`, or a number.
fn is_key(segment: &str) -> bool {
    let has = |is_it: fn(&char) -> bool| segment.chars().any(|c| is_it(&c));
    let shortest = match (has(char::is_ascii_digit), has(char::is_ascii_alphabetic)) {
        (true, true) => SHORTEST_MIXED,
        _ if is_lower(segment) => SHORTEST_LOWER_KEY,
        _ => SHORTEST_KEY,
    };
    segment.len() >= shortest
}

/// True if it could be a word, or several.
fn is_lower(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '-' | '_' | '.'))
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
            ("otlp_metrics_endpoint", "https://otel.test/k/otlp4815/v1/metrics?api_key=query1623&format=json"),
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
            ("POST /k/otlp4815/v1/metrics?api_key=query1623&format=json", "POST /k/***/v1/metrics?***"),
            ("key query1623 in json", "key *** in json"),
        ] {
            assert_eq!(redactor.mask(said), shown, "{said}");
        }
    }

    #[test]
    fn the_end_of_a_path_is_secret_but_words_are_not() {
        let of = |url: &str| {
            let flags = [("webhook_url", url.into())].into_iter().collect();
            let secrets = Settings::resolve(&Sources { flags, ..Sources::default() }).unwrap().secrets();
            Redactor::new(secrets.iter().map(String::as_str))
        };
        let zap = of("http://h.test/hooks/catch/1234567/bvqk2w1/?sig=t0ken");
        for (said, shown) in [
            ("Cannot POST /catch/1234567/bvqk2w1/", "Cannot POST /***/"),
            ("no 1234567/bvqk2w1 here, or bvqk2w1", "no *** here, or ***"),
            ("1234567 requests", "1234567 requests"),
        ] {
            assert_eq!(zap.mask(said), shown, "{said}");
        }
        assert_eq!(of("http://h.test/hook").mask("an incoming webhook"), "an incoming webhook");
    }
}
