//! All metrics: names, descriptions, units and values.

use std::collections::HashSet;

use super::family::{Family, Labels, Point, Unit, Value};
use super::histogram::Histogram;
use super::row::RowFigures;
use super::sums::Figures;
use crate::row_kind::RowKind;
use crate::stats::delivery::Tally;
use crate::stats::snapshot::{Judged, Level};

type Rows<H> = Vec<RowFigures<H>>;

/// All families with at least one point.
pub fn families<H: Histogram>(figures: &Figures<H>) -> Vec<Family<'_, H>> {
    let mut families = all(figures);
    families.retain(|family| !family.points.is_empty());
    families
}

/// All families, some of them without points.
fn all<H: Histogram>(figures: &Figures<H>) -> Vec<Family<'_, H>> {
    let Figures { latest, rows, has_service, arrivals, exceptions, schedule_delay, .. } = figures;
    let health = &latest.health;
    let level = match health.level {
        Level::Green => 0.0,
        Level::Amber => 1.0,
        Level::Red => 2.0,
    };
    let delays = (!schedule_delay.is_empty()).then_some(Value::Histogram(schedule_delay));
    let is_open = latest.plan.rate.is_some() || arrivals.started + arrivals.dropped > 0;
    let iterations = |count| is_open.then_some(Value::Counter(count));
    vec![
        gauge("users", "Users alive", Unit::None, f64::from(latest.load.users)),
        gauge("target_users", "Target number of users", Unit::None, f64::from(latest.load.target)),
        gauge("requests_in_flight", "Requests in flight", Unit::None, f64::from(latest.load.in_flight)),
        gauge("run_time", "Run time so far, without pauses", Unit::Seconds, latest.elapsed.as_secs_f64()),
        gauge(
            "run_active",
            "1 during the run, 0 after its end",
            Unit::None,
            f64::from(u8::from(!latest.state.is_done())),
        ),
        of_rows(rows, "requests", "Finished requests and received messages", Unit::None, |row| {
            Some(Value::Counter(row.requests))
        }),
        of_rows(rows, "request_failures", "Failed requests", Unit::None, |row| Some(Value::Counter(row.failures))),
        of_rows(rows, "response_body", "Bytes of response bodies, decompressed", Unit::Bytes, |row| {
            Some(Value::Counter(row.bytes))
        }),
        of_rows(
            rows,
            "response_time",
            "Response times, from the due time where there is one, else from the send",
            Unit::Seconds,
            |row| Some(Value::Histogram(&row.response)),
        ),
        of_rows(
            rows,
            "service_time",
            "Response times from the send, if requests have due times",
            Unit::Seconds,
            |row| has_service.then_some(Value::Histogram(&row.service)),
        ),
        single("iterations_started", "Iterations started in an open model", Unit::None, iterations(arrivals.started)),
        single(
            "dropped_iterations",
            "Iterations dropped in an open model because no user was free",
            Unit::None,
            iterations(arrivals.dropped),
        ),
        single("exceptions", "Errors in the scenario itself", Unit::None, Some(Value::Counter(*exceptions))),
        thresholds(figures),
        single("schedule_delay", "Delay of iterations: real start minus due time", Unit::Seconds, delays),
        gauge("generator_cpu", "CPU usage of the load generator, 1 is all its cores", Unit::Ratio, health.cpu),
        gauge(
            "generator_level",
            "Whether the load generator is the bottleneck: 0 no, 1 perhaps, 2 yes",
            Unit::None,
            level,
        ),
        messages(rows, "redis_messages_published", "Messages accepted by Redis", is_publish, |tally| tally.published),
        messages(rows, "redis_messages_received", "Messages received by subscribers", is_deliver, |tally| {
            tally.received
        }),
        lost(rows),
        messages(rows, "redis_messages_late", "Messages received after being counted as lost", is_deliver, |tally| {
            tally.late
        }),
        messages(rows, "redis_messages_duplicate", "Messages received more than once", is_deliver, |tally| {
            tally.duplicates
        }),
        messages(
            rows,
            "redis_messages_out_of_order",
            "Messages received after one with a higher sequence number",
            is_deliver,
            |tally| tally.out_of_order,
        ),
        messages(rows, "redis_disconnects", "Broken connections of subscribers", is_subscribe, |tally| {
            tally.disconnects
        }),
    ]
}

fn is_publish(kind: &RowKind) -> bool {
    *kind == RowKind::Publish
}

fn is_deliver(kind: &RowKind) -> bool {
    kind.is_delivery()
}

fn is_subscribe(kind: &RowKind) -> bool {
    *kind == RowKind::Subscribe
}

fn gauge<'a, H>(name: &'static str, help: &'static str, unit: Unit, value: f64) -> Family<'a, H> {
    single(name, help, unit, Some(Value::Gauge(value)))
}

fn single<'a, H>(name: &'static str, help: &'static str, unit: Unit, value: Option<Value<'a, H>>) -> Family<'a, H> {
    let points = value.into_iter().map(|value| Point { labels: Vec::new(), value }).collect();
    Family { name, help, unit, points }
}

fn labels<H>(row: &RowFigures<H>) -> Labels<'_> {
    vec![("type", row.kind.name().into()), ("name", (&*row.name).into())]
}

/// A point for each row with a value.
fn of_rows<'a, H>(
    rows: &'a Rows<H>,
    name: &'static str,
    help: &'static str,
    unit: Unit,
    value: impl Fn(&'a RowFigures<H>) -> Option<Value<'a, H>>,
) -> Family<'a, H> {
    let point = |row| Some(Point { labels: labels(row), value: value(row)? });
    Family { name, help, unit, points: rows.iter().filter_map(point).collect() }
}

/// A message counter of each row of a kind.
fn messages<'a, H>(
    rows: &'a Rows<H>,
    name: &'static str,
    help: &'static str,
    is_counted: fn(&RowKind) -> bool,
    count: fn(&Tally) -> u64,
) -> Family<'a, H> {
    of_rows(rows, name, help, Unit::None, |row| is_counted(&row.kind).then(|| Value::Counter(count(&row.messages))))
}

/// Lost messages by cause. Late ones are a counter of their own: this one must not decrease.
fn lost<H>(rows: &Rows<H>) -> Family<'_, H> {
    let points = rows.iter().filter(|row| row.kind.is_delivery()).flat_map(|row| {
        let causes = [("stream", row.messages.lost_in_stream), ("disconnected", row.messages.lost_disconnected)];
        causes.map(|(cause, count)| {
            let mut labels = labels(row);
            labels.push(("cause", cause.into()));
            Point { labels, value: Value::Counter(count) }
        })
    });
    let help = "Messages counted as lost, including those received later";
    Family { name: "redis_messages_lost", help, unit: Unit::None, points: points.collect() }
}

/// The state of each threshold that is decided.
fn thresholds<H>(figures: &Figures<H>) -> Family<'_, H> {
    let mut known = HashSet::new();
    let judgements = figures.latest.judgements.iter();
    let points = judgements.filter(|judgement| known.insert((&judgement.words, &judgement.place)));
    let points = points.filter_map(|judgement| {
        let passes = match judgement.judged {
            Judged::Passes => 1.0,
            Judged::Violated | Judged::Failed => 0.0,
            Judged::CannotTell(_) => return None,
        };
        let labels = vec![("threshold", (&*judgement.words).into()), ("place", (&*judgement.place).into())];
        Some(Point { labels, value: Value::Gauge(passes) })
    });
    let help = "1 if the threshold passes, 0 if it fails; no value while undecided";
    Family { name: "threshold_passes", help, unit: Unit::None, points: points.collect() }
}
