//! Compiled thresholds: pass/fail conditions of a run.

use std::sync::Arc;
use std::time::Duration;

use super::Stage;
use crate::row_kind::RowKind;
use crate::scenario::eval::operator::Operator;

/// A threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// As written, for reports: `p95 < 300ms`; the unit of bare times is added.
    pub words: Arc<str>,
    /// Position: `checkout.yaml:14`.
    pub place: Arc<str>,
    /// Conditions; all must pass. At least one.
    pub checks: Vec<Check>,
    /// Restriction to some requests; `None`: all.
    pub on: Option<Target>,
    /// Restriction to a stage, as index of the schedule's stages, and its name: a shorter run has fewer stages.
    pub stage: Option<(usize, Arc<str>)>,
    /// Length of the sliding window; `None`: the whole run, or the whole stage.
    pub over: Option<Duration>,
    /// Time for which the condition must have failed before the threshold fails.
    pub hold: Duration,
    /// A failure aborts the run.
    pub abort: bool,
    /// A failure is reported, but does not fail the run.
    pub warn: bool,
}

/// `metric operator value`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Check {
    /// Prefix of the metric.
    pub source: Source,
    /// Metric.
    pub metric: Metric,
    /// Comparison operator.
    pub operator: Operator,
    /// Limit: seconds for a time, a fraction of 1 for a ratio, otherwise the number.
    pub value: f64,
}

/// Prefix of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// No prefix: all requests.
    All,
    /// `http.`
    Http,
    /// `graphql.`
    Graphql,
    /// `redis.`
    Redis,
    /// `redis.delivery.`: received messages.
    Delivery,
    /// `redis.server.`: figures of the server.
    RedisServer,
    /// `generator.`
    Generator,
    /// `generator.schedule_delay.`
    ScheduleDelay,
}

impl Source {
    /// True for rows of this kind in the figures of this source.
    pub fn includes(self, kind: &RowKind) -> bool {
        match self {
            Source::All => true,
            Source::Http => matches!(kind, RowKind::Http(_)),
            Source::Graphql => {
                matches!(kind, RowKind::Query | RowKind::Mutation | RowKind::Connect | RowKind::Subscription)
            }
            Source::Redis => matches!(kind, RowKind::Redis | RowKind::Publish | RowKind::Subscribe),
            Source::Delivery => kind.is_delivery(),
            Source::RedisServer | Source::Generator | Source::ScheduleDelay => false,
        }
    }
}

/// What a check looks at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    /// `p95`, `p99.9`: percentile of the response times.
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
    /// `requests`: number of requests.
    Requests,
    /// `failures`: number of failures.
    Failures,
    /// `fail_ratio` or `error_ratio`: failures divided by requests.
    FailRatio,
    /// `dropped`: iterations that were due when no user was free.
    Dropped,
    /// `exceptions`: steps that failed without a request.
    Exceptions,
    /// `lost_ratio`: ratio of messages that never arrived.
    LostRatio,
    /// `hit_ratio`: ratio of the keys looked up that were found.
    HitRatio,
    /// `cpu`: CPU usage of the generator, as a fraction of 1.
    Cpu,
    /// `output_buffer_disconnections` of the Redis server.
    OutputBufferDisconnections,
}

/// Requests to which a threshold is restricted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Rows of the statistics, by kind and name or by name only.
    Endpoints(Vec<super::EndpointId>),
    /// Rows used by steps and tasks with these tags.
    Tags(Vec<Arc<str>>, Vec<super::EndpointId>),
}

impl Target {
    /// Rows of the target.
    pub fn endpoints(&self) -> &[super::EndpointId] {
        match self {
            Target::Endpoints(rows) | Target::Tags(_, rows) => rows,
        }
    }
}

impl Threshold {
    /// The stage to which it is restricted.
    pub fn stage_of<'a>(&self, stages: &'a [Stage]) -> Option<&'a Stage> {
        stages.get(self.stage.as_ref()?.0)
    }
}
