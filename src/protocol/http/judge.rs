//! Whether a reply is what its step expects, and what is kept of one that is not.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};

use super::h1::Keep;
use super::limits::{EXAMPLE_BODY, kept_for_example};
use super::lines::Lines;
use crate::protocol::evaluate::{self, Views};
use crate::protocol::offload::{self, Lost};
use crate::scenario::eval::budget::Budget;
use crate::scenario::eval::capture;
use crate::scenario::eval::capture::Capture;
use crate::scenario::eval::expect::Expect;
use crate::scenario::eval::response::{Headers as _, ResponseView, Trouble};
use crate::scenario::eval::template::Scope;
use crate::scenario::plan::{Accepted, HttpStep, MAX_KEPT};
use crate::scenario::secrets::Redactor;
use crate::stats::{Example, Reason};

/// Bytes of a failed reply's headers kept for the detail view.
const EXAMPLE_HEADERS: usize = 2_048;

/// Bytes of a body that are evaluated while other users wait, and for how long that may go on.
const IN_PASSING: usize = 256 * 1024;
const TIME_IN_PASSING: Duration = Duration::from_millis(20);
/// A response that came just in time has this long to be evaluated.
const LEAST_TIME: Duration = Duration::from_secs(1);

/// A reply that has come, as far as somebody wants to see it.
#[derive(Debug)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Its headers; none unless they are of use.
    pub headers: Lines,
    /// The beginning of its body, as long as [`Judge::keeps`] has said.
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
        let headers = secrets.clip(&lines(self.headers.all(), secrets), EXAMPLE_HEADERS);
        Example { status: Some(self.status), headers, body, detail }
    }
}

/// A response takes too long to be evaluated while other users wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Costly;

/// Judges the replies to one step.
#[derive(Clone, Copy)]
pub struct Judge<'a> {
    /// What is expected.
    pub step: &'a HttpStep,
    /// Whether an example of this failure is still of use.
    pub wants: &'a dyn Fn(&Reason) -> bool,
    /// Somebody looks at the whole body.
    pub whole: bool,
    /// [`Redactor::reach`] of the plan.
    pub reach: usize,
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
        Keep { head: fails || looks, body: if fails || looks { kept_for_example(self.reach) } else { 0 } }
    }

    /// The failure that a whole reply is, if it is one, before its expectations are looked at.
    pub fn unreadable(&self, reply: &Response, secrets: &Redactor) -> Option<(Reason, Example)> {
        if let Some(reason) = self.refusal(reply.status) {
            return Some((reason, reply.example(String::new(), secrets)));
        }
        if self.step.keeps_body && reply.is_packed {
            let reason = Reason::Malformed("the body has an unknown content-encoding".into());
            return Some((reason, reply.example(String::new(), secrets)));
        }
        if self.step.keeps_body && reply.bytes > MAX_KEPT as u64 {
            let reason = Reason::Unmet("a body of at most 16 MiB, all that can be looked at".into());
            return Some((reason, reply.example(format!("the body has {} bytes", reply.bytes), secrets)));
        }
        None
    }

    /// The failure that a whole response is, if it is one. Captures what the step captures.
    ///
    /// # Errors
    /// When evaluating it would hold up other users: it is for [`evaluate_elsewhere`](Self::evaluate_elsewhere).
    pub fn verdict(
        &self,
        reply: &Response,
        elapsed: Duration,
        scope: &mut Scope,
    ) -> Result<Option<(Reason, Example)>, Costly> {
        if let Some(failure) = self.unreadable(reply, &scope.secrets) {
            capture::none_taken(&self.step.captures, scope);
            return Ok(Some(failure));
        }
        self.evaluate(reply, elapsed, scope)
    }

    /// Expectations, then captures.
    ///
    /// # Errors
    /// As [`verdict`](Self::verdict).
    pub fn evaluate(
        &self,
        reply: &Response,
        elapsed: Duration,
        scope: &mut Scope,
    ) -> Result<Option<(Reason, Example)>, Costly> {
        let step = self.step;
        if step.expects.is_empty() && step.captures.is_empty() {
            return Ok(None);
        }
        if reply.body.len() <= IN_PASSING {
            let view = reply.view(elapsed).within(Budget::lasting(TIME_IN_PASSING), true);
            let failure = look((&step.expects, &step.captures), (reply, &view), scope);
            if !view.is_deferred() {
                return Ok(failure);
            }
        }
        Err(Costly)
    }

    /// The same on another thread, for a response that takes long; ends with the step's time-out.
    pub async fn evaluate_elsewhere(
        &self,
        reply: Response,
        elapsed: Duration,
        scope: &mut Scope,
    ) -> Option<(Reason, Example)> {
        let limit = self.limit(elapsed);
        let (expects, captures) = (Arc::clone(&self.step.expects), Arc::clone(&self.step.captures));
        let mut theirs = scope.clone();
        let work = move |budget: &Budget| {
            let view = reply.view(elapsed).within(budget.clone(), false);
            let failure = look((&expects, &captures), (&reply, &view), &mut theirs);
            (failure, theirs)
        };
        // Work that cannot look at the clock, such as a single search, is waited for no longer than this.
        let late = limit + TIME_IN_PASSING;
        match tokio::time::timeout_at(late.into(), offload::run(Budget::until(limit), work)).await {
            Ok(Ok((failure, evaluated))) => {
                *scope = evaluated;
                failure
            }
            Ok(Err(Lost)) => {
                capture::none_taken(&self.step.captures, scope);
                Some((Reason::Generator(Lost.to_string().into()), Example::default()))
            }
            Err(_) => Some(evaluate::not_evaluated(Trouble::Late, &self.step.captures, scope)),
        }
    }

    /// When evaluating a response ends that took so long: with the step's time-out, but not before it can have begun.
    pub fn limit(&self, elapsed: Duration) -> Instant {
        Instant::now() + self.step.timeout.saturating_sub(elapsed).max(LEAST_TIME)
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

/// Expectations, then captures.
pub(super) fn look(
    (expects, captures): (&[Expect], &[Capture]),
    (reply, view): (&Response, &ResponseView<'_>),
    scope: &mut Scope,
) -> Option<(Reason, Example)> {
    evaluate::look((expects, captures), Views { json: view, plain: view }, scope, |detail, secrets| {
        reply.example(detail, secrets)
    })
}

fn lines(headers: &HeaderMap, secrets: &Redactor) -> String {
    let mut out = String::new();
    for (name, value) in headers {
        if out.len() > EXAMPLE_HEADERS {
            break;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        // Masked before it is taken apart.
        let value = secrets.mask(&value);
        // A session is as good as a password to whoever reads the report.
        let value = if *name == SET_COOKIE { without_value(&value) } else { value };
        out.extend([name.as_str(), ": ", &value, "\n"]);
    }
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

    #[test]
    fn examples_show_no_session() {
        let mut headers = HeaderMap::new();
        headers.append(SET_COOKIE, HeaderValue::from_static("sid=s3cret; Path=/; HttpOnly"));
        headers.append(SET_COOKIE, HeaderValue::from_static("plain"));
        assert_eq!(
            lines(&headers, &Redactor::default()),
            "set-cookie: sid=***; Path=/; HttpOnly\nset-cookie: plain=***\n"
        );
    }

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
