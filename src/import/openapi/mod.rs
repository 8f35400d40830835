//! An OpenAPI 3.0 or 3.1 document: one task for each operation.

mod auth;
mod sample;
mod upload;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use self::auth::Auth;
use super::body::filled;
use super::credential::{Vault, is_secret_name};
use super::draft::{Draft, Request, Step, Task, can_be_sent, identifier, literal, literal_json, verb};
use super::headers::is_the_clients_own;
use super::{ImportError, MAX_REQUESTS};

/// References that are followed from one place.
const LONGEST_CHAIN: usize = 20;

/// Makes a task of each operation.
pub fn import(document: &Value) -> Result<Draft, ImportError> {
    let title = document["info"]["title"].as_str().unwrap_or("an API");
    let version = document["info"]["version"].as_str().map(|v| format!(" {v}")).unwrap_or_default();
    let mut draft = Draft { description: format!("Imported from OpenAPI: {title}{version}"), ..Draft::default() };
    let base = server(document, &mut draft);
    let paths = document["paths"].as_object().ok_or_else(|| ImportError::new("the document has no `paths`"))?;
    let mut api = Api { document, base, samples: sample::Sampler::new(document), skipped: BTreeMap::new() };
    for (path, item) in paths {
        let item = resolve(document, item);
        for (method, operation) in item.as_object().into_iter().flatten() {
            let Some(verb) = verb(method).filter(|verb| verb == method && operation.is_object()) else {
                let known = ["summary", "description", "servers", "parameters", "$ref"].contains(&method.as_str());
                if !known && !method.starts_with("x-") {
                    *api.skipped.entry(format!("operations with {}", method.to_uppercase())).or_default() += 1;
                }
                continue;
            };
            if operation["deprecated"].as_bool() == Some(true) {
                *api.skipped.entry("deprecated operations".to_owned()).or_default() += 1;
            } else if draft.tasks.len() >= MAX_REQUESTS {
                *api.skipped.entry(format!("operations after the first {MAX_REQUESTS}")).or_default() += 1;
            } else {
                let task = api.task((&verb, path), (item, operation), &mut draft);
                draft.tasks.push(task);
            }
        }
    }
    for (what, count) in api.skipped {
        draft.notes.push(format!("left out: {count} × {what}"));
    }
    if !draft.vars.is_empty() {
        draft.notes.push("check the values under `vars`: they stand in paths".to_owned());
    }
    Ok(draft)
}

/// What a local reference points to; the value itself when it is none.
pub fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let mut value = value;
    for _ in 0..LONGEST_CHAIN {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return value };
        match reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer)) {
            Some(target) => value = target,
            None => return &Value::Null,
        }
    }
    &Value::Null
}

/// Sets the host, and gives the path of the first server: it stands before every path.
fn server(document: &Value, draft: &mut Draft) -> String {
    let server = &document["servers"][0];
    let mut address = server["url"].as_str().unwrap_or_default().to_owned();
    for (name, variable) in server["variables"].as_object().into_iter().flatten().take(50) {
        let value = variable["default"].as_str().unwrap_or_default();
        if address.len() < 2_000 {
            address = address.replace(&format!("{{{name}}}"), value);
        }
    }
    match url::Url::parse(&address) {
        Ok(url) if can_be_sent(&url) => {
            draft.host = Some(url.origin().ascii_serialization());
            url.path().trim_end_matches('/').to_owned()
        }
        _ => {
            draft.notes.push("the document names no host: give it below, or with --host".to_owned());
            // A relative address is a path.
            let path = address.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
            if path.starts_with('/') && !path.contains(['{', ' ']) { path.to_owned() } else { String::new() }
        }
    }
}

struct Api<'a> {
    document: &'a Value,
    base: String,
    samples: sample::Sampler<'a>,
    skipped: BTreeMap<String, usize>,
}

impl<'a> Api<'a> {
    fn task(
        &mut self,
        (verb, path): (&str, &str),
        (item, operation): (&'a Value, &'a Value),
        draft: &mut Draft,
    ) -> Task {
        let row = format!("{} {path}", verb.to_uppercase());
        let name = operation["operationId"].as_str().map_or_else(|| row.clone(), str::to_owned);
        let tags = operation["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).take(20);
        let tags = tags.map(|tag| tag.trim().replace(char::is_whitespace, "-")).filter(|tag| !tag.is_empty()).collect();
        let mut request = Request { verb: verb.to_owned(), ..Request::default() };
        if let Some(summary) = operation["summary"].as_str() {
            request.comments.push(summary.chars().take(100).collect());
        }
        let mut parts = Parts::default();
        let mut auth = Auth::default();
        auth.read(self.document, operation, &mut draft.vault);
        for parameter in self.parameters(item, operation) {
            self.parameter(parameter, &mut parts, draft);
        }
        parts.query.extend(auth.query);
        parts.headers.extend(auth.headers);
        let (url, varies) = self.address(path, &parts.path, draft);
        request.url = url;
        if varies {
            let row = request.url.replace("{{ ", "[").replace(" }}", "]");
            request.put("name", Value::from(row));
        }
        let content = self.content(operation, &mut parts, draft);
        request.put("query", Value::Object(parts.query));
        request.put("headers", Value::Object(parts.headers));
        request.put("auth", auth.auth);
        if let Some((key, value)) = content {
            request.put(key, value);
        }
        request.put("files", parts.files.unwrap_or_default());
        request.comments.extend(parts.comments);
        if let Some(status) = expected(operation) {
            request.put("expect", json!({ "status": status }));
        }
        Task { name, tags, steps: vec![Step::Request(request)] }
    }

    /// Those of the path and those of the operation, which win.
    fn parameters(&self, item: &'a Value, operation: &'a Value) -> Vec<&'a Value> {
        let mut all: Vec<&Value> = Vec::new();
        for list in [&operation["parameters"], &item["parameters"]] {
            for parameter in list.as_array().into_iter().flatten().take(200) {
                let parameter = resolve(self.document, parameter);
                let same = |known: &&Value| known["name"] == parameter["name"] && known["in"] == parameter["in"];
                if !all.iter().any(same) {
                    all.push(parameter);
                }
            }
        }
        all
    }

    fn parameter(&mut self, parameter: &'a Value, parts: &mut Parts, draft: &mut Draft) {
        let Some(name) = parameter["name"].as_str() else { return };
        let place = parameter["in"].as_str().unwrap_or_default();
        let (value, given) = self.samples.of_content(parameter);
        let needed = given || parameter["required"].as_bool() == Some(true);
        match place {
            "path" => drop(parts.path.insert(name.to_owned(), value)),
            "query" if needed => {
                let value = match placeholder(&mut draft.vault, name, &value) {
                    Some(template) => Value::from(template),
                    None => flat(&value),
                };
                parts.query.insert(name.to_owned(), value);
            }
            "header" if needed => {
                let text = match placeholder(&mut draft.vault, name, &value) {
                    Some(template) => template,
                    None => literal(&text(&value)),
                };
                if !is_the_clients_own(name, &text) && !name.eq_ignore_ascii_case("authorization") {
                    parts.headers.insert(name.to_owned(), Value::from(text));
                }
            }
            "cookie" if needed => {
                let value = if is_secret_name(name) { draft.vault.keep(name, "") } else { literal(&text(&value)) };
                parts.headers.insert("Cookie".to_owned(), Value::from(format!("{name}={value}")));
            }
            _ => {}
        }
    }

    /// The path with its parameters as variables, and whether it has any.
    fn address(&self, path: &str, values: &BTreeMap<String, Value>, draft: &mut Draft) -> (String, bool) {
        let mut out = literal(&self.base);
        if !path.starts_with('/') {
            out.push('/');
        }
        let mut varies = false;
        let mut rest = path;
        while let Some(open) = rest.find('{') {
            let Some(close) = rest[open..].find('}').map(|at| open + at) else { break };
            let name = &rest[open + 1..close];
            let variable = identifier(name);
            let value = values.get(name).cloned().unwrap_or_else(|| Value::from(1));
            draft.vars.entry(variable.clone()).or_insert_with(|| Value::from(encoded(&text(&value))));
            out.push_str(&literal(&rest[..open]));
            out.push_str(&format!("{{{{ {variable} }}}}"));
            varies = true;
            rest = &rest[close + 1..];
        }
        out.push_str(&literal(rest));
        (out.replace(char::is_whitespace, if varies { " " } else { "%20" }), varies)
    }

    /// The key and value of the body.
    fn content(&mut self, operation: &'a Value, parts: &mut Parts, draft: &mut Draft) -> Option<(&'static str, Value)> {
        let body = resolve(self.document, &operation["requestBody"]);
        let content = body["content"].as_object()?;
        let is_json = |media: &str| media.starts_with("application/json") || media.contains("+json") || media == "*/*";
        let order = |media: &str| match media {
            media if is_json(media) => 0,
            "application/x-www-form-urlencoded" => 1,
            media if media.starts_with("multipart/") => 2,
            _ => 3,
        };
        let (media, description) = content.iter().min_by_key(|(media, _)| order(media))?;
        let (value, _) = self.samples.of_content(description);
        let mut fill = |name: &str, value: &Value| placeholder(&mut draft.vault, name, value);
        match order(media) {
            0 => Some(("json", filled("", &value, &mut fill, 0))),
            1 | 2 => {
                let fields = filled("", &value, &mut fill, 0);
                let mut fields: Map<String, Value> = fields
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, value)| (name.clone(), flat_template(value)))
                    .collect();
                if media.starts_with("multipart/") {
                    let files = upload::files(self.document, description);
                    for (name, _) in &files {
                        fields.remove(name);
                    }
                    for path in upload::paths(&files) {
                        parts.comments.push(format!("put a file {path} beside this one"));
                    }
                    // Also without a file, `files` makes it multipart/form-data.
                    parts.files = Some(Value::Object(files));
                }
                Some(("form", Value::Object(fields)))
            }
            _ => {
                parts.headers.insert("Content-Type".to_owned(), Value::from(literal(media)));
                Some(("body", Value::from(literal(&text(&value)))))
            }
        }
    }
}

#[derive(Default)]
struct Parts {
    path: BTreeMap<String, Value>,
    query: Map<String, Value>,
    headers: Map<String, Value>,
    files: Option<Value>,
    comments: Vec<String>,
}

/// The statuses of success that the document knows; nothing when it says none.
fn expected(operation: &Value) -> Option<Value> {
    let known = operation["responses"].as_object()?;
    let statuses: Vec<Value> = known
        .keys()
        .filter_map(|key| match key.parse::<u16>() {
            Ok(status) if (200..400).contains(&status) => Some(Value::from(status)),
            Err(_) if ["2XX", "2xx"].contains(&key.as_str()) => Some(Value::from("2xx")),
            _ => None,
        })
        .take(10)
        .collect();
    match statuses.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        _ => Some(Value::Array(statuses)),
    }
}

/// The template for a field that holds a credential; the example of the document is none.
fn placeholder(vault: &mut Vault, name: &str, value: &Value) -> Option<String> {
    (value.is_string() && is_secret_name(name)).then(|| vault.keep(name, ""))
}

/// A value as a text.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// A value of a query: a text, or a list of texts.
fn flat(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().take(50).map(|item| Value::from(literal(&text(item)))).collect(),
        Value::Number(_) => literal_json(value),
        other => Value::from(literal(&text(other))),
    }
}

/// The same for what is a template already.
fn flat_template(value: &Value) -> Value {
    match value {
        Value::Object(_) => Value::from(literal(&value.to_string())),
        Value::Array(items) => items.iter().take(50).map(|item| Value::from(text(item))).collect(),
        other => Value::from(text(other)),
    }
}

fn encoded(segment: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~')
        .remove(b':')
        .remove(b',');
    percent_encoding::utf8_percent_encode(segment, KEPT).to_string()
}
