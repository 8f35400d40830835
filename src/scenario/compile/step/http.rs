//! Compiles HTTP requests: address, headers, and connection settings.

use std::sync::Arc;

use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::row_kind::RowKind;
use crate::scenario::compile::builder::Builder;
use crate::scenario::compile::fields::Fields;
use crate::scenario::eval::template::{Part, Text};
use crate::scenario::grammar::actions;
use crate::scenario::grammar::hints;
use crate::scenario::plan::{Auth, Body, EndpointId, FixedPath, HttpStep, UrlTemplate};
use crate::scenario::secrets::userinfo::mask;
use crate::scenario::syntax::node::{Kind, Node};

/// Placeholder for the base URL of the run, which is not known yet.
const ANY_BASE: &str = "http://host.invalid";
/// Maximum number of headers of a step.
const MAX_HEADERS: usize = 200;
/// Headers that delimit a message. With a wrong value the server would wait, or read the rest as another request.
const OURS: [(HeaderName, &str); 3] = [
    (CONTENT_LENGTH, "remove it: it is computed for every body"),
    (TRANSFER_ENCODING, "remove it: bodies are sent with a length"),
    (CONNECTION, "remove it; use connections: per_request for a new connection per request"),
];
const NO_AUTH: &str = "write auth: { bearer: \"{{ token }}\" }, auth: { basic: { username: ada, password: … } }, or auth: none to send none";

/// A request, before its connection settings are known.
pub(super) struct Message {
    pub row: EndpointId,
    pub method: Method,
    pub url: UrlTemplate,
    pub body: Body,
    pub content_type: Option<HeaderValue>,
}

/// Query pairs, if all are constant.
fn fixed_pairs(query: &[(String, Text)]) -> Option<Vec<(String, Arc<str>)>> {
    query.iter().map(|(name, value)| Some((name.clone(), Arc::clone(value.fixed()?)))).collect()
}

/// Headers of one map.
#[derive(Default)]
struct Headers {
    fixed: HeaderMap,
    varying: Vec<(HeaderName, Text)>,
    /// Headers set to null, which removes the default.
    none: Vec<HeaderName>,
}

impl Headers {
    fn has(&self, name: &HeaderName) -> bool {
        self.fixed.contains_key(name) || self.none.contains(name) || self.varying.iter().any(|(own, _)| own == name)
    }
}

impl<'a> Builder<'a> {
    pub(super) fn request(&mut self, verb: &str, address: &Node, fields: &Fields<'_>) -> Option<HttpStep> {
        let before = self.diagnostics.errors.len();
        self.no_errors_key(fields);
        let written = match &address.kind {
            Kind::Text(text) => Some(text.clone()),
            _ if fields.key("url").is_some() => None,
            _ => {
                self.report(
                    address.at.clone(),
                    format!("`{verb}`: expected a path, found {}", address.what()),
                    hints::ADDRESS,
                );
                None
            }
        };
        let path = written.as_ref().and_then(|_| self.text(address, verb));
        let query = fields.get("query").map(|n| self.pairs(n, "query")).unwrap_or_default();
        let url = path.and_then(|p| self.url(address, p, query));
        let (body, content_type) = self.body(fields);
        let name = self.row_name(fields);
        let method = Method::from_bytes(verb.to_ascii_uppercase().as_bytes()).ok()?;
        let name = name.unwrap_or_else(|| mask(written.as_deref().unwrap_or_default()).into_owned());
        let row = self.endpoint(RowKind::http(method.as_str()), &name);
        let message = url.map(|url| Message { row, method, url, body, content_type });
        let step = self.carried(message, fields);
        if self.diagnostics.errors.len() > before { None } else { step }
    }

    /// Completes a request with headers, connection, expectations and captures. These are checked even without a
    /// message.
    pub(super) fn carried(&mut self, message: Option<Message>, fields: &Fields<'_>) -> Option<HttpStep> {
        let (mut fixed_headers, mut headers) = (HeaderMap::new(), Vec::new());
        let mut names_itself = false;
        let step = fields.get("headers").map(Node::entries).unwrap_or_default();
        for node in [self.settings.defaults.get("headers"), fields.get("headers")].into_iter().flatten() {
            // Templates of defaults that the step replaces are not evaluated.
            let replaced: Vec<&str> = if std::ptr::eq(node.entries(), step) {
                Vec::new()
            } else {
                step.iter().map(|(key, _)| key.name.as_str()).collect()
            };
            let own = self.headers(node, &replaced);
            // Headers of a step override the defaults.
            for name in own.fixed.keys().chain(own.varying.iter().map(|(name, _)| name)).chain(&own.none) {
                fixed_headers.remove(name);
                headers.retain(|(n, _)| n != name);
            }
            names_itself = own.has(&AUTHORIZATION);
            fixed_headers.extend(own.fixed);
            headers.extend(own.varying);
        }
        let by_header = names_itself && fields.get("headers").is_some();
        let auth = match fields.get("auth") {
            // A step's own header overrides `auth` in `defaults`.
            None if by_header => None,
            own => own.or_else(|| self.settings.defaults.get("auth")),
        };
        let auth_node = auth;
        let auth = auth.and_then(|n| self.auth(n));
        if auth.is_some() {
            fixed_headers.remove(AUTHORIZATION);
            headers.retain(|(name, _)| name != AUTHORIZATION);
        }
        let auth = match auth {
            // A constant header is built now.
            Some(auth) if auth.is_fixed() => {
                let mut scope = crate::scenario::eval::template::Scope::new(0, 0, self.names.vars.clone());
                match auth.header(&mut scope) {
                    Ok(value) => {
                        fixed_headers.insert(AUTHORIZATION, value);
                    }
                    Err(e) => {
                        if let Some(node) = auth_node {
                            self.error(node, e.0);
                        }
                    }
                }
                None
            }
            auth => auth,
        };
        self.one_authorization(fields);
        let given = self.either(fields, "timeout");
        let timeout = self.or_default(given, actions::CONNECTION, "timeout", Self::some_time);
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
            timeout: timeout?,
            expected: accepts.words(),
            accepts,
            auth,
            client,
            expects: expects.into(),
            captures: captures.into(),
            keeps_body,
        })
    }

    /// Value in the step, or else in `defaults`.
    pub(in crate::scenario::compile) fn either<'n>(&self, fields: &Fields<'n>, key: &str) -> Option<&'n Node>
    where
        'a: 'n,
    {
        fields.get(key).or_else(|| self.settings.defaults.get(key))
    }

    pub(super) fn url(&mut self, node: &Node, path: Text, query: Vec<(String, Text)>) -> Option<UrlTemplate> {
        self.uses.sends_http = true;
        if let Some(path) = path.fixed() {
            let absolute = path.starts_with("http://") || path.starts_with("https://");
            if !absolute && !path.starts_with('/') {
                self.error(node, format!("expected a path starting with `/`, or an http(s) URL, found {path:?}"));
                return None;
            }
            self.uses.needs_host |= !absolute;
            if absolute {
                self.password_of(path);
            }
            let base = if absolute { "" } else { ANY_BASE };
            let own = FixedPath { path: Arc::clone(path), query: fixed_pairs(&query).unwrap_or_default() };
            let url = match own.at(base) {
                Ok(url) => url,
                Err(e) => {
                    self.error(node, format!("{path:?} is not an address: {e}"));
                    return None;
                }
            };
            if fixed_pairs(&query).is_some() {
                return Some(UrlTemplate::Fixed { url, path: (!absolute).then(|| Box::new(own)) });
            }
        }
        if let Text::Parts(parts) = &path {
            let start = match parts.first() {
                Some(Part::Literal(start)) => &**start,
                _ => "/",
            };
            let absolute = start.starts_with("http://") || start.starts_with("https://");
            self.uses.needs_host |= !absolute;
            if !absolute && !start.starts_with('/') {
                self.error(node, format!("expected a path starting with `/`, or an http(s) URL, found {start:?}"));
                return None;
            }
        }
        Some(UrlTemplate::Templated { base: ANY_BASE.into(), path, query })
    }

    fn headers(&mut self, node: &Node, replaced: &[&str]) -> Headers {
        let mut own = Headers::default();
        let Some(entries) = self.map(node, "headers") else { return own };
        if entries.len() > MAX_HEADERS {
            self.error(node, format!("more than {MAX_HEADERS} headers"));
            return own;
        }
        for (key, value) in entries {
            let Ok(name) = HeaderName::try_from(key.name.as_str()) else {
                let note = "letters, digits and - are allowed";
                self.report(key.at.clone(), format!("{:?} is not a header name", key.name), note);
                continue;
            };
            if let Some((_, note)) = OURS.iter().find(|(ours, _)| *ours == name) {
                let message = format!("`{}` is set automatically", key.name);
                self.report(key.at.clone(), message, *note);
                continue;
            }
            let is_replaced = replaced.iter().any(|name| key.name.eq_ignore_ascii_case(name));
            let watched = self.names.assigned.watch(!is_replaced && self.names.assigned.watching());
            let is_none = self.is_none(value);
            let text = if is_none { None } else { self.text(value, &key.name) };
            self.names.assigned.watch(watched);
            if is_none {
                own.none.push(name);
                continue;
            }
            match text {
                Some(Text::Fixed(text)) => match HeaderValue::from_str(&text) {
                    Ok(text) => {
                        // The map's limit cannot be reached by a file of at most 1 MB.
                        let _ = own.fixed.try_append(name, text);
                    }
                    Err(_) => self.error(value, format!("the value of header {name} contains an invalid character")),
                },
                Some(text) => own.varying.push((name, text)),
                None => {}
            }
        }
        own
    }

    /// Reports `auth` together with the header that it sets, in a step or in `defaults`.
    pub(in crate::scenario::compile) fn one_authorization(&mut self, fields: &Fields<'_>) {
        let header = fields.get("headers").map(Node::entries).unwrap_or_default();
        let header = header.iter().find(|(key, _)| key.name.eq_ignore_ascii_case("authorization"));
        if let (Some(_), Some((key, _))) = (fields.get("auth"), header) {
            let message = format!("both `auth` and the header `{}` are set; keep one", key.name);
            self.report(key.at.clone(), message, "`auth` sets the same header");
        }
    }

    fn auth(&mut self, node: &Node) -> Option<Auth> {
        use crate::scenario::grammar::keys::{AUTH, BASIC};
        match &node.kind {
            Kind::Text(text) if text == "none" => return None,
            Kind::Null => {
                self.report(node.at.clone(), "`auth` has no value", NO_AUTH);
                return None;
            }
            Kind::Map(_) => {}
            _ => {
                let note = hints::shape("auth", node.scalar(), matches!(node.kind, Kind::List(_)));
                let message = format!("`auth`: expected a map or none, found {}", node.what());
                self.report(node.at.clone(), message, note.as_deref().unwrap_or(NO_AUTH));
                return None;
            }
        }
        let fields = self.fields(node, &AUTH)?;
        match (fields.get("basic"), fields.get("bearer")) {
            (Some(basic), None) => {
                let pair = self.fields(basic, &BASIC)?;
                let (username, password) = (pair.get("username")?, pair.get("password")?);
                let (username, password) = (self.text(username, "username"), self.text(password, "password"));
                Some(Auth::Basic { username: username?, password: password? })
            }
            (None, Some(token)) => self.text(token, "bearer").map(Auth::Bearer),
            _ => None,
        }
    }
}
