//! Requests and responses as trace events.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::draft::RequestDraft;
use super::encode::OWN_USER_AGENT;
use super::response::Response;
use crate::protocol::result::StepResult;
use crate::protocol::trace::{SentRequest, TraceEvent};
use crate::scenario::eval::response::Headers as _;

/// The event for a complete response.
pub(super) fn received<'a>(response: &'a Response, result: &StepResult) -> TraceEvent<'a> {
    let Response { status, body, bytes, .. } = response;
    let (headers, took) = (response.headers.all(), result.timings.service);
    TraceEvent::Response { status: *status, headers, body, bytes: *bytes, took }
}

/// From the bytes of an HTTP/1.1 request.
pub(super) fn on_the_wire<'a>(draft: &'a RequestDraft, bytes: &[u8]) -> SentRequest<'a> {
    let head = bytes.get(..bytes.len().saturating_sub(draft.body.len())).unwrap_or_default();
    let head = String::from_utf8_lossy(head);
    let lines = head.split("\r\n").skip(1).filter_map(|line| line.split_once(": "));
    let headers = lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    SentRequest { method: draft.method.as_str(), url: &draft.url, headers, body: &draft.body }
}

/// From the headers of a request that was never sent because no connection was opened.
pub(super) fn unsent<'a>(draft: &'a RequestDraft, headers: &[(HeaderName, HeaderValue)]) -> SentRequest<'a> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    SentRequest { method: draft.method.as_str(), url: &draft.url, headers, body: &draft.body }
}

/// From the fields of an HTTP/2 request.
pub(super) fn fields<'a>(draft: &'a RequestDraft, request: &http::Request<()>) -> SentRequest<'a> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let authority = request.uri().authority().map(|authority| (":authority".to_owned(), authority.to_string()));
    let headers = request.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
    let headers = authority.into_iter().chain(headers).collect();
    SentRequest { method: draft.method.as_str(), url: &draft.url, headers, body: &draft.body }
}

/// From a WebSocket request, with the default headers that are added when it is sent.
pub(super) fn by_reqwest<'a>(
    draft: &'a RequestDraft,
    fixed: &HeaderMap,
    cookies: Option<&HeaderValue>,
) -> SentRequest<'a> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut headers: Vec<(String, String)> =
        draft.headers(fixed).map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    headers.extend(
        draft.traceparent().map(|value| ("traceparent".to_owned(), String::from_utf8_lossy(value).into_owned())),
    );
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
    SentRequest { method: draft.method.as_str(), url: &draft.url, headers, body: &draft.body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_header_lines_are_shown() {
        let mut draft = RequestDraft::default();
        draft.url.push_str("http://h/a");
        draft.body = "a: b\r\nc: d".into();
        let bytes = b"POST /a HTTP/1.1\r\nhost: h\r\nx: y: z\r\n\r\na: b\r\nc: d";
        let sent = on_the_wire(&draft, bytes);
        let wanted = [("host".to_owned(), "h".to_owned()), ("x".to_owned(), "y: z".to_owned())];
        assert_eq!((sent.headers.as_slice(), sent.body), (&wanted[..], &b"a: b\r\nc: d"[..]));
        // Input shorter than the body: nothing to show, no panic.
        assert!(on_the_wire(&draft, b"").headers.is_empty());
    }

    #[test]
    fn websocket_requests_show_default_headers() {
        let mut fixed = HeaderMap::new();
        fixed.insert(http::header::ACCEPT, HeaderValue::from_static("text/html"));
        let cookie = HeaderValue::from_static("a=b");
        let draft = RequestDraft::default();
        let sent = by_reqwest(&draft, &fixed, Some(&cookie));
        let value = |name: &str| sent.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        assert_eq!((value("accept"), value("cookie")), (Some("text/html"), Some("a=b")));
        assert_eq!(value("user-agent"), Some(OWN_USER_AGENT));
    }
}
