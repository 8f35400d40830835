//! The compiled scenario: immutable, shared by all shards behind one `Arc`. Everything that does not vary is built here.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use url::Url;

use super::template::{Json, Text};
use crate::units::{PerSecond, Users};

/// Which row of the statistics a request belongs to: an index into [`Plan::endpoints`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointId(pub u32);

/// One row of the statistics: Locust's pair of request type and name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Request type, for HTTP the verb.
    pub method: Arc<str>,
    /// The `name` of the step, else its URL template.
    pub name: Arc<str>,
}

/// What to run and how much of it.
#[derive(Debug)]
pub struct Plan {
    /// Name of the scenario.
    pub name: Arc<str>,
    /// Base URL, as shown.
    pub host: Arc<str>,
    /// How many users, how fast, how long.
    pub load: Load,
    /// At least one class.
    pub classes: Vec<Class>,
    /// Every row of the statistics, in order of appearance.
    pub endpoints: Vec<Endpoint>,
    /// Values of `vars`, read by templates.
    pub vars: Arc<minijinja::Value>,
}

/// The planned load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Peak concurrent users.
    pub users: Users,
    /// Users started (and retired) per second.
    pub spawn_rate: PerSecond,
    /// Length of the run from its first user; `None` runs until stopped.
    pub run_time: Option<Duration>,
    /// How long running tasks may go on after a stop before they are cut.
    pub stop_timeout: Duration,
}

/// A kind of user.
#[derive(Debug)]
pub struct Class {
    /// Name as in `user_classes`, or `User` for a flat file.
    pub name: Arc<str>,
    /// Share of the users that have no fixed count.
    pub weight: u32,
    /// Exactly so many users of this class, placed first; `weight` is then ignored.
    pub fixed_count: Option<u32>,
    /// The pause after each task.
    pub wait: Wait,
    /// Run once before the first task.
    pub on_start: Vec<Step>,
    /// Run once when the user stops.
    pub on_stop: Vec<Step>,
    /// At least one task, weights summing to more than 0.
    pub tasks: Vec<Task>,
}

/// One thing a user does, chosen by weight.
#[derive(Debug)]
pub struct Task {
    /// Name as written, else `task 1`, `task 2`, ….
    pub name: Arc<str>,
    /// Relative frequency.
    pub weight: u32,
    /// Labels.
    pub tags: Vec<String>,
    /// Run in order.
    pub steps: Vec<Step>,
}

/// The pause between two tasks of a user: Locust's four wait functions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wait {
    /// Always the same pause after a task.
    Constant(Duration),
    /// Uniformly random between the two.
    Between(Duration, Duration),
    /// A task starts every so often (a due time); a task that runs longer makes the next one late.
    Pacing(Duration),
}

impl Wait {
    /// `constant_throughput(r)`: at most `r` tasks per second for each user, that is a pacing of `1/r`.
    pub fn throughput(per_second: PerSecond) -> Self {
        Wait::Pacing(Duration::from_secs_f64(1.0 / per_second.0))
    }

    /// True when iterations have due times, so that response time and service time differ.
    pub fn is_planned(&self) -> bool {
        matches!(self, Wait::Pacing(_))
    }
}

/// One step of a task.
#[derive(Debug)]
pub enum Step {
    /// Send an HTTP request and read the reply.
    Http(Box<HttpStep>),
}

/// An HTTP request, compiled.
#[derive(Debug)]
pub struct HttpStep {
    /// Row of the statistics.
    pub endpoint: EndpointId,
    /// Verb.
    pub method: Method,
    /// Where to.
    pub url: UrlTemplate,
    /// Headers that never vary, built once.
    pub fixed_headers: http::HeaderMap,
    /// Headers with templated values.
    pub headers: Vec<(HeaderName, Text)>,
    /// What is sent.
    pub body: Body,
    /// From the send to the last byte of the reply.
    pub timeout: Duration,
    /// Accepted statuses; `None` accepts everything below 400 (Locust's rule).
    pub expect_status: Option<Vec<StatusRange>>,
    /// `expect.status` in words, for the failure's reason: `200`, `2xx or 301`. Empty without an expectation.
    pub expected: Arc<str>,
}

/// The address of a request.
#[derive(Debug)]
pub enum UrlTemplate {
    /// Known before the run.
    Fixed(Url),
    /// Path and query are filled for every request.
    Templated {
        /// Put before a path that is not an absolute URL; has no trailing slash.
        base: Arc<str>,
        /// A path such as `/products/{{ id }}`, or an absolute URL.
        path: Text,
        /// Query pairs, percent-encoded after rendering.
        query: Vec<(String, Text)>,
    },
}

/// The body of a request.
#[derive(Debug)]
pub enum Body {
    /// None.
    Empty,
    /// Built once.
    Fixed(Bytes),
    /// Text filled for every request.
    Text(Text),
    /// JSON filled for every request.
    Json(Json),
    /// `application/x-www-form-urlencoded` pairs filled for every request.
    Form(Vec<(String, Text)>),
}

/// Accepted statuses, both ends included: 200 is `200..=200`, `2xx` is `200..=299`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRange {
    /// Lowest.
    pub from: u16,
    /// Highest.
    pub to: u16,
}

impl StatusRange {
    /// As in a scenario: `200`, `200 or 3xx`.
    pub fn words(ranges: &[StatusRange]) -> Arc<str> {
        let word = |range: &StatusRange| match range.to - range.from {
            0 => range.from.to_string(),
            _ => format!("{}xx", range.from / 100),
        };
        ranges.iter().map(word).collect::<Vec<_>>().join(" or ").into()
    }

    /// True when the status is inside.
    pub fn contains(&self, status: u16) -> bool {
        (self.from..=self.to).contains(&status)
    }
}

/// The header a body brings with it unless the step sets it.
pub const CONTENT_TYPE_JSON: HeaderValue = HeaderValue::from_static("application/json");
/// The header a form brings with it unless the step sets it.
pub const CONTENT_TYPE_FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
