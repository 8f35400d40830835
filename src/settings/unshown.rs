//! The text of a configuration file for excerpts in errors: without the values of settings that are secrets.

use std::ops::Range;

use super::table::Settings;
use crate::scenario::syntax::diagnostic::nearest;

/// Replaces values of secrets, also of misspelled ones, by a mask of the same length, so that positions stay. Works by
/// line, because the file may be invalid.
pub(super) fn without_secrets(text: &str) -> String {
    let names = names();
    let mut out = String::with_capacity(text.len());
    // Indentation of a secret whose value may continue on the next line.
    let mut open: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let end = line.trim_end().len();
        let indent = line.len() - line.trim_start().len();
        let hidden = match value(line, &names) {
            Some(start) => {
                open = Some(indent);
                start.min(end)..end
            }
            None if open.is_some_and(|open| indent > open || line.trim_start().starts_with('-')) => {
                indent.min(end)..end
            }
            None => {
                open = open.filter(|_| end == 0);
                end..end
            }
        };
        mask(line, hidden, &mut out);
    }
    out
}

/// Names of settings that are secrets, and of their variables.
fn names() -> Vec<String> {
    let hidden = Settings::TABLE.iter().filter(|setting| setting.is_hidden());
    hidden
        .flat_map(|one| std::iter::once(one.key.to_owned()).chain(one.variables().map(|v| v.to_lowercase())))
        .collect()
}

/// Where the value of a secret begins in a line.
fn value(line: &str, names: &[String]) -> Option<usize> {
    let lower = line.to_ascii_lowercase().replace('-', "_");
    // Several may be in one line, as in `{ a: 1, b: 2 }`.
    let named = names.iter().filter_map(|name| {
        let after = lower.find(name.as_str())? + name.len();
        let colon = lower[after..].trim_start_matches(['"', '\'', ' ']);
        colon.starts_with(':').then(|| lower.len() - colon.len() + 1)
    });
    let misspelled = || {
        let (key, _) = lower.split_once(':')?;
        let name = key.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        nearest(name, names.iter().map(String::as_str)).map(|_| key.len() + 1)
    };
    named.min().or_else(misspelled)
}

fn mask(line: &str, hidden: Range<usize>, out: &mut String) {
    let value = &line[hidden.clone()];
    let start = hidden.start + value.len() - value.trim_start().len();
    out.push_str(&line[..start]);
    let length = hidden.end - start;
    let stars = length.min(3);
    out.push_str(&"*".repeat(stars));
    out.push_str(&" ".repeat(length - stars));
    out.push_str(&line[hidden.end..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secrets_are_masked_and_nothing_moves() {
        for (text, shown) in [
            ("datadog_api_key: s3cret\nusers: abc\n", "datadog_api_key: ***   \nusers: abc\n"),
            ("'DD_API_KEY' : größe\n", "'DD_API_KEY' : ***    \n"),
            ("otlp_headers:\n  - a=s3cret\n\n  - b=s\nusers: 3", "otlp_headers:\n  ***       \n\n  ***  \nusers: 3"),
            ("otlp_headers:\n- a=s3cret\nusers: 3", "otlp_headers:\n***       \nusers: 3"),
            ("{ users: 3, webhook_secret: s3cret }", "{ users: 3, webhook_secret: ***     "),
            ("datadog_apikey: s3cret\r\nhost: h", "datadog_apikey: ***   \r\nhost: h"),
            ("slack_webhook_url: x\n", "slack_webhook_url: *\n"),
            ("github_token: |\n  s3cret\n  more\ntheme: mono", "github_token: *\n  ***   \n  *** \ntheme: mono"),
            ("users: 3\ntheme: mono\n\nhost: http://h", "users: 3\ntheme: mono\n\nhost: http://h"),
        ] {
            let masked = without_secrets(text);
            assert_eq!(masked, shown);
            assert_eq!(masked.len(), text.len());
        }
    }
}
