//! Compiled HTTP requests.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use url::Url;

use super::ClientId;
use crate::row_kind::RowKind;
use crate::scenario::eval::capture::Capture;
use crate::scenario::eval::expect::Expect;
use crate::scenario::eval::status::StatusRange;
use crate::scenario::eval::template::{Json, RenderError, Scope, Text};

/// Row of the statistics: an index into [`Plan::endpoints`](super::Plan::endpoints).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointId(pub u32);

/// A row of the statistics: request type and name, as in Locust.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Kind; for HTTP requests with their method.
    pub kind: RowKind,
    /// `name` of the step, or else its URL template.
    pub name: Arc<str>,
}

/// A compiled HTTP request.
#[derive(Debug, Clone)]
pub struct HttpStep {
    /// Row of the statistics.
    pub endpoint: EndpointId,
    /// Method.
    pub method: Method,
    /// Address.
    pub url: UrlTemplate,
    /// Constant headers.
    pub fixed_headers: http::HeaderMap,
    /// Headers with templates.
    pub headers: Vec<(HeaderName, Text)>,
    /// Request body.
    pub body: Body,
    /// From the send to the last byte of the response.
    pub timeout: Duration,
    /// Accepted statuses.
    pub accepts: Accepted,
    /// The accepted statuses in words, for the reason of failures: `200`, `2xx or 301`. Empty for the default.
    pub expected: Arc<str>,
    /// Sets the `Authorization` header; `None` if `fixed_headers` contains it.
    pub auth: Option<Auth>,
    /// Connection settings.
    pub client: ClientId,
    /// Other expectations, evaluated in order after the status; the first that fails is the reason of the failure. Not
    /// evaluated without a response.
    pub expects: Arc<[Expect]>,
    /// Captures, taken if the request did not fail. The first miss fails the request; captures before it are kept.
    pub captures: Arc<[Capture]>,
    /// True if an expectation or capture reads the body, of which at most [`MAX_KEPT`] bytes are kept.
    pub keeps_body: bool,
}

/// Maximum size of a body for expectations and captures; a longer one fails them.
pub const MAX_KEPT: usize = 16 * 1024 * 1024;

/// Template of an `Authorization` header.
#[derive(Debug, Clone)]
pub enum Auth {
    /// `auth: { basic: { username, password } }`
    Basic {
        /// Must not contain a colon.
        username: Text,
        /// Anything.
        password: Text,
    },
    /// `auth: { bearer: … }`
    Bearer(Text),
}

impl Auth {
    /// True if it is constant.
    pub(crate) fn is_fixed(&self) -> bool {
        match self {
            Auth::Basic { username, password } => username.fixed().is_some() && password.fixed().is_some(),
            Auth::Bearer(token) => token.fixed().is_some(),
        }
    }

    /// Value of the header, marked as sensitive so that debug output does not show it.
    ///
    /// # Errors
    /// If a template fails, or renders a character that HTTP does not allow.
    pub fn header(&self, scope: &mut Scope) -> Result<HeaderValue, RenderError> {
        let mut text = String::new();
        match self {
            Auth::Basic { username, password } => {
                let mut pair = String::new();
                username.render(scope, &mut pair)?;
                pair.push(':');
                password.render(scope, &mut pair)?;
                text.push_str("Basic ");
                base64::engine::general_purpose::STANDARD.encode_string(pair, &mut text);
            }
            Auth::Bearer(token) => {
                text.push_str("Bearer ");
                token.render(scope, &mut text)?;
            }
        }
        let mut value = HeaderValue::from_str(&text)
            .map_err(|_| RenderError("auth: the value has characters that HTTP does not allow".to_owned()))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// The address of a request.
#[derive(Debug, Clone)]
pub enum UrlTemplate {
    /// Constant.
    Fixed {
        /// Absolute.
        url: Url,
        /// Path, if it is relative to the host of the run.
        path: Option<Box<FixedPath>>,
    },
    /// Path and query are rendered for every request.
    Templated {
        /// Base URL for a relative path, without trailing slash.
        base: Arc<str>,
        /// A path such as `/products/{{ id }}`, or an absolute URL.
        path: Text,
        /// Query pairs, percent-encoded after rendering.
        query: Vec<(String, Text)>,
    },
}

/// An address relative to the host, which is known only at the start of a run.
#[derive(Debug, Clone)]
pub struct FixedPath {
    /// Path as written, possibly with a query.
    pub path: Arc<str>,
    /// Query pairs, percent-encoded when they are added.
    pub query: Vec<(String, Arc<str>)>,
}

impl FixedPath {
    /// The address at a base URL without trailing slash.
    ///
    /// # Errors
    /// If they do not form a valid URL.
    pub fn at(&self, base: &str) -> Result<Url, url::ParseError> {
        let mut url = Url::parse(&format!("{base}{}", self.path))?;
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }
}

impl UrlTemplate {
    /// The address at this base URL; `None` if it is not constant, or needs a base and none is given.
    pub(crate) fn at(&self, base: Option<&str>) -> Option<Url> {
        match self {
            UrlTemplate::Fixed { path: Some(path), .. } => path.at(base?).ok(),
            UrlTemplate::Fixed { url, path: None } => Some(url.clone()),
            UrlTemplate::Templated { .. } => None,
        }
    }

    /// Sets the base URL of requests without a host of their own.
    pub(super) fn send_to(&mut self, base: &Arc<str>) -> Result<(), url::ParseError> {
        match self {
            UrlTemplate::Fixed { url, path: Some(path) } => *url = path.at(base)?,
            UrlTemplate::Fixed { path: None, .. } => {}
            UrlTemplate::Templated { base: own, .. } => *own = Arc::clone(base),
        }
        Ok(())
    }
}

/// The body of a request.
#[derive(Debug, Clone)]
pub enum Body {
    /// None.
    Empty,
    /// Constant.
    Fixed(Bytes),
    /// Text rendered for every request.
    Text(Text),
    /// JSON rendered for every request.
    Json(Json),
    /// `application/x-www-form-urlencoded` pairs rendered for every request.
    Form(Vec<(String, Text)>),
    /// `multipart/form-data`, created by [`Multipart::encode`].
    Multipart(Multipart),
}

/// Fields and files of an upload.
#[derive(Debug, Clone)]
pub struct Multipart {
    /// Parts in order.
    pub parts: Vec<Part>,
}

/// A part of an upload.
#[derive(Debug, Clone)]
pub struct Part {
    /// Field name.
    pub name: String,
    /// File name and media type; `None` for a plain field.
    pub file: Option<(String, String)>,
    /// Bytes of a file, or a text.
    pub content: PartContent,
}

/// The content of a part.
#[derive(Debug, Clone)]
pub enum PartContent {
    /// Constant.
    Fixed(Bytes),
    /// Rendered for every request.
    Text(Text),
}

impl Multipart {
    /// Encodes header and body.
    ///
    /// # Errors
    /// If a template fails.
    pub fn encode(&self, scope: &mut Scope) -> Result<(HeaderValue, Bytes), RenderError> {
        // A random 128-bit boundary does not occur in a file by chance.
        let boundary = format!("katydid-{:032x}", scope.rng.u128(..));
        let size: usize = self.parts.iter().map(|part| 200 + part.name.len() + part.content.len()).sum();
        let mut out = Vec::with_capacity(size);
        let quoted = |text: &str| text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        for part in &self.parts {
            let mut head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", quoted(&part.name));
            if let Some((file, media)) = &part.file {
                head.push_str(&format!("; filename=\"{}\"\r\nContent-Type: {}", quoted(file), quoted(media)));
            }
            head.push_str("\r\n\r\n");
            let mut put = |content: &[u8]| {
                for piece in [head.as_bytes(), content, b"\r\n"] {
                    out.extend_from_slice(piece);
                }
            };
            match &part.content {
                PartContent::Fixed(bytes) => put(bytes),
                // A list repeats the name, as in a form without files.
                PartContent::Text(text) => text.each(scope, |one| put(one.as_bytes()))?,
            }
        }
        out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let header = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}"))
            .map_err(|e| RenderError(e.to_string()))?;
        Ok((header, out.into()))
    }
}

impl PartContent {
    fn len(&self) -> usize {
        match self {
            PartContent::Fixed(bytes) => bytes.len(),
            PartContent::Text(_) => 64,
        }
    }
}

/// Accepted statuses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Accepted {
    /// All below 400, the default, as in Locust.
    #[default]
    BelowError,
    /// Only these.
    Ranges(Vec<StatusRange>),
    /// All: one of [`HttpStep::expects`] checks the status.
    Judged,
}

impl Accepted {
    /// True if the status is accepted.
    pub fn contains(&self, status: u16) -> bool {
        match self {
            Accepted::BelowError => status < 400,
            Accepted::Ranges(ranges) => ranges.iter().any(|range| range.contains(status)),
            Accepted::Judged => true,
        }
    }

    /// As in a scenario: `200 or 3xx`; empty for the default.
    pub fn words(&self) -> Arc<str> {
        match self {
            Accepted::Ranges(ranges) => StatusRange::words(ranges),
            Accepted::BelowError | Accepted::Judged => "".into(),
        }
    }
}

/// Default `Content-Type` of JSON bodies.
pub const CONTENT_TYPE_JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Default `Content-Type` of forms.
pub const CONTENT_TYPE_FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorization_is_built_and_never_printed() {
        let mut scope = Scope::new(1, 1, Default::default());
        let fixed = |text: &str| Text::Fixed(text.into());
        let basic = Auth::Basic { username: fixed("ada"), password: fixed("pä:ss") }.header(&mut scope).unwrap();
        assert_eq!(basic, "Basic YWRhOnDDpDpzcw==");
        assert!(!format!("{basic:?}").contains("YWRh"));
        assert_eq!(Auth::Bearer(fixed("t")).header(&mut scope).unwrap(), "Bearer t");
        assert!(Auth::Bearer(fixed("a\nb")).header(&mut scope).is_err());
    }

    #[test]
    fn multipart_encoding() {
        let mut scope = Scope::new(1, 1, Default::default());
        let part = |name: &str, file: Option<(&str, &str)>, content| Part {
            name: name.to_owned(),
            file: file.map(|(name, media)| (name.to_owned(), media.to_owned())),
            content,
        };
        let upload = Multipart {
            parts: vec![
                part("title", None, PartContent::Text(Text::Fixed("hello".into()))),
                part("f\"\r\n", Some(("a.bin", "image/png")), PartContent::Fixed(Bytes::from_static(&[0, 255]))),
            ],
        };
        let (header, body) = upload.encode(&mut scope).unwrap();
        let boundary = header.to_str().unwrap().split_once("boundary=").unwrap().1.to_owned();
        let text = String::from_utf8_lossy(&body).replace(&boundary, "B");
        assert_eq!(
            text,
            "--B\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nhello\r\n--B\r\nContent-Disposition: form-data; \
             name=\"f%22%0D%0A\"; filename=\"a.bin\"\r\nContent-Type: image/png\r\n\r\n\0\u{fffd}\r\n--B--\r\n"
        );
        assert_ne!(upload.encode(&mut scope).unwrap().0, header);
    }
}
