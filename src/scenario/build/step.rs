//! One step: exactly one action, the modifiers beside it, and the compiled request they make.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

use super::Builder;
use super::fields::Fields;
use crate::scenario::node::{Kind, Node};
use crate::scenario::plan::{
    Action, Body, CONTENT_TYPE_FORM, CONTENT_TYPE_JSON, ClientId, Endpoint, EndpointId, HttpStep, StatusRange, Step,
    UrlTemplate,
};
use crate::scenario::template::{JsonBuilder, Part, Slip, Text};

const ACTIONS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];
const STEP: [&str; 15] = [
    "get", "post", "put", "patch", "delete", "head", "options", "name", "headers", "query", "json", "form", "body",
    "timeout", "expect",
];
const WRITE: &str = "write the address beside the action: - get: /path";

impl Builder<'_> {
    pub(super) fn step(&mut self, node: &Node) -> Option<Step> {
        let Kind::Map(entries) = &node.kind else {
            self.report(node.at.clone(), format!("a step must be a map, this is {}", node.what()), WRITE);
            return None;
        };
        let fields = Fields(entries);
        for (key, _) in entries.iter().filter(|(k, _)| !STEP.contains(&k.name.as_str())) {
            if ["url", "path", "uri"].contains(&key.name.as_str()) {
                self.report(key.at.clone(), format!("unknown field `{}`", key.name), WRITE);
            } else {
                self.unknown(key.at.clone(), &key.name, &STEP);
            }
        }
        let mut actions = ACTIONS.iter().filter_map(|a| Some((*a, fields.key(a)?, fields.get(a)?)));
        let Some((verb, _, address)) = actions.next() else {
            let misspelt = entries.iter().any(|(k, _)| !STEP.contains(&k.name.as_str()));
            if !misspelt {
                let at = entries.first().map_or(node.at.clone(), |(k, _)| k.at.clone());
                self.report(at, "this step does nothing", format!("give one of {}", ACTIONS.join(", ")));
            }
            return None;
        };
        if let Some((other, at, _)) = actions.next() {
            self.report(
                at,
                format!("`{verb}` and `{other}` in one step"),
                "a step has one action: begin a new step with -",
            );
        }
        self.request(verb, address, &fields)
    }

    fn request(&mut self, verb: &str, address: &Node, fields: &Fields<'_>) -> Option<Step> {
        let before = self.found.len();
        let written = match &address.kind {
            Kind::Text(text) => Some(text.clone()),
            _ if fields.key("url").is_some() => None,
            _ => {
                self.report(address.at.clone(), format!("`{verb}` must be a path, this is {}", address.what()), WRITE);
                None
            }
        };
        let path = written.as_ref().and_then(|_| self.text(address, verb));
        let query = fields.get("query").map(|n| self.pairs(n, "query")).unwrap_or_default();
        let url = path.and_then(|p| self.url(address, p, query));
        let (mut fixed_headers, headers) = fields.get("headers").map(|n| self.headers(n)).unwrap_or_default();
        let (body, content_type) = self.body(fields);
        if let Some(value) = content_type
            && !fixed_headers.contains_key(CONTENT_TYPE)
            && !headers.iter().any(|(name, _)| name == CONTENT_TYPE)
        {
            fixed_headers.insert(CONTENT_TYPE, value);
        }
        let timeout = fields.get("timeout").and_then(|n| {
            let timeout = self.duration(n, "timeout")?;
            if timeout.is_zero() {
                self.error(n, "`timeout` must be above 0");
            }
            Some(timeout)
        });
        let expect_status = fields.get("expect").and_then(|n| self.expect(n));
        let name = fields.get("name").and_then(|n| self.plain_text(n, "name"));
        if self.found.len() > before {
            return None;
        }
        let name = name.unwrap_or_else(|| without_query(&written.unwrap_or_default()).to_owned());
        let method = Method::from_bytes(verb.to_ascii_uppercase().as_bytes()).ok()?;
        let endpoint = self.endpoint(&method, &name);
        let timeout = timeout.unwrap_or(Duration::from_secs(30));
        let url = url?;
        let action = Action::Http(Box::new(HttpStep {
            endpoint,
            method,
            url,
            fixed_headers,
            headers,
            body,
            timeout,
            expected: StatusRange::words(expect_status.as_deref().unwrap_or_default()),
            expect_status,
            auth: None,
            client: ClientId(0),
            expects: Vec::new(),
            captures: Vec::new(),
            keeps_body: false,
        }));
        Some(Step { when: None, action })
    }

    fn endpoint(&mut self, method: &Method, name: &str) -> EndpointId {
        let endpoint = Endpoint { method: method.as_str().into(), name: name.into() };
        if let Some(id) = self.index.get(&endpoint) {
            return *id;
        }
        // A file of at most 1 MB cannot hold more steps than u32.
        let id = EndpointId(u32::try_from(self.endpoints.len()).unwrap_or(u32::MAX));
        self.endpoints.push(endpoint.clone());
        self.index.insert(endpoint, id);
        id
    }

    fn url(&mut self, node: &Node, path: Text, query: Vec<(String, Text)>) -> Option<UrlTemplate> {
        if let Some(path) = path.fixed() {
            let absolute = path.starts_with("http://") || path.starts_with("https://");
            if !absolute && !path.starts_with('/') {
                self.error(node, format!("{path:?} is neither a path that begins with / nor an http URL"));
                return None;
            }
            let full = if absolute { path.to_string() } else { format!("{}{path}", self.base) };
            let mut url = match Url::parse(&full) {
                Ok(url) => url,
                Err(e) => {
                    self.error(node, format!("{path:?} is not an address: {e}"));
                    return None;
                }
            };
            if query.iter().all(|(_, value)| value.fixed().is_some()) {
                if !query.is_empty() {
                    let pairs = query.iter().filter_map(|(k, v)| Some((k, v.fixed()?)));
                    url.query_pairs_mut().extend_pairs(pairs);
                }
                return Some(UrlTemplate::Fixed(url));
            }
        }
        if let Text::Parts(parts) = &path
            && let Some(Part::Literal(start)) = parts.first()
            && !start.starts_with('/')
            && !start.starts_with("http://")
            && !start.starts_with("https://")
        {
            self.error(node, format!("{start:?} is neither a path that begins with / nor an http URL"));
            return None;
        }
        Some(UrlTemplate::Templated { base: self.base.clone(), path, query })
    }

    fn headers(&mut self, node: &Node) -> (HeaderMap, Vec<(HeaderName, Text)>) {
        let (mut fixed, mut varying) = (HeaderMap::new(), Vec::new());
        let Some(entries) = self.map(node, "headers") else { return (fixed, varying) };
        for (key, value) in entries {
            let Ok(name) = HeaderName::try_from(key.name.as_str()) else {
                let note = "letters, digits and - are allowed";
                self.report(key.at.clone(), format!("{:?} is not a header name", key.name), note);
                continue;
            };
            match self.text(value, &key.name) {
                Some(Text::Fixed(text)) => match HeaderValue::from_str(&text) {
                    Ok(text) => {
                        // A file of at most 1 MB stays below the map's limit; a header past it is not worth a crash.
                        let _ = fixed.try_append(name, text);
                    }
                    Err(_) => {
                        self.error(value, format!("the value of header {name} has a character that is not allowed"))
                    }
                },
                Some(text) => varying.push((name, text)),
                None => {}
            }
        }
        (fixed, varying)
    }

    fn body(&mut self, fields: &Fields<'_>) -> (Body, Option<HeaderValue>) {
        let mut given = ["json", "form", "body"].into_iter().filter_map(|k| Some((k, fields.key(k)?, fields.get(k)?)));
        let Some((kind, _, node)) = given.next() else { return (Body::Empty, None) };
        if let Some((other, at, _)) = given.next() {
            self.report(at, format!("`{kind}` and `{other}` in one step"), "a request has one body");
        }
        match kind {
            "json" => {
                let mut json = JsonBuilder::default();
                if let Err(error) = write_json(&mut json, node, &self.names) {
                    let (at, slip) = *error;
                    self.slip(&Node { at, kind: Kind::Null }, slip);
                }
                let json = json.finish();
                let body = match json.fixed() {
                    Some(bytes) => Body::Fixed(Bytes::copy_from_slice(bytes)),
                    None => Body::Json(json),
                };
                (body, Some(CONTENT_TYPE_JSON))
            }
            "form" => {
                let pairs = self.pairs(node, "form");
                let body = if pairs.iter().all(|(_, v)| v.fixed().is_some()) {
                    let fixed = pairs.iter().filter_map(|(k, v)| Some((k, v.fixed()?)));
                    Body::Fixed(
                        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fixed).finish().into(),
                    )
                } else {
                    Body::Form(pairs)
                };
                (body, Some(CONTENT_TYPE_FORM))
            }
            _ => match self.text(node, "body") {
                Some(Text::Fixed(text)) => (Body::Fixed(Bytes::copy_from_slice(text.as_bytes())), None),
                Some(text) => (Body::Text(text), None),
                None => (Body::Empty, None),
            },
        }
    }

    fn expect(&mut self, node: &Node) -> Option<Vec<StatusRange>> {
        let fields = self.fields(node, "expect", &["status"])?;
        let Some(status) = fields.get("status") else {
            self.report(node.at.clone(), "`expect` says nothing", "write expect: { status: 200 }");
            return None;
        };
        let items = match &status.kind {
            Kind::List(items) if items.is_empty() => {
                self.error(status, "this list of statuses is empty: no reply could be right");
                return None;
            }
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(status),
        };
        items.iter().map(|n| self.status(n)).collect()
    }

    fn status(&mut self, node: &Node) -> Option<StatusRange> {
        let text = self.scalar(node, "status")?;
        let class = text.strip_suffix("xx").and_then(|d| d.parse::<u16>().ok()).filter(|d| (1..=5).contains(d));
        if let Some(class) = class {
            return Some(StatusRange { from: class * 100, to: class * 100 + 99 });
        }
        match text.parse::<u16>() {
            Ok(code) if (100..=599).contains(&code) => Some(StatusRange { from: code, to: code }),
            _ => {
                let note = "write a number from 100 to 599, a class such as 2xx, or a list of them";
                self.report(node.at.clone(), format!("{text:?} is not a status"), note);
                None
            }
        }
    }
}

fn write_json(
    out: &mut JsonBuilder,
    node: &Node,
    names: &crate::scenario::template::Names,
) -> Result<(), Box<(Range<usize>, Slip)>> {
    match &node.kind {
        Kind::Null => out.raw(b"null"),
        Kind::Bool(b) => out.value(b),
        Kind::Number(n, _) => out.value(n),
        Kind::Text(text) => out.string(text, names).map_err(|slip| Box::new((node.at.clone(), slip)))?,
        Kind::List(items) => {
            for (i, item) in items.iter().enumerate() {
                out.raw(if i == 0 { b"[" } else { b"," });
                write_json(out, item, names)?;
            }
            out.raw(if items.is_empty() { b"[]" } else { b"]" });
        }
        Kind::Map(entries) => {
            for (i, (key, value)) in entries.iter().enumerate() {
                out.raw(if i == 0 { b"{" } else { b"," });
                out.value(&key.name);
                out.raw(b":");
                write_json(out, value, names)?;
            }
            out.raw(if entries.is_empty() { b"{}" } else { b"}" });
        }
    }
    Ok(())
}

/// The address up to its query; a question mark inside a template does not begin one.
fn without_query(address: &str) -> &str {
    let mut from = 0;
    loop {
        let rest = &address[from..];
        let Some(mark) = rest.find('?') else { return address };
        match rest.find("{{") {
            Some(open) if open < mark => match rest[open..].find("}}") {
                Some(close) => from += open + close + 2,
                None => return address,
            },
            _ => return &address[..from + mark],
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_has_no_query() {
        for (address, name) in
            [("/a?b=c", "/a"), ("/a/{{ x if y == '?' else z }}/b?c", "/a/{{ x if y == '?' else z }}/b"), ("/a", "/a")]
        {
            assert_eq!(super::without_query(address), name);
        }
    }
}
