//! Converts the events of a run into metrics. docs/datadog.md lists the names.

use std::sync::Arc;

use super::notice::{self, Notice, unix};
use super::tags::tag;
use crate::row_kind::RowKind;
use crate::sink::event::Event;
use crate::sink::interval::Interval;
use crate::stats::delivery::Tally;
use crate::stats::sample::StatusClass;
use crate::stats::snapshot::{Judged, Level};
use crate::stats::{Exact, RowBucket, Second, Snapshot, Sparse};
use crate::store::Meta;
use crate::units::millis as ms;

/// Maximum number of values of a distribution for each row and interval.
const MAX_DISTRIBUTION: u64 = 200;
/// Percentiles that are sent as gauges, with the suffixes of their names.
const SENT_PERCENTILES: [(f64, &str); 3] = [(50.0, "p50"), (95.0, "p95"), (99.0, "p99")];

/// A metric with its value over an interval.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Name, with prefix.
    pub name: String,
    /// Value.
    pub value: Value,
    /// Unit, as Datadog names it.
    pub unit: Option<&'static str>,
    /// Tags, those of the run included.
    pub tags: Vec<String>,
    /// End of the interval, in seconds since 1970.
    pub at: u64,
    /// Length of the interval, in whole seconds.
    pub interval: u64,
}

/// A value by type of metric.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Events in the interval.
    Count(u64),
    /// Last value of the interval.
    Gauge(f64),
    /// Sample of the values of the interval.
    Distribution(Vec<f64>),
}

/// Creates the metrics of one run.
pub struct Source {
    tags: Vec<String>,
    prefix: String,
    meta: Arc<Meta>,
    /// Users at the end of the latest second.
    users: Option<u32>,
    /// Time of the latest interval.
    at: u64,
}

impl Source {
    /// Creates a source; `tags` are on every metric, and `prefix` is before every name.
    pub fn new(tags: Vec<String>, prefix: String, meta: Arc<Meta>) -> Self {
        Self { tags, prefix, meta, users: None, at: 0 }
    }

    /// Name of this machine.
    pub fn host(&self) -> &str {
        &self.meta.machine.name
    }

    /// The metrics of an event; empty if it has none.
    pub fn metrics(&mut self, event: &Event) -> Vec<Metric> {
        match event {
            Event::Interval(interval) => self.of_interval(interval),
            Event::Ended(last, _) => self.of_end(last),
            Event::Started(_) | Event::LoadChanged(_) | Event::Threshold(..) => Vec::new(),
        }
    }

    /// The entry in the event stream, if the event has one.
    pub fn notice(&self, event: &Event) -> Option<Notice> {
        notice::of(event, &self.meta, &self.tags)
    }

    fn of_interval(&mut self, interval: &Interval) -> Vec<Metric> {
        let snapshot = &interval.snapshot;
        // A second value for the same metric and second replaces the first one, and intervals may be shorter than that.
        self.at = unix(interval.at()).max(self.at + 1);
        let users = self.users(interval);
        let mut out = self.batch(interval);
        for (at, users) in users {
            out.at = at;
            out.gauge("users.active", Some(f64::from(users)), None, &[]);
        }
        out.at = self.at;
        for (endpoint, bucket) in interval.rows() {
            if let Some(row) = snapshot.endpoints.get(endpoint as usize) {
                of_row(&row.kind, &row.name, &bucket, &mut out);
            }
        }
        for (endpoint, tally) in interval.deliveries() {
            if let Some(row) = snapshot.endpoints.get(endpoint as usize) {
                of_messages(&row.name, &tally, &mut out);
            }
        }
        of_generator(interval, &mut out);
        of_thresholds(snapshot, &mut out);
        for (row, _, costs) in snapshot.operations() {
            let tags = [tag("endpoint", &row.name)];
            out.gauge("graphql.cost.requested", costs.requested(), None, &tags);
            out.gauge("graphql.cost.actual", costs.actual(), None, &tags);
        }
        out.metrics
    }

    /// Users at the end of each second in which their number changed, and at the end of the interval.
    fn users(&mut self, interval: &Interval) -> Vec<(u64, u32)> {
        let mut users = Vec::new();
        for second in &interval.seconds {
            if self.users.replace(second.users) != Some(second.users) {
                users.push((second.at.map_or(self.at, unix), second.users));
            }
        }
        users.extend(self.users.map(|last| (self.at, last)));
        users
    }

    fn of_end(&self, last: &Snapshot) -> Vec<Metric> {
        let total = &last.total.total;
        let mut out = Batch {
            metrics: Vec::new(),
            tags: self.tags.clone(),
            prefix: &self.prefix,
            at: unix(last.at),
            interval: 1,
        };
        let tags = [tag("test_name", &self.meta.scenario)];
        out.gauge("test.total_requests", Some(total.requests as f64), None, &tags);
        out.gauge("test.total_failures", Some(total.failures as f64), None, &tags);
        let mean = (total.response.count > 0).then(|| ms(total.response.mean));
        out.gauge("test.avg_response_time", mean, MS, &tags);
        out.gauge("test.requests_per_second", Some(total.rps), None, &tags);
        out.gauge("test.error_rate", Some(total.fail_ratio() * 100.0), Some("percent"), &tags);
        out.metrics
    }

    fn batch(&self, interval: &Interval) -> Batch<'_> {
        let mut tags = self.tags.clone();
        let first = interval.seconds.first();
        if first.is_some_and(|second| second.is_warm_up) {
            tags.push(tag("phase", "warm_up"));
        }
        tags.extend(interval.stage.as_ref().map(|stage| tag("stage", stage)));
        let interval_s = interval.length().as_secs_f64().round().max(1.0) as u64;
        Batch { metrics: Vec::new(), tags, prefix: &self.prefix, at: self.at, interval: interval_s }
    }
}

const MS: Option<&str> = Some("millisecond");

/// Metrics under construction.
struct Batch<'a> {
    metrics: Vec<Metric>,
    tags: Vec<String>,
    prefix: &'a str,
    at: u64,
    interval: u64,
}

impl Batch<'_> {
    fn push(&mut self, name: &str, value: Value, unit: Option<&'static str>, tags: &[String]) {
        self.metrics.push(Metric {
            name: format!("{}{name}", self.prefix),
            value,
            unit,
            tags: self.tags.iter().chain(tags).cloned().collect(),
            at: self.at,
            interval: self.interval,
        });
    }

    fn count(&mut self, name: &str, count: u64, tags: &[String]) {
        if count > 0 {
            self.push(name, Value::Count(count), None, tags);
        }
    }

    fn gauge(&mut self, name: &str, value: Option<f64>, unit: Option<&'static str>, tags: &[String]) {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            self.push(name, Value::Gauge(value), unit, tags);
        }
    }

    /// Percentiles, maximum and distribution of times, in milliseconds.
    fn times(&mut self, name: &str, times: &Sparse, tags: &[String]) {
        let latency = times.latency();
        if latency.count == 0 {
            return;
        }
        for (percentile, suffix) in SENT_PERCENTILES {
            self.gauge(&format!("{name}.{suffix}"), Some(ms(latency.p(percentile))), MS, tags);
        }
        self.gauge(&format!("{name}.max"), Some(ms(latency.max)), MS, tags);
        self.push(
            &format!("{name}.distribution"),
            Value::Distribution(sampled(latency.count, times.values())),
            MS,
            tags,
        );
    }
}

/// Metrics of a row of the statistics.
fn of_row(kind: &RowKind, name: &str, bucket: &RowBucket, out: &mut Batch<'_>) {
    let row = [tag("request_type", kind.name()), tag("endpoint", name)];
    let sums = &bucket.sums;
    if !kind.is_request() {
        let name = if kind.is_delivery() { "redis.delivery_time" } else { "graphql.event_time" };
        out.gauge(name, mean(bucket.response.exact()), MS, &row);
        return out.times(name, &bucket.response, &row);
    }
    let succeeded = Exact {
        count: sums.requests.saturating_sub(sums.failures),
        sum: bucket.response.exact().sum.saturating_sub(sums.failed.sum),
        ..Exact::default()
    };
    for (times, success) in [(&succeeded, "true"), (&sums.failed, "false")] {
        let tags = [&row[..], &[tag("success", success)]].concat();
        out.count("request.count", times.count, &tags);
        out.gauge("request.response_time", mean(times), MS, &tags);
    }
    for (class, count) in StatusClass::ALL.into_iter().zip(sums.failed_by_class) {
        let tags = [&row[..], &[tag("success", "false"), tag("status_class", class.name())]].concat();
        out.count("request.failures", count, &tags);
    }
    out.count("request.bytes", sums.bytes, &row);
    out.times("request.response_time", &bucket.response, &row);
    if let Some(service) = &bucket.service {
        out.times("request.service_time", service, &row);
    }
}

fn of_messages(name: &str, tally: &Tally, out: &mut Batch<'_>) {
    let tags = [tag("channel", name)];
    out.count("redis.published", tally.published, &tags);
    out.count("redis.received", tally.received, &tags);
    out.count("redis.lost", tally.lost(), &tags);
    out.count("redis.duplicates", tally.duplicates, &tags);
    out.count("redis.disconnects", tally.disconnects, &tags);
}

fn of_generator(interval: &Interval, out: &mut Batch<'_>) {
    let snapshot = &interval.snapshot;
    let sum = |of: fn(&Second) -> u64| interval.seconds.iter().map(|second| of(second)).sum();
    out.count("scenario.exceptions", sum(|second| second.exceptions), &[]);
    out.count("iterations.started", sum(|second| second.arrivals.started), &[]);
    out.count("iterations.dropped", sum(|second| second.arrivals.dropped), &[]);
    let cpu = interval.seconds.iter().map(|second| second.cpu).fold(0.0, f64::max);
    out.gauge("generator.cpu", Some(cpu * 100.0), Some("percent"), &[]);
    out.gauge("generator.timer_lag.p99", Some(ms(snapshot.health.timer_lag)), MS, &[]);
    out.gauge("generator.schedule_delay.p99", snapshot.health.schedule_delay.map(ms), MS, &[]);
    let is_reliable = snapshot.health.level != Level::Red;
    out.gauge("generator.ok", Some(f64::from(u8::from(is_reliable))), None, &[]);
}

fn of_thresholds(snapshot: &Snapshot, out: &mut Batch<'_>) {
    for judgement in snapshot.judgements.iter() {
        let passes = match judgement.judged {
            Judged::Passes => 1.0,
            Judged::Violated | Judged::Failed => 0.0,
            Judged::CannotTell(_) => continue,
        };
        let tags = [tag("threshold", &judgement.check)];
        out.gauge("threshold.ok", Some(passes), None, &tags);
        out.gauge("threshold.margin", judgement.margin, None, &tags);
    }
}

/// At most [`MAX_DISTRIBUTION`] values in milliseconds, at equal distances in rank; all values if there are fewer.
///
/// `values` are pairs of microseconds and count, ascending.
fn sampled(count: u64, values: &[(u32, u32)]) -> Vec<f64> {
    let wanted = count.min(MAX_DISTRIBUTION);
    let mut values = values.iter().map(|(micros, count)| (f64::from(*micros) / 1e3, u64::from(*count)));
    let (mut value, mut seen) = (0.0, 0);
    let ranks = (0..wanted).map(|n| ((2 * n + 1) * count).div_ceil(2 * wanted));
    ranks
        .map(|rank| {
            while seen < rank {
                let Some((next, count)) = values.next() else { break };
                (value, seen) = (next, seen + count);
            }
            value
        })
        .collect()
}

fn mean(times: &Exact) -> Option<f64> {
    (times.count > 0).then(|| times.sum as f64 / times.count as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::sink::datadog::Tags;
    use crate::stats::snapshot::RunState;

    fn second(number: u64, users: u32) -> Arc<Second> {
        let at = Some(UNIX_EPOCH + Duration::from_secs(1_000 + number));
        Arc::new(Second { number, users, at, length: Duration::from_millis(1_001), ..Second::default() })
    }

    #[test]
    fn users_have_a_value_for_each_change_and_one_at_the_end() {
        let tags = Tags::new(&crate::settings::Settings::default());
        let mut source = Source::new(Vec::new(), tags.prefix, Arc::new(Meta::empty()));
        let mut users = |seconds: &[(u64, u32)]| -> Vec<(u64, f64)> {
            let snapshot = Arc::new(Snapshot::empty(RunState::Running));
            let seconds = seconds.iter().map(|(number, users)| second(*number, *users)).collect();
            let interval = Interval { seconds, missed: 0, stage: None, snapshot };
            let metrics = source.metrics(&Event::Interval(interval));
            assert!(metrics.iter().all(|metric| metric.interval == 3), "{metrics:?}");
            let users = metrics.iter().filter(|metric| metric.name == "locust.users.active");
            users
                .filter_map(
                    |metric| if let Value::Gauge(value) = metric.value { Some((metric.at, value)) } else { None },
                )
                .collect()
        };
        assert_eq!(users(&[(0, 2), (1, 4), (2, 4)]), [(1_000, 2.0), (1_001, 4.0), (1_002, 4.0)]);
        assert_eq!(users(&[(3, 4), (4, 4), (5, 4)]), [(1_005, 4.0)]);
    }

    #[test]
    fn distributions_are_sampled_at_equal_distances() {
        let of = |count: u32| {
            let values: Vec<(u32, u32)> = (1..=count).map(|ms| (ms * 1_000, 1)).collect();
            sampled(count.into(), &values)
        };
        assert_eq!(of(3), [1.0, 2.0, 3.0]);
        let many = of(10_000);
        assert_eq!(many.len(), 200);
        // Value n is that of the middle of the n-th 200th.
        assert_eq!((many[0], many[100], many[199]), (25.0, 5_025.0, 9_975.0));
        assert_eq!(sampled(1_000, &[(500, 999), (7_000, 1)]), [0.5; 200]);
        assert_eq!(sampled(5, &[(500, 4), (7_000, 1)]), [0.5, 0.5, 0.5, 0.5, 7.0]);
    }
}
