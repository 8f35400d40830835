//! A response as expectations and captures read it, for all protocols. The JSON of the body is parsed at most once.
//!
//! The server decides how much work that is, so everything is limited; exceeding a limit is an [`EvaluationError`].

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

/// Larger bodies, in bytes, are streamed instead of parsed as a whole, if the path allows it.
const MAX_PARSED: usize = 1 << 20;
/// Maximum values of parsed JSON: about 150 MB of memory.
const MAX_VALUES: u64 = 250_000;
/// Maximum values that a path may visit.
const MAX_VISITS: u64 = 50_000_000;
/// Maximum values that may be visited on a load thread.
const MAX_INLINE_VISITS: u64 = 500_000;

/// Header lines, parsed on demand.
pub trait Headers: std::fmt::Debug {
    /// All headers.
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
    /// From sending to the last byte.
    pub elapsed: Duration,
    /// Headers of the response.
    pub headers: &'a dyn Headers,
    /// Decompressed; empty unless the step [keeps the body](crate::scenario::plan::HttpStep::keeps_body).
    pub body: &'a [u8],
    /// Bytes of the whole body, even if it was not kept.
    pub size: u64,
    redirect_cookies: &'a [HeaderValue],
    budget: Budget,
    inline: bool,
    text: OnceCell<Cow<'a, [u8]>>,
    json: OnceCell<Option<Value>>,
    error: Cell<Option<EvaluationError>>,
}

/// Why the evaluation of a response was aborted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// It took too long.
    #[error("it took too long")]
    TimedOut,
    /// The response is too large or too deeply nested.
    #[error("{0}")]
    Limit(&'static str),
}

/// The values that a path finds.
pub enum Selected<'v> {
    /// The body is not JSON.
    NotJson,
    /// These values, in document order.
    Found(Vec<Cow<'v, Value>>),
}

impl<'a> ResponseView<'a> {
    /// A view of a response whose whole body is `body`.
    pub fn new(status: u16, elapsed: Duration, headers: &'a dyn Headers, body: &'a [u8]) -> Self {
        Self {
            status,
            elapsed,
            headers,
            body,
            size: body.len() as u64,
            redirect_cookies: &[],
            budget: Budget::default(),
            inline: false,
            text: OnceCell::new(),
            json: OnceCell::new(),
            error: Cell::new(None),
        }
    }

    /// Sets the true size of a body that was not kept.
    #[must_use]
    pub fn with_size(mut self, size: u64) -> Self {
        self.size = size;
        self
    }

    /// Adds the `Set-Cookie` lines of preceding redirects, oldest first.
    #[must_use]
    pub fn with_redirect_cookies(mut self, redirect_cookies: &'a [HeaderValue]) -> Self {
        self.redirect_cookies = redirect_cookies;
        self
    }

    /// Sets the budget. With `inline`, other users wait meanwhile: expensive work is refused, to be done on another
    /// thread.
    #[must_use]
    pub fn with_budget(mut self, budget: Budget, inline: bool) -> Self {
        (self.budget, self.inline) = (budget, inline);
        self
    }

    /// Why the evaluation was aborted, if it was.
    pub fn evaluation_error(&self) -> Option<EvaluationError> {
        self.error.get()
    }

    /// True if it was too expensive to be done inline, so that it is evaluated again elsewhere.
    pub fn is_deferred(&self) -> bool {
        self.inline && self.evaluation_error() == Some(EvaluationError::TimedOut)
    }

    /// Aborts the evaluation.
    pub(crate) fn abort(&self, error: EvaluationError) {
        self.error.set(self.error.get().or(Some(error)));
    }

    /// True if the budget is spent; sets [`evaluation_error`](Self::evaluation_error).
    pub(crate) fn is_over_budget(&self) -> bool {
        let is_over_budget = self.budget.is_spent();
        if is_over_budget {
            self.abort(EvaluationError::TimedOut);
        }
        is_over_budget
    }

    /// The body as text: without byte order mark, and converted to UTF-8 from the declared encoding.
    pub fn text(&self) -> &[u8] {
        self.text.get_or_init(|| {
            let (encoding, mark) = match Encoding::for_bom(self.body) {
                Some(found) => found,
                None => (self.headers.content_type().and_then(charset).unwrap_or(UTF_8), 0),
            };
            let body = &self.body[mark..];
            // Invalid bytes are kept: callers replace them.
            if encoding == UTF_8 { Cow::Borrowed(body) } else { decoded(encoding, body) }
        })
    }

    /// The body as JSON; `None` if it is not JSON, or is too large or deep, see
    /// [`evaluation_error`](Self::evaluation_error).
    pub fn json(&self) -> Option<&Value> {
        let text = self.text();
        self.json
            .get_or_init(|| {
                if text.len() > MAX_PARSED && Size::of(text).values > MAX_VALUES {
                    self.abort(EvaluationError::Limit("the JSON has more than 250,000 values"));
                    return None;
                }
                serde_json::from_slice(text).map_err(|error| self.not_read(&error)).ok()
            })
            .as_ref()
    }

    /// JSON nested too deeply aborts the evaluation; a body that is not JSON does not.
    fn not_read(&self, error: &serde_json::Error) {
        if json::is_depth(error) {
            self.abort(EvaluationError::Limit("the JSON is nested 128 levels or deeper"));
        }
    }

    /// The values that `path` finds in the JSON of the body. A large body is streamed.
    pub fn select(&self, path: &Path) -> Selected<'_> {
        let text = self.text();
        if text.len() > MAX_PARSED
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
            } else if self.inline && visits > MAX_INLINE_VISITS {
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

    /// Describes a body that is not JSON.
    pub(crate) fn not_json(&self) -> &'static str {
        if self.body.is_empty() {
            "an empty body"
        } else if json::is_too_deep(self.text()) {
            json::TOO_DEEP
        } else {
            "a body that is not JSON"
        }
    }

    /// The value of a cookie that the response, or a preceding redirect, sets: the last one, which is also the one that
    /// is sent from now on.
    pub(crate) fn cookie(&self, name: &str) -> Option<Cow<'_, str>> {
        let own: Vec<_> = self.headers.all().get_all(SET_COOKIE).iter().collect();
        own.into_iter().rev().chain(self.redirect_cookies.iter().rev()).find_map(|line| {
            let line = String::from_utf8_lossy(line.as_bytes());
            let (key, rest) = line.split_once('=')?;
            let value = rest.split(';').next().unwrap_or("").trim().trim_matches('"');
            (key.trim() == name).then(|| value.to_owned().into())
        })
    }
}

/// The encoding declared by `Content-Type`.
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
