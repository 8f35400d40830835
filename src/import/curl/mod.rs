//! Converts `curl` command lines, as copied by browsers or written by hand, to steps.

mod around;
mod cmd;
mod command;
mod content;
mod data;
mod field;
mod globs;
mod loops;
mod options;
mod variables;
mod words;

use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use self::command::Command;
use self::field::field;
use self::variables::{Assigned, Hosts};
use self::words::{Input, Line};
use super::credential::{self, Credentials};
use super::draft;
use super::draft::{Draft, Request, Step, Task, add_header, can_be_sent, pairs, verb};
use super::headers::{is_carriage, is_client_header, is_header};
use super::input::{ImportError, MAX_REQUESTS};
use super::literal::literal;

/// Maximum number of steps from one URL pattern.
const MOST_OF_A_PATTERN: usize = 50;

/// True if a text contains a curl command line. It is not the text of a document with an example of one.
pub fn is_command(text: &str) -> bool {
    let is_key = |line: &str, key: &str| {
        let line = line.trim_start().trim_start_matches(['"', '\'']);
        line.strip_prefix(key).is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':'))
    };
    let is_document = text.starts_with('{')
        || text.lines().take(200).any(|line| ["openapi", "swagger", "log"].iter().any(|key| is_key(line, key)));
    !is_document
        && text.contains("curl")
        && lines(text).0.into_iter().any(|mut line| around::strip(&mut line, &mut Assigned::default()))
}

/// The command lines of a text, and notes about them.
fn lines(text: &str) -> (Vec<Line>, Vec<String>) {
    let text = variables::without_marks(text);
    if cmd::is_cmd(&text) {
        return (cmd::commands(&text), Vec::new());
    }
    let (text, notes) = loops::expand(&text);
    (words::commands(&text), notes)
}

/// Converts every command to a step.
pub fn import(text: &str) -> Result<Draft, ImportError> {
    let (lines, notes) = lines(text);
    let mut draft = Draft { description: "Imported from curl".to_owned(), notes, ..Draft::default() };
    draft.credentials.variable = Some(variables::names);
    let mut task = Task { name: "imported".to_owned(), ..Task::default() };
    let mut seen = 0usize;
    let mut hosts = Hosts::default();
    let mut before: Option<Line> = None;
    for mut line in lines {
        let piped = before.replace(line.clone()).filter(|before| before.piped);
        if !around::strip(&mut line, &mut Assigned::default()) {
            continue;
        }
        line.input = line.input.or_else(|| piped.as_ref().and_then(around::output));
        seen += 1;
        if seen > MAX_REQUESTS {
            draft.notes.push(format!("only the first {MAX_REQUESTS} commands were imported"));
            break;
        }
        let input = match &line.input {
            Some(Input::Text(text)) => Some(text),
            _ => None,
        };
        if let Some(part) = variables::of_shell(line.words.iter().chain(input)) {
            let part = crate::clean::line(part);
            draft.notes.push(format!(
                "command {seen} was omitted: it uses {part}, which only a shell can replace: write a value or a variable instead"
            ));
            continue;
        }
        for command in Command::read(&line).into_iter().take(MAX_REQUESTS) {
            if command.urls.is_empty() {
                draft.notes.push(format!("command {seen} was omitted: it has no address"));
            }
            if task.steps.len() > MAX_REQUESTS {
                break;
            }
            for address in addresses(&command, seen, &mut draft) {
                match request(&command, &hosts.address(&address), &mut draft) {
                    Ok(request) => task.steps.push(Step::Request(request)),
                    Err(why) => draft.notes.push(format!("command {seen} was omitted: {why}")),
                }
            }
        }
    }
    if task.steps.len() > MAX_REQUESTS {
        task.steps.truncate(MAX_REQUESTS);
        draft.notes.push(format!("only the first {MAX_REQUESTS} requests were imported"));
    }
    draft.tasks.push(task);
    variables::finish(&mut draft, &hosts);
    Ok(draft)
}

/// Addresses of a command, with URL patterns expanded.
fn addresses(command: &Command, number: usize, draft: &mut Draft) -> Vec<String> {
    if command.plain_urls {
        return command.urls.iter().take(MAX_REQUESTS).cloned().collect();
    }
    let mut all = Vec::new();
    for pattern in command.urls.iter().take(MAX_REQUESTS) {
        let (some, total) = globs::expand(pattern, MOST_OF_A_PATTERN);
        if total > some.len() {
            let some = some.len();
            draft.notes.push(format!("command {number}: only the first {some} of {total} addresses were imported"));
        }
        all.extend(some);
    }
    all.truncate(MAX_REQUESTS);
    all
}

fn request(command: &Command, address: &str, draft: &mut Draft) -> Result<Request, String> {
    let mut url = address_of(address, command.scheme.as_deref().unwrap_or("http"))?;
    if let Some(file) = command.upload.as_ref().filter(|file| !["-", "."].contains(&file.as_str()))
        && url.path().ends_with('/')
        && let Ok(mut segments) = url.path_segments_mut()
    {
        // As in curl.
        segments.pop_if_empty().push(content::file_name(file));
    }
    let (credentials, host) = (&mut draft.credentials, &mut draft.host);
    let origin = url.origin().ascii_serialization();
    let base = host.get_or_insert_with(|| origin.clone());
    let method = command.method();
    let mut request = Request {
        verb: verb(&method).ok_or_else(|| format!("unsupported method {}", crate::clean::line(&method)))?,
        ..Request::default()
    };
    let path = credentials.path(url.path());
    request.url = if *base == origin { path } else { format!("{origin}{path}") };
    let mut query: Vec<(String, String)> = query_of(&url, credentials);
    if let Some(whole) = url.query().filter(|_| is_written_whole(&url)) {
        request.url.push_str(&format!("?{}", field("", whole, credentials).1));
        query.clear();
    }
    let more = command.query.iter().map(|text| url::form_urlencoded::parse(text.as_bytes()));
    query.extend(more.flatten().map(|(name, value)| field(&name, &value, credentials)));
    let mut converted = ConvertedHeaders::default();
    let browser = is_from_a_browser(command);
    for (name, value) in &command.headers {
        header(name, value, browser, credentials, &mut converted);
    }
    let ConvertedHeaders { mut headers, mut auth } = converted;
    let accept = command.json.then(|| "application/json".to_owned());
    let own = [("User-Agent", &command.user_agent), ("Referer", &command.referer), ("Accept", &accept)];
    for (name, value) in own {
        let given = command.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        if let Some(value) = value.as_ref().filter(|value| !given && !value.is_empty() && is_header(name, value)) {
            headers.push(field(name, value, credentials));
        }
    }
    let is_set = auth.is_some() || headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    if is_set {
        // An explicit header overrides -u and the credentials of the URL; a step can have only one of these.
    } else if let Some(scheme) = command.scheme_of_user() {
        let note =
            format!("curl's --{scheme} has no equivalent: this request is sent without its user name and password");
        request.comments.push(note);
    } else if let Some(user) = &command.user {
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        auth = Some(credential::basic(name, password, credentials));
    } else if !url.username().is_empty() {
        let plain = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        auth = Some(credential::basic(&plain(url.username()), &plain(url.password().unwrap_or("")), credentials));
    }
    if let Some(cookies) = &command.cookies {
        headers.push(("Cookie".to_owned(), credentials.keep("cookie", cookies)));
    }
    let mut body = Vec::new();
    if command.get {
        for data in &command.data {
            if let Some(file) = &data.file {
                request.comments.push(content::left_out(file));
            }
            query.extend(url::form_urlencoded::parse(data.text.as_bytes()).map(|(k, v)| field(&k, &v, credentials)));
        }
    } else if let Some(file) = &command.upload {
        let text = match &command.input {
            Some(Input::Text(text)) if file == "-" => Some(Value::from(literal(text))),
            Some(Input::File(path)) if file == "-" => content::of_file(path, &mut request.comments),
            _ => content::of_file(file, &mut request.comments),
        };
        body.extend(text.map(|text| ("body", text)));
    } else if !command.forms.is_empty() {
        body = content::form(command, &mut headers, credentials, &mut request.comments);
    } else if !command.data.is_empty() {
        body = content::data(command, &mut headers, credentials, &mut request.comments);
    }
    request.put("query", Value::Object(pairs(query)));
    let mut lines = serde_json::Map::new();
    headers.into_iter().for_each(|(name, value)| add_header(&mut lines, &name, value));
    request.put("headers", Value::Object(lines));
    request.put("auth", auth.unwrap_or_default());
    for (key, value) in body {
        request.put(key, value);
    }
    carried(command, &mut request);
    Ok(request)
}

/// Connection settings that differ from the defaults of a step.
fn carried(command: &Command, request: &mut Request) {
    if !command.follow {
        request.put("follow_redirects", Value::Bool(false));
    }
    let tls = tls(command, &mut request.comments);
    request.put("tls", tls);
    if let Some(proxy) = &command.proxy {
        let proxy = if proxy.contains("://") { proxy.clone() } else { format!("http://{proxy}") };
        match Url::parse(&proxy) {
            Ok(url) if can_be_sent(&url) && url.password().is_none() => {
                request.put("proxy", Value::from(proxy));
            }
            _ => request.comments.push("the proxy was omitted: add it by hand".to_owned()),
        }
    }
    if let Some(version) = command.version {
        request.put("http_version", Value::from(version));
    }
    if let Some(limit) = command.max_time.filter(|limit| *limit > Duration::ZERO) {
        request.put("timeout", Value::from(draft::seconds(limit)));
    }
    request.comments.extend(command.unknown.iter().cloned());
}

/// Files of `--cacert`, `--cert` and `--key`, and `-k`.
fn tls(command: &Command, comments: &mut Vec<String>) -> Value {
    let mut tls = serde_json::Map::new();
    // Without `--key`, curl expects the key in the certificate file.
    let key = command.key.as_ref().or(command.cert.as_ref()).filter(|_| command.cert.is_some());
    for (name, file) in [("ca", command.ca.as_ref()), ("cert", command.cert.as_ref()), ("key", key)] {
        if let Some(file) = file {
            let path = content::beside(file, comments);
            tls.insert(name.to_owned(), Value::from(literal(&path)));
        }
    }
    if command.insecure {
        tls.insert("insecure".to_owned(), json!(true));
    }
    Value::Object(tls)
}

fn address_of(address: &str, scheme: &str) -> Result<Url, String> {
    let full = if address.contains("://") { address.to_owned() } else { format!("{scheme}://{address}") };
    match Url::parse(&full) {
        Ok(url) if can_be_sent(&url) => Ok(url),
        _ => Err("its address is not http or https".to_owned()),
    }
}

/// True if converting the query to a map would change it.
fn is_written_whole(url: &Url) -> bool {
    let whole = url.query().unwrap_or_default();
    whole.split('&').any(|part| !part.is_empty() && !part.contains('='))
}

/// Browsers copy all headers, including those specific to the browser; people write only relevant ones.
fn is_from_a_browser(command: &Command) -> bool {
    let own = |name: &str, value: &str| {
        name.to_ascii_lowercase().starts_with("sec-")
            || (name.eq_ignore_ascii_case("user-agent") && value.starts_with("Mozilla/"))
    };
    command.headers.iter().any(|(name, value)| own(name, value))
}

/// Query pairs; credentials in them become variables.
pub(super) fn query_of(url: &Url, credentials: &mut Credentials) -> Vec<(String, String)> {
    url.query_pairs().map(|(name, value)| field(&name, &value, credentials)).collect()
}

/// Headers of a command, as they are written in a step.
#[derive(Debug, Default)]
struct ConvertedHeaders {
    headers: Vec<(String, String)>,
    /// The key `auth`, for an `Authorization` header that it can replace.
    auth: Option<Value>,
}

fn header(name: &str, value: &str, browser: bool, credentials: &mut Credentials, converted: &mut ConvertedHeaders) {
    let own = browser && is_client_header(name, value) && !name.eq_ignore_ascii_case("cookie");
    if !is_header(name, value) || is_carriage(name) || own {
        return;
    }
    let kept = match name.to_ascii_lowercase().as_str() {
        "authorization" => {
            let (key, found) = credential::authorization(value, credentials);
            if key == "auth" {
                converted.auth = Some(found);
                return;
            }
            found["Authorization"].as_str().unwrap_or_default().to_owned()
        }
        "cookie" => credentials.keep("cookie", value),
        _ => field(name, value, credentials).1,
    };
    converted.headers.push((name.to_owned(), kept));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_recognized_by_name() {
        for text in ["curl http://h", "  \n# copied\n$ curl 'http://h'", "curl \\\n http://h", "curl.exe h"] {
            assert!(is_command(text), "{text}");
        }
        for text in ["curly h", "openapi: 3.0.0", "", "{}"] {
            assert!(!is_command(text), "{text}");
        }
    }

    #[test]
    fn header_overrides_user_option() {
        for (written, key) in [("Digest x=1", "headers"), ("Bearer x", "auth")] {
            let draft = import(&format!("curl -u ada:secret -H 'authorization: {written}' http://h/")).unwrap();
            let Some(Step::Request(request)) = draft.tasks[0].steps.first() else { panic!("a request") };
            let fields: Vec<&str> = request.fields.iter().map(|(key, _)| &**key).collect();
            assert_eq!(fields.iter().filter(|k| ["headers", "auth"].contains(k)).collect::<Vec<_>>(), [&key]);
        }
    }
}
