//! Converts an OpenAPI 3.0 or 3.1 document: one task per operation.

mod auth;
mod expected;
mod path;
mod reference;
mod sample;
mod style;
mod swagger;
mod upload;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use self::auth::Auth;
use self::expected::expected;
use self::path::{PathValue, address_of};
use self::reference::resolve;
use self::style::{flat_template, in_path, in_query, text};
pub use self::swagger::converted;
use super::body::filled;
use super::credential::{Credentials, is_secret_name};
use super::draft::{Draft, Request, Step, Task, add_header, can_be_sent, verb};
use super::headers::{is_client_header, is_header};
use super::input::{ImportError, MAX_REQUESTS};
use super::literal::literal;

/// Parts of the document that are not in it.
const ELSEWHERE: &str = "operations that are defined in another file ($ref): make one file first, for example with \
    `redocly bundle`";
const PATH_ELSEWHERE: &str = "paths that are defined in another file ($ref): make one file first, for example with \
    `redocly bundle`";

/// Converts each operation to a task.
pub fn import(document: &Value) -> Result<Draft, ImportError> {
    let title = document["info"]["title"].as_str().unwrap_or("an API");
    let version = document["info"]["version"].as_str().map(|v| format!(" {v}")).unwrap_or_default();
    let mut draft = Draft { description: format!("Imported from OpenAPI: {title}{version}"), ..Draft::default() };
    let base = server(document, &mut draft);
    let paths = document["paths"].as_object().ok_or_else(|| ImportError::new("the document has no `paths`"))?;
    let mut api = Api { document, base, samples: sample::Sampler::new(document), skipped: BTreeMap::new() };
    // Keys that start with `x-` are extensions.
    for (path, item) in paths.iter().filter(|(path, _)| !path.starts_with("x-")) {
        let item = resolve(document, item);
        if item.is_null() {
            *api.skipped.entry(PATH_ELSEWHERE.to_owned()).or_default() += 1;
        }
        for (method, operation) in item.as_object().into_iter().flatten() {
            let Some(verb) = verb(method).filter(|verb| verb == method && operation.is_object()) else {
                let known = ["summary", "description", "servers", "parameters", "$ref"].contains(&method.as_str());
                if !known && !method.starts_with("x-") {
                    *api.skipped.entry(format!("operations with {}", method.to_uppercase())).or_default() += 1;
                }
                continue;
            };
            let operation = resolve(document, operation);
            if !operation.is_object() {
                *api.skipped.entry(ELSEWHERE.to_owned()).or_default() += 1;
            } else if operation["deprecated"].as_bool() == Some(true) {
                *api.skipped.entry("deprecated operations".to_owned()).or_default() += 1;
            } else if draft.tasks.len() >= MAX_REQUESTS {
                *api.skipped.entry(format!("operations after the first {MAX_REQUESTS}")).or_default() += 1;
            } else {
                let task = api.task(&Endpoint { verb: &verb, path, item, operation }, &mut draft);
                draft.tasks.push(task);
            }
        }
    }
    if let Some(hooks) = document["webhooks"].as_object().filter(|hooks| !hooks.is_empty()) {
        api.skipped.insert("webhooks, which the server sends".to_owned(), hooks.len());
    }
    for (what, count) in api.skipped {
        draft.notes.push(format!("omitted: {count} × {what}"));
    }
    if !draft.vars.is_empty() {
        draft.notes.push("check the values under `vars`: they are used in paths".to_owned());
    }
    Ok(draft)
}

/// Sets the host; returns the path of the first server, the prefix of all paths.
fn server(document: &Value, draft: &mut Draft) -> String {
    let (origin, path) = address(&document["servers"][0]);
    if origin.is_none() {
        draft.notes.push("the document has no host: set it below, or with --host".to_owned());
    }
    draft.host = origin;
    path
}

/// Origin of a server, if any, and its path.
fn address(server: &Value) -> (Option<String>, String) {
    let mut address = server["url"].as_str().unwrap_or_default().to_owned();
    for (name, variable) in server["variables"].as_object().into_iter().flatten().take(50) {
        let value = variable["default"].as_str().unwrap_or_default();
        if address.len() < 2_000 {
            address = address.replace(&format!("{{{name}}}"), value);
        }
    }
    match url::Url::parse(&address) {
        Ok(url) if can_be_sent(&url) => {
            (Some(url.origin().ascii_serialization()), url.path().trim_end_matches('/').to_owned())
        }
        _ => {
            // A relative address is a path.
            let path = address.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
            let right = path.starts_with('/') && !path.contains(['{', ' ']);
            (None, if right { path.to_owned() } else { String::new() })
        }
    }
}

struct Api<'a> {
    document: &'a Value,
    base: String,
    samples: sample::Sampler<'a>,
    skipped: BTreeMap<String, usize>,
}

/// An operation of the document.
struct Endpoint<'t, 'a> {
    verb: &'t str,
    path: &'t str,
    /// The path item that has the operation.
    item: &'a Value,
    operation: &'a Value,
}

impl<'a> Api<'a> {
    fn task(&mut self, endpoint: &Endpoint<'_, 'a>, draft: &mut Draft) -> Task {
        let Endpoint { verb, path, item, operation } = *endpoint;
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
        auth.read(self.document, operation, &mut draft.credentials);
        parts.has_auth = auth.is_authorized();
        for parameter in self.parameters(item, operation) {
            if parameter.is_null() {
                parts.comments.push("omitted: a parameter that is defined in another file ($ref)".to_owned());
            }
            self.parameter(parameter, &mut parts, draft);
        }
        parts.query.extend(auth.query);
        for (name, value) in auth.headers {
            add_header(&mut parts.headers, &name, text(&value));
        }
        let base = self.base(item, operation, draft);
        let (url, varies) = address_of(&base, path, &parts.path, &mut draft.vars);
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
        let (status, redirects) = expected(operation);
        if redirects {
            // If redirects were followed, this status would never be returned.
            request.put("follow_redirects", Value::Bool(false));
        }
        if let Some(status) = status {
            request.put("expect", json!({ "status": status }));
        }
        Task { name, tags, steps: vec![Step::Request(request)] }
    }

    /// Parameters of the path and the operation; the latter have precedence.
    fn parameters(&self, item: &'a Value, operation: &'a Value) -> Vec<&'a Value> {
        let mut all: Vec<&Value> = Vec::new();
        for list in [&operation["parameters"], &item["parameters"]] {
            for parameter in list.as_array().into_iter().flatten().take(200) {
                let parameter = resolve(self.document, parameter);
                let same = |known: &&Value| {
                    !known.is_null() && known["name"] == parameter["name"] && known["in"] == parameter["in"]
                };
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
            "path" => {
                let secret = placeholder(&mut draft.credentials, name, &value);
                let (text, is_styled) = match secret {
                    Some(template) => (template, false),
                    None => in_path(parameter, name, &value),
                };
                parts.path.insert(name.to_owned(), PathValue { text, is_styled });
            }
            "query" if needed => match placeholder(&mut draft.credentials, name, &value) {
                Some(template) => drop(parts.query.insert(name.to_owned(), Value::from(template))),
                None => parts.query.extend(in_query(parameter, name, &value)),
            },
            "header" if name.eq_ignore_ascii_case("authorization") => {
                // Unless the security of the operation sets it.
                let set = parts.headers.keys().any(|known| known.eq_ignore_ascii_case(name)) || parts.has_auth;
                if !set {
                    let example = value.as_str().filter(|_| given).unwrap_or_default().to_lowercase();
                    let bearer = example.starts_with("bearer ") || example.starts_with("token ");
                    let scheme = value.as_str().filter(|_| bearer).and_then(|text| text.split(' ').next());
                    let hint = if bearer { "access_token" } else { "authorization" };
                    let text = draft.credentials.keep(hint, "");
                    let text = scheme.map(|scheme| format!("{scheme} {text}")).unwrap_or(text);
                    parts.headers.insert("Authorization".to_owned(), Value::from(text));
                }
            }
            "header" if needed && !is_client_header(name, "x") => {
                let text = match placeholder(&mut draft.credentials, name, &value) {
                    Some(template) => template,
                    None => literal(&text(&value)),
                };
                if is_header(name, &text) {
                    parts.headers.insert(name.to_owned(), Value::from(text));
                }
            }
            "cookie" if needed => {
                let value =
                    if is_secret_name(name) { draft.credentials.keep(name, "") } else { literal(&text(&value)) };
                add_header(&mut parts.headers, "Cookie", format!("{name}={value}"));
            }
            _ => {}
        }
    }

    /// Prefix of the path: an operation or path may have its own server.
    fn base(&self, item: &Value, operation: &Value, draft: &Draft) -> String {
        let own = [operation, item].into_iter().map(|place| &place["servers"][0]).find(|server| server.is_object());
        match own.map(address) {
            Some((Some(origin), path)) if draft.host.as_ref() != Some(&origin) => format!("{origin}{path}"),
            Some((_, path)) => path,
            None => self.base.clone(),
        }
    }

    /// Key and value of the body.
    fn content(&mut self, operation: &'a Value, parts: &mut Parts, draft: &mut Draft) -> Option<(&'static str, Value)> {
        let body = resolve(self.document, &operation["requestBody"]);
        let described = body["content"].as_object().into_iter().flatten().map(|(_, content)| &content["schema"]);
        let mut refs = [&operation["requestBody"]].into_iter().chain(described);
        if refs.any(|place| place.get("$ref").is_some() && resolve(self.document, place).is_null()) {
            parts.comments.push("the body is defined in another file ($ref): add it by hand".to_owned());
        }
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
        let mut fill = |name: &str, value: &Value| placeholder(&mut draft.credentials, name, value);
        match order(media) {
            0 => {
                let kind = media.split(';').next().unwrap_or_default().trim();
                if !["application/json", "*/*"].contains(&kind) {
                    parts.headers.insert("Content-Type".to_owned(), Value::from(literal(media)));
                }
                Some(("json", filled("", &value, &mut fill, 0)))
            }
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
                        parts.comments.push(format!("put a file {path} next to this one"));
                    }
                    // Even without a file, `files` makes it multipart/form-data.
                    parts.files = Some(Value::Object(files));
                }
                Some(("form", Value::Object(fields)))
            }
            _ => {
                // A range of types cannot be sent.
                if !media.contains('*') {
                    parts.headers.insert("Content-Type".to_owned(), Value::from(literal(media)));
                }
                if !value.is_string() {
                    parts.comments.push(format!("the document has no example of this body: add it as {media}"));
                }
                Some(("body", Value::from(literal(&text(&value)))))
            }
        }
    }
}

#[derive(Default)]
struct Parts {
    path: BTreeMap<String, PathValue>,
    query: Map<String, Value>,
    headers: Map<String, Value>,
    /// `auth` is set.
    has_auth: bool,
    files: Option<Value>,
    comments: Vec<String>,
}

/// Template for a field that is a credential. By their names they are all the same, because examples in the document are
/// not credentials; by their form or inside of other values they are.
fn placeholder(credentials: &mut Credentials, name: &str, value: &Value) -> Option<String> {
    let text = value.as_str()?;
    if is_secret_name(name) { Some(credentials.keep(name, "")) } else { credentials.found(name, text) }
}
