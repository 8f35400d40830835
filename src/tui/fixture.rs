//! Models for tests: a run in its third minute, and a launcher with a valid and a broken scenario.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::model::{Diagnosis, Model, Overlay, Planned, Run};
use crate::doctor::{Answer, CHECKS, Line};
use crate::row_kind::RowKind;
use crate::scenario::catalog::{Entry, Origin};
use crate::scenario::{Overrides, Scenario, ScenarioError};
use crate::settings::Settings;
use crate::stats::sample::{Example, ExampleRequest};
use crate::stats::snapshot::*;
use crate::stats::{TraceId, TracedRequest};

fn latency(p50: u64, count: u64) -> Latency {
    let at = |percent: u64| Duration::from_millis(p50 * percent / 100);
    let percentiles = [100, 120, 140, 160, 240, 300, 500, 900, 1_800, 2_400, 2_500].map(at);
    Latency { count, mean: at(115), min: at(20), max: at(2_500), percentiles }
}

fn row(kind: RowKind, name: &str, numbers: (u64, u64, u64)) -> Row {
    let (requests, failures, p50) = numbers;
    let figures = |part: u64| Figures {
        requests: requests / part,
        responses: requests / part,
        failures: failures / part,
        rps: requests as f64 / 134.0,
        fps: failures as f64 / 134.0,
        bytes: requests / part * 412,
        response: if requests == 0 { Latency::default() } else { latency(p50, requests / part) },
        service: None,
        connect: Mean { count: 150, mean: Duration::from_millis(2) },
        first_byte: Mean { count: requests / part, mean: Duration::from_millis(p50) },
    };
    Row { kind, name: name.into(), total: figures(1), now: figures(13) }
}

fn trace(number: u64) -> Option<TraceId> {
    TraceId::parse(&format!("00000000ab54a98c{number:016x}"))
}

fn slow(millis: u64, at: SystemTime) -> TracedRequest {
    let trace = trace(millis).expect("an id");
    TracedRequest { took: Duration::from_millis(millis), at, failed: millis > 2_000, trace }
}

fn failure(number: (u64, u64), place: (&str, &str), reason: &str, at: SystemTime) -> FailureRow {
    let request = ExampleRequest {
        line: format!("{} https://shop.example.com{}", place.0, place.1),
        headers: "content-type: application/json\nauthorization: Bearer ***\n".into(),
        body: r#"{"name":"Ada","note":"\u{1b}[2J"}"#.into(),
    };
    let example = Example {
        request: Some(request),
        status: Some(503),
        headers: "retry-after: 2\ncontent-type: text/html".into(),
        body: "upstream connect error \u{1b}[2Jor disconnect".into(),
        detail: String::new(),
        trace: trace(number.0),
    };
    FailureRow {
        // Any unique number.
        id: number.0,
        kind: RowKind::http(place.0),
        name: place.1.into(),
        reason: reason.into(),
        silence: None,
        count: number.0,
        first: at - Duration::from_secs(60),
        last: at - Duration::from_secs(number.1),
        example: Some(Arc::new(example)),
    }
}

/// A snapshot of a run, `second` seconds after its start.
pub(crate) fn snapshot(second: u64) -> Snapshot {
    let started = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let at = started + Duration::from_secs(second);
    let bucket = |i: u64| Bucket {
        from: Duration::from_secs(i),
        length: Duration::from_secs(1),
        at: started + Duration::from_secs(i + 1),
        users: (i * 5).min(120) as u32,
        requests: (i * 40).min(1_800) + i * 7 % 23,
        failures: i % 17 / 12 * 3,
        p50: Some(Duration::from_millis(35 + i % 5)),
        p95: Some(Duration::from_millis(110 + i % 13 * 3)),
        p99: Some(Duration::from_millis(300)),
        cumulative: Cumulative::default(),
    };
    Snapshot {
        seq: second * 4,
        at,
        run: Arc::new(RunInfo {
            scenario: "checkout".into(),
            host: "https://staging.example.com".into(),
            started,
            is_insecure: false,
            run_time: Some(Duration::from_secs(600)),
            classes: vec!["User".into()],
            seed: 1,
            operations: Vec::new(),
            trace_url: Some("https://traces.example.com/trace/{trace_id}".into()),
        }),
        elapsed: Duration::from_secs(second),
        measured: Duration::from_secs(second),
        resets: 0,
        seconds: Default::default(),
        judgements: Default::default(),
        blocks: Default::default(),
        drifts: Default::default(),
        state: RunState::Running,
        load: LoadView {
            most_users: 50,
            users: 120,
            target: 120,
            spawn_rate: 5.0,
            in_flight: 118,
            vu_hours: 3.9,
            last_response: Some(Duration::from_secs(second)),
            oldest: Some(Duration::from_millis(340)),
            unanswered: 0,
        },
        total: row(RowKind::Aggregated, "Aggregated", (94_835, 151, 38)),
        endpoints: vec![
            row(RowKind::http("POST"), "/api/checkout", (4_102, 86, 88)),
            row(RowKind::http("GET"), "/api/products/[id]", (41_002, 41, 35)),
            row(RowKind::http("GET"), "/api/products", (41_377, 0, 31)),
            row(RowKind::http("POST"), "/api/cart", (8_204, 24, 41)),
            row(RowKind::http("POST"), "/api/login", (0, 0, 52)),
        ],
        distribution: (0..24)
            .map(|i: i32| Bin {
                from: Duration::from_secs_f64(0.006 * 10_f64.powf(f64::from(i) / 8.0)),
                count: (40_000.0 * (-f64::from((i - 7) * (i - 7)) / 18.0).exp()) as u64,
            })
            .collect(),
        failures: FailureView {
            rows: vec![
                failure((86, 3), ("POST", "/api/checkout"), "HTTP 503 Service Unavailable", at),
                failure((41, 41), ("GET", "/api/products/[id]"), "timed out after 10s", at),
                failure((24, 70), ("POST", "/api/cart"), "expected status 201, got 409", at),
            ],
            more_kinds: 0,
            more_count: 0,
        },
        exceptions: Vec::new(),
        series: Series { fine: (0..second).map(bucket).collect(), ..Series::default() },
        health: Health { cpu: 0.31, ..Health::default() },
        aborted: 0,
        redis: None,
        costs: Vec::new(),
        remarks: Vec::new(),
        slowest: vec![(0, [900, 2_500].map(|millis| slow(millis, at)).into_iter().collect())],
        events: Arc::new(vec![RunEvent {
            elapsed: Duration::from_secs(100),
            at,
            text: "users 100 → 120".into(),
            is_load_change: true,
        }]),
        plan: Default::default(),
        log: Default::default(),
    }
}

const DEMO: &str = "
name: demo
description: A small shop that runs inside katydid.
host: demo
users: 50
spawn_rate: 5
run_time: 10m
user_classes:
  Shopper:
    weight: 9
    wait_time: between(1s, 3s)
    tasks:
      - { name: browse, weight: 6, steps: [{ get: /a }, { get: /b }] }
      - { name: checkout, weight: 1, steps: [{ get: /a }, { get: /b }, { get: /c }, { get: /d }] }
  Admin:
    weight: 1
    wait_time: constant(10s)
    tasks:
      - { name: look, steps: [{ get: /a }] }
";

/// The launcher with a sound scenario, highlighted, and a broken one.
pub(crate) fn launcher() -> Model {
    let error = ScenarioError {
        text: "orders.yaml:14:7: unknown field `weigth`, did you mean `weight`?\n  14 |       weigth: 3\n".into(),
        brief: "line 14:7: unknown field".into(),
    };
    let entries = vec![
        Entry::known("demo", Origin::Embedded, Scenario::parse("demo.yaml", DEMO)),
        Entry::known("orders", Origin::Folder, Err(error)),
    ];
    let mut model = Model::new(entries, &Settings::default());
    read(&mut model);
    model
}

/// The page of the checks of the first scenario.
pub(crate) fn diagnosed() -> Model {
    let lines = vec![
        Line::ok("shop.example.com:443 (192.0.2.7, one of 2 addresses): TLS 1.3 in 31ms"),
        Line::warning("certificate of shop.example.com ends 2026-12-05 12:00 UTC, in 8 days", "Renew it soon."),
        Line::error("orders.yaml:14:7: unknown field\n  14 |       weigth: 3", "Correct the scenario."),
    ];
    let mut model = launcher();
    let answers = Some(vec![Answer { check: &CHECKS[1], lines }]);
    model.launcher.diagnosis = Some(Diagnosis { number: 1, answers });
    model.overlay = Some(Overlay::Doctor { scroll: 0 });
    model
}

/// Reads what is due in the launcher.
pub(crate) fn read(model: &mut Model) {
    while let Some(order) = model.launcher.to_read() {
        let index = order.index;
        model.launcher.take(index, order.read());
    }
}

/// The dashboard in its third minute.
pub(crate) fn dashboard() -> Model {
    let mut model = launcher();
    let first = Arc::new(snapshot(134));
    let planned = Planned { users: 100, rate: 5.0, stages: 1, stop_timeout: Duration::from_secs(10) };
    model.run = Some(Run::new(0, Overrides::default(), planned, first));
    model
}

/// Thresholds as they may stand.
pub(crate) fn judgements() -> Vec<Judgement> {
    let judgement = |check: &str, judged, value: &str, margin| Judgement {
        check: check.into(),
        words: check.into(),
        place: "checkout.yaml:14".into(),
        judged,
        value: Some(value.into()),
        margin,
        compliance: (Duration::from_secs(100), Duration::from_secs(100)),
        first_failed: None,
        warn: false,
        abort: false,
    };
    let few = Judged::CannotTell("12 of at least 299 requests".into());
    vec![
        judgement("p95 < 400ms", Judged::Passes, "121ms", Some(0.7)),
        Judgement {
            compliance: (Duration::from_secs(90), Duration::from_secs(100)),
            first_failed: Some(Duration::from_secs(61)),
            ..judgement("fail_ratio < 0.4%", Judged::Violated, "0.42 %", Some(-0.05))
        },
        Judgement { words: "p99 < 1s, of POST /api/checkout".into(), ..judgement("p99 < 1s", few, "402ms", None) },
        judgement("requests >= 100", Judged::Passes, "94,835", Some(947.0)),
    ]
}
