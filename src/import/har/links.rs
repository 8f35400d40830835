//! Finds values of responses that later requests send: tokens and ids become captures and variables.
//!
//! The earliest response is used. A value that was sent before any response contained it is the user's own. An id is often
//! a small number, so it is taken only from a response that names the resource for which it is used.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use scraper::{Html, Selector};
use serde_json::{Map, Value, json};

use super::entry::Entry;
use super::resource;
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
    /// Resources that the response names, for an id.
    of: Vec<String>,
    /// Entry of `capture`.
    source: Value,
    /// Filters that make the value of what is captured.
    filters: String,
    /// Alternative entry that picks any of several equivalent values.
    any: Option<Value>,
    /// Name; assigned at its first use.
    name: Option<String>,
}

impl Found {
    /// True if it is an id of this resource.
    fn is_id_of(&self, resource: Option<&str>) -> bool {
        resource::is_id(&self.key)
            && resource.is_some_and(|wanted| self.of.iter().any(|of| resource::is_same(of, wanted)))
    }

    fn new(step: usize, key: &str, hint: String, source: Value) -> Self {
        Self { step, key: key.to_owned(), of: Vec::new(), hint, source, filters: String::new(), any: None, name: None }
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
        for (name, value) in entry.set_cookies() {
            self.cookie(step, name, value);
        }
        let Some(text) = entry.response_body() else { return };
        if text.trim_start().starts_with(['{', '[']) {
            if let Ok(json) = serde_json::from_str::<Value>(&text) {
                let resource = resource::of_path(entry.url.path()).unwrap_or_else(|| "item".to_owned());
                let mut walk = Walk { links: self, step, resource: &resource, left: MOST_OF_ONE };
                walk.go(&json, &mut Vec::new());
            }
        } else if entry.media() == "text/html" {
            self.hidden_fields(step, &text);
        }
    }

    /// Scripts read a cookie (`XSRF-TOKEN`) and send it as a header, often decoded.
    fn cookie(&mut self, step: usize, name: &str, value: &str) {
        let simple = !name.is_empty() && name.len() < 100 && http::HeaderName::try_from(name).is_ok();
        if !simple || !(is_token(value) || is_secret_name(name)) {
            return;
        }
        let found =
            |filters| Found { filters, ..Found::new(step, name, name.to_owned(), json!(format!("cookie: {name}"))) };
        self.add(value, found(String::new()));
        let decoded = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
        let mut codes: Vec<(String, char)> =
            value.match_indices('%').filter_map(|(at, _)| code(value.get(at..at + 3)?)).collect();
        codes.sort();
        codes.dedup();
        if !codes.is_empty() && codes.len() <= 6 {
            let filters = codes.iter().map(|(code, c)| format!(" | replace('{code}', '{c}')"));
            self.add(&decoded, found(filters.collect()));
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

    /// Template for a value that a request for `resource` sends under this name, if an earlier response contains it.
    pub fn find(&mut self, name: &str, value: &Value, resource: Option<&str>) -> Option<String> {
        let text = plain(value)?;
        let of = resource::of_id(name).or_else(|| resource.map(str::to_owned));
        let template = self.look(&text, |found| {
            is_token(&text)
                || (text.len() >= 6 && is_secret_name(name) && is_secret_name(&found.key))
                || (resource::is_id(name) && !text.is_empty() && found.is_id_of(of.as_deref()))
        });
        self.note(&text, template)
    }

    /// Like `find`, for a path segment after the segment `before`.
    pub fn segment(&mut self, text: &str, before: &str) -> Option<String> {
        let of = Some(resource::normal(before)).filter(|word| !word.is_empty());
        let template = self.look(text, |found| {
            is_token(text) || (text.chars().any(|c| c.is_ascii_digit()) && found.is_id_of(of.as_deref()))
        });
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
        Some(format!("{{{{ {name}{} }}}}", found.filters))
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
        let is_id = resource::is_id(key);
        if !(is_token(&text) || is_secret_name(key) || is_id) {
            return;
        }
        let path = json_path(way, false);
        if path.len() > 300 {
            return;
        }
        // A plain `id` is ambiguous: it is that of its object, or of the resource of the address.
        let owner = keys.iter().rev().skip(1).find(|key| !resource::is_container(key));
        let owner = owner.map_or_else(|| self.resource.to_owned(), |key| resource::normal(key));
        let hint = if resource::is_bare(key) { format!("{owner}_{key}") } else { key.to_owned() };
        let of = resource::of_id(key).unwrap_or(owner);
        let listed = is_id && way.iter().any(|part| matches!(part, Way::Index(_)));
        let any = listed.then(|| json!({ "json": json_path(way, true), "pick": "random" }));
        self.links.add(&text, Found { any, of: vec![of], ..Found::new(self.step, key, hint, Value::from(path)) });
    }
}

/// A URL-encoded character that a template can decode.
fn code(text: &str) -> Option<(String, char)> {
    let byte = u8::from_str_radix(text.strip_prefix('%')?, 16).ok()?;
    let c = char::from(byte);
    (c.is_ascii_graphic() && !"'\\{}%".contains(c)).then(|| (text.to_owned(), c))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_recognized() {
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
    }

    #[test]
    fn paths_are_valid_json_paths() {
        let way = [Way::Key("a".into()), Way::Index(3), Way::Key("b c'd".into())];
        assert_eq!(json_path(&way, false), r"$.a[3]['b c\'d']");
        assert_eq!(json_path(&way, true), r"$.a[*]['b c\'d']");
    }
}
