//! An HTTP request: its address, headers and everything that describes how it is carried.

use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

use super::Builder;
use super::fields::Fields;
use crate::scenario::node::{Kind, Node};
use crate::scenario::plan::{Auth, Body, EndpointId, HttpStep, UrlTemplate};
use crate::scenario::template::{Part, Text};
use crate::scenario::userinfo::mask;

/// Without `timeout`.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// Header lines of one step.
const MAX_HEADERS: usize = 200;
const WRITE: &str = "write the address beside the action: - get: /path";

/// What makes a request, before it has its connection.
pub(super) struct Message {
    pub row: EndpointId,
    pub method: Method,
    pub url: UrlTemplate,
    pub body: Body,
    pub content_type: Option<HeaderValue>,
}

impl<'a> Builder<'a> {
    pub(super) fn request(&mut self, verb: &str, address: &Node, fields: &Fields<'_>) -> Option<HttpStep> {
        let before = self.found.len();
        self.no_errors_key(fields);
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
        let (body, content_type) = self.body(fields);
        let name = fields.get("name").and_then(|n| self.plain_text(n, "name"));
        let method = Method::from_bytes(verb.to_ascii_uppercase().as_bytes()).ok()?;
        let name = name.unwrap_or_else(|| mask(without_query(written.as_deref().unwrap_or_default())).into_owned());
        let row = self.endpoint(method.as_str(), &name);
        let message = url.map(|url| Message { row, method, url, body, content_type });
        let step = self.carried(message, fields);
        if self.found.len() > before { None } else { step }
    }

    /// The request with its headers, connection, expectations and captures. Also checks them when there is no message.
    pub(super) fn carried(&mut self, message: Option<Message>, fields: &Fields<'_>) -> Option<HttpStep> {
        let (mut fixed_headers, mut headers) = (HeaderMap::new(), Vec::new());
        for node in [self.defaults.get("headers"), fields.get("headers")].into_iter().flatten() {
            let (fixed, varying) = self.headers(node);
            // A step's header takes the place of the default of that name, not a place beside it.
            for name in fixed.keys().chain(varying.iter().map(|(name, _)| name)) {
                fixed_headers.remove(name);
                headers.retain(|(n, _)| n != name);
            }
            fixed_headers.extend(fixed);
            headers.extend(varying);
        }
        let auth = self.either(fields, "auth").and_then(|n| self.auth(n));
        let auth = match auth {
            // What never varies is built now, and costs nothing later.
            Some(auth) if auth.is_fixed() => {
                let mut scope = crate::scenario::template::Scope::new(0, 0, self.names.vars.clone());
                match auth.header(&mut scope) {
                    Ok(value) => {
                        headers.retain(|(name, _)| name != AUTHORIZATION);
                        fixed_headers.insert(AUTHORIZATION, value);
                    }
                    Err(e) => {
                        if let Some(node) = self.either(fields, "auth") {
                            self.error(node, e.0);
                        }
                    }
                }
                None
            }
            auth => auth,
        };
        let timeout = self.either(fields, "timeout").and_then(|n| self.some_time(n, "timeout"));
        let client = self.client(fields);
        let (accepts, expects) = fields.get("expect").map(|n| self.expect(n)).unwrap_or_default();
        let captures = fields.get("capture").map(|n| self.captures(n)).unwrap_or_default();
        let Message { row, method, url, body, content_type } = message?;
        if let Some(value) = content_type
            && !fixed_headers.contains_key(CONTENT_TYPE)
            && !headers.iter().any(|(name, _)| name == CONTENT_TYPE)
        {
            fixed_headers.insert(CONTENT_TYPE, value);
        }
        let keeps_body = expects.iter().any(|e| e.reads_body()) || captures.iter().any(|c| c.reads_body());
        Some(HttpStep {
            endpoint: row,
            method,
            url,
            fixed_headers,
            headers,
            body,
            timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
            expected: accepts.words(),
            accepts,
            auth,
            client,
            expects,
            captures,
            keeps_body,
        })
    }

    /// The step's value, else that of `defaults`.
    pub(super) fn either<'n>(&self, fields: &Fields<'n>, key: &str) -> Option<&'n Node>
    where
        'a: 'n,
    {
        fields.get(key).or_else(|| self.defaults.get(key))
    }

    pub(super) fn url(&mut self, node: &Node, path: Text, query: Vec<(String, Text)>) -> Option<UrlTemplate> {
        if let Some(path) = path.fixed() {
            let absolute = path.starts_with("http://") || path.starts_with("https://");
            if !absolute && !path.starts_with('/') {
                self.error(node, format!("{path:?} is neither a path that begins with / nor an http URL"));
                return None;
            }
            self.needs_host |= !absolute;
            let full = if absolute { path.to_string() } else { format!("{}{path}", self.base) };
            self.password_of(&full);
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
        if let Text::Parts(parts) = &path {
            let start = match parts.first() {
                Some(Part::Literal(start)) => &**start,
                _ => "/",
            };
            let absolute = start.starts_with("http://") || start.starts_with("https://");
            self.needs_host |= !absolute;
            if !absolute && !start.starts_with('/') {
                self.error(node, format!("{start:?} is neither a path that begins with / nor an http URL"));
                return None;
            }
        }
        Some(UrlTemplate::Templated { base: self.base.clone(), path, query })
    }

    fn headers(&mut self, node: &Node) -> (HeaderMap, Vec<(HeaderName, Text)>) {
        let (mut fixed, mut varying) = (HeaderMap::new(), Vec::new());
        let Some(entries) = self.map(node, "headers") else { return (fixed, varying) };
        if entries.len() > MAX_HEADERS {
            self.error(node, format!("more than {MAX_HEADERS} headers"));
            return (fixed, varying);
        }
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

    fn auth(&mut self, node: &Node) -> Option<Auth> {
        use crate::scenario::keys::{AUTH, BASIC};
        let fields = self.fields(node, "auth", AUTH)?;
        match (fields.get("basic"), fields.get("bearer")) {
            (Some(basic), None) => {
                let pair = self.fields(basic, "basic", BASIC)?;
                let (Some(username), Some(password)) = (pair.get("username"), pair.get("password")) else {
                    self.error(basic, "`basic` needs a `username` and a `password`");
                    return None;
                };
                let (username, password) = (self.text(username, "username"), self.text(password, "password"));
                Some(Auth::Basic { username: username?, password: password? })
            }
            (None, Some(token)) => self.text(token, "bearer").map(Auth::Bearer),
            _ => {
                self.report(
                    node.at.clone(),
                    "`auth` is either `basic` or `bearer`",
                    "write auth: { bearer: \"{{ token }}\" }",
                );
                None
            }
        }
    }
}

/// The address up to its query; a question mark inside a template does not begin one.
pub(super) fn without_query(address: &str) -> &str {
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
