//! Reads and validates `config.yaml`, or the file given with `--config`, which can also be one of Locust's.

use std::path::{Path, PathBuf};

use super::conf;
use super::setting::{Setting, Shape};
use super::table::Settings;
use super::unshown::without_secrets;
use crate::scenario::syntax::diagnostic::{self, Diagnostic, nearest};
use crate::scenario::syntax::node::{self, Node};
use crate::scenario::syntax::source::{self, Sources};

/// Contents of `config.yaml`.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Path of the file; `None` without a home folder.
    pub path: Option<PathBuf>,
    /// The file exists.
    pub exists: bool,
    /// Values in the order of the file.
    pub values: Vec<ConfigValue>,
}

/// One line of `config.yaml`.
#[derive(Debug, Clone)]
pub struct ConfigValue {
    /// The setting.
    pub setting: &'static Setting,
    /// Its value, in the format of an environment variable.
    pub text: String,
    /// Line of the file, from 1.
    pub line: usize,
}

impl Config {
    /// Reads `given`, or else `config.yaml` in the user's configuration folder, which need not exist.
    ///
    /// # Errors
    /// If the file cannot be read or contains an invalid value. Messages name the file, the line and what is allowed.
    pub fn load(given: Option<&Path>) -> Result<Self, String> {
        let usual =
            || directories::ProjectDirs::from("", "", "katydid").map(|dirs| dirs.config_dir().join("config.yaml"));
        let Some(path) = given.map(Path::to_owned).or_else(usual) else { return Ok(Self::default()) };
        if given.is_none() && !path.exists() {
            return Ok(Self { path: Some(path), ..Self::default() });
        }
        let bytes = source::read_limited(&path, source::MAX_BYTES).map_err(|why| format!("error: {why}"))?;
        let text = String::from_utf8(bytes).map_err(|_| format!("error: {} is not UTF-8", path.display()))?;
        let origin = path.display().to_string();
        let values = if conf::is_locust_conf(&text) {
            let value = |(setting, text, line)| ConfigValue { setting, text, line };
            conf::parse(&origin, &text)?.into_iter().map(value).collect()
        } else {
            parse(&origin, &text)?
        };
        Ok(Self { path: Some(path), exists: true, values })
    }

    /// The value of a setting.
    pub fn get(&self, key: &str) -> Option<&ConfigValue> {
        self.values.iter().find(|value| value.setting.key == key)
    }
}

fn parse(origin: &str, text: &str) -> Result<Vec<ConfigValue>, String> {
    // A file with nothing but comments is an empty configuration.
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Vec::new());
    }
    let shown = without_secrets(text);
    let sources = Sources::new(origin, &shown, None);
    let fail = |found: Vec<Diagnostic>| diagnostic::render(&sources, found).text;
    let root = node::parse_hidden(text, &shown).map_err(|found| fail(vec![found]))?;
    if !matches!(root.kind, node::Kind::Map(_)) {
        let message = format!("expected settings such as `theme: light`, found {}", root.what());
        return Err(fail(vec![Diagnostic::new(root.at.clone(), message)]));
    }
    let (mut values, mut wrong) = (Vec::new(), Vec::new());
    for (key, value) in root.entries() {
        let Some(setting) = Settings::TABLE.iter().find(|setting| setting.key == key.name) else {
            let mut unknown = Diagnostic::new(key.at.clone(), format!("unknown setting `{}`", key.name));
            if let Some(near) = nearest(&key.name, Settings::TABLE.iter().map(|setting| setting.key)) {
                unknown = unknown.note(format!("did you mean `{near}`?"));
            }
            let all: Vec<&str> = Settings::TABLE.iter().map(|setting| setting.key).collect();
            wrong.push(unknown.note(format!("allowed: {}", all.join(", "))));
            continue;
        };
        match value_text(setting, value) {
            Ok(text) => {
                let (line, _) = diagnostic::position(sources.text(), key.at.start);
                values.push(ConfigValue { setting, text, line });
            }
            Err(why) => wrong.push(Diagnostic::new(value.at.clone(), format!("`{}`: {why}", setting.key))),
        }
    }
    if wrong.is_empty() { Ok(values) } else { Err(fail(wrong)) }
}

/// The value as a string, if it is valid for the setting.
fn value_text(setting: &Setting, value: &Node) -> Result<String, String> {
    let text = match setting.shape() {
        Shape::List => {
            let words: Option<Vec<&str>> = value.one_or_more().iter().map(Node::scalar).collect();
            words.ok_or_else(|| "expected a list of words".to_owned())?.join(",")
        }
        _ => value.scalar().ok_or_else(|| format!("expected one value, found {}", value.what()))?.trim().to_owned(),
    };
    setting.check(text.as_ref())?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_line_numbers() {
        let text = "# mine\ntheme: light\nusers: 20\n\nrun_time: 10m\ntags: [a, b]\nheadless: false\nthreads: 2\n";
        let values = parse("config.yaml", text).unwrap();
        let seen: Vec<_> = values.iter().map(|v| (v.setting.key, v.text.as_str(), v.line)).collect();
        let wanted = [
            ("theme", "light", 2),
            ("users", "20", 3),
            ("run_time", "10m", 5),
            ("tags", "a,b", 6),
            ("headless", "false", 7),
            ("threads", "2", 8),
        ];
        assert_eq!(seen, wanted);
        for nothing in ["", "\n", "# theme: light\n"] {
            assert!(parse("config.yaml", nothing).unwrap().is_empty(), "{nothing:?}");
        }
    }

    #[test]
    fn errors_name_file_line_value_and_allowed_values() {
        for (text, wanted) in [
            ("them: light", &["config.yaml:1:1", "unknown setting `them`", "did you mean `theme`?"][..]),
            ("users: 3\ntheme: pink", &["config.yaml:2:8", "auto, light, colorblind, mono", "\"pink\""]),
            ("threads: 0", &["config.yaml:1:10", "from 1 to 1024", "\"0\""]),
            ("run_time: soon", &["config.yaml:1:11", "\"soon\"", "1h30m"]),
            ("ascii: 7", &["true or false", "\"7\""]),
            ("users: [1]", &["expected one value, found a list"]),
            ("- theme", &["expected settings"]),
            ("theme: light\ntheme: mono", &["config.yaml:2:1"]),
        ] {
            let error = parse("config.yaml", text).unwrap_err();
            for words in wanted {
                assert!(error.contains(words), "{text:?}: {words}\n{error}");
            }
        }
        let error = parse("config.yaml", "host: ftp://u:S3cret@h").unwrap_err();
        assert!(error.contains("base URL") && !error.contains("S3cret"), "{error}");
    }

    #[test]
    fn excerpts_show_no_secrets() {
        for text in [
            "datadog_api_key: s3cret-48151623\nusers: abc\n",
            "datadog_api_key: [s3cret-48151623]\n",
            "webhook_secret: s3cret-48151623\nwebhook_secret: s3cret-48151624\n",
            "slack_webhook_url: s3cret-48151623\n",
            "otlp_headers: [api-key=s3cret-48151623]\nunknown: 3\n",
            "github_token: s3cret-48151623\n users: 3\n",
            "{ github_token: s3cret-48151623, users: [",
            // Hints quote the value too.
            "webhook_secret: s3cret: x\n",
            "webhook_secret: s3cret: x # y\n",
            "github_token: s3cret-g: x\n",
            "webhook_secret:s3cret\nusers: 3\n",
            "webhook_secret: @s3cret\n",
            "webhook_secret: '%' s3cret\n",
            "webhook_secret: %s3cret\n",
            "webhook_secret: *s3cret\n",
            "webhook_secret: &s3cret *s3cret\n",
            "webhook_secret: !s3cret x: y\n",
            "webhook_secret: `s3cret\n",
            "webhook_secret: \"s3cret \\q\"\n",
            "webhook_secret: { s3cret, a: [ }\n",
            "{ webhook_secret: @s3cret, users: 3 }\n",
            "slack_webhook_url: https://hooks.slack.com/services/s3cret: x\n",
            "otlp_headers:\n  - @s3cret\n",
        ] {
            let error = parse("config.yaml", text).expect_err(text);
            assert!(error.contains("config.yaml:") && !error.contains("s3cret"), "{text}\n{error}");
        }
    }

    #[test]
    fn only_an_explicitly_named_file_must_exist() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        assert!(Config::load(Some(&path)).unwrap_err().contains("config.yaml"));
        std::fs::write(&path, "seed: 7\n").unwrap();
        assert_eq!(Config::load(Some(&path)).unwrap().get("seed").unwrap().text, "7");
    }
}
