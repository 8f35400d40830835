//! Looking at single requests: what `katydid try` shows. Without a watcher nothing here is called.
//!
//! In: a user's draft, its reply, the step. Out: each [`Sight`], in the order in which it came to be.

use std::borrow::Cow;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use minijinja::Value;

use super::draft::Draft;
use super::encode::OWN_USER_AGENT;
use super::judge::{self, Judge, Response};
use crate::protocol::result::Exchange;
use crate::scenario::eval::budget::Budget;
use crate::scenario::eval::capture;
use crate::scenario::eval::expect::Mismatch;
use crate::scenario::eval::template::Scope;
use crate::scenario::plan::Accepted;
use crate::stats::{Example, Reason};

/// Somebody who looks at every request of a user.
pub trait Watch: std::fmt::Debug {
    /// Something has happened. Nothing is masked and nothing is cleaned.
    fn see(&self, sight: &Sight<'_>);
}

/// What can be seen of a request.
#[derive(Debug)]
pub enum Sight<'a> {
    /// A request goes out.
    Sent(Sent<'a>),
    /// Its reply points elsewhere, and the next request goes there.
    Redirected {
        /// Status of the reply.
        status: u16,
        /// Where to.
        url: &'a str,
        /// Names of the headers that are not sent there, because it is another origin.
        withheld: Vec<&'a str>,
    },
    /// The last reply has come whole.
    Replied(&'a Response, &'a Exchange),
    /// An expectation was looked at.
    Expected {
        /// What is expected.
        words: Cow<'a, str>,
        /// What came instead, unless it holds.
        got: Option<String>,
    },
    /// A value was taken from the reply.
    Captured {
        /// The name it was given.
        name: &'a str,
        /// The value.
        value: &'a Value,
    },
    /// The request counts as failed.
    Failed(&'a Reason, &'a Example),
}

/// A request as it goes out.
#[derive(Debug)]
pub struct Sent<'a> {
    /// Verb.
    pub method: &'a str,
    /// Absolute.
    pub url: &'a str,
    /// Name and value of each header line, in order.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: &'a [u8],
}

impl<'a> Sent<'a> {
    /// From the very bytes of an HTTP/1.1 request, whose body is that of the draft.
    pub(super) fn on_the_wire(draft: &'a Draft, bytes: &[u8]) -> Self {
        let head = bytes.get(..bytes.len().saturating_sub(draft.body.len())).unwrap_or_default();
        let head = String::from_utf8_lossy(head);
        let lines = head.split("\r\n").skip(1).filter_map(|line| line.split_once(": "));
        let headers = lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { method: draft.method.as_str(), url: &draft.url, headers, body: &draft.body }
    }

    /// From the fields of an HTTP/2 request, whose authority is shown as the host that it is.
    pub(super) fn fields(draft: &'a Draft, request: &http::Request<()>) -> Self {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let authority = request.uri().authority().map(|authority| (":authority".to_owned(), authority.to_string()));
        let headers = request.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
        let headers = authority.into_iter().chain(headers).collect();
        Self { method: draft.method.as_str(), url: &draft.url, headers, body: &draft.body }
    }

    /// From what the general client is given; it adds the same lines of its own as the lean one.
    pub(super) fn general(draft: &'a Draft, fixed: &HeaderMap, cookies: Option<&HeaderValue>) -> Self {
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
        Self { method: draft.method.as_str(), url: &draft.url, headers, body: &draft.body }
    }
}

/// The same verdict as without a watcher, who is told of every expectation, also of those after one that fails.
pub(super) fn verdict(
    watch: &dyn Watch,
    judge: &Judge<'_>,
    reply: &Response,
    (elapsed, scope): (Duration, &mut Scope),
) -> Option<(Reason, Example)> {
    let words = match &judge.step.accepts {
        Accepted::Ranges(_) => Some(Cow::Owned(format!("status {}", judge.step.expected))),
        Accepted::BelowError => Some(Cow::Borrowed("status below 400")),
        Accepted::Judged => None,
    };
    if let Some(words) = words {
        let got = judge.refusal(reply.status).map(|_| reply.status.to_string());
        watch.see(&Sight::Expected { words, got });
    }
    // A trial has one user, whom nobody waits for.
    let budget = Budget::until(judge.limit(elapsed));
    let view = reply.view(elapsed).within(budget, false);
    {
        // Judged once more for the verdict: what templates draw at random must be the same there.
        let mut scope = scope.clone();
        for expect in judge.step.expects.iter() {
            let got = expect.judge(&view, &mut scope).err().map(|Mismatch { got, .. }| got);
            watch.see(&Sight::Expected { words: Cow::Borrowed(&expect.words), got });
        }
    }
    if let Some(failure) = judge.unreadable(reply, &scope.secrets) {
        capture::none_taken(&judge.step.captures, scope);
        return Some(failure);
    }
    let mut rng = scope.rng.clone();
    let failure = judge::look((&judge.step.expects, &judge.step.captures), (reply, &view), scope);
    // Taken once more only to know which were found.
    for capture in judge.step.captures.iter().filter(|capture| capture.take(&view, &mut rng).is_ok()) {
        watch.see(&Sight::Captured { name: &capture.name, value: scope.get(capture.slot) });
    }
    failure
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
        let sent = Sent::on_the_wire(&draft, bytes);
        let wanted = [("host".to_owned(), "h".to_owned()), ("x".to_owned(), "y: z".to_owned())];
        assert_eq!((sent.headers.as_slice(), sent.body), (&wanted[..], &b"a: b\r\nc: d"[..]));
        // Shorter than its body: nothing to show, and no panic.
        assert!(Sent::on_the_wire(&draft, b"").headers.is_empty());
    }

    #[test]
    fn the_general_client_adds_what_the_step_does_not_say() {
        let mut fixed = HeaderMap::new();
        fixed.insert(http::header::ACCEPT, HeaderValue::from_static("text/html"));
        let cookie = HeaderValue::from_static("a=b");
        let draft = Draft::default();
        let sent = Sent::general(&draft, &fixed, Some(&cookie));
        let value = |name: &str| sent.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        assert_eq!((value("accept"), value("cookie")), (Some("text/html"), Some("a=b")));
        assert_eq!(value("user-agent"), Some(OWN_USER_AGENT));
    }
}
