//! Tags, and the prefix of metric names.

use crate::settings::Settings;
use crate::store::Meta;

/// Maximum length of a tag, in characters.
const MAX_TAG: usize = 200;

/// Tags of all metrics, and the prefix of their names.
#[derive(Debug, Clone)]
pub struct Tags {
    /// Prefix of metric names, such as `locust.`.
    pub prefix: String,
    configured: Vec<String>,
}

impl Tags {
    /// Tags from the settings.
    pub fn new(settings: &Settings) -> Self {
        let configured = [
            ("environment", &settings.datadog_environment),
            // Datadog's own name, by which metrics are joined with those of the application.
            ("env", &settings.datadog_environment),
            ("service", &settings.datadog_service),
            ("version", &settings.datadog_version),
        ];
        let configured = configured.into_iter().map(|(key, value)| tag(key, value));
        let more = settings.datadog_tags.iter().map(|text| clean(text));
        Self { prefix: settings.datadog_prefix.clone(), configured: configured.chain(more).collect() }
    }

    /// Tags from the settings and of the run.
    pub fn of_run(&self, meta: &Meta) -> Vec<String> {
        let of_run = [
            ("run", Some(meta.id.as_str())),
            ("scenario", Some(meta.scenario.as_str())),
            ("profile", meta.profile.as_deref()),
            ("branch", meta.branch.as_deref()),
            ("commit", meta.commit.as_deref()),
        ];
        let of_run = of_run.into_iter().filter_map(|(key, value)| value.filter(|v| !v.is_empty()).map(|v| tag(key, v)));
        self.configured.iter().cloned().chain(of_run).collect()
    }
}

/// Creates the tag `key:value`.
pub fn tag(key: &str, value: &str) -> String {
    clean(&format!("{key}:{value}"))
}

/// Replaces the characters that Datadog replaces, among them those that separate tags or lines, and cuts the tag.
fn clean(text: &str) -> String {
    let allowed = |c: char| if c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '/' | '.') { c } else { '_' };
    text.trim().chars().take(MAX_TAG).map(allowed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_replaced_and_long_tags_are_cut() {
        assert_eq!(tag("endpoint", "GET /a,b|c#d\n\u{1b}"), "endpoint:GET_/a_b_c_d__");
        assert_eq!(tag("endpoint", &"ä".repeat(500)).chars().count(), 200);
    }

    #[test]
    fn tags_are_those_of_settings_and_run() {
        let settings = Settings { datadog_tags: vec!["team:web".to_owned()], ..Settings::default() };
        let meta = Meta { branch: Some("main".to_owned()), ..Meta::empty() };
        assert_eq!(
            Tags::new(&settings).of_run(&meta),
            [
                "environment:staging",
                "env:staging",
                "service:locust-load-test",
                "version:1.0.0",
                "team:web",
                "run:2026-05-04T10-00-00-shop",
                "scenario:shop",
                "branch:main"
            ]
        );
    }
}
