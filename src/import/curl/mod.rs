//! `curl` command lines, as browsers copy them and people write them: each becomes a step.

mod command;
mod words;

use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use self::command::{Command, Data};
use super::body::{body, secret};
use super::credential::{self, Vault};
use super::draft;
use super::draft::{Draft, Request, Step, Task, can_be_sent, literal, literal_json, pairs, verb};
use super::har::is_the_clients_own;
use super::{ImportError, MAX_REQUESTS};

/// Whether a text begins with a command line of curl.
pub fn is_command(text: &str) -> bool {
    let code = text.lines().map(str::trim_start).find(|line| !line.is_empty() && !line.starts_with('#'));
    let code = code.unwrap_or_default();
    let code = code.strip_prefix("$ ").unwrap_or(code).trim_start();
    ["curl", "curl.exe"].iter().any(|name| {
        code.strip_prefix(name).is_some_and(|rest| rest.starts_with(|c: char| c.is_whitespace() || c == '\\'))
    })
}

/// Makes a step of every command.
pub fn import(text: &str) -> Result<Draft, ImportError> {
    let mut draft = Draft { description: "Imported from curl".to_owned(), ..Draft::default() };
    let mut task = Task { name: "imported".to_owned(), ..Task::default() };
    let mut seen = 0usize;
    for words in words::commands(text) {
        let words: Vec<String> = words.into_iter().skip_while(|word| word == "$").collect();
        if !words.first().is_some_and(|word| word == "curl" || word == "curl.exe") {
            continue;
        }
        seen += 1;
        if seen > MAX_REQUESTS {
            draft.notes.push(format!("only the first {MAX_REQUESTS} commands were taken"));
            break;
        }
        let command = Command::read(&words[1..]);
        for address in &command.urls {
            match request(&command, address, &mut draft) {
                Ok(request) => task.steps.push(Step::Request(request)),
                Err(why) => draft.notes.push(format!("command {seen} was left out: {why}")),
            }
        }
        if command.urls.is_empty() {
            draft.notes.push(format!("command {seen} was left out: it has no address"));
        }
    }
    draft.tasks.push(task);
    Ok(draft)
}

fn request(command: &Command, address: &str, draft: &mut Draft) -> Result<Request, String> {
    let url = address_of(address)?;
    let (vault, host) = (&mut draft.vault, &mut draft.host);
    let origin = url.origin().ascii_serialization();
    let base = host.get_or_insert_with(|| origin.clone());
    let method = command.method();
    let mut request = Request {
        verb: verb(&method).ok_or_else(|| format!("a step cannot send {}", crate::clean::line(&method)))?,
        ..Request::default()
    };
    let path = literal(url.path());
    request.url = if *base == origin { path } else { format!("{origin}{path}") };
    let mut query: Vec<(String, String)> = query_of(&url, vault);
    let (mut headers, mut auth) = (Vec::new(), None);
    for (name, value) in &command.headers {
        header((name, value), vault, &mut headers, &mut auth);
    }
    if let Some(user) = &command.user {
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        auth = Some(credential::basic(name, password, vault));
    } else if !url.username().is_empty() {
        let plain = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        auth = Some(credential::basic(&plain(url.username()), &plain(url.password().unwrap_or("")), vault));
    }
    if let Some(cookies) = &command.cookies {
        headers.push(("Cookie".to_owned(), vault.keep("cookie", cookies)));
    }
    let mut content = None;
    if command.get {
        for data in &command.data {
            query.extend(url::form_urlencoded::parse(data.text.as_bytes()).map(|(k, v)| field(&k, &v, vault)));
        }
    } else if !command.forms.is_empty() {
        content = Some(upload(command, vault, &mut request.comments));
    } else if !command.data.is_empty() {
        content = Some(sent(command, &mut headers, vault, &mut request.comments));
    }
    request.put("query", Value::Object(pairs(query)));
    request.put("headers", Value::Object(pairs(headers)));
    request.put("auth", auth.unwrap_or_default());
    for (key, value) in content.into_iter().flatten() {
        request.put(key, value);
    }
    carried(command, &mut request);
    Ok(request)
}

/// How the request is carried, as far as it differs from what a step does.
fn carried(command: &Command, request: &mut Request) {
    if !command.follow {
        request.put("follow_redirects", Value::Bool(false));
    }
    if command.insecure {
        request.put("tls", json!({ "insecure": true }));
    }
    if let Some(proxy) = &command.proxy {
        let proxy = if proxy.contains("://") { proxy.clone() } else { format!("http://{proxy}") };
        match Url::parse(&proxy) {
            Ok(url) if can_be_sent(&url) && url.password().is_none() => {
                request.put("proxy", Value::from(proxy));
            }
            _ => request.comments.push("the proxy was left out: write it by hand".to_owned()),
        }
    }
    if let Some(version) = command.version {
        request.put("http_version", Value::from(version));
    }
    if let Some(limit) = command.max_time.filter(|limit| *limit > Duration::ZERO) {
        request.put("timeout", Value::from(draft::seconds(limit)));
    }
    for flag in &command.unknown {
        request.comments.push(format!("curl's {flag} has no equivalent here and was left out"));
    }
}

fn address_of(address: &str) -> Result<Url, String> {
    let full = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
    match Url::parse(&full) {
        Ok(url) if can_be_sent(&url) => Ok(url),
        _ => Err("its address is not http or https".to_owned()),
    }
}

/// The pairs after the `?`; credentials among them are kept.
pub(super) fn query_of(url: &Url, vault: &mut Vault) -> Vec<(String, String)> {
    url.query_pairs().map(|(name, value)| field(&name, &value, vault)).collect()
}

fn field(name: &str, value: &str, vault: &mut Vault) -> (String, String) {
    let value =
        if credential::is_secret_name(name) && !value.is_empty() { vault.keep(name, value) } else { literal(value) };
    (name.to_owned(), value)
}

fn header(
    (name, value): (&str, &str),
    vault: &mut Vault,
    headers: &mut Vec<(String, String)>,
    auth: &mut Option<Value>,
) {
    if is_the_clients_own(name, value) && !name.eq_ignore_ascii_case("cookie") {
        return;
    }
    let kept = match name.to_ascii_lowercase().as_str() {
        "authorization" => {
            let (key, found) = credential::authorization(value, vault);
            if key == "auth" {
                *auth = Some(found);
                return;
            }
            found["Authorization"].as_str().unwrap_or_default().to_owned()
        }
        "cookie" => vault.keep("cookie", value),
        _ if credential::is_secret_name(name) => vault.keep(name, value),
        _ => literal(value),
    };
    headers.push((name.to_owned(), kept));
}

/// What `--data` and its relatives send.
fn sent(
    command: &Command,
    headers: &mut Vec<(String, String)>,
    vault: &mut Vault,
    comments: &mut Vec<String>,
) -> Vec<(&'static str, Value)> {
    for data in command.data.iter().filter_map(|data| data.file.as_ref()) {
        comments.push(format!("curl sent the file {data}: put it beside this one and write body: \"@…\""));
    }
    let text = command.data.iter().map(|data: &Data| data.text.as_str()).collect::<Vec<_>>().join("&");
    let declared = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type")).map(|(_, v)| v.clone());
    let media = declared.as_deref().unwrap_or(command.content_type());
    let (key, value, own) = body(&text, media, &mut |name, value| secret(vault, name, value));
    if own {
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    } else if declared.is_none() {
        headers.push(("Content-Type".to_owned(), literal(command.content_type())));
    }
    vec![(key, value)]
}

/// What `--form` sends.
fn upload(command: &Command, vault: &mut Vault, comments: &mut Vec<String>) -> Vec<(&'static str, Value)> {
    let (mut fields, mut files) = (Vec::new(), serde_json::Map::new());
    for (name, value) in &command.forms {
        match value.strip_prefix(['@', '<']) {
            Some(file) => {
                let mut parts = file.split(';');
                let path = parts.next().unwrap_or_default().trim_matches('"').to_owned();
                comments.push(format!("put the file {path} beside this one: paths are relative to it"));
                let mut entry = serde_json::Map::new();
                entry.insert("file".to_owned(), Value::from(path));
                for part in parts {
                    match part.trim().split_once('=') {
                        Some(("type", value)) => drop(entry.insert("type".to_owned(), Value::from(value))),
                        Some(("filename", value)) => {
                            drop(entry.insert("name".to_owned(), Value::from(value.trim_matches('"'))));
                        }
                        _ => {}
                    }
                }
                let value = if entry.len() == 1 { entry["file"].clone() } else { Value::Object(entry) };
                files.insert(name.clone(), value);
            }
            None => fields.push(field(name, value, vault)),
        }
    }
    if files.is_empty() {
        // Without a file, fields can be sent the usual way.
        comments.push("curl sent these fields as multipart/form-data; a form says the same to most servers".to_owned());
    }
    let mut out = vec![("form", Value::Object(pairs(fields)))];
    if !files.is_empty() {
        out.push(("files", literal_json(&Value::Object(files))));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_known_by_its_name() {
        for text in ["curl http://h", "  \n# copied\n$ curl 'http://h'", "curl \\\n http://h", "curl.exe h"] {
            assert!(is_command(text), "{text}");
        }
        for text in ["curly h", "openapi: 3.0.0", "", "{}"] {
            assert!(!is_command(text), "{text}");
        }
    }
}
