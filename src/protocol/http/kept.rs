//! Whether a reply is what the step expects, and what is kept of one that is not.

use http::HeaderMap;

use crate::scenario::plan::HttpStep;
use crate::stats::{Example, Reason};

/// Bytes of a failed reply's body kept for the detail view.
pub const EXAMPLE_BODY: usize = 4_096;
/// Bytes of a failed reply's headers kept for the detail view.
const EXAMPLE_HEADERS: usize = 2_048;

/// Judges the replies to one step.
pub struct Judge<'a> {
    /// What is expected.
    pub step: &'a HttpStep,
    /// Whether an example of this failure is still of use.
    pub wants: &'a dyn Fn(&Reason) -> bool,
}

impl Judge<'_> {
    /// True when the reply is to be kept as an example.
    pub fn keeps(&self, status: u16) -> bool {
        self.refusal(status).is_some_and(|reason| (self.wants)(&reason))
    }

    /// The failure that a reply of this status is, if it is one. `reply` gives its headers and the first of its body.
    pub fn failure(&self, status: u16, reply: impl FnOnce() -> (HeaderMap, Vec<u8>)) -> Option<(Reason, Example)> {
        let reason = self.refusal(status)?;
        let (headers, body) = reply();
        let body = String::from_utf8_lossy(&body).into_owned();
        Some((reason, Example { status: Some(status), headers: lines(&headers), body, detail: String::new() }))
    }

    fn refusal(&self, status: u16) -> Option<Reason> {
        match &self.step.expect_status {
            None => (status >= 400).then_some(Reason::Status(status)),
            Some(ranges) if ranges.iter().any(|range| range.contains(status)) => None,
            Some(_) => Some(Reason::UnexpectedStatus { got: status, expected: self.step.expected.clone() }),
        }
    }
}

fn lines(headers: &HeaderMap) -> String {
    let mut out = String::new();
    for (name, value) in headers {
        if out.len() > EXAMPLE_HEADERS {
            break;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        out.extend([name.as_str(), ": ", &value, "\n"]);
    }
    out.truncate(out.floor_char_boundary(EXAMPLE_HEADERS));
    out
}
