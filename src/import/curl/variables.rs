//! Shell variables in a command line. They are marked in its words, and become `{{ env.NAME }}` when the scenario is
//! complete, so that what is between does not need to know them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::import::credential::is_secret_name;
use crate::import::draft::{Draft, Step};

/// Around the name of a variable, characters without a meaning of their own.
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';
/// Between the name and its default value.
const DEFAULT: char = '\u{e002}';
/// Around a text that only a shell can replace.
const SHELL: char = '\u{e003}';
/// Host of an address whose host is a variable, with a number; this domain never exists.
const PLACEHOLDER: &str = "katydid-variable.invalid";

/// Removes the marks from a text of the user.
pub fn without_marks(text: &str) -> String {
    text.chars().filter(|c| !(OPEN..=SHELL).contains(c)).collect()
}

/// A marked variable.
pub fn mark(name: &str, default: Option<&str>) -> String {
    match default {
        Some(default) => format!("{OPEN}{name}{DEFAULT}{default}{CLOSE}"),
        None => format!("{OPEN}{name}{CLOSE}"),
    }
}

/// A marked text that only a shell can replace.
pub fn mark_shell(text: &str) -> String {
    format!("{SHELL}{text}{SHELL}")
}

/// True if a text contains a variable.
pub fn is_marked(text: &str) -> bool {
    text.contains(OPEN)
}

/// Names of the variables in a text that have no default.
pub fn names(text: &str) -> Vec<String> {
    let marked = text.split(OPEN).skip(1).filter_map(|rest| rest.split_once(CLOSE)).map(|(name, _)| name);
    marked.filter(|name| !name.contains(DEFAULT)).map(str::to_owned).collect()
}

/// The part of a command that only a shell can replace.
pub fn of_shell<'t>(words: impl IntoIterator<Item = &'t String>) -> Option<&'t str> {
    words.into_iter().find_map(|word| word.split(SHELL).nth(1))
}

/// Variables that the text assigns.
#[derive(Debug, Default)]
pub struct Assigned(BTreeMap<String, String>);

impl Assigned {
    /// Takes `NAME=value`; false if the word is something else.
    pub fn take(&mut self, word: &str) -> bool {
        let Some((name, value)) = word.split_once('=') else { return false };
        let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return false;
        }
        // A secret is not written, and the output of a command is not known.
        let known = !is_secret_name(name) && !value.contains(SHELL);
        let value = if known { value.to_owned() } else { mark(name, None) };
        self.0.insert(name.to_owned(), value);
        true
    }

    /// Text instead of `$name`, with the default of `${name:-default}`.
    pub fn value(&self, name: &str, default: Option<&str>) -> String {
        self.0.get(name).cloned().unwrap_or_else(|| mark(name, default))
    }
}

/// Hosts that are variables, by the placeholder in their addresses.
#[derive(Debug, Default)]
pub struct Hosts(Vec<(String, String)>);

impl Hosts {
    /// An address in which a host with a variable is replaced by a placeholder.
    pub fn address(&mut self, address: &str) -> String {
        let (scheme, rest) = match address.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, address),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        if !is_marked(host) {
            return address.to_owned();
        }
        // `$BASE_URL/path` contains the scheme, `$HOST/path` does not.
        let first = host.split([OPEN, DEFAULT, CLOSE]).nth(1).unwrap_or_default().to_uppercase();
        let whole = scheme.is_none()
            && host.starts_with(OPEN)
            && !["HOST", "HOSTNAME", "DOMAIN", "ADDR", "_IP"].iter().any(|word| first.ends_with(word));
        let scheme = scheme.unwrap_or("http");
        let known = self.0.iter().position(|(_, known)| *known == host);
        let number = known.unwrap_or(self.0.len());
        let own = format!("v{number}.{PLACEHOLDER}");
        if known.is_none() {
            let (from, to) = if whole { (format!("{scheme}://{own}"), host) } else { (own.clone(), host) };
            self.0.push((from, to.to_owned()));
        }
        format!("{scheme}://{own}{path}")
    }

    /// Replaces the placeholders.
    fn restore(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from.as_str(), to))
    }
}

/// Replaces all marks in a draft by templates, and adds the names of the variables that need a value.
pub fn finish(draft: &mut Draft, hosts: &Hosts) {
    let mut names = std::mem::take(&mut draft.variables);
    let mut change = |text: &mut String| *text = template(&hosts.restore(text), &mut names);
    draft.host.iter_mut().for_each(&mut change);
    for step in draft.tasks.iter_mut().flat_map(|task| &mut task.steps) {
        let Step::Request(request) = step else { continue };
        // The URL parser encodes the marks.
        request.url = percent_decoded(&request.url);
        change(&mut request.url);
        request.fields.iter_mut().for_each(|(_, value)| in_json(value, &mut change));
    }
    draft.variables = names;
}

fn percent_decoded(url: &str) -> String {
    let marks = [OPEN, CLOSE, DEFAULT, SHELL].map(|mark| {
        let mut bytes = [0; 4];
        let encoded: String = mark.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")).collect();
        (encoded, mark)
    });
    marks.iter().fold(url.to_owned(), |url, (encoded, mark)| url.replace(encoded.as_str(), &mark.to_string()))
}

fn in_json(value: &mut Value, change: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| in_json(item, change)),
        Value::Object(map) => map.values_mut().for_each(|item| in_json(item, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn template(text: &str, names: &mut Vec<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, (own, after))) = rest.split_once(OPEN).and_then(|(a, b)| Some((a, b.split_once(CLOSE)?))) {
        out.push_str(before);
        if out.ends_with('{') && !out.ends_with("}}{") {
            // Followed by the braces of the template, it would be one of them.
            out.pop();
            out.push_str("{{ '{' }}");
        }
        let (name, default) = own.split_once(DEFAULT).map_or((own, None), |(name, default)| (name, Some(default)));
        match default {
            Some(default) => out.push_str(&format!("{{{{ env.{name} | default({}) }}}}", Value::from(default))),
            None => {
                out.push_str(&format!("{{{{ env.{name} }}}}"));
                if !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_templates() {
        let mut names = Vec::new();
        let text = format!("{{{}}}, {}", mark("A", None), mark("B", Some("x\"y")));
        assert_eq!(template(&text, &mut names), "{{ '{' }}{{ env.A }}}, {{ env.B | default(\"x\\\"y\") }}");
        assert_eq!(names, ["A"]);
        assert_eq!(without_marks(&mark("A", None)), "A");
    }

    #[test]
    fn hosts_can_be_variables() {
        let mut hosts = Hosts::default();
        let base = mark("BASE_URL", None);
        for (address, wanted, restored) in [
            (format!("{base}/a"), "http://v0.katydid-variable.invalid/a", format!("{base}/a")),
            (
                format!("https://{}/b", mark("H", None)),
                "https://v1.katydid-variable.invalid/b",
                format!("https://{}/b", mark("H", None)),
            ),
            (mark("HOST", None), "http://v2.katydid-variable.invalid", format!("http://{}", mark("HOST", None))),
            ("http://h/x".to_owned(), "http://h/x", "http://h/x".to_owned()),
        ] {
            let address = hosts.address(&address);
            assert_eq!((address.as_str(), hosts.restore(&address)), (wanted, restored));
        }
    }
}
