//! A response that has come, and what is shown of it beside a failure.

use std::time::Duration;

use http::HeaderValue;

use super::limits::kept_for_example;
use super::lines::Lines;
use crate::protocol::example::{EXAMPLE_BODY, EXAMPLE_HEADERS, header_lines};
use crate::scenario::eval::response::{Headers as _, ResponseView};
use crate::scenario::secrets::Redactor;
use crate::stats::Example;

/// A response that has come, as far as somebody wants to see it.
#[derive(Debug)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Its headers; none unless they are of use.
    pub headers: Lines,
    /// The beginning of its body, as long as the evaluator has said.
    pub body: Vec<u8>,
    /// Bytes of the whole body.
    pub bytes: u64,
    /// `Set-Cookie` lines of the redirects that led to it, where a capture reads them.
    pub earlier: Vec<HeaderValue>,
    /// Its body is in a coding that is not known, so that nobody can read it.
    pub is_packed: bool,
}

impl Response {
    /// As expectations and captures see it.
    pub fn view(&self, elapsed: Duration) -> ResponseView<'_> {
        ResponseView::new(self.status, elapsed, &self.headers, &self.body).sized(self.bytes).after(&self.earlier)
    }

    /// What is shown of it beside a failure: masked, then cut.
    pub fn example(&self, detail: String, secrets: &Redactor) -> Example {
        let body = &self.body[..self.body.len().min(kept_for_example(secrets.reach()))];
        let is_whole = body.len() as u64 == self.bytes;
        let body = secrets.clip_part(&String::from_utf8_lossy(body), EXAMPLE_BODY, is_whole);
        let headers = secrets.clip(&header_lines(self.headers.all().iter(), secrets), EXAMPLE_HEADERS);
        Example { request: None, status: Some(self.status), headers, body, detail }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    #[test]
    fn long_headers_are_cut() {
        let mut headers = HeaderMap::new();
        headers.append("x", HeaderValue::try_from("é".repeat(2 * EXAMPLE_HEADERS)).expect("a value"));
        let reply = Response {
            status: 200,
            headers: headers.into(),
            body: Vec::new(),
            bytes: 0,
            earlier: Vec::new(),
            is_packed: false,
        };
        let example = reply.example(String::new(), &Redactor::default());
        assert_eq!(example.headers.chars().count(), EXAMPLE_HEADERS);
    }

    #[test]
    fn an_example_shows_no_part_of_a_secret_where_it_is_cut() {
        let secret = "tok-48151623-end";
        let secrets = Redactor::new([secret]);
        for before in EXAMPLE_BODY - secret.len()..=EXAMPLE_BODY + 1 {
            let whole = format!("{}{secret}{}", "x".repeat(before), "y".repeat(300));
            // All of it, and as much as is kept of a body that nobody looks at.
            for kept in [whole.len(), kept_for_example(secrets.reach()), EXAMPLE_BODY + secret.len() + 3] {
                let body = whole.as_bytes()[..kept.min(whole.len())].to_vec();
                let mut headers = HeaderMap::new();
                let long = format!("{}{secret}", "p".repeat(before - EXAMPLE_HEADERS));
                headers.insert("x", HeaderValue::try_from(long).expect("a value"));
                let bytes = whole.len() as u64;
                let reply = Response {
                    status: 500,
                    headers: headers.into(),
                    body,
                    bytes,
                    earlier: Vec::new(),
                    is_packed: false,
                };
                let Example { headers, body, .. } = reply.example(String::new(), &secrets);
                assert!(!body.contains("to") && !headers.contains("to"), "{before} {kept}");
                assert!(body.chars().count() <= EXAMPLE_BODY + MASK_LENGTH, "{}", body.len());
            }
        }
    }

    const MASK_LENGTH: usize = 3;
}
