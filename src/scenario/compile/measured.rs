//! Which metrics each source has, and which of them can be restricted to some requests.

use crate::scenario::plan::{Metric, Source};

/// Why this source does not have this metric; `None` if it has.
pub(super) fn refusal(source: Source, metric: Metric) -> Option<&'static str> {
    use Metric::{
        Cpu, Dropped, Exceptions, FailRatio, Failures, HitRatio, LostRatio, Max, Mean, Median, Min,
        OutputBufferDisconnections, Percentile, Requests, Rps,
    };
    let is_time = matches!(metric, Percentile(_) | Mean | Median | Min | Max);
    let is_count = matches!(metric, Rps | Requests);
    let is_failure = matches!(metric, Failures | FailRatio);
    match source {
        Source::All if metric == Cpu => Some("write generator.cpu"),
        Source::All if metric == OutputBufferDisconnections => Some("write redis.server.output_buffer_disconnections"),
        Source::All => None,
        _ if matches!(metric, Dropped | Exceptions) => {
            Some("it is only available for the whole run: remove the prefix")
        }
        Source::Http | Source::Graphql if is_time || is_count || is_failure => None,
        Source::Redis if is_time || is_count || is_failure || matches!(metric, LostRatio | HitRatio) => None,
        Source::Delivery if is_time || is_count || metric == LostRatio => None,
        Source::Http | Source::Graphql => Some("allowed: times, rps, requests, failures and fail_ratio"),
        Source::Redis => Some("allowed: times, rps, requests, failures, fail_ratio, lost_ratio and hit_ratio"),
        Source::Delivery => Some("allowed: times, rps, requests (messages) and lost_ratio"),
        Source::RedisServer if metric == OutputBufferDisconnections => None,
        Source::RedisServer => Some("allowed: output_buffer_disconnections"),
        Source::Generator if metric == Cpu => None,
        Source::Generator => Some("allowed: generator.cpu and generator.schedule_delay.p99"),
        Source::ScheduleDelay if is_time => None,
        Source::ScheduleDelay => Some("allowed: times, such as p99 and max"),
    }
}

/// True if the metric can be restricted to some requests.
pub(super) fn is_of_requests(source: Source, metric: Metric) -> bool {
    !matches!(source, Source::RedisServer | Source::Generator | Source::ScheduleDelay)
        && !matches!(metric, Metric::Dropped | Metric::Exceptions)
}
