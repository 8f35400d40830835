//! A response of the target.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::targets::Target;

/// Response of the target.
#[derive(Debug)]
pub struct TargetResponse {
    /// Base URL that was requested.
    pub target: Target,
    /// Status and headers, or why there is no response.
    pub result: Result<Received, String>,
}

/// A response without its body, which is not read.
#[derive(Debug)]
pub struct Received {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// From the request to the headers of the response.
    pub took: Duration,
    /// The middle of that time.
    pub at: Timestamp,
}

impl Received {
    /// Time of the server's clock, in the header `Date`.
    pub fn date(&self) -> Option<Timestamp> {
        let text = self.headers.get(http::header::DATE)?.to_str().ok()?;
        rfc2822::parse(&text.replace("GMT", "+0000")).ok().map(|date| date.timestamp())
    }
}
