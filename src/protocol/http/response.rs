//! A complete response, and the example that a failure shows of it.

use std::time::Duration;

use http::HeaderValue;

use super::lazy_headers::LazyHeaders;
use super::limits::example_bytes;
use crate::protocol::example::{EXAMPLE_BODY, EXAMPLE_HEADERS, header_lines};
use crate::scenario::eval::response::{Headers as _, ResponseView};
use crate::scenario::secrets::Redactor;
use crate::stats::Example;

/// A complete response, with the parts that were kept.
#[derive(Debug)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Empty if they were not kept.
    pub headers: LazyHeaders,
    /// The start of the body, as long as the evaluator requested.
    pub body: Vec<u8>,
    /// Bytes of the whole body.
    pub bytes: u64,
    /// `Set-Cookie` lines of preceding redirects, if a capture reads cookies.
    pub redirect_cookies: Vec<HeaderValue>,
    /// The body has an unknown content coding, so it cannot be read.
    pub has_unknown_coding: bool,
    /// Enough was kept for an example. Whether one is wanted is decided before the body arrives, and may change.
    pub is_kept: bool,
}

impl Response {
    /// The view for expectations and captures.
    pub fn view(&self, elapsed: Duration) -> ResponseView<'_> {
        ResponseView::new(self.status, elapsed, &self.headers, &self.body)
            .with_size(self.bytes)
            .with_redirect_cookies(&self.redirect_cookies)
    }

    /// The example of a failure: masked first, then truncated.
    pub fn example(&self, detail: String, secrets: &Redactor) -> Example {
        let body = &self.body[..self.body.len().min(example_bytes(secrets.reach()))];
        let is_whole = body.len() as u64 == self.bytes;
        let body = secrets.clip_part(&String::from_utf8_lossy(body), EXAMPLE_BODY, is_whole);
        let headers = secrets.clip(&header_lines(self.headers.all().iter(), secrets), EXAMPLE_HEADERS);
        Example { request: None, status: Some(self.status), headers, body, detail, trace: None }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    #[test]
    fn long_headers_are_truncated() {
        let mut headers = HeaderMap::new();
        headers.append("x", HeaderValue::try_from("é".repeat(2 * EXAMPLE_HEADERS)).expect("a value"));
        let response = Response {
            status: 200,
            headers: headers.into(),
            body: Vec::new(),
            bytes: 0,
            redirect_cookies: Vec::new(),
            has_unknown_coding: false,
            is_kept: true,
        };
        let example = response.example(String::new(), &Redactor::default());
        assert_eq!(example.headers.chars().count(), EXAMPLE_HEADERS);
    }

    #[test]
    fn truncation_leaves_no_part_of_a_secret() {
        let secret = "tok-48151623-end";
        let secrets = Redactor::new([secret]);
        for before in EXAMPLE_BODY - secret.len()..=EXAMPLE_BODY + 1 {
            let whole = format!("{}{secret}{}", "x".repeat(before), "y".repeat(300));
            // The whole body, and as much as is kept for an example.
            for kept in [whole.len(), example_bytes(secrets.reach()), EXAMPLE_BODY + secret.len() + 3] {
                let body = whole.as_bytes()[..kept.min(whole.len())].to_vec();
                let mut headers = HeaderMap::new();
                let long = format!("{}{secret}", "p".repeat(before - EXAMPLE_HEADERS));
                headers.insert("x", HeaderValue::try_from(long).expect("a value"));
                let bytes = whole.len() as u64;
                let response = Response {
                    status: 500,
                    headers: headers.into(),
                    body,
                    bytes,
                    redirect_cookies: Vec::new(),
                    has_unknown_coding: false,
                    is_kept: true,
                };
                let Example { headers, body, .. } = response.example(String::new(), &secrets);
                assert!(!body.contains("to") && !headers.contains("to"), "{before} {kept}");
                assert!(body.chars().count() <= EXAMPLE_BODY + MASK_LENGTH, "{}", body.len());
            }
        }
    }

    const MASK_LENGTH: usize = 3;
}
