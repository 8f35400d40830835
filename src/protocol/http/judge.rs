//! Whether a reply is what its step expects, and what is kept of one that is not.

use std::borrow::Cow;
use std::time::Duration;

use http::HeaderMap;
use http::header::SET_COOKIE;

use super::lean::Keep;
use crate::protocol::judged::{self, Views};
use crate::scenario::plan::{Accepted, HttpStep, MAX_KEPT};
use crate::scenario::reply::ReplyView;
use crate::scenario::template::Scope;
use crate::stats::{Example, Reason};

/// Bytes of a failed reply's body kept for the detail view.
pub(super) const EXAMPLE_BODY: usize = 4_096;
/// Bytes of a failed reply's headers kept for the detail view.
const EXAMPLE_HEADERS: usize = 2_048;

/// A reply that has come, as far as somebody wants to see it.
#[derive(Debug)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Its headers; empty unless they are of use.
    pub headers: HeaderMap,
    /// The beginning of its body, as long as [`Judge::keeps`] has said.
    pub body: Vec<u8>,
    /// Bytes of the whole body.
    pub bytes: u64,
}

impl Reply {
    /// As expectations and captures see it.
    pub fn view(&self, elapsed: Duration) -> ReplyView<'_> {
        ReplyView::new(self.status, elapsed, &self.headers, &self.body).sized(self.bytes)
    }

    /// What is shown of it beside a failure.
    pub fn example(&self, detail: String) -> Example {
        let body = &self.body[..self.body.len().min(EXAMPLE_BODY)];
        let body = String::from_utf8_lossy(body).into_owned();
        Example { status: Some(self.status), headers: lines(&self.headers), body, detail }
    }
}

/// Judges the replies to one step.
#[derive(Clone, Copy)]
pub struct Judge<'a> {
    /// What is expected.
    pub step: &'a HttpStep,
    /// Whether an example of this failure is still of use.
    pub wants: &'a dyn Fn(&Reason) -> bool,
    /// Somebody looks at the whole body.
    pub whole: bool,
}

impl Judge<'_> {
    /// How much of a reply is of use.
    pub fn keeps(&self, status: u16) -> Keep {
        if self.whole {
            return Keep { head: true, body: MAX_KEPT };
        }
        let fails = self.refusal(status).is_some_and(|reason| (self.wants)(&reason));
        let looks = !self.step.expects.is_empty() || !self.step.captures.is_empty();
        // An expectation that fails shows the reply too.
        Keep { head: fails || looks, body: if fails || looks { EXAMPLE_BODY } else { 0 } }
    }

    /// The failure that a whole reply is, if it is one. Captures what the step captures.
    pub fn verdict(&self, reply: &Reply, elapsed: Duration, scope: &mut Scope) -> Option<(Reason, Example)> {
        if let Some(reason) = self.refusal(reply.status) {
            return Some((reason, reply.example(String::new())));
        }
        let step = self.step;
        if step.expects.is_empty() && step.captures.is_empty() {
            return None;
        }
        if step.keeps_body && reply.bytes > MAX_KEPT as u64 {
            let reason = Reason::Unmet("a body of at most 16 MiB, all that can be looked at".into());
            return Some((reason, reply.example(format!("the body has {} bytes", reply.bytes))));
        }
        self.look(reply, &reply.view(elapsed), scope)
    }

    /// Expectations, then captures.
    pub fn look(&self, reply: &Reply, view: &ReplyView<'_>, scope: &mut Scope) -> Option<(Reason, Example)> {
        let views = Views { json: view, plain: view };
        judged::look((&self.step.expects, &self.step.captures), views, scope, |detail| reply.example(detail))
    }

    /// Why this status is a failure, if it is one.
    pub fn refusal(&self, status: u16) -> Option<Reason> {
        match &self.step.accepts {
            accepted if accepted.contains(status) => None,
            Accepted::Ranges(_) => Some(Reason::UnexpectedStatus { got: status, expected: self.step.expected.clone() }),
            Accepted::BelowError | Accepted::Judged => Some(Reason::Status(status)),
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
        // A session is as good as a password to whoever reads the report.
        let value = if *name == SET_COOKIE { without_value(&value) } else { value };
        out.extend([name.as_str(), ": ", &value, "\n"]);
    }
    out.truncate(out.floor_char_boundary(EXAMPLE_HEADERS));
    out
}

fn without_value(cookie: &str) -> Cow<'static, str> {
    let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
    let (name, _) = pair.split_once('=').unwrap_or((pair, ""));
    format!("{name}=***;{attributes}").trim_end_matches(';').to_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn examples_show_no_session() {
        let mut headers = HeaderMap::new();
        headers.append(SET_COOKIE, HeaderValue::from_static("sid=s3cret; Path=/; HttpOnly"));
        headers.append(SET_COOKIE, HeaderValue::from_static("plain"));
        assert_eq!(lines(&headers), "set-cookie: sid=***; Path=/; HttpOnly\nset-cookie: plain=***\n");
    }

    #[test]
    fn long_headers_are_cut() {
        let mut headers = HeaderMap::new();
        headers.append("x", HeaderValue::try_from("é".repeat(2 * EXAMPLE_HEADERS)).expect("a value"));
        assert!(lines(&headers).len() <= EXAMPLE_HEADERS);
    }
}
