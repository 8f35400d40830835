//! Which measurements a check evaluates: all requests, some rows, or schedule delays.

use std::borrow::Cow;

use super::measure::Sums;
use crate::row_kind::RowKind;
use crate::scenario::plan::{Check, Metric, Plan, Source, Target};
use crate::stats::by_row::Merge as _;
use crate::stats::{RowBucket, Second, Sparse};

/// Which measurements a check evaluates.
#[derive(Debug, Clone, PartialEq)]
pub enum Scope {
    /// All requests.
    All,
    /// These rows, by the index of their endpoint.
    Rows(Vec<u32>),
    /// Schedule delays: real send minus due time.
    ScheduleDelay,
}

impl Scope {
    /// Scope of a check. `on`: the requests that its threshold is restricted to.
    pub fn of(plan: &Plan, check: &Check, on: Option<&Target>) -> Self {
        let source = match (check.source, check.metric) {
            (Source::ScheduleDelay, _) => return Scope::ScheduleDelay,
            (Source::RedisServer | Source::Generator, _) | (_, Metric::Dropped | Metric::Exceptions) => {
                return Scope::All;
            }
            (Source::All | Source::Redis, Metric::LostRatio) => Source::Delivery,
            (Source::All, Metric::HitRatio) => Source::Redis,
            (source, _) => source,
        };
        let kind = |row: u32| plan.endpoints.get(row as usize).map(|endpoint| &endpoint.kind);
        let rows: Vec<u32> = match on {
            None if source == Source::All => return Scope::All,
            None => (0u32..).zip(&plan.endpoints).map(|(row, _)| row).collect(),
            Some(target) => target.endpoints().iter().map(|row| row.0).collect(),
        };
        let mut rows: Vec<u32> =
            rows.into_iter().filter(|row| kind(*row).is_some_and(|k| source.includes(k))).collect();
        // Received messages are not requests: they count only if no request has the name.
        if source == Source::All && rows.iter().any(|row| kind(*row).is_some_and(RowKind::is_request)) {
            rows.retain(|row| kind(*row).is_some_and(RowKind::is_request));
        }
        rows.sort_unstable();
        rows.dedup();
        Scope::Rows(rows)
    }

    /// True if no row of the plan is in scope.
    pub fn is_empty(&self) -> bool {
        matches!(self, Scope::Rows(rows) if rows.is_empty())
    }

    /// Measurements of a second that are in scope.
    pub fn measured<'a>(&self, second: &'a Second) -> (Sums, Cow<'a, Sparse>) {
        let seconds = second.length.as_secs_f64();
        let mut sums = Sums {
            covered: second.length,
            arrivals: second.arrivals,
            exceptions: second.exceptions,
            // CPU is 0 before its first reading.
            cpu: if second.cpu > 0.0 { (second.cpu * seconds, seconds) } else { (0.0, 0.0) },
            ..Sums::default()
        };
        let times = match self {
            Scope::All => merge_buckets(&mut sums, [&second.total]),
            Scope::Rows(rows) => {
                for (_, tally) in second.deliveries.iter().filter(|(row, _)| rows.contains(row)) {
                    sums.tally.merge(tally);
                }
                for (_, lookups) in second.lookups.iter().filter(|(row, _)| rows.contains(row)) {
                    sums.lookups.merge(lookups);
                }
                merge_buckets(
                    &mut sums,
                    second.rows.iter().filter(|(row, _)| rows.contains(row)).map(|(_, bucket)| bucket),
                )
            }
            Scope::ScheduleDelay => {
                sums.exact = *second.schedule_delay.exact();
                (sums.requests, sums.responses) = (sums.exact.count, sums.exact.count);
                Cow::Borrowed(&second.schedule_delay)
            }
        };
        (sums, times)
    }
}

/// Adds the counts of rows to `sums` and returns their merged times.
fn merge_buckets<'a>(sums: &mut Sums, buckets: impl IntoIterator<Item = &'a RowBucket>) -> Cow<'a, Sparse> {
    let mut times: Option<Cow<'a, Sparse>> = None;
    for bucket in buckets {
        sums.requests += bucket.sums.requests;
        sums.responses += bucket.sums.responses;
        sums.failures += bucket.sums.failures;
        sums.exact.merge(bucket.response.exact());
        match &mut times {
            None => times = Some(Cow::Borrowed(&bucket.response)),
            Some(known) => known.to_mut().merge(&bucket.response),
        }
    }
    times.unwrap_or_default()
}
