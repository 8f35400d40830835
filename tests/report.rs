//! Files and tables of a fixed snapshot, byte for byte, because programs parse them. To accept an intended change, run
//! with `KATYDID_ACCEPT=1` and review the difference.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use katydid::report::text::RateWindow;
use katydid::report::{csv, text};
use katydid::row_kind::RowKind;
use katydid::stats::delivery::Tally;
use katydid::stats::operation::{Asked, Cost, Costs};
use katydid::stats::snapshot::{
    Bucket, Cores, Cumulative, End, ExceptionRow, FailureRow, FailureView, Figures, Health, Latency, Level, LoadView,
    RedisView, Row, RunInfo, RunState, Series,
};
use katydid::stats::{Lookups, Snapshot};

const MS: Duration = Duration::from_millis(1);

fn at(second: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_419_120 + second)
}

/// Latencies that rise from `min` to `max` milliseconds.
fn times(count: u64, min: u32, max: u32) -> Latency {
    let step = |n: u32| MS * (min + (max - min) * n / 10);
    Latency {
        count,
        mean: MS * min + Duration::from_nanos(1_494_261),
        min: MS * min,
        max: MS * max + Duration::from_nanos(768_647),
        percentiles: std::array::from_fn(|i| step(i as u32)),
    }
}

fn figures(requests: u64, failures: u64, response: Latency) -> Figures {
    let seconds = 60.0;
    Figures {
        requests,
        responses: requests,
        failures,
        rps: requests as f64 / seconds,
        fps: failures as f64 / seconds,
        bytes: requests * 17 + 1,
        response,
        ..Figures::default()
    }
}

fn row(kind: RowKind, name: &str, total: Figures) -> Row {
    let now = Figures { rps: total.rps * 2.0, fps: total.fps * 2.0, ..total.clone() };
    Row { kind, name: name.into(), total, now }
}

fn bucket(second: u64, users: u32, cumulative: Cumulative) -> Bucket {
    Bucket {
        from: Duration::from_secs(second),
        length: Duration::from_secs(1),
        at: at(second + 1),
        users,
        requests: 0,
        failures: 0,
        p50: None,
        p95: None,
        p99: None,
        cumulative,
    }
}

fn snapshot() -> Snapshot {
    let rows = [
        row(RowKind::http("POST"), "/checkout, then \"pay\"", figures(8, 3, times(8, 40, 900))),
        row(RowKind::http("GET"), "/products?item=[id]", figures(1_234, 0, times(1_234, 2, 75))),
        row(RowKind::http("DELETE"), "/never", Figures::default()),
        row(RowKind::http("GET"), "=HYPERLINK(\"http://evil\")\u{1b}[31m\nnext", figures(1, 1, times(1, 7, 7))),
    ];
    let mut total = figures(1_243, 4, times(1_243, 2, 900));
    total.service = Some(times(1_243, 2, 450));
    let failure = |method: &str, name: &str, reason: &str, count| FailureRow {
        id: 0,
        silence: None,
        kind: RowKind::http(method),
        name: name.into(),
        reason: reason.into(),
        count,
        first: at(3),
        last: at(59),
        example: None,
    };
    let cumulative =
        Cumulative { requests: 83, failures: 2, bytes: 1_411, rps: 12.75, fps: 0.5, response: times(83, 2, 200) };
    let series = vec![bucket(0, 3, Cumulative::default()), bucket(1, 6, cumulative)];
    Snapshot {
        seq: 9,
        at: at(60),
        run: Arc::new(RunInfo {
            scenario: "shop".into(),
            host: "http://127.0.0.1:8080".into(),
            started: at(0),
            is_insecure: false,
            run_time: Some(60_000 * MS),
            classes: vec!["User".into()],
            seed: 7,
            operations: Vec::new(),
            trace_url: None,
        }),
        elapsed: 60_000 * MS,
        measured: 60_000 * MS,
        resets: 0,
        seconds: Default::default(),
        judgements: Default::default(),
        blocks: Default::default(),
        drifts: Default::default(),
        state: RunState::Done(End::Completed),
        load: LoadView { vu_hours: 0.1, last_response: Some(Duration::ZERO), ..LoadView::default() },
        total: row(RowKind::Aggregated, "Aggregated", total),
        endpoints: rows.into(),
        distribution: Vec::new(),
        failures: FailureView {
            rows: vec![
                failure("POST", "/checkout, then \"pay\"", "HTTP 503 Service Unavailable", 3),
                failure("GET", "@sum", "malformed response: \u{202e}a\u{7}\r\nb", 1),
            ],
            more_kinds: 2,
            more_count: 5,
        },
        exceptions: vec![ExceptionRow {
            count: 22,
            message: "undefined value, in \"{{ nothing }}\"".into(),
            place: "POST /checkout".into(),
        }],
        series: Series { fine: series.into_iter().collect(), ..Series::default() },
        health: Health {
            level: Level::Amber,
            why: Some("this process uses 85 % of its CPU".into()),
            cpu: 0.85,
            cores: Cores::default(),
            ..Health::default()
        },
        aborted: 2,
        redis: None,
        costs: Vec::new(),
        remarks: Vec::new(),
        slowest: Vec::new(),
        events: Arc::default(),
        plan: Default::default(),
        log: Default::default(),
    }
}

/// The same run with GraphQL and Redis.
fn with_protocols() -> Snapshot {
    let mut snapshot = snapshot();
    let added = snapshot.endpoints.len() as u32;
    snapshot.endpoints.extend([
        row(RowKind::Query, "Search", figures(40, 2, times(40, 20, 120))),
        row(RowKind::Mutation, "=Add, \"quickly\"", figures(4, 0, times(4, 5, 9))),
        row(RowKind::Query, "Never", Figures::default()),
    ]);
    let asked = |depth, nodes| Asked { depth, fields: 5, aliases: 1, nodes, words: "".into() };
    let mut run = (*snapshot.run).clone();
    run.operations = vec![(added, asked(4, 200)), (added + 1, asked(2, 1)), (added + 2, asked(1, 1))];
    snapshot.run = Arc::new(run);
    let mut costs = Costs::default();
    costs.add(&Cost { requested: Some(101.0), actual: Some(46.5), available: Some(954.0) });
    snapshot.costs = vec![(added, costs)];
    let published = Tally { published: 10, sent_to: 40, ..Tally::default() };
    let came = Tally {
        received: 39,
        lost_in_stream: 2,
        lost_disconnected: 3,
        late: 1,
        duplicates: 4,
        out_of_order: 5,
        foreign: 6,
        disconnects: 7,
        ..Tally::default()
    };
    let total = Tally { published: 10, sent_to: 40, ..came };
    let rows = [(RowKind::Publish, "orders:eu", published), (RowKind::Deliver, "@orders,*", came)];
    let rows = rows.map(|(kind, name, tally)| (kind, name.into(), tally)).into();
    snapshot.redis = Some(Arc::new(RedisView {
        rows,
        total,
        lookups: vec![(RowKind::Redis, "GET".into(), Lookups { hits: 3, misses: 1 })],
        ..RedisView::default()
    }));
    snapshot
}

fn check(name: &str, written: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/report").join(name);
    if std::env::var_os("KATYDID_ACCEPT").is_some() {
        std::fs::write(&path, written).expect("a folder of fixtures");
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, known, "{name} is not what it was");
}

#[test]
fn csv_files_are_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let paths = csv::write(&folder.path().join("golden"), &snapshot()).unwrap();
    let names: Vec<PathBuf> = paths.iter().map(|path| path.file_name().unwrap().into()).collect();
    let expected = [
        "golden_stats.csv",
        "golden_stats_history.csv",
        "golden_failures.csv",
        "golden_exceptions.csv",
        "golden_service_time.csv",
    ];
    assert_eq!(names, expected.map(PathBuf::from));
    for (path, name) in paths.iter().zip(expected) {
        let text = std::fs::read_to_string(path).unwrap();
        check(name, &text);
        let width = text.lines().next().unwrap().split(',').count();
        let mut reader = ::csv::Reader::from_path(path).unwrap();
        assert!(reader.records().all(|record| record.unwrap().len() == width), "{name} is not rectangular");
    }
}

#[test]
fn graphql_and_redis_have_separate_files() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("golden");
    let paths = csv::write(&prefix, &with_protocols()).unwrap();
    assert_eq!(paths.len(), 7);
    for (path, name) in paths[4..].iter().zip(["golden_graphql.csv", "golden_redis.csv"]) {
        check(name, &std::fs::read_to_string(path).unwrap());
        let mut reader = ::csv::Reader::from_path(path).unwrap();
        let width = reader.headers().unwrap().len();
        assert!(reader.records().all(|record| record.unwrap().len() == width), "{name} is not rectangular");
    }
    for width in [160, 80] {
        let tables = text::tables(&with_protocols(), width);
        let from = tables.find("What GraphQL operations ask for").expect("a table of operations");
        check(&format!("operations_{width}.txt"), &tables[from..]);
    }
    // A later run without them removes the files, which would be mistaken for its own.
    assert_eq!(csv::write(&prefix, &snapshot()).unwrap().len(), 5);
    assert!(!paths[4].exists() && !paths[5].exists());
}

#[test]
fn tables_are_unchanged() {
    let snapshot = snapshot();
    for width in [160, 80] {
        let mut all = text::requests(&snapshot, RateWindow::Now, width);
        all.push_str("==\n");
        all.push_str(&text::tables(&snapshot, width));
        all.push_str("==\n");
        all.push_str(&text::summary(&snapshot, &katydid::verdict::conclude(&snapshot, false), width));
        check(&format!("tables_{width}.txt"), &all);
    }
}

#[test]
fn numbers_are_never_truncated() {
    let mut snapshot = snapshot();
    let mut busy = figures(123_456_789, 23_456_789, times(123_456_789, 2, 12_345_678));
    (busy.rps, busy.fps) = (98_765.43, 18_765.43);
    snapshot.endpoints.extend([row(RowKind::Subscribe, "orders:eu orders:us", busy.clone())]);
    snapshot.total = row(RowKind::Aggregated, "Aggregated", busy);
    for width in [160, 100, 80] {
        let tables = text::tables(&snapshot, width);
        let (requests, percentiles) = tables.split_once("Response time").expect("two tables");
        for line in requests.lines().chain(percentiles.lines().skip(1)).take_while(|line| !line.starts_with("Error")) {
            assert!(line.chars().count() <= width, "{width}: {line}");
            // Only names may be truncated.
            assert!(!line.ends_with('…'), "{width}: {line}");
        }
        for needle in ["SUBSCRIBE", "98765.43", "18765.43", "123456789", "23456789(19.00%)", "12345678"] {
            assert!(tables.contains(needle), "{needle} at {width}:\n{tables}");
        }
    }
}
