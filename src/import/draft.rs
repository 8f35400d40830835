//! A scenario before it is written. Strings in it are templates; literal text was escaped with [`literal`].

use std::time::Duration;

use serde_json::{Map, Value};

use super::credential::Credentials;
use crate::scenario::grammar::words;

/// A scenario to be written.
#[derive(Debug, Default)]
pub struct Draft {
    /// `name`.
    pub name: String,
    /// `description`.
    pub description: String,
    /// `host`; `None` if it must be specified for each run.
    pub host: Option<String>,
    /// Notes for the user.
    pub notes: Vec<String>,
    /// `vars`.
    pub vars: Map<String, Value>,
    /// `headers` of `defaults`.
    pub default_headers: Map<String, Value>,
    /// `endpoint` of `graphql`: where its steps are sent.
    pub graphql: Option<String>,
    /// Files to write next to the scenario.
    pub files: Attachments,
    /// Credentials found in the input.
    pub credentials: Credentials,
    /// Other environment variables that it uses.
    pub variables: Vec<String>,
    /// `tasks`.
    pub tasks: Vec<Task>,
}

/// Files next to the scenario, for bodies that are too large or binary.
#[derive(Debug, Default)]
pub struct Attachments {
    /// Prefix of their names: several scenarios can be in one folder.
    pub prefix: String,
    /// Names and contents.
    pub all: Vec<(String, Vec<u8>)>,
}

impl Attachments {
    /// Adds a file with a name like this one, and returns its path. Equal files are one.
    pub fn add(&mut self, name: &str, content: Vec<u8>) -> String {
        let name = format!("{}-{name}", self.prefix);
        let (stem, ending) =
            name.rsplit_once('.').map_or((name.as_str(), String::new()), |(stem, e)| (stem, format!(".{e}")));
        let mut path = name.clone();
        let mut number = 2u32;
        while let Some((_, known)) = self.all.iter().find(|(known, _)| *known == path) {
            if *known == content {
                return path;
            }
            path = format!("{stem}-{number}{ending}");
            number = number.saturating_add(1);
        }
        self.all.push((path.clone(), content));
        path
    }
}

/// One task.
#[derive(Debug, Default)]
pub struct Task {
    /// Name; made unique when written.
    pub name: String,
    /// Labels.
    pub tags: Vec<String>,
    /// Steps in order.
    pub steps: Vec<Step>,
}

impl Task {
    /// True without requests.
    pub fn is_empty(&self) -> bool {
        !self.steps.iter().any(|step| matches!(step, Step::Request(_)))
    }
}

/// One step.
#[derive(Debug)]
pub enum Step {
    /// A comment between steps.
    Comment(String),
    /// A wait.
    Wait(Duration),
    /// A request.
    Request(Request),
}

/// One request.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Key of the step: a method in lower case, or `graphql`.
    pub verb: String,
    /// Path or absolute URL; the document of a `graphql` step.
    pub url: String,
    /// Modifiers, in this order.
    pub fields: Vec<(&'static str, Value)>,
    /// Comments before the step.
    pub comments: Vec<String>,
}

impl Request {
    /// Adds a modifier unless it is empty.
    pub fn put(&mut self, key: &'static str, mut value: Value) {
        let mut left_out = Vec::new();
        without_templates(&mut value, &mut left_out);
        let comment = |name: String| format!("omitted: {name}: templates are not allowed in names");
        self.comments.extend(left_out.into_iter().map(comment));
        let empty = match &value {
            Value::Null => true,
            Value::Object(map) => map.is_empty() && !["json", "files"].contains(&key),
            _ => false,
        };
        if !empty {
            self.fields.push((key, value));
        }
    }
}

/// Removes entries whose name looks like a template: these are not allowed in a scenario and cannot be escaped.
fn without_templates(value: &mut Value, left_out: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            left_out.extend(map.keys().filter(|name| name.contains("{{")).cloned());
            map.retain(|name, _| !name.contains("{{"));
            map.values_mut().for_each(|value| without_templates(value, left_out));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| without_templates(item, left_out)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// True if a request can be sent to this URL: `http` or `https`, and a host without templates.
pub fn can_be_sent(url: &url::Url) -> bool {
    let plain = |host: &str| host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c));
    matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty() && plain(host))
}

/// True if a client that follows redirects never returns this status.
pub fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Key of a step for this method, if supported.
pub fn verb(method: &str) -> Option<String> {
    let verb = method.to_ascii_lowercase();
    words::is_verb(&verb).then_some(verb)
}

/// Converts pairs to a map; repeated names become a list.
pub fn pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Map<String, Value> {
    let mut map = Map::new();
    for (name, value) in pairs {
        let value = Value::String(value);
        match map.get_mut(&name) {
            None => {
                map.insert(name, value);
            }
            Some(Value::Array(all)) => all.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
        }
    }
    map
}

/// Adds a header. A step has each name once, so repeated headers are joined, which HTTP allows.
pub fn add_header(headers: &mut Map<String, Value>, name: &str, value: String) {
    let known = headers.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let Some(known) = known else {
        headers.insert(name.to_owned(), Value::String(value));
        return;
    };
    let single = ["content-type", "authorization", "host", "range", "referer", "user-agent"];
    let between = match name.to_ascii_lowercase().as_str() {
        name if single.contains(&name) => None,
        "cookie" => Some("; "),
        _ => Some(", "),
    };
    *known = match (between, known.as_str()) {
        (Some(between), Some(before)) => Value::String(format!("{before}{between}{value}")),
        _ => Value::String(value),
    };
}

/// Formats a duration: `2.5s`.
pub fn seconds(length: Duration) -> String {
    if length.subsec_nanos() == 0 {
        return crate::units::plain(length);
    }
    let text = format!("{:.3}", length.as_secs_f64().max(0.001));
    format!("{}s", text.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_headers_are_joined() {
        let mut headers = Map::new();
        for (name, value) in
            [("X-A", "1"), ("Host", "a"), ("x-a", "2"), ("Cookie", "a=1"), ("cookie", "b=2"), ("host", "b")]
        {
            add_header(&mut headers, name, value.to_owned());
        }
        assert_eq!(Value::Object(headers), serde_json::json!({ "X-A": "1, 2", "Host": "b", "Cookie": "a=1; b=2" }));
    }
}
