//! The document; fields are in output order.

use jiff::Timestamp;
use serde::Serialize;

use super::failures::Failures;
use super::figures::{Figures, Row};
use super::protocols::{Operation, Redis};
use super::traces::Slow;
use crate::report::finding::{Finding, findings};
use crate::report::shown::{self, millis};
use crate::report::standing::Standing;
use crate::report::text;
use crate::stats::snapshot::{Bucket, Drift, Health, Judged, Judgement, Level, RunEvent};
use crate::store::{Machine, PlannedArrivals, Run, State};
use crate::verdict;

/// Incremented when a field is removed or changes its meaning.
const VERSION: u32 = 1;

#[derive(Serialize)]
pub(super) struct Document<'a> {
    format: &'static str,
    version: u32,
    verdict: Verdict,
    run: About<'a>,
    load: Load,
    totals: Figures,
    rows: Vec<Row<'a>>,
    thresholds: Vec<Threshold<'a>>,
    margins: Vec<Margins<'a>>,
    stability: Vec<Trend<'a>>,
    findings: Vec<Found>,
    failures: Failures<'a>,
    slowest: Vec<Slow<'a>>,
    exceptions: Vec<Exception<'a>>,
    remarks: Vec<String>,
    graphql: Vec<Operation<'a>>,
    redis: Option<Redis<'a>>,
    generator: Generator<'a>,
    events: Vec<Event<'a>>,
    series: Vec<Second>,
}

#[derive(Serialize)]
struct Verdict {
    word: String,
    reason: String,
    exit_code: Option<u8>,
}

#[derive(Serialize)]
struct About<'a> {
    id: &'a str,
    state: &'static str,
    scenario: &'a str,
    file: &'a str,
    profile: Option<&'a str>,
    host: &'a str,
    arguments: &'a [String],
    started: String,
    ended: Option<String>,
    model: &'static str,
    users: u32,
    /// `None` where stages or arrivals decide.
    spawn_rate_per_s: Option<f64>,
    arrivals: Vec<Arrivals>,
    run_time_s: Option<f64>,
    seed: u64,
    threads: usize,
    plan_hash: &'a str,
    tls_verified: bool,
    tags: &'a [String],
    note: Option<&'a str>,
    katydid_version: &'a str,
    machine: Host<'a>,
    scenario_text: &'a str,
}

/// A stage of an open model.
#[derive(Serialize)]
struct Arrivals {
    rate_per_s: f64,
    ramp_s: f64,
    length_s: Option<f64>,
}

#[derive(Serialize)]
struct Host<'a> {
    name: &'a str,
    system: &'a str,
    processor: &'a str,
    cores: usize,
    memory_bytes: u64,
}

#[derive(Serialize)]
struct Load {
    elapsed_s: f64,
    measured_s: f64,
    users_peak: u32,
    vu_hours: f64,
    iterations_started: u64,
    iterations_dropped: u64,
    requests_aborted: u64,
    warm_up_requests: u64,
}

#[derive(Serialize)]
struct Threshold<'a> {
    check: &'a str,
    words: &'a str,
    place: &'a str,
    result: &'static str,
    why: Option<&'a str>,
    measured: Option<&'a str>,
    margin_ratio: Option<f64>,
    met_s: f64,
    judged_s: f64,
    first_failed_s: Option<f64>,
    warn: bool,
    abort: bool,
}

#[derive(Serialize)]
struct Margins<'a> {
    at_s: f64,
    margin_ratios: &'a [Option<f64>],
}

#[derive(Serialize)]
struct Trend<'a> {
    metric: &'a str,
    words: &'a str,
    unit: Option<&'static str>,
    change_per_h: f64,
    change_least_per_h: f64,
    change_most_per_h: f64,
    significant: bool,
}

#[derive(Serialize)]
struct Found {
    title: &'static str,
    severe: bool,
    evidence: String,
    remedy: String,
}

#[derive(Serialize)]
struct Exception<'a> {
    count: u64,
    place: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct Generator<'a> {
    level: &'static str,
    why: Option<&'a str>,
    bottleneck_s: f64,
    cpu_ratio: f64,
    timer_lag_p99_ms: f64,
    schedule_delay_p99_ms: Option<f64>,
    blocked_count: u64,
    blocked_longest_ms: f64,
    open_files: Option<u64>,
    open_files_limit: Option<u64>,
}

#[derive(Serialize)]
struct Event<'a> {
    at_s: f64,
    time: String,
    text: &'a str,
}

#[derive(Serialize)]
struct Second {
    from_s: f64,
    length_s: f64,
    users: u32,
    requests: u64,
    failures: u64,
    p50_ms: Option<f64>,
    p95_ms: Option<f64>,
    p99_ms: Option<f64>,
}

impl<'a> Document<'a> {
    pub fn of(run: &'a Run) -> Self {
        let last = &*run.last;
        let Standing { word, reason, code, .. } = Standing::of(run);
        let mut remarks = text::left_out(last);
        remarks.extend(last.run.is_insecure.then(|| text::INSECURE.to_owned()));
        Self {
            format: "katydid-report",
            version: VERSION,
            verdict: Verdict { word, reason, exit_code: code },
            run: About::of(run),
            load: Load {
                elapsed_s: last.elapsed.as_secs_f64(),
                measured_s: last.measured.as_secs_f64(),
                users_peak: shown::peak_users(run),
                vu_hours: last.load.vu_hours,
                iterations_started: last.plan.arrivals.started,
                iterations_dropped: last.plan.arrivals.dropped,
                requests_aborted: last.aborted,
                warm_up_requests: last.plan.left_out,
            },
            totals: Figures::of(&last.total.total),
            rows: shown::by_name(last).into_iter().map(Row::of).collect(),
            thresholds: last.judgements.iter().map(Threshold::of).collect(),
            margins: run
                .margins
                .iter()
                .map(|(at, ratios)| Margins { at_s: at.as_secs_f64(), margin_ratios: ratios })
                .collect(),
            stability: last.drifts.iter().map(Trend::of).collect(),
            findings: findings(last).into_iter().map(Found::of).collect(),
            failures: Failures::of(run),
            slowest: Slow::all(last),
            exceptions: last
                .exceptions
                .iter()
                .map(|row| Exception { count: row.count, place: &row.place, message: &row.message })
                .collect(),
            remarks,
            graphql: last.operations().map(|one| Operation::of(one, last.remarks_of(one.0))).collect(),
            redis: last.redis.as_deref().map(|redis| Redis::of(redis, &run.redis)),
            generator: Generator::of(&last.health),
            events: last.events.iter().map(Event::of).collect(),
            series: run.seconds.iter().map(Second::of).collect(),
        }
    }
}

impl<'a> About<'a> {
    fn of(run: &'a Run) -> Self {
        let meta = &*run.meta;
        let Machine { name, system, processor, cores, memory } = &meta.machine;
        Self {
            id: &meta.id,
            state: match run.state {
                State::Ended => "ended",
                State::Running => "running",
                State::CutShort => "cut_short",
            },
            scenario: &meta.scenario,
            file: &meta.file,
            profile: meta.profile.as_deref(),
            host: &meta.host,
            arguments: &meta.arguments,
            started: meta.started.to_string(),
            ended: meta.ended.as_ref().map(Timestamp::to_string),
            model: if meta.is_open { "open" } else { "closed" },
            users: meta.users,
            spawn_rate_per_s: (!meta.is_shaped).then_some(meta.spawn_rate),
            arrivals: meta.arrivals.iter().map(Arrivals::of).collect(),
            run_time_s: meta.run_time,
            seed: meta.seed,
            threads: meta.threads,
            plan_hash: &meta.plan_hash,
            tls_verified: !run.last.run.is_insecure,
            tags: &meta.tags,
            note: meta.note.as_deref(),
            katydid_version: &meta.version,
            machine: Host { name, system, processor, cores: *cores, memory_bytes: *memory },
            scenario_text: &meta.text,
        }
    }
}

impl Arrivals {
    fn of(planned: &PlannedArrivals) -> Self {
        let PlannedArrivals { rate, ramp, length } = *planned;
        Self { rate_per_s: rate, ramp_s: ramp, length_s: length }
    }
}

impl<'a> Threshold<'a> {
    fn of(judgement: &'a Judgement) -> Self {
        let (met, judged) = judgement.compliance;
        let (result, why) = match &judgement.judged {
            Judged::Passes => ("passed", None),
            Judged::Violated => ("violated", None),
            Judged::Failed => ("failed", None),
            Judged::CannotTell(why) => ("cannot_tell", Some(&**why)),
        };
        Self {
            check: &judgement.check,
            words: &judgement.words,
            place: &judgement.place,
            result,
            why,
            measured: judgement.value.as_deref(),
            margin_ratio: judgement.margin,
            met_s: met.as_secs_f64(),
            judged_s: judged.as_secs_f64(),
            first_failed_s: judgement.first_failed.map(|at| at.as_secs_f64()),
            warn: judgement.warn,
            abort: judgement.abort,
        }
    }
}

impl<'a> Trend<'a> {
    fn of(drift: &'a Drift) -> Self {
        Self {
            metric: &drift.metric,
            words: &drift.words,
            unit: verdict::unit_of(&drift.metric),
            change_per_h: drift.slope,
            change_least_per_h: drift.interval.0,
            change_most_per_h: drift.interval.1,
            significant: drift.is_significant,
        }
    }
}

impl Found {
    fn of(finding: Finding) -> Self {
        let Finding { kind, evidence, remedy } = finding;
        Self { title: kind.title(), severe: kind.is_severe(), evidence, remedy }
    }
}

impl<'a> Generator<'a> {
    fn of(health: &'a Health) -> Self {
        Self {
            level: match health.level {
                _ if health.is_unknown => "unknown",
                Level::Green => "healthy",
                Level::Amber => "overloaded",
                Level::Red => "bottleneck",
            },
            why: health.why.as_deref(),
            bottleneck_s: health.red.as_secs_f64(),
            cpu_ratio: health.cpu,
            timer_lag_p99_ms: millis(health.timer_lag),
            schedule_delay_p99_ms: health.schedule_delay.map(millis),
            blocked_count: health.blocked.count,
            blocked_longest_ms: millis(health.blocked.longest),
            open_files: health.open_files.map(|(open, _)| open),
            open_files_limit: health.open_files.map(|(_, limit)| limit),
        }
    }
}

impl<'a> Event<'a> {
    fn of(event: &'a RunEvent) -> Self {
        Self { at_s: event.elapsed.as_secs_f64(), time: shown::timestamp(event.at).to_string(), text: &event.text }
    }
}

impl Second {
    fn of(bucket: &Bucket) -> Self {
        Self {
            from_s: bucket.from.as_secs_f64(),
            length_s: bucket.length.as_secs_f64(),
            users: bucket.users,
            requests: bucket.requests,
            failures: bucket.failures,
            p50_ms: bucket.p50.map(millis),
            p95_ms: bucket.p95.map(millis),
            p99_ms: bucket.p99.map(millis),
        }
    }
}
