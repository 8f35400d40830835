//! Runs made by hand, for the tests of reports.

pub mod hostile;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use katydid::row_kind::RowKind;
use katydid::stats::delivery::Tally;
use katydid::stats::operation::{Asked, Cost, Costs};
use katydid::stats::sample::{Example, ExampleRequest};
use katydid::stats::server::ServerFigures;
use katydid::stats::snapshot::{
    Bucket, Cumulative, Drift, End, ExceptionRow, FailureRow, FailureView, Figures, Health, Judged, Judgement, Latency,
    Level, LoadView, Mean, PlanView, RedisView, Row, RunEvent, RunInfo, RunState, Series,
};
use katydid::stats::{Lookups, Slowest, Snapshot, TraceId, TracedRequest};
use katydid::store::{Machine, Meta, Outcome, PlannedArrivals, RedisPoint, Run, Sent, SettingUsed, State, Totals};

const START: u64 = 1_795_419_120;

fn at(second: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(START + second)
}

fn micros(n: u64) -> Duration {
    Duration::from_micros(n)
}

/// Times around a median in microseconds.
pub fn times(count: u64, median: u64) -> Latency {
    if count == 0 {
        return Latency::default();
    }
    let part = |percent: u64| micros(median * percent / 100);
    let percentiles = [100, 121, 143, 164, 242, 307, 509, 911, 1_807, 2_403, 2_501].map(part);
    Latency { count, mean: part(117), min: part(23), max: part(2_501), percentiles }
}

pub fn row(kind: RowKind, name: &str, (requests, failures, median): (u64, u64, u64)) -> Row {
    let seconds = 120.0;
    let total = Figures {
        requests,
        responses: requests,
        failures,
        rps: requests as f64 / seconds,
        fps: failures as f64 / seconds,
        bytes: requests * 417 + 1,
        response: times(requests, median),
        service: None,
        connect: Mean { count: requests.min(20), mean: micros(840) },
        first_byte: Mean { count: requests, mean: micros(median * 9 / 10) },
    };
    Row { kind, name: name.into(), now: total.clone(), total }
}

/// Seconds of a run whose users rise, and which hiccups once.
pub fn seconds(n: u64) -> Vec<Bucket> {
    let mut cumulative = Cumulative::default();
    (0..n)
        .map(|second| {
            let is_hiccup = second == n / 3;
            let requests = if is_hiccup { 3 } else { 40 + second * 7 % 11 };
            let median = if is_hiccup { 900_000 } else { 12_000 + second * 13 % 1_700 };
            cumulative.requests += requests;
            cumulative.failures += u64::from(second % 10 == 0);
            cumulative.response = times(cumulative.requests, 12_345);
            Bucket {
                from: Duration::from_secs(second),
                length: Duration::from_secs(1),
                at: at(second + 1),
                users: u32::try_from(second + 1).expect("a short run").min(50),
                requests,
                failures: u64::from(second % 10 == 0),
                p50: Some(micros(median)),
                p95: Some(micros(median * 3)),
                p99: Some(micros(median * 9)),
                cumulative,
            }
        })
        .collect()
}

fn failure(row: &Row, reason: &str, count: u64, example: Option<Example>) -> FailureRow {
    FailureRow {
        id: count,
        kind: row.kind.clone(),
        name: Arc::clone(&row.name),
        reason: reason.into(),
        silence: None,
        count,
        first: at(3),
        last: at(110),
        example: example.map(Arc::new),
    }
}

fn judgement(check: &str, judged: Judged, measured: (Option<&str>, Option<f64>)) -> Judgement {
    Judgement {
        check: check.into(),
        words: format!("{check} over the whole run").into(),
        place: "checkout.yaml:14".into(),
        compliance: (Duration::from_secs(if judged == Judged::Passes { 120 } else { 97 }), Duration::from_secs(120)),
        first_failed: (judged == Judged::Failed).then_some(Duration::from_secs(31)),
        judged,
        value: measured.0.map(Into::into),
        margin: measured.1,
        warn: false,
        abort: false,
    }
}

pub fn judgements() -> Vec<Judgement> {
    let few = Judged::CannotTell("12 requests are too few for p99.9".into());
    let mut warning = judgement("rps > 60", Judged::Failed, (Some("52.6/s"), Some(-0.123)));
    warning.warn = true;
    vec![
        judgement("p95 < 300ms", Judged::Passes, (Some("38ms"), Some(0.8733))),
        judgement("failures < 0.1 %", Judged::Failed, (Some("0.22 %"), Some(-1.2))),
        judgement("p99.9 < 2s", few, (None, None)),
        warning,
    ]
}

fn drift() -> Drift {
    Drift {
        metric: "p95".into(),
        slope: 0.0018,
        interval: (0.0011, 0.0026),
        is_significant: true,
        words: "p95 rises 1.8ms an hour (95 %: 1.1ms to 2.6ms)".into(),
    }
}

fn example() -> Example {
    let request = ExampleRequest {
        line: "POST https://shop.example.com/checkout".to_owned(),
        headers: "content-type: application/json\nauthorization: Bearer ***".to_owned(),
        body: r#"{"name":"Ada","address":"1 Main Street"}"#.to_owned(),
    };
    Example {
        request: Some(request),
        status: Some(503),
        headers: "content-type: text/html\nretry-after: 2".to_owned(),
        body: "<h1>Service Unavailable</h1>\n<p>Try later.</p>".to_owned(),
        detail: String::new(),
        trace: trace(7),
    }
}

fn trace(number: u64) -> Option<TraceId> {
    TraceId::parse(&format!("00000000ab54a98c{number:016x}"))
}

fn slowest(times: impl IntoIterator<Item = u64>) -> Slowest {
    let request = |millis: u64| {
        let trace = trace(millis).expect("an id");
        TracedRequest { took: Duration::from_millis(millis), at: at(60), failed: millis > 2_000, trace }
    };
    times.into_iter().map(request).collect()
}

pub fn meta() -> Meta {
    let started = jiff::Timestamp::from_second(START.try_into().expect("a small number")).expect("a time");
    Meta {
        format: Meta::FORMAT,
        id: "2026-11-23_1552_checkout".to_owned(),
        scenario: "checkout".to_owned(),
        file: "scenarios/checkout.yaml".to_owned(),
        text: "# Buys things.\nhost: https://shop.example.com\nheaders:\n  authorization: Bearer ***\n".to_owned(),
        plan_hash: "00c0ffee".to_owned(),
        profile: Some("staging".to_owned()),
        host: "https://shop.example.com".to_owned(),
        arguments: ["-f", "scenarios/checkout.yaml", "--headless"].map(str::to_owned).to_vec(),
        settings: [("users", "50", "scenario"), ("spawn_rate", "2.5", "flag"), ("html", "results/report.html", "flag")]
            .map(|(key, value, origin)| SettingUsed { key: key.into(), value: value.into(), origin: origin.into() })
            .into(),
        is_embedded: Some(false),
        ci: None,
        branch: None,
        commit: None,
        link: None,
        sent: vec![Sent {
            to: "Datadog".to_owned(),
            is_pulled: false,
            is_unconfirmed: false,
            accepted: 14,
            dropped: 0,
            dropped_points: 0,
            missed: 0,
            error: None,
        }],
        started,
        ended: Some(started + Duration::from_secs(121)),
        is_open: false,
        is_shaped: false,
        arrivals: Vec::new(),
        users: 50,
        spawn_rate: 2.5,
        run_time: Some(120.0),
        seed: 18_446_744_073_709_551_557,
        threads: 2,
        rows: Vec::new(),
        version: "0.1.0".to_owned(),
        machine: Machine {
            name: "bastion-1".to_owned(),
            system: "Debian GNU/Linux 12".to_owned(),
            processor: "EPYC 7B13".to_owned(),
            cores: 4,
            memory: 16_700_000_000,
        },
        tags: vec!["release-12".to_owned()],
        note: Some("After the new index.".to_owned()),
        incomplete: None,
        outcome: Some(Outcome {
            verdict: "failed".to_owned(),
            reason: "failures < 0.1 %: measured 0.22 %.".to_owned(),
            code: 3,
            totals: Totals::default(),
        }),
    }
}

/// A run of two minutes that failed one of its thresholds.
pub fn snapshot() -> Snapshot {
    let rows = vec![
        row(RowKind::http("GET"), "/products", (4_321, 2, 12_345)),
        row(RowKind::http("POST"), "/checkout", (1_234, 12, 98_765)),
        row(RowKind::http("GET"), "/products/[id]", (765, 0, 870)),
        row(RowKind::http("DELETE"), "/never", (0, 0, 0)),
    ];
    let total = row(RowKind::Aggregated, "Aggregated", (6_320, 14, 23_456));
    let failures = FailureView {
        rows: vec![
            failure(&rows[1], "HTTP 503 Service Unavailable", 11, Some(example())),
            failure(&rows[0], "connection reset by peer", 2, None),
            failure(&rows[1], "check failed: $.total > 0", 1, Some(Example { status: Some(200), ..example() })),
        ],
        more_kinds: 0,
        more_count: 0,
    };
    let event = |second: u64, text: &str| RunEvent {
        elapsed: Duration::from_secs(second),
        at: at(second),
        text: text.into(),
        is_load_change: true,
    };
    let seconds = seconds(120);
    Snapshot {
        seq: 480,
        at: at(120),
        run: Arc::new(RunInfo {
            scenario: "checkout".into(),
            host: "https://shop.example.com".into(),
            started: at(0),
            is_insecure: true,
            run_time: Some(Duration::from_secs(120)),
            classes: vec!["Shopper".into()],
            seed: 18_446_744_073_709_551_557,
            operations: Vec::new(),
            trace_url: Some("https://traces.example.com/trace/{trace_id}?from=now&to=then".into()),
        }),
        elapsed: Duration::from_secs(120),
        measured: Duration::from_secs(120),
        resets: 0,
        state: RunState::Done(End::Completed),
        load: LoadView {
            target: 50,
            spawn_rate: 2.5,
            vu_hours: 1.313,
            last_response: Some(Duration::from_secs(120)),
            ..LoadView::default()
        },
        total,
        endpoints: rows,
        distribution: Vec::new(),
        failures,
        exceptions: vec![ExceptionRow {
            count: 22,
            message: "undefined value in {{ basket.id }}".into(),
            place: "Shopper: POST /checkout".into(),
        }],
        series: Series { fine: seconds.into_iter().collect(), ..Series::default() },
        seconds: Arc::default(),
        blocks: Default::default(),
        judgements: Arc::new(judgements()),
        drifts: Arc::new(vec![drift()]),
        health: Health {
            level: Level::Amber,
            why: Some("this process uses 85 % of its CPU".into()),
            cpu: 0.85,
            timer_lag: micros(1_250),
            open_files: Some((63, 1_024)),
            ..Health::default()
        },
        aborted: 2,
        redis: None,
        costs: Vec::new(),
        remarks: Vec::new(),
        slowest: vec![(0, slowest([780, 912])), (1, slowest([2_300]))],
        events: Arc::new(vec![event(20, "stage soak"), event(60, "users 50 → 60")]),
        plan: PlanView { unfinished: 1, left_out: 9, ..PlanView::default() },
        log: Default::default(),
    }
}

/// A run of a snapshot, with its thresholds over time.
pub fn recorded(snapshot: Snapshot, meta: Meta) -> Run {
    let thresholds = snapshot.judgements.len();
    let mut run = Run::of_snapshot(Arc::new(meta), Arc::new(snapshot));
    if thresholds > 0 {
        let margins =
            |at: u64| (0..thresholds).map(|n| (n != 2).then_some(0.9 - at as f64 * n as f64 / 90.0)).collect();
        run.margins = (0..run.seconds.len() as u64).map(|at| (Duration::from_secs(at), margins(at))).collect();
    }
    run
}

pub fn run() -> Run {
    recorded(snapshot(), meta())
}

/// The same without thresholds.
pub fn without_thresholds() -> Run {
    recorded(Snapshot { judgements: Arc::default(), ..snapshot() }, meta())
}

/// One that still goes on.
pub fn running() -> Run {
    let meta = Meta { ended: None, outcome: None, ..meta() };
    recorded(Snapshot { state: RunState::Running, ..snapshot() }, meta)
}

/// One of an open model.
pub fn open() -> Run {
    let stage = |rate, ramp, length| PlannedArrivals { rate, ramp, length };
    let arrivals = vec![stage(20.0, 30.0, Some(60.0)), stage(20.0, 0.0, None)];
    recorded(snapshot(), Meta { is_open: true, is_shaped: true, users: 40, arrivals, ..meta() })
}

/// One of a closed model with stages.
pub fn staged() -> Run {
    recorded(snapshot(), Meta { is_shaped: true, ..meta() })
}

/// One whose process was killed.
pub fn cut_short() -> Run {
    Run { state: State::CutShort, ..running() }
}

/// One in which nothing happened at all.
pub fn empty() -> Run {
    let meta = Meta { outcome: None, ..meta() };
    let empty = Snapshot {
        elapsed: Duration::ZERO,
        measured: Duration::ZERO,
        load: LoadView::default(),
        total: row(RowKind::Aggregated, "Aggregated", (0, 0, 0)),
        endpoints: Vec::new(),
        failures: FailureView::default(),
        exceptions: Vec::new(),
        series: Series::default(),
        judgements: Arc::default(),
        events: Arc::default(),
        plan: PlanView::default(),
        ..snapshot()
    };
    recorded(empty, meta)
}

/// GraphQL and Redis in it.
pub fn with_protocols() -> Run {
    let mut snapshot = snapshot();
    let added = snapshot.endpoints.len() as u32;
    snapshot.endpoints.extend([
        row(RowKind::Query, "Search", (400, 2, 20_120)),
        row(RowKind::Publish, "orders:eu", (1_000, 0, 410)),
        row(RowKind::Deliver, "orders:*", (3_990, 0, 620)),
    ]);
    let mut info = (*snapshot.run).clone();
    info.operations = vec![(added, Asked { depth: 4, fields: 12, aliases: 1, nodes: 200, words: "".into() })];
    snapshot.run = Arc::new(info);
    let mut costs = Costs::default();
    costs.add(&Cost { requested: Some(101.0), actual: Some(46.5), available: Some(954.0) });
    snapshot.costs = vec![(added, costs)];
    let published = Tally { published: 1_000, sent_to: 4_000, ..Tally::default() };
    let came = Tally { received: 3_994, lost_in_stream: 7, late: 1, duplicates: 4, foreign: 6, ..Tally::default() };
    let server = ServerFigures {
        version: "7.2.5".to_owned(),
        clients: 61,
        clients_peak: 64,
        max_clients: Some(10_000),
        memory: 1_700_000,
        memory_peak: 2_100_000,
        ops: Some(1_843.0),
        output_buffer_cuts: Some(3),
        ..ServerFigures::default()
    };
    let rows = [(RowKind::Publish, "orders:eu", published), (RowKind::Deliver, "orders:*", came)];
    snapshot.redis = Some(Arc::new(RedisView {
        rows: rows.map(|(kind, name, tally)| (kind, name.into(), tally)).into(),
        total: Tally { published: 1_000, sent_to: 4_000, ..came },
        lookups: vec![
            (RowKind::Redis, "GET".into(), Lookups { hits: 8_125, misses: 1_875 }),
            (RowKind::Redis, "HGET cart".into(), Lookups { hits: 0, misses: 1 }),
        ],
        server: Some(server),
    }));
    let mut run = recorded(snapshot, meta());
    let point = |second: u64| RedisPoint {
        memory: Some(1_000_000 + second * 9_000),
        clients: Some(second.min(60)),
        ops: (second > 0).then_some(1_800.0 + second as f64),
        delivery_p95: (!second.is_multiple_of(10)).then_some(620.5 + second as f64),
        hits: (second > 1).then_some(60 + second),
        misses: (second > 1).then_some(20),
    };
    run.redis = (0..120).map(|second| (Duration::from_secs(second), point(second))).collect();
    run
}

/// A run with this many rows, kinds of failures and seconds.
pub fn large(rows: u64, kinds: u64, length: u64) -> Run {
    let mut snapshot = snapshot();
    snapshot.endpoints = (0..rows)
        .map(|n| {
            row(RowKind::http("GET"), &format!("/api/v2/shops/[shop]/things/{n:03}"), (n * 37, n % 7, 900 + n * 31))
        })
        .collect();
    snapshot.failures.rows = (0..kinds)
        .map(|n| {
            let row = &snapshot.endpoints[(n % rows) as usize];
            let example = Example { body: "x<>&\"".repeat(820), ..example() };
            failure(row, &format!("HTTP 500 number {n}"), kinds - n, Some(example))
        })
        .collect();
    snapshot.series = Series { fine: seconds(length).into_iter().collect(), ..Series::default() };
    snapshot.elapsed = Duration::from_secs(length);
    recorded(snapshot, meta())
}
