//! A response as expectations and captures see it, whatever the protocol. The JSON of the body is parsed at most once.
//!
//! The server decides how much work that is: all of it has limits, and exceeding one is an [`EvaluationError`].

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::time::Duration;

use encoding_rs::{Encoding, UTF_8};
use http::header::{CONTENT_TYPE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use super::budget::Budget;
use super::json;
use super::path::{Path, Size};

/// From longer JSON only the values on a path are read; paths that cannot be followed that way need all of it.
const STREAMED: usize = 1 << 20;
/// Most values of parsed JSON in memory: about 150 MB.
const MAX_VALUES: u64 = 250_000;
/// Values that a path may visit.
const MAX_VISITS: u64 = 50_000_000;
/// Values that may be visited while other users wait.
const VISITS_IN_PASSING: u64 = 500_000;

/// Header lines, read on demand.
pub trait Headers: std::fmt::Debug {
    /// All of them.
    fn all(&self) -> &HeaderMap;

    /// The value of `Content-Type`, which names the encoding of the body.
    fn content_type(&self) -> Option<&[u8]> {
        self.all().get(CONTENT_TYPE).map(HeaderValue::as_bytes)
    }
}

impl Headers for HeaderMap {
    fn all(&self) -> &HeaderMap {
        self
    }
}

/// A complete response, borrowed.
#[derive(Debug)]
pub struct ResponseView<'a> {
    /// Status code.
    pub status: u16,
    /// From the send to the last byte.
    pub elapsed: Duration,
    /// Header lines.
    pub headers: &'a dyn Headers,
    /// Decompressed; empty unless the step [keeps the body](crate::scenario::plan::HttpStep::keeps_body).
    pub body: &'a [u8],
    /// Bytes of the whole body, also where it was not kept.
    pub size: u64,
    earlier: &'a [HeaderValue],
    budget: Budget,
    in_passing: bool,
    text: OnceCell<Cow<'a, [u8]>>,
    json: OnceCell<Option<Value>>,
    error: Cell<Option<EvaluationError>>,
}

/// Why a response was not evaluated to the end, so that nothing is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// It took too long.
    #[error("it took too long")]
    TimedOut,
    /// It is larger or deeper than can be evaluated.
    #[error("{0}")]
    Limit(&'static str),
}

/// What a path finds in a response.
pub enum Selected<'v> {
    /// Nothing: the body is not JSON.
    NotJson,
    /// These values, in the order of the document.
    Found(Vec<Cow<'v, Value>>),
}

impl<'a> ResponseView<'a> {
    /// A response whose body was kept: `body` is all of it.
    pub fn new(status: u16, elapsed: Duration, headers: &'a dyn Headers, body: &'a [u8]) -> Self {
        Self {
            status,
            elapsed,
            headers,
            body,
            size: body.len() as u64,
            earlier: &[],
            budget: Budget::default(),
            in_passing: false,
            text: OnceCell::new(),
            json: OnceCell::new(),
            error: Cell::new(None),
        }
    }

    /// The same with the true size of a body that was not kept.
    #[must_use]
    pub fn sized(mut self, size: u64) -> Self {
        self.size = size;
        self
    }

    /// The same with the `Set-Cookie` lines of redirects that led to it, oldest first.
    #[must_use]
    pub fn after(mut self, earlier: &'a [HeaderValue]) -> Self {
        self.earlier = earlier;
        self
    }

    /// The same, evaluated within a budget. `in_passing` is set where others wait meanwhile: then what takes long is
    /// refused, to be done elsewhere.
    #[must_use]
    pub fn within(mut self, budget: Budget, in_passing: bool) -> Self {
        (self.budget, self.in_passing) = (budget, in_passing);
        self
    }

    /// Why the response was not evaluated to the end, if it was not.
    pub fn evaluation_error(&self) -> Option<EvaluationError> {
        self.error.get()
    }

    /// True when it took too long to be evaluated in passing, so that it is evaluated elsewhere from the beginning.
    pub fn is_deferred(&self) -> bool {
        self.in_passing && self.evaluation_error() == Some(EvaluationError::TimedOut)
    }

    /// Aborts the evaluation.
    pub(crate) fn abort(&self, error: EvaluationError) {
        self.error.set(self.error.get().or(Some(error)));
    }

    /// True when the time is over, see [`evaluation_error`](Self::evaluation_error).
    pub(crate) fn is_late(&self) -> bool {
        let is_late = self.budget.is_spent();
        if is_late {
            self.abort(EvaluationError::TimedOut);
        }
        is_late
    }

    /// The body as text: without a byte order mark, and converted to UTF-8 from the encoding that the server declares.
    pub fn text(&self) -> &[u8] {
        self.text.get_or_init(|| {
            let (encoding, mark) = match Encoding::for_bom(self.body) {
                Some(found) => found,
                None => (self.headers.content_type().and_then(charset).unwrap_or(UTF_8), 0),
            };
            let body = &self.body[mark..];
            // Invalid bytes are left: readers of text replace them.
            if encoding == UTF_8 { Cow::Borrowed(body) } else { decoded(encoding, body) }
        })
    }

    /// The body as JSON; `None` when it is something else, or too large or deep, see [`evaluation_error`](Self::evaluation_error).
    pub fn json(&self) -> Option<&Value> {
        let text = self.text();
        self.json
            .get_or_init(|| {
                if text.len() > STREAMED && Size::of(text).values > MAX_VALUES {
                    self.abort(EvaluationError::Limit("the JSON has more than 250,000 values"));
                    return None;
                }
                serde_json::from_slice(text).map_err(|error| self.not_read(&error)).ok()
            })
            .as_ref()
    }

    /// JSON that is too deep is an error of the evaluation; a body that is not JSON is a result.
    fn not_read(&self, error: &serde_json::Error) {
        if json::is_depth(error) {
            self.abort(EvaluationError::Limit("the JSON is nested 128 levels or deeper"));
        }
    }

    /// What `path` finds in the JSON of the body. Of a long body only the values on the path are read.
    pub fn select(&self, path: &Path) -> Selected<'_> {
        let text = self.text();
        if text.len() > STREAMED
            && let Some(found) = path.stream(text)
        {
            let found = match found {
                Ok(found) => found,
                Err(error) => return self.nothing_selected(&error),
            };
            let values: u64 = found.iter().map(|raw| Size::of(raw.get().as_bytes()).values).sum();
            if values > MAX_VALUES {
                self.abort(EvaluationError::Limit("the path finds more than 250,000 values"));
                return Selected::Found(Vec::new());
            }
            let values = found.iter().map(|raw| serde_json::from_str(raw.get()).map(Cow::Owned));
            return match values.collect() {
                Ok(values) => Selected::Found(values),
                Err(error) => self.nothing_selected(&error),
            };
        }
        if !path.is_linear() {
            let visits = path.visits(Size::of(text));
            if visits > MAX_VISITS {
                self.abort(EvaluationError::Limit("the path visits too many values for JSON of this size"));
            } else if self.in_passing && visits > VISITS_IN_PASSING {
                self.abort(EvaluationError::TimedOut);
            }
        }
        match self.json() {
            _ if self.evaluation_error().is_some() => Selected::Found(Vec::new()),
            None => Selected::NotJson,
            Some(json) => Selected::Found(path.find(json).into_iter().map(Cow::Borrowed).collect()),
        }
    }

    fn nothing_selected(&self, error: &serde_json::Error) -> Selected<'_> {
        self.not_read(error);
        if self.evaluation_error().is_some() { Selected::Found(Vec::new()) } else { Selected::NotJson }
    }

    /// What a body without JSON is.
    pub(crate) fn not_json(&self) -> &'static str {
        if self.body.is_empty() {
            "an empty body"
        } else if json::is_too_deep(self.text()) {
            json::TOO_DEEP
        } else {
            "a body that is not JSON"
        }
    }

    /// The value of a cookie that the response sets, or a redirect that led to it: the last one, which is also the one that
    /// is sent from now on.
    pub(crate) fn cookie(&self, name: &str) -> Option<Cow<'_, str>> {
        let own: Vec<_> = self.headers.all().get_all(SET_COOKIE).iter().collect();
        own.into_iter().rev().chain(self.earlier.iter().rev()).find_map(|line| {
            let line = String::from_utf8_lossy(line.as_bytes());
            let (key, rest) = line.split_once('=')?;
            let value = rest.split(';').next().unwrap_or("").trim().trim_matches('"');
            (key.trim() == name).then(|| value.to_owned().into())
        })
    }
}

/// The encoding that a `Content-Type` names.
fn charset(value: &[u8]) -> Option<&'static Encoding> {
    let mut parameters = value.split(|byte| *byte == b';').skip(1).map(<[u8]>::trim_ascii);
    let charset = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_at_checked("charset=".len())?;
        name.eq_ignore_ascii_case(b"charset=").then_some(value)
    })?;
    Encoding::for_label(
        charset
            .trim_ascii_start()
            .trim_ascii_end()
            .strip_prefix(b"\"")
            .map_or(charset, |quoted| quoted.strip_suffix(b"\"").unwrap_or(quoted)),
    )
}

fn decoded<'a>(encoding: &'static Encoding, body: &'a [u8]) -> Cow<'a, [u8]> {
    match encoding.decode_without_bom_handling(body).0 {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

#[cfg(test)]
mod tests;
