//! A reply as expectations and captures see it, whatever the protocol. The JSON of the body is parsed at most once.

use std::cell::OnceCell;
use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;

/// A complete reply, borrowed from whoever received it.
#[derive(Debug)]
pub struct ReplyView<'a> {
    /// Status code.
    pub status: u16,
    /// From the send to the last byte.
    pub elapsed: Duration,
    /// Header lines.
    pub headers: &'a HeaderMap,
    /// Decompressed; empty unless the step [keeps the body](super::plan::HttpStep::keeps_body).
    pub body: &'a [u8],
    /// Bytes of the whole body, also where it was not kept.
    pub size: u64,
    json: OnceCell<Option<Value>>,
}

impl<'a> ReplyView<'a> {
    /// A reply whose body was kept: `body` is all of it.
    pub fn new(status: u16, elapsed: Duration, headers: &'a HeaderMap, body: &'a [u8]) -> Self {
        Self { status, elapsed, headers, body, size: body.len() as u64, json: OnceCell::new() }
    }

    /// The same with the true size of a body that was not kept.
    #[must_use]
    pub fn sized(mut self, size: u64) -> Self {
        self.size = size;
        self
    }

    /// The body as JSON; `None` when it is something else.
    pub fn json(&self) -> Option<&Value> {
        self.json.get_or_init(|| serde_json::from_slice(self.body).ok()).as_ref()
    }

    /// The value of the first cookie of this name that the reply sets.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.headers.get_all(http::header::SET_COOKIE).iter().find_map(|line| {
            let (key, rest) = line.to_str().ok()?.split_once('=')?;
            (key.trim() == name).then(|| rest.split(';').next().unwrap_or("").trim().trim_matches('"'))
        })
    }
}
