//! The transcript: each event is printed on one or a few lines, masked, cleaned and, unless it is full, truncated.

mod body;
mod observer;
mod redis;
mod subscription;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{LineWriter, Write};
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;

use super::paint::{Paint, Role, cut};
use crate::engine::trial::LONGEST_WAIT;
use crate::headless::console::Output;
use crate::protocol::result::{Captured, Check, StepResult};
use crate::protocol::trace::{SentRequest, Trace, TraceEvent};
use crate::scenario::plan::Plan;
use crate::scenario::secrets::{Redactor, header, userinfo};
use crate::stats::{Example, Reason};
use crate::units;

/// Prints the events of a trial.
pub(super) struct Transcript {
    paint: Paint,
    /// Width of lines; `None` if nothing is shortened.
    width: Option<usize>,
    secrets: Arc<Redactor>,
    out: RefCell<Box<dyn Write>>,
    requests: Cell<u64>,
    /// Name of the current request, until it is printed.
    unshown: RefCell<Option<String>>,
    failed: Cell<u64>,
    passed: Cell<u64>,
    not_passed: Cell<u64>,
    exceptions: Cell<u64>,
    shortened: Cell<bool>,
    /// The user of the trial has subscribed to channels.
    has_subscribed: Cell<bool>,
    /// Expectations that a trial cannot judge.
    unjudged: Cell<u64>,
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transcript").field("width", &self.width).finish_non_exhaustive()
    }
}

fn more(counter: &Cell<u64>) {
    counter.set(counter.get().saturating_add(1));
}

impl Transcript {
    /// Creates a transcript on standard output.
    pub(super) fn new(paint: Paint, width: Option<usize>, secrets: Arc<Redactor>) -> Self {
        Self::onto(Box::new(LineWriter::new(Output)), paint, width, secrets)
    }

    fn onto(out: Box<dyn Write>, paint: Paint, width: Option<usize>, secrets: Arc<Redactor>) -> Self {
        Self {
            paint,
            width,
            secrets,
            out: RefCell::new(out),
            requests: Cell::new(0),
            unshown: RefCell::default(),
            failed: Cell::new(0),
            passed: Cell::new(0),
            not_passed: Cell::new(0),
            exceptions: Cell::new(0),
            shortened: Cell::new(false),
            has_subscribed: Cell::new(false),
            unjudged: Cell::new(0),
        }
    }

    /// Prints the first lines.
    pub(super) fn title(&self, plan: &Plan, class: usize) {
        let name = plan.classes.get(class).map_or("", |class| &*class.name);
        self.line(0, "", &format!("{} against {}: one {name}, once", plan.name, plan.host), Some(Role::Strong));
        if plan.is_insecure() {
            self.line(0, "", "TLS certificates are not verified (tls.insecure)", Some(Role::Bad));
        }
        let others: Vec<&str> =
            plan.classes.iter().enumerate().filter(|(at, _)| *at != class).map(|(_, class)| &*class.name).collect();
        if !others.is_empty() {
            self.line(0, "", &format!("other classes, tried with --class: {}", others.join(", ")), Some(Role::Quiet));
        }
    }

    /// Prints the last lines. True if nothing failed.
    pub(super) fn summary(&self, seed: u64) -> bool {
        let well = self.failed.get() == 0 && self.exceptions.get() == 0;
        let number = |n: u64, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
        let mut parts = vec![number(self.requests.get(), "request"), format!("{} failed", self.failed.get())];
        parts.push(format!("{} passed, {} failed", number(self.passed.get(), "expectation"), self.not_passed.get()));
        if self.unjudged.get() > 0 {
            parts.push(format!("{} not judged", self.unjudged.get()));
        }
        if self.exceptions.get() > 0 {
            parts.push(number(self.exceptions.get(), "exception"));
        }
        self.blank();
        let (mark, role) = if well { ("✓ ", Role::Good) } else { ("✗ ", Role::Bad) };
        self.line(0, mark, &parts.join(", "), Some(role));
        if self.shortened.get() {
            let text = format!("waits were shortened to {}; a run has them in full", units::plain(LONGEST_WAIT));
            self.line(2, "", &text, Some(Role::Quiet));
        }
        self.line(2, "", &format!("the same again: --seed {seed}"), Some(Role::Quiet));
        well
    }

    fn blank(&self) {
        // A closed reader is not an error.
        let _ = writeln!(self.out.borrow_mut());
    }

    fn line(&self, indent: usize, mark: &str, text: &str, role: Option<Role>) {
        // A redirect may have a URL with a password that is not a known secret.
        let text = userinfo::mask(text);
        let text = match self.width {
            None => crate::clean::line(&self.secrets.mask(&text)).into_owned(),
            Some(width) => {
                let room = width.saturating_sub(indent).saturating_sub(mark.chars().count());
                // Slightly more than fits, so that the truncation is visible.
                let masked = self.secrets.clip(&text, room.max(8) * 4);
                cut(&crate::clean::line(&masked), room.max(8))
            }
        };
        let text = format!("{mark}{text}");
        let text = match role {
            Some(role) => self.paint.paint(role, &text),
            None => text,
        };
        let _ = writeln!(self.out.borrow_mut(), "{:indent$}{text}", "");
    }

    fn sent(&self, sent: &SentRequest<'_>) {
        self.unshown.take();
        self.blank();
        self.line(2, "", &format!("{} {}", sent.method, sent.url), Some(Role::Strong));
        let headers = sent.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        self.headers("> ", headers);
        self.body(
            "> ",
            sent.body,
            header_value(sent.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())), "content-type"),
        );
    }

    fn status(&self, status: u16, bytes: u64, took: Duration) {
        let word = http::StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()).unwrap_or("");
        let role = if status >= 400 { Role::Bad } else { Role::Good };
        let (took, size) = (units::latency(took), units::bytes(bytes));
        let status = format!("{status} {word}");
        self.line(4, "< ", &format!("{}, after {took}, {size}", status.trim_end()), Some(role));
    }

    fn response(&self, headers: &HeaderMap, body: &[u8]) {
        let lines: Vec<(String, String)> = headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let headers = || lines.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        self.headers("< ", headers());
        self.body("< ", body, header_value(headers(), "content-type"));
    }

    /// Prints connection times, checks, captures, and why the step failed.
    fn finished(&self, result: &StepResult) {
        if let Some(connect) = result.timings.connect {
            let tls = result
                .details
                .as_ref()
                .and_then(|details| details.tls)
                .map(|tls| format!(", of which TLS {}", units::latency(tls)));
            let text = format!("connected in {}{}", units::latency(connect), tls.unwrap_or_default());
            self.line(4, "", &text, Some(Role::Quiet));
        }
        let is_unjudged = self.is_unjudged(result);
        if let Some(details) = &result.details {
            for Check { words, got } in &details.checks {
                match got.as_deref().filter(|_| is_unjudged) {
                    Some(got) => self.unjudged(words, got),
                    None => self.expected(words, got.as_deref()),
                }
            }
            for Captured { name, value } in &details.captures {
                self.line(4, "= ", &format!("{name} = {}", shown(value)), None);
            }
        }
        if let Some(failure) = result.failure().filter(|_| !is_unjudged) {
            let none = Example::default();
            self.failed(&failure.reason, failure.example.as_ref().unwrap_or(&none));
        }
    }

    fn headers<'a>(&self, mark: &str, headers: impl Iterator<Item = (&'a str, &'a str)>) {
        for (name, value) in headers {
            // Mask it before it is split.
            let value = header::shown(name, &self.secrets.mask(value));
            self.line(4, mark, &format!("{name}: {value}"), Some(Role::Quiet));
        }
    }

    fn expected(&self, words: &str, got: Option<&str>) {
        match got {
            None => {
                more(&self.passed);
                self.line(4, "✓ ", words, Some(Role::Good));
            }
            Some(got) => {
                more(&self.not_passed);
                self.line(4, "✗ ", &format!("expected {words}"), Some(Role::Bad));
                self.line(6, "", &format!("got {got}"), Some(Role::Bad));
            }
        }
    }

    fn failed(&self, reason: &Reason, example: &Example) {
        more(&self.failed);
        // It could not be created, so nothing was sent.
        if let Some(name) = self.unshown.take() {
            self.blank();
            self.line(2, "", &name, Some(Role::Strong));
        }
        // A failed expectation has been printed already.
        if matches!(reason, Reason::Unmet(_) | Reason::Status(_) | Reason::UnexpectedStatus { .. }) {
            return;
        }
        let reason = reason.to_string();
        self.line(4, "✗ ", &reason, Some(Role::Bad));
        if !example.detail.is_empty() && example.detail != reason {
            self.line(6, "", &example.detail, Some(Role::Bad));
        }
    }
}

impl Trace for Transcript {
    fn trace(&self, event: &TraceEvent<'_>) {
        match event {
            TraceEvent::Request(name) => {
                more(&self.requests);
                self.unshown.replace(Some((*name).to_owned()));
            }
            TraceEvent::SentRequest(sent) => self.sent(sent),
            TraceEvent::Redirected { status, url, withheld } => {
                self.line(4, "< ", &format!("{status}, redirected to {url}"), Some(Role::Quiet));
                if !withheld.is_empty() {
                    let words = format!("not sent to the other origin: {}", withheld.join(", "));
                    self.line(4, "! ", &words, Some(Role::Quiet));
                }
            }
            TraceEvent::Response { status, headers, body, bytes, took } => {
                self.status(*status, *bytes, *took);
                self.response(headers, body);
            }
            TraceEvent::Acknowledged { params, after } => self.acknowledged(*params, *after),
            TraceEvent::Subscribed { name, payload } => self.subscribed(name, payload),
            TraceEvent::Received { number, payload, after } => self.received(*number, payload, *after),
            TraceEvent::SubscriptionEnded { how, events, length } => self.listened(how, *events, *length),
            TraceEvent::Finished(result) => self.finished(result),
            TraceEvent::Command(_)
            | TraceEvent::Message { .. }
            | TraceEvent::Subscribe { .. }
            | TraceEvent::Unsubscribe(_)
            | TraceEvent::RedisResponse { .. } => self.redis(event),
        }
    }
}

/// Formats a value as it is written in a scenario.
fn shown(value: &minijinja::Value) -> String {
    if value.is_undefined() {
        return "nothing".to_owned();
    }
    serde_json::to_string(value).unwrap_or_else(|_| value.to_string())
}

/// Returns the value of a header.
fn header_value<'a>(mut headers: impl Iterator<Item = (&'a str, &'a str)>, name: &str) -> &'a str {
    headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Rc<RefCell<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    pub(super) fn printed(print: impl FnOnce(&Transcript)) -> String {
        printed_in(Some(40), print)
    }

    /// Without a width, nothing is shortened.
    pub(super) fn printed_in(width: Option<usize>, print: impl FnOnce(&Transcript)) -> String {
        let page = Page::default();
        let secrets = Arc::new(Redactor::new(["hunter22"]));
        let transcript = Transcript::onto(Box::new(page.clone()), Paint::new(false), width, secrets);
        print(&transcript);
        let bytes = page.0.borrow().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn secrets_are_masked_and_lines_cleaned_and_truncated() {
        let body = format!("a\u{1b}[31mb hunter22\n{}\n", "x".repeat(100));
        let text = printed(|t| {
            t.trace(&TraceEvent::SentRequest(SentRequest {
                method: "POST",
                url: "http://h/?k=hunter22",
                headers: vec![
                    ("authorization".to_owned(), "Bearer abcdef".to_owned()),
                    ("cookie".to_owned(), "a=1; b=2".to_owned()),
                ],
                body: body.as_bytes(),
            }));
        });
        for wanted in ["POST http://h/?k=***", "Bearer ***", "a=***; b=***", "a [31mb ***", "xxx…"] {
            assert!(text.contains(wanted), "{wanted}:\n{text}");
        }
        assert!(!text.contains("hunter22") && !text.contains('\u{1b}'), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
    }

    #[test]
    fn the_summary_has_counts_and_the_result() {
        let text = printed(|t| {
            t.expected("status 200", None);
            assert!(t.summary(7));
            t.expected("json $.a 1", Some("2"));
            t.failed(&Reason::Unmet("json $.a 1".into()), &Example::default());
            assert!(!t.summary(7));
        });
        for wanted in ["✓ status 200", "✗ expected json $.a 1", "got 2", "--seed 7"] {
            assert!(text.contains(wanted), "{wanted}:\n{text}");
        }
    }

    #[test]
    fn a_request_that_cannot_be_created_is_printed_and_counted() {
        let sent = || {
            TraceEvent::SentRequest(SentRequest { method: "GET", url: "http://h/b", headers: Vec::new(), body: b"" })
        };
        let text = printed(|t| {
            t.trace(&TraceEvent::Request("GET /a"));
            let mut result = StepResult::default();
            result.fail(Reason::Malformed("no host".into()), Example::default());
            t.trace(&TraceEvent::Finished(&result));
            t.trace(&TraceEvent::Request("GET /b"));
            // Two hops.
            t.trace(&sent());
            t.trace(&sent());
            assert!(!t.summary(7));
        });
        assert_eq!(text.matches("  GET /a\n").count(), 1, "{text}");
        assert!(text.contains("2 requests, 1 failed") && !text.contains("GET /b"), "{text}");
    }
}
