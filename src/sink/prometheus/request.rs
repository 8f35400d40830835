//! Parses requests of scrapers, and formats responses.

use super::text::Format;

/// Maximum size of a request's headers, in bytes.
pub const MAX_REQUEST: usize = 8_192;
/// Maximum number of headers.
const MAX_HEADERS: usize = 64;

/// What a client requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// The metrics, in a format.
    Metrics(Format),
    /// Something else: status line and body of the response.
    Refused(&'static str, &'static str),
}

/// Response to a request that is too large, too slow or not HTTP.
pub const BAD: Request = Request::Refused("400 Bad Request", "expected GET /metrics\n");

/// Parses the start of a request; `None` if it is incomplete.
pub fn parse(bytes: &[u8]) -> Option<Request> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return None,
        Err(_) => return Some(BAD),
    }
    let path = request.path.unwrap_or_default().split('?').next().unwrap_or_default();
    if path != "/metrics" {
        return Some(Request::Refused("404 Not Found", "the metrics are at /metrics\n"));
    }
    if request.method != Some("GET") {
        return Some(Request::Refused("405 Method Not Allowed", "expected GET /metrics\n"));
    }
    let accepts = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("accept"));
    let accepts = accepts.filter_map(|header| std::str::from_utf8(header.value).ok());
    Some(Request::Metrics(Format::of_accept(&accepts.collect::<Vec<_>>().join(","))))
}

/// The headers of a response.
pub fn head(status: &str, content_type: &str, length: usize) -> String {
    let allow = if status.starts_with("405") { "Allow: GET\r\n" } else { "" };
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n{allow}Connection: close\r\n\r\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_parsed() {
        let status = |text: &str| match parse(text.as_bytes()) {
            Some(Request::Refused(status, _)) => status.get(..3),
            Some(Request::Metrics(Format::Prometheus)) => Some("text"),
            Some(Request::Metrics(Format::OpenMetrics)) => Some("open"),
            None => None,
        };
        assert_eq!(status("GET /metrics HTTP/1.1\r\nHost: a\r\n"), None);
        assert_eq!(status("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"), Some("text"));
        assert_eq!(status("GET /metrics?x=1 HTTP/1.0\r\n\r\n"), Some("text"));
        let accept = "GET /metrics HTTP/1.1\r\nACCEPT: application/openmetrics-text\r\n\r\n";
        assert_eq!(status(accept), Some("open"));
        assert_eq!(status("GET / HTTP/1.1\r\n\r\n"), Some("404"));
        assert_eq!(status("POST /metrics HTTP/1.1\r\n\r\n"), Some("405"));
        assert_eq!(status("\u{1}\r\n\r\n"), Some("400"));
        assert_eq!(status(&format!("GET /metrics HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(65))), Some("400"));
    }
}
