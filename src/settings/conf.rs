//! Locust's configuration files: one `option-name = value` per line, `#` comments, lists as `[a, b]`. The `=` may be left
//! out, and a flag may stand alone.

use super::setting::{Setting, Shape};
use super::table::Settings;
use crate::scenario::syntax::diagnostic::nearest;

/// True if the first non-comment line is `key = value`, `key value` or `key`, as in Locust's configuration files; YAML
/// has a `:` after the key.
pub(super) fn is_locust_conf(text: &str) -> bool {
    let first = lines(text).map(|(_, line)| line).find(|line| !line.starts_with('['));
    first.is_some_and(|line| {
        let (key, _) = parts(line);
        key.starts_with(|c: char| c.is_ascii_alphanumeric())
            && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    })
}

/// The name of an option, and its value if there is one.
fn parts(line: &str) -> (&str, Option<&str>) {
    let split = line.split_once('=').or_else(|| line.split_once(char::is_whitespace));
    split.map_or((line.trim(), None), |(key, value)| (key.trim(), Some(value.trim())))
}

/// Lines that are neither empty nor comments, with their numbers from 1.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = (1..).zip(text.lines().map(str::trim));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with(['#', ';']))
}

/// A setting, its value in the format of an environment variable, and its line from 1.
pub(super) type Line = (&'static Setting, String, usize);

/// Parses the file. The error lists every invalid line.
pub(super) fn parse(origin: &str, text: &str) -> Result<Vec<Line>, String> {
    let (mut values, mut wrong): (Vec<Line>, Vec<String>) = (Vec::new(), Vec::new());
    for (number, line) in lines(text) {
        // Section headers of INI and TOML files are ignored.
        if line.starts_with('[') {
            continue;
        }
        match value(line) {
            Ok((setting, _)) if values.iter().any(|(other, ..)| other.key == setting.key) => {
                wrong.push(format!("error: {origin}:{number}: `{}` is defined twice", setting.key));
            }
            Ok((setting, text)) => values.push((setting, text, number)),
            Err(why) => wrong.push(format!("error: {origin}:{number}: {why}")),
        }
    }
    if wrong.is_empty() { Ok(values) } else { Err(wrong.join("\n")) }
}

fn value(line: &str) -> Result<(&'static Setting, String), String> {
    let (key, value) = parts(line);
    let key = key.replace('-', "_");
    let is_named = |setting: &&Setting| setting.key == key || setting.alias().is_some_and(|alias| alias == key);
    let Some(setting) = Settings::TABLE.iter().find(is_named) else {
        let near = nearest(&key, Settings::TABLE.iter().map(|setting| setting.key));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(format!("unknown setting `{key}`{near}"));
    };
    let value = match (value, setting.shape()) {
        (Some(value), _) => unquoted(value),
        (None, Shape::Switch) => "true",
        (None, Shape::One | Shape::List) => return Err(format!("expected `{} = value`", setting.long())),
    };
    let value = match (setting.shape(), value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))) {
        (Shape::List, Some(words)) => words.split(',').map(|word| unquoted(word.trim())).collect::<Vec<_>>().join(","),
        // List items can also be separated by spaces.
        (Shape::List, None) => value.split([' ', ',']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(","),
        _ => value.to_owned(),
    };
    setting.check(value.as_ref()).map_err(|why| format!("`{}`: {why}", setting.key))?;
    Ok((setting, value))
}

fn unquoted(text: &str) -> &str {
    let inner = |quote: char| text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locust_files_are_recognized_and_parsed() {
        let text = "# mine\n[tool.locust]\nlocustfile = shop.yaml\nusers = 20\nspawn-rate=2\nrun_time = \"1h30m\"\n\
                    headless\ntags = [a, 'b']\nexclude-tags c d\n";
        assert!(
            is_locust_conf(text)
                && !is_locust_conf("theme: light\nhost: http://h/?a=b\n")
                && !is_locust_conf("")
                && !is_locust_conf("# a = b")
                && !is_locust_conf("- theme")
                && is_locust_conf("headless\nusers 3")
        );
        let values = parse("locust.conf", text).unwrap();
        let seen: Vec<_> = values.iter().map(|(setting, text, line)| (setting.key, text.as_str(), *line)).collect();
        let wanted = [
            ("file", "shop.yaml", 3),
            ("users", "20", 4),
            ("spawn_rate", "2", 5),
            ("run_time", "1h30m", 6),
            ("headless", "true", 7),
            ("tags", "a,b", 8),
            ("exclude_tags", "c,d", 9),
        ];
        assert_eq!(seen, wanted);
    }

    #[test]
    fn errors_name_the_file_the_line_and_allowed_values() {
        for (text, wanted) in [
            ("users = 3\nmaster = true", "locust.conf:2: unknown setting `master`"),
            ("userss = 3", "did you mean `users`?"),
            ("users = many", "locust.conf:1: `users`: \"many\""),
            ("users = 3\nusers = 4", "locust.conf:2: `users` is defined twice"),
            ("users = 3\nnonsense", "locust.conf:2: unknown setting `nonsense`"),
            ("users = 3\nspawn-rate", "locust.conf:2: expected `spawn-rate = value`"),
        ] {
            let error = parse("locust.conf", text).unwrap_err();
            assert!(error.contains(wanted), "{text:?}: {error}");
        }
        let error = parse("locust.conf", "host = ftp://u:S3cret@h").unwrap_err();
        assert!(!error.contains("S3cret"), "{error}");
    }
}
