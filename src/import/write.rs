//! Writes a scenario as commented YAML, with short values on one line.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::draft::{Draft, Request, Step};

/// Maximum line length of a value in flow style.
const WIDTH: usize = 110;

/// Writes the scenario.
pub fn scenario(mut draft: Draft) -> String {
    let mut out = String::new();
    // Writing into a String cannot fail.
    for note in &draft.notes {
        comment(&mut out, 0, note);
    }
    if !draft.notes.is_empty() {
        out.push('\n');
    }
    let _ = writeln!(out, "name: {}", scalar(&draft.name));
    if !draft.description.is_empty() {
        let _ = writeln!(out, "description: {}", scalar(&draft.description));
    }
    out.push('\n');
    match &draft.host {
        Some(host) => {
            let _ = writeln!(out, "host: {}", scalar(host));
        }
        None => out.push_str("# host: https://staging.example.com     # or use --host URL\n"),
    }
    out.push_str("users: 1                         # raise these once `katydid try` passes\n");
    out.push_str("spawn_rate: 1                    # users started per second\n");
    out.push_str("wait_time: between(1s, 3s)       # the pause after each task\n");
    let secrets = draft.credentials.names();
    if !secrets.is_empty() {
        out.push('\n');
        let list = Value::from(secrets);
        comment(&mut out, 0, "Set these as environment variables, or in a file .env next to this one: NAME='value'");
        entry(&mut out, 0, "secrets", &list);
    }
    if !draft.vars.is_empty() {
        out.push('\n');
        entry(&mut out, 0, "vars", &Value::Object(std::mem::take(&mut draft.vars)));
    }
    if let Some(endpoint) = &draft.graphql {
        out.push('\n');
        entry(&mut out, 0, "graphql", &serde_json::json!({ "endpoint": endpoint }));
    }
    if !draft.default_headers.is_empty() {
        out.push('\n');
        entry(&mut out, 0, "defaults", &serde_json::json!({ "headers": draft.default_headers }));
    }
    out.push_str("\ntasks:\n");
    let mut names = BTreeSet::new();
    for task in draft.tasks.iter().filter(|task| !task.is_empty()) {
        let _ = writeln!(out, "  - name: {}", scalar(&unique(&task.name, &mut names)));
        if !task.tags.is_empty() {
            entry(&mut out, 4, "tags", &Value::from(task.tags.clone()));
        }
        out.push_str("    steps:\n");
        for step in &task.steps {
            match step {
                Step::Comment(text) => comment(&mut out, 6, text),
                Step::Wait(length) => {
                    let _ = writeln!(out, "      - wait: {}", super::draft::seconds(*length));
                }
                Step::Request(request) => write_request(&mut out, request),
            }
        }
    }
    out
}

/// Replaces credentials in all places, wherever they were found.
pub fn scrub(draft: &mut Draft) {
    let credentials = &mut draft.credentials;
    for (name, content) in &mut draft.files.all {
        let Ok(text) = std::str::from_utf8(content) else { continue };
        let masked = credentials.mask(text);
        if masked != text {
            draft.notes.push(format!("the credentials in {name} were replaced by ***: set them by hand"));
            *content = masked.into_bytes();
        }
    }
    for text in draft.notes.iter_mut().chain([&mut draft.description, &mut draft.name]) {
        *text = credentials.mask(text);
    }
    draft.default_headers.iter_mut().for_each(|(name, value)| credentials.scrub_json(name, value));
    draft.vars.iter_mut().for_each(|(name, value)| credentials.scrub_json(name, value));
    for task in &mut draft.tasks {
        task.name = credentials.mask(&task.name);
        for step in &mut task.steps {
            match step {
                Step::Comment(text) => *text = credentials.mask(text),
                Step::Wait(_) => {}
                Step::Request(request) => {
                    request.url = credentials.scrub("path", &request.url);
                    request.comments.iter_mut().for_each(|text| *text = credentials.mask(text));
                    for (key, value) in &mut request.fields {
                        match value {
                            // Row names cannot contain templates.
                            Value::String(text) if *key == "name" => *text = credentials.mask(text),
                            value => credentials.scrub_json(key, value),
                        }
                    }
                }
            }
        }
    }
}

fn write_request(out: &mut String, request: &Request) {
    for text in &request.comments {
        comment(out, 6, text);
    }
    if request.url.contains('\n') && is_block(&request.url) {
        let _ = writeln!(out, "      - {}: |-", request.verb);
        for line in request.url.lines() {
            let _ = writeln!(out, "{}{line}", if line.is_empty() { "" } else { "          " });
        }
    } else {
        let _ = writeln!(out, "      - {}: {}", request.verb, scalar(&request.url));
    }
    for (key, value) in &request.fields {
        entry(out, 8, key, value);
    }
}

fn comment(out: &mut String, indent: usize, text: &str) {
    let text = crate::clean::line(text);
    let _ = writeln!(out, "{:indent$}# {}", "", text.trim());
}

/// True if a text of several lines can be written as a block: nothing in it needs an escape.
fn is_block(text: &str) -> bool {
    let plain = text.chars().all(|c| c == '\n' || is_shown(c));
    let ends = text.ends_with('\n') || text.lines().any(|line| line.ends_with(' '));
    plain && !ends && !text.starts_with([' ', '\n'])
}

/// `key: value`, on one line if it is short.
fn entry(out: &mut String, indent: usize, key: &str, value: &Value) {
    let flow = flow(value);
    let key = scalar(key);
    let collection = matches!(value, Value::Object(map) if !map.is_empty())
        || matches!(value, Value::Array(items) if !items.is_empty());
    if !collection || indent + key.len() + 2 + flow.chars().count() <= WIDTH {
        let _ = writeln!(out, "{:indent$}{key}: {flow}", "");
        return;
    }
    let _ = writeln!(out, "{:indent$}{key}:", "");
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| entry(out, indent + 2, key, value)),
        Value::Array(items) => items.iter().for_each(|value| item(out, indent + 2, value)),
        _ => {}
    }
}

/// `- value`
fn item(out: &mut String, indent: usize, value: &Value) {
    let text = flow(value);
    match value {
        Value::Object(map) if !map.is_empty() && indent + 2 + text.chars().count() > WIDTH => {
            let mut inner = String::new();
            map.iter().for_each(|(key, value)| entry(&mut inner, indent + 2, key, value));
            // The dash replaces the indentation of the first line.
            let first = inner.get(indent + 2..).unwrap_or_default();
            let _ = write!(out, "{:indent$}- {first}", "");
        }
        _ => {
            let _ = writeln!(out, "{:indent$}- {text}", "");
        }
    }
}

/// A value on one line, in flow style.
fn flow(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::String(text) => scalar(text),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => format!("{{ {} }}", flow_pairs(map)),
    }
}

fn flow_pairs(map: &Map<String, Value>) -> String {
    map.iter().map(|(key, value)| format!("{}: {}", scalar(key), flow(value))).collect::<Vec<_>>().join(", ")
}

/// A string that is parsed back as the same string, unquoted if possible.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_/.-$".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || "_/$".contains(c));
    let lower = text.to_ascii_lowercase();
    let word = ["true", "false", "null", "yes", "no", "on", "off"].contains(&lower.as_str());
    if begins && !word && text.len() < 200 && text.chars().all(plain) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_shown(c) => out.push(c),
            c if u32::from(c) <= 0xffff => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => {
                let _ = write!(out, "\\U{:08x}", u32::from(c));
            }
        }
    }
    out.push('"');
    out
}

/// True if the character is printable and allowed in YAML.
fn is_shown(c: char) -> bool {
    let hidden = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    !c.is_control() && !hidden && !matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{ffff}')
}

fn unique(name: &str, names: &mut BTreeSet<String>) -> String {
    let name: String = crate::clean::line(name).trim().chars().take(80).collect();
    let base = if name.is_empty() { "task".to_owned() } else { name };
    let mut out = base.clone();
    let mut number = 2u32;
    while !names.insert(out.clone()) {
        out = format!("{base} {number}");
        number = number.saturating_add(1);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_round_trip() {
        for text in [
            "plain",
            "",
            "yes",
            "1",
            "a: b",
            "{{ x }}",
            "# no comment",
            "\"quoted\"\\",
            "line\nbreak\ttab",
            "\u{0}\u{85}",
            "é 日本 😀",
            "- a",
            "[a]",
            "\u{202e}x",
            "$.a",
            "/a/b-c.d",
            " a ",
            "'",
            "~",
            "0x1f",
            "1e3",
            "NULL",
            ".inf",
        ] {
            let yaml = format!("a: {}\nb: [{}]\n", scalar(text), scalar(text));
            let back: Value = crate::import::yaml(&yaml).unwrap_or_else(|e| panic!("{text:?}: {e}"));
            assert_eq!((back["a"].as_str(), back["b"][0].as_str()), (Some(text), Some(text)));
        }
    }

    #[test]
    fn long_values_are_wrapped_and_round_trip() {
        let long = "x".repeat(60);
        let value = serde_json::json!({
            "a": [{ "k": &long, "l": { "m": &long, "n": [1, null, true, { "o": &long, "p": &long }] } }, [], {}],
            "b c": { "d": long },
        });
        let mut out = String::new();
        entry(&mut out, 0, "top", &value);
        assert!(out.lines().count() > 5, "{out}");
        assert_eq!(crate::import::yaml(&out).unwrap_or_else(|e| panic!("{e}\n{out}"))["top"], value, "{out}");
    }
}
