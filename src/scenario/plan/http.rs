//! HTTP requests, compiled.

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

/// Which row of the statistics a request belongs to: an index into [`Plan::endpoints`](super::Plan::endpoints).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointId(pub u32);

/// One row of the statistics: Locust's pair of request type and name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// What it counts; for HTTP requests with their method.
    pub kind: RowKind,
    /// The `name` of the step, else its URL template.
    pub name: Arc<str>,
}

/// An HTTP request, compiled.
#[derive(Debug, Clone)]
pub struct HttpStep {
    /// Row of the statistics.
    pub endpoint: EndpointId,
    /// Verb.
    pub method: Method,
    /// Where to.
    pub url: UrlTemplate,
    /// Headers that never vary, built once.
    pub fixed_headers: http::HeaderMap,
    /// Headers with templated values.
    pub headers: Vec<(HeaderName, Text)>,
    /// What is sent.
    pub body: Body,
    /// From the send to the last byte of the response.
    pub timeout: Duration,
    /// Which statuses count as success.
    pub accepts: Accepted,
    /// The accepted statuses in words, for the failure's reason: `200`, `2xx or 301`. Empty where none are named.
    pub expected: Arc<str>,
    /// Adds an `Authorization` header in place of any other; `None` also when `fixed_headers` has one.
    pub auth: Option<Auth>,
    /// Which connections carry it.
    pub client: ClientId,
    /// Further expectations, evaluated in order after the status; the first that fails names
    /// the failure. Not evaluated when there is no response.
    pub expects: Arc<[Expect]>,
    /// Taken from the response when the request did not fail. The first miss marks the request failed with its reason;
    /// the captures before it are kept.
    pub captures: Arc<[Capture]>,
    /// Some expectation or capture reads the body, so that it must be kept until they are done; at most
    /// [`MAX_KEPT`] bytes of it.
    pub keeps_body: bool,
}

/// Bytes of a response's body that expectations and captures can see; a longer one fails them.
pub const MAX_KEPT: usize = 16 * 1024 * 1024;

/// A filled `Authorization` header.
#[derive(Debug, Clone)]
pub enum Auth {
    /// `auth: { basic: { username, password } }`
    Basic {
        /// Cannot contain a colon.
        username: Text,
        /// Anything.
        password: Text,
    },
    /// `auth: { bearer: … }`
    Bearer(Text),
}

impl Auth {
    /// True when nothing in it varies.
    pub(crate) fn is_fixed(&self) -> bool {
        match self {
            Auth::Basic { username, password } => username.fixed().is_some() && password.fixed().is_some(),
            Auth::Bearer(token) => token.fixed().is_some(),
        }
    }

    /// The value of the header, marked sensitive so that no debug output shows it.
    ///
    /// # Errors
    /// When a template fails or fills in a character that HTTP does not allow.
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
    /// Nothing in it varies.
    Fixed {
        /// Absolute.
        url: Url,
        /// How it is made, if it goes to the host of the run.
        path: Option<Box<FixedPath>>,
    },
    /// Path and query are filled for every request.
    Templated {
        /// Put before a path that is not an absolute URL; has no trailing slash.
        base: Arc<str>,
        /// A path such as `/products/{{ id }}`, or an absolute URL.
        path: Text,
        /// Query pairs, percent-encoded after rendering.
        query: Vec<(String, Text)>,
    },
}

/// An address below the host of the run: that is known when a run starts, long after the plan was compiled.
#[derive(Debug, Clone)]
pub struct FixedPath {
    /// Path as written, perhaps with a query.
    pub path: Arc<str>,
    /// Query pairs, percent-encoded when they are added.
    pub query: Vec<(String, Arc<str>)>,
}

impl FixedPath {
    /// The address at the base URL of a run, which has no trailing slash.
    ///
    /// # Errors
    /// When they do not make a URL.
    pub fn at(&self, base: &str) -> Result<Url, url::ParseError> {
        let mut url = Url::parse(&format!("{base}{}", self.path))?;
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }
}

impl UrlTemplate {
    /// The address at this base URL; `None` if it varies, or needs a base and none is given.
    pub(crate) fn at(&self, base: Option<&str>) -> Option<Url> {
        match self {
            UrlTemplate::Fixed { path: Some(path), .. } => path.at(base?).ok(),
            UrlTemplate::Fixed { url, path: None } => Some(url.clone()),
            UrlTemplate::Templated { .. } => None,
        }
    }

    /// Sends requests to this base URL that do not name a host of their own.
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
    /// Built once.
    Fixed(Bytes),
    /// Text filled for every request.
    Text(Text),
    /// JSON filled for every request.
    Json(Json),
    /// `application/x-www-form-urlencoded` pairs filled for every request.
    Form(Vec<(String, Text)>),
    /// `multipart/form-data`: its header and bytes come from [`Multipart::encode`].
    Multipart(Multipart),
}

/// Files and fields of one upload.
#[derive(Debug, Clone)]
pub struct Multipart {
    /// In order.
    pub parts: Vec<Part>,
}

/// One part of an upload.
#[derive(Debug, Clone)]
pub struct Part {
    /// Name of the field.
    pub name: String,
    /// File name and media type; `None` is a plain field.
    pub file: Option<(String, String)>,
    /// What is sent: bytes of a file, read once, or a text.
    pub content: PartContent,
}

/// The content of a part.
#[derive(Debug, Clone)]
pub enum PartContent {
    /// Read before the run.
    Fixed(Bytes),
    /// Filled for every request.
    Text(Text),
}

impl Multipart {
    /// The `Content-Type` with its boundary, and the body.
    ///
    /// # Errors
    /// When a template fails.
    pub fn encode(&self, scope: &mut Scope) -> Result<(HeaderValue, Bytes), RenderError> {
        // 128 random bits do not occur in a file by chance.
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
                // A list repeats its name, as in a form without files.
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

/// Which statuses are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Accepted {
    /// Everything below 400, as in Locust: the default.
    #[default]
    BelowError,
    /// These.
    Ranges(Vec<StatusRange>),
    /// All: one of [`HttpStep::expects`] checks the status.
    Judged,
}

impl Accepted {
    /// True when the status is accepted.
    pub fn contains(&self, status: u16) -> bool {
        match self {
            Accepted::BelowError => status < 400,
            Accepted::Ranges(ranges) => ranges.iter().any(|range| range.contains(status)),
            Accepted::Judged => true,
        }
    }

    /// As in a scenario: `200 or 3xx`; empty where no statuses are named.
    pub fn words(&self) -> Arc<str> {
        match self {
            Accepted::Ranges(ranges) => StatusRange::words(ranges),
            Accepted::BelowError | Accepted::Judged => "".into(),
        }
    }
}

/// The header a body brings with it unless the step sets it.
pub const CONTENT_TYPE_JSON: HeaderValue = HeaderValue::from_static("application/json");
/// The header a form brings with it unless the step sets it.
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
    fn an_upload_has_its_parts_between_boundaries() {
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
