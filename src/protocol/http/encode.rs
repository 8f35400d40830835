//! A draft becomes the bytes of an HTTP/1.1 request.

use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_LENGTH, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};

use super::USER_AGENT as OWN_NAME;
use super::draft::Draft;

/// Appends the request that `draft` is to `out`; path and query begin at byte `target` of its URL.
pub fn request(out: &mut Vec<u8>, draft: &Draft, target: usize, fixed: &HeaderMap, cookies: Option<&HeaderValue>) {
    let authority = super::address::Route::authority(&draft.url, target);
    put(out, &[draft.method.as_str().as_bytes(), b" ", &draft.url.as_bytes()[target..], b" HTTP/1.1\r\n"]);
    let mut own = Own::default();
    for (name, _) in draft.headers(fixed) {
        own.note(name);
    }
    if !own.host {
        put(out, &[b"host: ", authority.as_bytes(), b"\r\n"]);
    }
    if !own.user_agent {
        put(out, &[b"user-agent: ", OWN_NAME.as_bytes(), b"\r\n"]);
    }
    if !own.accept {
        out.extend_from_slice(b"accept: */*\r\n");
    }
    if !own.accept_encoding {
        out.extend_from_slice(b"accept-encoding: gzip, br, zstd, deflate\r\n");
    }
    for (name, value) in draft.headers(fixed) {
        put(out, &[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"]);
    }
    if let Some(cookies) = cookies.filter(|_| !own.cookie) {
        put(out, &[b"cookie: ", cookies.as_bytes(), b"\r\n"]);
    }
    let expects_body = matches!(draft.method, Method::POST | Method::PUT | Method::PATCH);
    if !own.content_length && (expects_body || !draft.body.is_empty()) {
        length(out, draft.body.len());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&draft.body);
}

/// Which of the headers that we would add the step has set itself.
#[derive(Default)]
struct Own {
    host: bool,
    user_agent: bool,
    accept: bool,
    accept_encoding: bool,
    cookie: bool,
    content_length: bool,
}

impl Own {
    fn note(&mut self, name: &http::HeaderName) {
        match name {
            name if *name == HOST => self.host = true,
            name if *name == USER_AGENT => self.user_agent = true,
            name if *name == ACCEPT => self.accept = true,
            name if *name == ACCEPT_ENCODING => self.accept_encoding = true,
            name if *name == http::header::COOKIE => self.cookie = true,
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

fn length(out: &mut Vec<u8>, length: usize) {
    use std::io::Write as _;
    // Writing into memory cannot fail.
    let _ = write!(out, "content-length: {length}\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::header::COOKIE;

    fn text(draft: &Draft, fixed: &HeaderMap, cookies: Option<&HeaderValue>) -> String {
        let mut out = Vec::new();
        request(&mut out, draft, "http://a:1".len(), fixed, cookies);
        String::from_utf8(out).expect("text").replace("\r\n", "\n")
    }

    #[test]
    fn a_request_says_what_it_must() {
        let mut draft = Draft::default();
        draft.url.push_str("http://a:1/b?c");
        let agent = OWN_NAME;
        let usual = format!("user-agent: {agent}\naccept: */*\naccept-encoding: gzip, br, zstd, deflate\n");
        assert_eq!(text(&draft, &HeaderMap::new(), None), format!("GET /b?c HTTP/1.1\nhost: a:1\n{usual}\n"));
        draft.method = Method::POST;
        assert!(text(&draft, &HeaderMap::new(), None).ends_with("content-length: 0\n\n"));
        (draft.method, draft.body) = (Method::DELETE, Bytes::from_static(b"xyz"));
        assert!(text(&draft, &HeaderMap::new(), None).ends_with("content-length: 3\n\nxyz"));
    }

    #[test]
    fn what_the_step_sets_is_not_said_twice() {
        let mut draft = Draft::default();
        draft.url.push_str("http://a:1/");
        let set = |name| (name, HeaderValue::from_static("mine"));
        let fixed: HeaderMap = [HOST, USER_AGENT, ACCEPT, ACCEPT_ENCODING, COOKIE].map(set).into_iter().collect();
        let text = text(&draft, &fixed, Some(&HeaderValue::from_static("jar")));
        assert_eq!(text.matches(": mine\n").count(), 5, "{text}");
        assert_eq!(text.lines().count(), 7, "{text}");
    }
}
