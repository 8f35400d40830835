//! Finds values of responses that later requests send: tokens and ids become captures and variables.
//!
//! The earliest response is used. A value that was sent before any response contained it is the user's own.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use scraper::{Html, Selector};
use serde_json::{Map, Value, json};

use super::entry::Entry;
use crate::import::body::plain;
use crate::import::credential::{is_secret_name, is_token};
use crate::import::literal::identifier;

/// Maximum number of values, per response and in total.
const MOST_OF_ONE: usize = 2_000;
const MOST: usize = 200_000;
/// Maximum depth of JSON that is searched.
const DEEPEST: usize = 40;
/// Longer values are documents, not tokens.
const LONGEST: usize = 4_096;

/// Values found so far.
#[derive(Debug, Default)]
pub struct Links {
    /// By value as string; earliest first.
    found: HashMap<String, Vec<Found>>,
    count: usize,
    /// Values sent before any response contained them.
    own: HashSet<String>,
    names: BTreeSet<String>,
    captures: BTreeMap<usize, Map<String, Value>>,
}

#[derive(Debug)]
struct Found {
    step: usize,
    /// Last name on its path.
    key: String,
    /// Suggested name in the scenario.
    hint: String,
    /// Entry of `capture`.
    source: Value,
    /// Alternative entry that picks any of several equivalent values.
    any: Option<Value>,
    /// Name; assigned at its first use.
    name: Option<String>,
}

impl Found {
    fn new(step: usize, key: &str, hint: String, source: Value) -> Self {
        Self { step, key: key.to_owned(), hint, source, any: None, name: None }
    }
}

impl Links {
    /// Collects the values of the response to step `step`.
    pub fn learn(&mut self, step: usize, entry: &Entry<'_>) {
        for (name, value) in entry.response_headers() {
            let usual = ["set-cookie", "etag", "date", "x-request-id", "cf-ray", "last-modified"];
            if !usual.contains(&name.to_ascii_lowercase().as_str()) && (is_token(value) || is_secret_name(name)) {
                self.add(value, Found::new(step, name, name.to_owned(), json!(format!("header: {name}"))));
            }
        }
        let Some(text) = entry.response_body() else { return };
        if text.trim_start().starts_with(['{', '[']) {
            if let Ok(json) = serde_json::from_str::<Value>(&text) {
                let resource = entry.url.path().split('/').rfind(|part| part.chars().any(char::is_alphabetic));
                let mut walk = Walk { links: self, step, resource: resource.unwrap_or("item"), left: MOST_OF_ONE };
                walk.go(&json, &mut Vec::new());
            }
        } else if entry.media() == "text/html" {
            self.hidden_fields(step, &text);
        }
    }

    fn hidden_fields(&mut self, step: usize, page: &str) {
        let page = Html::parse_document(page);
        for (selector, name, value) in [("input[type=hidden]", "name", "value"), ("meta[name]", "name", "content")] {
            let Ok(fields) = Selector::parse(selector) else { continue };
            let tag = selector.split('[').next().unwrap_or_default();
            for field in page.select(&fields).take(200) {
                let (Some(name), Some(text)) = (field.attr(name), field.attr(value)) else { continue };
                let simple = name.len() < 100 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
                if simple && (is_token(text) || is_secret_name(name)) {
                    let css = format!("{tag}[name=\"{name}\"]");
                    let source = json!({ "css": css, "attribute": value });
                    self.add(text, Found::new(step, name, name.to_owned(), source));
                }
            }
        }
    }

    fn add(&mut self, value: &str, found: Found) {
        if value.is_empty() || value.len() > LONGEST || self.count >= MOST || self.own.contains(value) {
            return;
        }
        self.count += 1;
        self.found.entry(value.to_owned()).or_default().push(found);
    }

    /// Template for a value that a request sends under this name, if an earlier response contains it.
    pub fn find(&mut self, name: &str, value: &Value) -> Option<String> {
        let text = plain(value)?;
        let template = self.look(&text, |found| {
            is_token(&text)
                || (text.len() >= 6 && is_secret_name(name) && is_secret_name(&found.key))
                || (is_id(name) && is_id(&found.key) && !text.is_empty())
        });
        self.note(&text, template)
    }

    /// Like `find`, for a path segment.
    pub fn segment(&mut self, text: &str) -> Option<String> {
        let template =
            self.look(text, |found| is_token(text) || (is_id(&found.key) && text.chars().any(|c| c.is_ascii_digit())));
        self.note(text, template)
    }

    fn note(&mut self, text: &str, template: Option<String>) -> Option<String> {
        if template.is_none() && text.len() <= LONGEST && self.own.len() < MOST {
            self.own.insert(text.to_owned());
        }
        template
    }

    fn look(&mut self, text: &str, fits: impl Fn(&Found) -> bool) -> Option<String> {
        let found = self.found.get_mut(text)?.iter_mut().find(|found| fits(found))?;
        let name = match &found.name {
            Some(name) => name.clone(),
            None => {
                let base = identifier(&found.hint);
                let mut name = base.clone();
                let mut number = 2u32;
                while !self.names.insert(name.clone()) {
                    name = format!("{base}_{number}");
                    number = number.saturating_add(1);
                }
                let source = found.any.clone().unwrap_or_else(|| found.source.clone());
                self.captures.entry(found.step).or_default().insert(name.clone(), source);
                found.name.insert(name).clone()
            }
        };
        Some(format!("{{{{ {name} }}}}"))
    }

    /// Captures of a step.
    pub fn captures(&mut self, step: usize) -> Map<String, Value> {
        self.captures.remove(&step).unwrap_or_default()
    }
}

/// Traverses the JSON of a response.
struct Walk<'l> {
    links: &'l mut Links,
    step: usize,
    resource: &'l str,
    left: usize,
}

#[derive(Clone)]
enum Way {
    Key(String),
    Index(usize),
}

impl Walk<'_> {
    fn go(&mut self, value: &Value, way: &mut Vec<Way>) {
        if self.left == 0 || way.len() > DEEPEST {
            return;
        }
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    way.push(Way::Key(key.clone()));
                    self.go(value, way);
                    way.pop();
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    way.push(Way::Index(index));
                    self.go(value, way);
                    way.pop();
                }
            }
            Value::String(_) | Value::Number(_) => {
                self.left -= 1;
                self.leaf(value, way);
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn leaf(&mut self, value: &Value, way: &[Way]) {
        let Some(text) = plain(value) else { return };
        let keys: Vec<&str> = way
            .iter()
            .filter_map(|part| match part {
                Way::Key(key) => Some(key.as_str()),
                Way::Index(_) => None,
            })
            .collect();
        let key = keys.last().copied().unwrap_or(self.resource);
        if !(is_token(&text) || is_secret_name(key) || is_id(key)) {
            return;
        }
        let path = json_path(way, false);
        if path.len() > 300 {
            return;
        }
        // A plain `id` is ambiguous: prefix it with the name of its object.
        let of = match keys.as_slice() {
            [.., before, _] if !["data", "items", "results", "content", "rows"].contains(before) => before,
            _ => self.resource,
        };
        let hint = if key.eq_ignore_ascii_case("id") { format!("{}_id", singular(of)) } else { key.to_owned() };
        let listed = is_id(key) && way.iter().any(|part| matches!(part, Way::Index(_)));
        let any = listed.then(|| json!({ "json": json_path(way, true), "pick": "random" }));
        self.links.add(&text, Found { any, ..Found::new(self.step, key, hint, Value::from(path)) });
    }
}

fn json_path(way: &[Way], any: bool) -> String {
    let mut path = "$".to_owned();
    for part in way {
        match part {
            Way::Index(_) if any => path.push_str("[*]"),
            Way::Index(index) => path.push_str(&format!("[{index}]")),
            Way::Key(key)
                if key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                    && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') =>
            {
                path.push('.');
                path.push_str(key);
            }
            Way::Key(key) => {
                let quoted = key.replace('\\', "\\\\").replace('\'', "\\'");
                path.push_str(&format!("['{quoted}']"));
            }
        }
    }
    path
}

/// True if the name indicates an identifier.
fn is_id(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["id", "uuid", "guid", "slug"].contains(&lower.as_str())
        || ["_id", "-id", "_uuid"].iter().any(|end| lower.ends_with(end))
        || (name.len() > 2 && (name.ends_with("Id") || name.ends_with("ID")))
}

fn singular(word: &str) -> &str {
    match word.strip_suffix("ies") {
        Some(_) => word,
        None => word.strip_suffix('s').filter(|rest| rest.len() > 2 && !rest.ends_with('s')).unwrap_or(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_ids_are_recognized() {
        for text in
            ["8f14e45fceea167a5a36dedd4bea2543", "eyJhbGciOi.J9eyJz1.x-3", "550e8400-e29b-41d4-a716-446655440000"]
        {
            assert!(is_token(text), "{text}");
        }
        for text in [
            "short1",
            "a sentence with 12",
            "2026-11-23T14:00:00Z",
            "https://h/a12",
            "aaaaaaaaaaaaaaaa",
            "/api/products/12",
        ] {
            assert!(!is_token(text), "{text}");
        }
        for name in ["id", "product_id", "orderId", "ID", "uuid"] {
            assert!(is_id(name), "{name}");
        }
        for name in ["paid", "video", "valid", "width"] {
            assert!(!is_id(name), "{name}");
        }
    }

    #[test]
    fn paths_are_valid_json_paths() {
        let way = [Way::Key("a".into()), Way::Index(3), Way::Key("b c'd".into())];
        assert_eq!(json_path(&way, false), r"$.a[3]['b c\'d']");
        assert_eq!(json_path(&way, true), r"$.a[*]['b c\'d']");
    }
}
