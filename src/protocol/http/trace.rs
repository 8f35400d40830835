//! Requests and responses as a trace shows them.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::draft::Draft;
use super::encode::OWN_USER_AGENT;
use super::response::Response;
use crate::protocol::result::StepResult;
use crate::protocol::trace::{Sent, TraceEvent};
use crate::scenario::eval::response::Headers as _;

/// A response that has come whole.
pub(super) fn received<'a>(response: &'a Response, result: &StepResult) -> TraceEvent<'a> {
    let Response { status, body, bytes, .. } = response;
    let (headers, took) = (response.headers.all(), result.timings.service);
    TraceEvent::Response { status: *status, headers, body, bytes: *bytes, took }
}

/// From the very bytes of an HTTP/1.1 request, whose body is that of the draft.
pub(super) fn on_the_wire<'a>(draft: &'a Draft, bytes: &[u8]) -> Sent<'a> {
    let head = bytes.get(..bytes.len().saturating_sub(draft.body.len())).unwrap_or_default();
    let head = String::from_utf8_lossy(head);
    let lines = head.split("\r\n").skip(1).filter_map(|line| line.split_once(": "));
    let headers = lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Sent { method: draft.method.as_str(), url: &draft.url, headers, body: &draft.body }
}

/// From the headers of a request for which there never was a connection.
pub(super) fn unsent<'a>(draft: &'a Draft, headers: &[(HeaderName, HeaderValue)]) -> Sent<'a> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    Sent { method: draft.method.as_str(), url: &draft.url, headers, body: &draft.body }
}

/// From the fields of an HTTP/2 request, whose authority is shown as the host that it is.
pub(super) fn fields<'a>(draft: &'a Draft, request: &http::Request<()>) -> Sent<'a> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let authority = request.uri().authority().map(|authority| (":authority".to_owned(), authority.to_string()));
    let headers = request.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
    let headers = authority.into_iter().chain(headers).collect();
    Sent { method: draft.method.as_str(), url: &draft.url, headers, body: &draft.body }
}

/// From what the client for WebSockets is given; it adds the same lines of its own as the other.
pub(super) fn by_reqwest<'a>(draft: &'a Draft, fixed: &HeaderMap, cookies: Option<&HeaderValue>) -> Sent<'a> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut headers: Vec<(String, String)> =
        draft.headers(fixed).map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let own = [("user-agent", OWN_USER_AGENT), ("accept", "*/*"), ("accept-encoding", "gzip, br, zstd, deflate")];
    for (at, (name, value)) in own.into_iter().enumerate() {
        if !headers.iter().any(|(known, _)| known == name) {
            headers.insert(at.min(headers.len()), (name.to_owned(), value.to_owned()));
        }
    }
    if let Some(cookies) = cookies
        && !headers.iter().any(|(known, _)| known == "cookie")
    {
        headers.push(("cookie".to_owned(), text(cookies)));
    }
    Sent { method: draft.method.as_str(), url: &draft.url, headers, body: &draft.body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_the_wire_is_shown_line_by_line() {
        let mut draft = Draft::default();
        draft.url.push_str("http://h/a");
        draft.body = "a: b\r\nc: d".into();
        let bytes = b"POST /a HTTP/1.1\r\nhost: h\r\nx: y: z\r\n\r\na: b\r\nc: d";
        let sent = on_the_wire(&draft, bytes);
        let wanted = [("host".to_owned(), "h".to_owned()), ("x".to_owned(), "y: z".to_owned())];
        assert_eq!((sent.headers.as_slice(), sent.body), (&wanted[..], &b"a: b\r\nc: d"[..]));
        // Shorter than its body: nothing to show, and no panic.
        assert!(on_the_wire(&draft, b"").headers.is_empty());
    }

    #[test]
    fn the_client_for_websockets_adds_what_the_step_does_not_say() {
        let mut fixed = HeaderMap::new();
        fixed.insert(http::header::ACCEPT, HeaderValue::from_static("text/html"));
        let cookie = HeaderValue::from_static("a=b");
        let draft = Draft::default();
        let sent = by_reqwest(&draft, &fixed, Some(&cookie));
        let value = |name: &str| sent.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        assert_eq!((value("accept"), value("cookie")), (Some("text/html"), Some("a=b")));
        assert_eq!(value("user-agent"), Some(OWN_USER_AGENT));
    }
}
