//! Encodes a draft as a request: bytes for HTTP/1.1, header fields for HTTP/2. Both have the same headers.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, HOST, PROXY_AUTHORIZATION, TE,
    TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use percent_encoding::percent_decode_str;

use super::draft::RequestDraft;
use super::traceparent::TRACEPARENT;

/// The `User-Agent` unless the scenario sets one.
pub const OWN_USER_AGENT: &str = concat!("katydid/", env!("CARGO_PKG_VERSION"));
/// Content codings that are decoded.
const CODINGS: &str = "gzip, br, zstd, deflate";
/// Headers of a single HTTP/1.1 connection, which are forbidden in HTTP/2 (RFC 9113, section 8.2.2), and `Host`, which
/// becomes `:authority`.
const CONNECTION_HEADERS: [HeaderName; 6] = [
    HOST,
    CONNECTION,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// A draft and the headers that are added to it.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The request.
    pub draft: &'a RequestDraft,
    /// Headers of the step without templates.
    pub fixed: &'a HeaderMap,
    /// The user's cookies for this URL.
    pub cookies: Option<&'a HeaderValue>,
}

impl Outgoing<'_> {
    /// Appends the request as HTTP/1.1 to `out`. A proxy that forwards it gets the absolute URL, and its credentials.
    pub fn write(&self, out: &mut Vec<u8>, proxy: Option<&Proxied>) {
        let (draft, route) = (self.draft, self.draft.route);
        put(out, &[draft.method.as_str().as_bytes(), b" "]);
        if proxy.is_some() {
            put(out, &[b"http://", route.authority(&draft.url).as_bytes()]);
        }
        put(out, &[route.target(&draft.url).as_bytes(), b" HTTP/1.1\r\n"]);
        self.each(|name, value| put(out, &[name.as_str().as_bytes(), b": ", value, b"\r\n"]));
        if let Some(credentials) = proxy.and_then(|proxy| proxy.credentials.as_ref()) {
            put(out, &[PROXY_AUTHORIZATION.as_str().as_bytes(), b": ", credentials.as_bytes(), b"\r\n"]);
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&draft.body);
    }

    /// The request as HTTP/2, without its body. A `Host` header of the step becomes the authority.
    ///
    /// # Errors
    /// When HTTP/2 does not allow a part of it; names the part.
    pub fn fields(&self) -> Result<Request<()>, &'static str> {
        let (draft, route) = (self.draft, self.draft.route);
        let mut request = Request::new(());
        let mut host = None;
        let mut wrong = None;
        self.each(|name, value| match HeaderValue::from_bytes(value) {
            Ok(value) if *name == HOST => host = Some(value),
            // The only value of TE that HTTP/2 allows.
            Ok(value) if *name == TE && value != "trailers" => {}
            Ok(_) if CONNECTION_HEADERS.contains(name) => {}
            Ok(value) => drop(request.headers_mut().append(name.clone(), value)),
            Err(_) => wrong = Some("a header"),
        });
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        let mut uri = http::uri::Parts::default();
        uri.scheme = Some(if route.secure { Scheme::HTTPS } else { Scheme::HTTP });
        let authority = host.as_ref().map_or(route.authority(&draft.url).as_bytes(), HeaderValue::as_bytes);
        uri.authority = Some(authority.try_into().map_err(|_| "the Host header")?);
        uri.path_and_query = Some(PathAndQuery::try_from(route.target(&draft.url)).map_err(|_| "the URL")?);
        *request.uri_mut() = Uri::from_parts(uri).map_err(|_| "the URL")?;
        *request.method_mut() = draft.method.clone();
        *request.version_mut() = http::Version::HTTP_2;
        Ok(request)
    }

    /// Name and value of each HTTP/1.1 header, in order.
    pub fn lines(&self) -> Vec<(HeaderName, HeaderValue)> {
        let mut lines = Vec::new();
        self.each(|name, value| lines.extend(HeaderValue::from_bytes(value).map(|value| (name.clone(), value))));
        lines
    }

    /// Calls `give` for each header: the defaults that the step does not set, then those of the step.
    fn each(&self, mut give: impl FnMut(&HeaderName, &[u8])) {
        let draft = self.draft;
        let mut own = PresentHeaders::default();
        for (name, _) in draft.headers(self.fixed) {
            own.note(name);
        }
        if !own.host {
            give(&HOST, draft.route.authority(&draft.url).as_bytes());
        }
        if !own.user_agent {
            give(&USER_AGENT, OWN_USER_AGENT.as_bytes());
        }
        if !own.accept {
            give(&ACCEPT, b"*/*");
        }
        if !own.accept_encoding {
            give(&ACCEPT_ENCODING, CODINGS.as_bytes());
        }
        if let Some(userinfo) = draft.route.userinfo(&draft.url).filter(|_| !own.authorization) {
            give(&AUTHORIZATION, basic(userinfo).as_bytes());
        }
        for (name, value) in draft.headers(self.fixed) {
            give(name, value.as_bytes());
        }
        if let Some(cookies) = self.cookies.filter(|_| !own.cookie) {
            give(&COOKIE, cookies.as_bytes());
        }
        if let Some(traceparent) = draft.traceparent() {
            give(&TRACEPARENT, traceparent);
        }
        let expects_body = matches!(draft.method, Method::POST | Method::PUT | Method::PATCH);
        if !own.content_length && (expects_body || !draft.body.is_empty()) {
            let mut digits = [0; 20];
            give(&CONTENT_LENGTH, decimal(draft.body.len(), &mut digits));
        }
    }
}

/// A proxy that forwards unencrypted requests.
#[derive(Debug, Clone, Default)]
pub struct Proxied {
    /// `Proxy-Authorization`, if the proxy's URL has a user.
    pub credentials: Option<HeaderValue>,
}

/// `Basic …`, from the user name and password of a URL.
pub fn basic(userinfo: &str) -> String {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let mut pair: Vec<u8> = percent_decode_str(user).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(password));
    format!("Basic {}", BASE64_STANDARD.encode(pair))
}

/// Which of the default headers the step sets itself.
#[derive(Default)]
struct PresentHeaders {
    host: bool,
    user_agent: bool,
    accept: bool,
    accept_encoding: bool,
    authorization: bool,
    cookie: bool,
    content_length: bool,
}

impl PresentHeaders {
    fn note(&mut self, name: &HeaderName) {
        match name {
            name if *name == HOST => self.host = true,
            name if *name == USER_AGENT => self.user_agent = true,
            name if *name == ACCEPT => self.accept = true,
            name if *name == ACCEPT_ENCODING => self.accept_encoding = true,
            name if *name == AUTHORIZATION => self.authorization = true,
            name if *name == COOKIE => self.cookie = true,
            name if *name == CONTENT_LENGTH => self.content_length = true,
            _ => {}
        }
    }
}

fn put(out: &mut Vec<u8>, pieces: &[&[u8]]) {
    for piece in pieces {
        out.extend_from_slice(piece);
    }
}

/// The decimal digits of `n`, without allocating.
fn decimal(mut n: usize, digits: &mut [u8; 20]) -> &[u8] {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 || at == 0 {
            return &digits[at..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::http::address::Route;
    use bytes::Bytes;

    fn get(url: &str) -> RequestDraft {
        let mut url = url.to_owned();
        let route = Route::of(&mut url).expect("a URL");
        let mut draft = RequestDraft::default();
        (draft.url, draft.route) = (url, route);
        draft
    }

    fn text(draft: &RequestDraft, fixed: &HeaderMap, cookies: Option<&HeaderValue>) -> String {
        let mut out = Vec::new();
        Outgoing { draft, fixed, cookies }.write(&mut out, None);
        String::from_utf8(out).expect("text").replace("\r\n", "\n")
    }

    #[test]
    fn required_headers_are_added() {
        let mut draft = get("http://a:1/b?c");
        let agent = OWN_USER_AGENT;
        let usual = format!("user-agent: {agent}\naccept: */*\naccept-encoding: gzip, br, zstd, deflate\n");
        assert_eq!(text(&draft, &HeaderMap::new(), None), format!("GET /b?c HTTP/1.1\nhost: a:1\n{usual}\n"));
        draft.method = Method::POST;
        assert!(text(&draft, &HeaderMap::new(), None).ends_with("content-length: 0\n\n"));
        (draft.method, draft.body) = (Method::DELETE, Bytes::from_static(b"xyz"));
        assert!(text(&draft, &HeaderMap::new(), None).ends_with("content-length: 3\n\nxyz"));
    }

    #[test]
    fn headers_of_the_step_replace_the_defaults() {
        let draft = get("http://a:1/");
        let set = |name| (name, HeaderValue::from_static("mine"));
        let fixed: HeaderMap = [HOST, USER_AGENT, ACCEPT, ACCEPT_ENCODING, COOKIE].map(set).into_iter().collect();
        let text = text(&draft, &fixed, Some(&HeaderValue::from_static("jar")));
        assert_eq!(text.matches(": mine\n").count(), 5, "{text}");
        assert_eq!(text.lines().count(), 7, "{text}");
    }

    #[test]
    fn a_proxy_gets_the_whole_url_and_its_own_credentials() {
        let draft = get("http://user:p%40ss@a:1/b");
        let fixed = HeaderMap::new();
        let mut out = Vec::new();
        let proxy = Proxied { credentials: Some(HeaderValue::from_static("Basic x")) };
        Outgoing { draft: &draft, fixed: &fixed, cookies: None }.write(&mut out, Some(&proxy));
        let out = String::from_utf8(out).expect("text");
        assert!(out.starts_with("GET http://a:1/b HTTP/1.1\r\nhost: a:1\r\n"), "{out}");
        // user:p@ss
        assert!(out.contains("authorization: Basic dXNlcjpwQHNz\r\n"), "{out}");
        assert!(out.ends_with("proxy-authorization: Basic x\r\n\r\n"), "{out}");
    }

    #[test]
    fn http_2_requests_have_an_authority_and_no_connection_headers() {
        let mut draft = get("https://a:1/b?c=%20");
        (draft.method, draft.body) = (Method::PUT, Bytes::from_static(b"12345"));
        let set = [(HOST, "shop.test"), (CONNECTION, "close"), (TE, "gzip"), (ACCEPT, "text/html")];
        let fixed: HeaderMap = set.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
        let request = Outgoing { draft: &draft, fixed: &fixed, cookies: None }.fields().expect("a request");
        assert_eq!(request.uri().to_string(), "https://shop.test/b?c=%20");
        let names: Vec<&str> = request.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["user-agent", "accept-encoding", "accept", "content-length"]);
        assert_eq!(request.headers()["content-length"], "5");
        let bad: HeaderMap = [(HOST, HeaderValue::from_static("a b"))].into_iter().collect();
        assert_eq!(Outgoing { draft: &draft, fixed: &bad, cookies: None }.fields().err(), Some("the Host header"));
    }

    #[test]
    fn lengths_are_decimal() {
        for n in [0, 9, 10, 12_345, usize::MAX] {
            assert_eq!(decimal(n, &mut [0; 20]), n.to_string().as_bytes());
        }
    }
}
