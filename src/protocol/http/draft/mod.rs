//! Renders a compiled step with a user's scope into a request.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use reqwest::Url;

use super::address::Route;
use super::traceparent::{TRACEPARENT, TraceParent, trace_of};
use crate::scenario::eval::template::{RenderError, Scope, Text};
use crate::scenario::plan::{Body, HttpStep, UrlTemplate};
use crate::scenario::secrets::Redactor;
use crate::stats::TraceId;

/// A request that is ready to be sent. Refilled for each request, so that its buffers are reused.
#[derive(Debug)]
pub struct RequestDraft {
    /// A redirect may change it.
    pub method: Method,
    /// Absolute and normalized.
    pub url: String,
    pub route: Route,
    /// A redirect may drop it.
    pub body: Bytes,
    headers: Vec<(HeaderName, HeaderValue)>,
    has_body: bool,
    /// Headers that are not sent because a redirect led to another origin.
    withheld: Vec<HeaderName>,
    /// Boxed, because usually there is none.
    trace: Option<Box<TraceParent>>,
}

impl Default for RequestDraft {
    fn default() -> Self {
        Self {
            method: Method::GET,
            url: String::new(),
            route: Route::default(),
            body: Bytes::new(),
            headers: Vec::new(),
            has_body: true,
            withheld: Vec::new(),
            trace: None,
        }
    }
}

impl RequestDraft {
    /// An empty draft; `traces`: the first half of all trace ids, if requests start traces.
    pub fn new(traces: Option<u64>) -> Self {
        Self { trace: traces.map(|high| Box::new(TraceParent::new(high))), ..Self::default() }
    }

    /// Starts a trace, which also the requests after redirects belong to. A `traceparent` of the step is sent as it is.
    pub fn start_trace(&mut self, fixed: &HeaderMap) -> Option<TraceId> {
        self.trace.as_ref()?;
        let own =
            self.headers(fixed).find(|(name, _)| **name == TRACEPARENT).map(|(_, value)| trace_of(value.as_bytes()));
        let trace = self.trace.as_mut()?;
        match own {
            Some(own) => {
                trace.omit();
                own
            }
            None => Some(trace.next()),
        }
    }

    /// The header `traceparent` of the trace that was started last.
    pub fn traceparent(&self) -> Option<&[u8]> {
        self.trace.as_ref()?.value()
    }

    /// Renders the templates of `step`.
    ///
    /// # Errors
    /// When a template fails, or renders an invalid URL or header value.
    pub fn fill(&mut self, step: &HttpStep, scope: &mut Scope) -> Result<(), RenderError> {
        self.method.clone_from(&step.method);
        self.has_body = true;
        self.withheld.clear();
        // A URL that is the same as that of the last request is already parsed.
        if !matches!(&step.url, UrlTemplate::Fixed { url, .. } if *self.url == *url.as_str()) {
            self.url.clear();
            let route = url(&step.url, scope, &mut self.url).and_then(|()| Route::of(&mut self.url));
            // An address that could not be rendered must not keep the parts of another.
            self.route = route.inspect_err(|_| self.url.clear())?;
        }
        self.headers.clear();
        for (name, value) in &step.headers {
            let mut filled = String::new();
            if !value.render_some(scope, &mut filled)? {
                continue;
            }
            let value = HeaderValue::try_from(filled).map_err(|_| {
                RenderError(format!("header {name}: the value has characters that HTTP does not allow"))
            })?;
            self.headers.push((name.clone(), value));
        }
        if let Some(auth) = &step.auth {
            self.headers.push((AUTHORIZATION, auth.header(scope)?));
        }
        self.body = match &step.body {
            Body::Multipart(multipart) => {
                let (content_type, bytes) = multipart.encode(scope)?;
                self.headers.push((CONTENT_TYPE, content_type));
                bytes
            }
            plain => body(plain, scope)?,
        };
        Ok(())
    }

    /// Appends the members of a JSON body to `url` as query parameters (nested values as JSON), and clears the body.
    ///
    /// # Errors
    /// When `url` is invalid.
    pub fn encode_in_query(&mut self, url: &str, body: &[u8]) -> Result<(), RenderError> {
        let members: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(body).unwrap_or_default();
        self.url = url.to_owned();
        let mut separator = if url.contains('?') { '&' } else { '?' };
        for (name, value) in &members {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.url.push(separator);
            self.url.extend(url::form_urlencoded::byte_serialize(name.as_bytes()));
            self.url.push('=');
            self.url.extend(url::form_urlencoded::byte_serialize(text.as_bytes()));
            separator = '&';
        }
        self.body = Bytes::new();
        self.route = Route::of(&mut self.url)?;
        Ok(())
    }

    /// All headers of the step, without those that a redirect removed.
    pub fn headers<'a>(&'a self, fixed: &'a HeaderMap) -> impl Iterator<Item = (&'a HeaderName, &'a HeaderValue)> {
        let filled = self.headers.iter().map(|(name, value)| (name, value));
        fixed.iter().chain(filled).filter(|(name, _)| self.applies(name))
    }

    fn applies(&self, name: &HeaderName) -> bool {
        let about_body = || [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING].contains(name);
        (self.has_body || !about_body()) && !self.withheld.contains(name)
    }

    /// Rewrites the request for a redirect with this `status`, as browsers do: a POST becomes a GET on 301 and 302,
    /// everything but HEAD does on 303. Credentials are not sent to another origin; see [`CrossOriginRedirect`].
    ///
    /// # Errors
    /// When `location` is not a valid URL.
    pub fn redirect(
        &mut self,
        status: u16,
        location: &str,
        fixed: &HeaderMap,
        secrets: &Redactor,
    ) -> Result<Option<CrossOriginRedirect>, RenderError> {
        let shown = secrets.clip(location, 200);
        let no_url = |why| RenderError(format!("redirected to {shown:?}, which is not a URL: {why}"));
        let from = Url::parse(&self.url).map_err(no_url)?;
        let mut to = from.join(location).map_err(no_url)?;
        let is_cross_origin = from.origin() != to.origin();
        if !is_cross_origin && to.username().is_empty() && to.password().is_none() {
            // Neither can fail: the scheme of the URL allows both.
            let _ = (to.set_username(from.username()), to.set_password(from.password()));
        }
        // Before anything changes: an example of the failure shows the request that was sent.
        let mut url = to.into();
        let route = Route::of(&mut url)?;
        let to_get = match StatusCode::from_u16(status) {
            Ok(StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND) => self.method == Method::POST,
            Ok(StatusCode::SEE_OTHER) => self.method != Method::HEAD,
            _ => false,
        };
        if to_get {
            (self.method, self.body, self.has_body) = (Method::GET, Bytes::new(), false);
        }
        (self.url, self.route) = (url, route);
        if !is_cross_origin {
            return Ok(None);
        }
        let filled = self.headers.iter().map(|(name, value)| (name, value));
        for (name, value) in fixed.iter().chain(filled) {
            if !self.withheld.contains(name) && is_private(name, value, secrets) {
                self.withheld.push(name.clone());
            }
        }
        // Dropping `Host` is not worth reporting: the other server has another name.
        let withheld = self.withheld.iter().any(|name| *name != HOST);
        Ok(Some(CrossOriginRedirect { withheld, body: !self.body.is_empty() }))
    }

    /// Headers that are not sent because a redirect led to another origin.
    pub fn withheld(&self) -> impl Iterator<Item = &str> {
        self.withheld.iter().filter(|name| **name != HOST).map(HeaderName::as_str)
    }
}

/// How a redirect to another origin changed the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrossOriginRedirect {
    /// Headers were removed that may contain credentials.
    pub withheld: bool,
    /// The body is sent to the other origin, as curl does.
    pub body: bool,
}

/// True for headers that must not be sent to another origin.
fn is_private(name: &HeaderName, value: &HeaderValue, secrets: &Redactor) -> bool {
    const PARTS: [&str; 10] =
        ["auth", "cookie", "token", "secret", "password", "passwd", "session", "credential", "signature", "jwt"];
    let text = name.as_str();
    let is_key = text.contains("key") && text != "idempotency-key";
    *name == HOST
        || value.is_sensitive()
        || is_key
        || PARTS.iter().any(|part| text.contains(part))
        || matches!(secrets.mask(&String::from_utf8_lossy(value.as_bytes())), Cow::Owned(_))
}

/// The value of a `Location` header; bytes that are not UTF-8 are percent-encoded. `None` if it is empty: such a header
/// is ignored.
pub fn location(value: &[u8]) -> Option<Cow<'_, str>> {
    let value = value.trim_ascii();
    if value.is_empty() {
        return None;
    }
    Some(match str::from_utf8(value) {
        Ok(text) => text.into(),
        Err(_) => value
            .iter()
            .fold(String::new(), |mut text, byte| {
                match byte {
                    0x80.. => text.push_str(&format!("%{byte:02X}")),
                    _ => text.push(char::from(*byte)),
                }
                text
            })
            .into(),
    })
}

/// True for the statuses of redirects.
pub fn redirects(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

fn url(template: &UrlTemplate, scope: &mut Scope, out: &mut String) -> Result<(), RenderError> {
    let (base, path, query) = match template {
        UrlTemplate::Fixed { url, .. } => {
            out.push_str(url.as_str());
            return Ok(());
        }
        UrlTemplate::Templated { base, path, query } => (base, path, query),
    };
    out.push_str(base);
    path.render(scope, out)?;
    let rendered = &out[base.len()..];
    if is_absolute(rendered) {
        out.drain(..base.len());
    } else if !rendered.starts_with('/') {
        // Appended to the base, it would become part of the host name, port or user.
        return Err(RenderError(format!(
            "the address {:?} neither starts with / nor is an http(s) URL: write /{{{{ … }}}} or a whole URL",
            shortened(rendered)
        )));
    }
    // One scan for both: hardly any URL contains either.
    if out.bytes().any(|byte| byte == b'#' || byte.is_ascii_control()) {
        if out.bytes().any(|byte| byte.is_ascii_control()) {
            // A URL parser would remove some of them silently.
            return Err(RenderError(format!("the address {:?} has a control character", shortened(out))));
        }
        // A fragment is never sent, and parameters come before it.
        out.truncate(out.find('#').unwrap_or(out.len()));
    }
    let mut separator = if out.contains('?') { '&' } else { '?' };
    for (name, text) in query {
        let mut begin = |out: &mut String| {
            out.push(std::mem::replace(&mut separator, '&'));
            out.extend(url::form_urlencoded::byte_serialize(name.as_bytes()));
            out.push('=');
        };
        if text.may_be_list() {
            text.each(scope, |value| {
                begin(out);
                out.extend(url::form_urlencoded::byte_serialize(value.as_bytes()));
            })?;
            continue;
        }
        begin(out);
        let start = out.len();
        text.render(scope, out)?;
        if !out.as_bytes()[start..].iter().all(u8::is_ascii_alphanumeric) {
            let value = out.split_off(start);
            out.extend(url::form_urlencoded::byte_serialize(value.as_bytes()));
        }
    }
    Ok(())
}

fn is_absolute(address: &str) -> bool {
    let begins = |scheme: &str| address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    begins("http://") || begins("https://")
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(200)]
}

fn body(body: &Body, scope: &mut Scope) -> Result<Bytes, RenderError> {
    Ok(match body {
        // A multipart body sets its own header, so the caller renders it.
        Body::Empty | Body::Multipart(_) => Bytes::new(),
        Body::Fixed(bytes) => bytes.clone(),
        Body::Text(text) => rendered(text, scope)?.into(),
        Body::Json(json) => {
            let mut out = Vec::new();
            json.render(scope, &mut out)?;
            out.into()
        }
        Body::Form(pairs) => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for (name, text) in pairs {
                text.each(scope, |value| {
                    form.append_pair(name, value);
                })?;
            }
            form.finish().into()
        }
    })
}

fn rendered(text: &Text, scope: &mut Scope) -> Result<String, RenderError> {
    let mut out = String::new();
    text.render(scope, &mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests;
