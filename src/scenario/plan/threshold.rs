//! Thresholds: the conditions under which a run passes. Parsed and checked here, evaluated with the statistics.

use std::sync::Arc;
use std::time::Duration;

use super::Stage;
use crate::scenario::eval::operator::Operator;

/// One line of `thresholds`.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// As written, for reports: `p95 < 300ms`; a bare number of a time has its unit.
    pub words: Arc<str>,
    /// Where it is written: `checkout.yaml:14`.
    pub place: Arc<str>,
    /// All of them must pass; at least one.
    pub checks: Vec<Check>,
    /// Which requests count; `None` is all of them.
    pub on: Option<Target>,
    /// Only this stage counts, as an index of the schedule's stages.
    pub stage: Option<usize>,
    /// Evaluated over a sliding window of this length; `None` is the whole run, or the whole stage.
    pub over: Option<Duration>,
    /// It fails only after not passing for this long.
    pub hold: Duration,
    /// A failure stops the run.
    pub abort: bool,
    /// A failure is reported, but the run passes.
    pub warn: bool,
}

/// `metric operator value`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Check {
    /// Whose figures.
    pub source: Source,
    /// What is measured.
    pub metric: Metric,
    /// How it is compared.
    pub operator: Operator,
    /// With what: seconds for a time, a part of 1 for a ratio, else the number itself.
    pub value: f64,
}

/// The word before a metric's dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// None: all requests.
    All,
    /// `http.`
    Http,
    /// `graphql.`
    Graphql,
    /// `redis.`
    Redis,
    /// `redis.delivery.`: from the send of a message to its arrival.
    Delivery,
    /// `redis.server.`: the server's own figures.
    RedisServer,
    /// `generator.`
    Generator,
    /// `generator.schedule_delay.`
    ScheduleDelay,
}

/// What a check looks at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    /// `p95`, `p99.9`: percent of the times are at most this long. Response time where there are due times.
    Percentile(f64),
    /// `mean` or `avg`.
    Mean,
    /// `median`.
    Median,
    /// `min`.
    Min,
    /// `max`.
    Max,
    /// `rps`: requests per second.
    Rps,
    /// `requests`: how many.
    Requests,
    /// `failures`: how many.
    Failures,
    /// `fail_ratio` or `error_ratio`: failures of requests.
    FailRatio,
    /// `dropped`: iterations that were due while no user was free.
    Dropped,
    /// `exceptions`: steps that failed without a request.
    Exceptions,
    /// `lost_ratio`: messages that never came.
    LostRatio,
    /// `cpu`: of the generator, a part of 1.
    Cpu,
    /// `output_buffer_disconnections` of the Redis server.
    OutputBufferDisconnections,
}

/// Which requests a threshold is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Rows of the statistics: `POST /api/checkout`, or a name under any verb.
    Endpoints(Vec<super::EndpointId>),
    /// Rows that steps of tasks with these tags use.
    Tags(Vec<Arc<str>>, Vec<super::EndpointId>),
}

impl Target {
    /// The rows it means.
    pub fn endpoints(&self) -> &[super::EndpointId] {
        match self {
            Target::Endpoints(rows) | Target::Tags(_, rows) => rows,
        }
    }
}

impl Threshold {
    /// The stage it is about.
    pub fn stage_of<'a>(&self, stages: &'a [Stage]) -> Option<&'a Stage> {
        self.stage.and_then(|index| stages.get(index))
    }
}
