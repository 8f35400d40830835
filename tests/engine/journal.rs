//! A run is written to disk while it lasts, and reading it back gives what the screen showed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use katydid::engine::RunHandle;
use katydid::stats::snapshot::{Bucket, LogView, RunEvent, RunState, Series};
use katydid::stats::{Second, Snapshot};
use katydid::store::{self, Journal, Machine, Meta, Outcome, State, Totals};

use crate::common::{Server, run, until, wait};

async fn to_the_end(mut handle: RunHandle) -> Arc<Snapshot> {
    wait::end_of("the run", handle.finished()).await
}

fn meta(snapshot: &Snapshot) -> Meta {
    Meta {
        format: Meta::FORMAT,
        id: String::new(),
        scenario: "check out".to_owned(),
        file: "test.yaml".to_owned(),
        text: "tasks: []".to_owned(),
        plan_hash: "0".to_owned(),
        profile: None,
        host: snapshot.run.host.to_string(),
        arguments: Vec::new(),
        settings: Vec::new(),
        is_embedded: Some(false),
        ci: None,
        branch: None,
        commit: None,
        link: None,
        started: SystemTime::now().try_into().expect("a time after the epoch"),
        ended: None,
        is_open: false,
        is_shaped: false,
        arrivals: Vec::new(),
        users: 2,
        spawn_rate: 10.0,
        run_time: Some(3.0),
        seed: 1,
        threads: 2,
        rows: snapshot.endpoints.iter().map(|row| (row.kind.to_string(), row.name.to_string())).collect(),
        version: "0.0.0".to_owned(),
        machine: Machine::default(),
        tags: Vec::new(),
        note: None,
        incomplete: None,
        sent: Vec::new(),
        outcome: None,
    }
}

fn outcome(last: &Snapshot) -> Outcome {
    Outcome { verdict: "passed".to_owned(), reason: "nothing failed".to_owned(), code: 0, totals: Totals::of(last) }
}

fn to_millis(at: SystemTime) -> SystemTime {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).expect("a time after the epoch");
    SystemTime::UNIX_EPOCH + Duration::from_millis(since.as_millis() as u64)
}

#[tokio::test]
async fn recorded_runs_equal_their_last_snapshot() {
    let server = Server::start();
    let handle = run(
        &server,
        "users: 2\nspawn_rate: 10\nrun_time: 3s\nwait_time: constant(20ms)\n\
         tasks: [{ steps: [{ get: /ok }, { get: /missing, name: 'a, \"b\"' }] }]",
    );
    let root = tempfile::tempdir().expect("a folder");
    let journal = Journal::start(root.path(), meta(&handle.latest()), handle.subscribe(), outcome).expect("a journal");
    let folder = journal.folder().to_owned();

    until(&handle, "the first second", |s| s.series.fine.len() >= 2).await;
    wait::until_in_task("a snapshot on the disk", || folder.join("snapshot.json").is_file()).await;
    let early = store::read(&folder).expect("a run that goes on");
    assert_eq!(early.state, State::Running);

    let last = to_the_end(handle).await;
    journal.finish().expect("room on the disk");
    let run = store::read(&folder).expect("a run that is over");
    assert_eq!(run.state, State::Ended);
    assert_eq!(run.last.endpoints[0].total.requests, server.count());
    // Files have wall clock times in milliseconds.
    let seconds = last.series.iter().map(|second| Bucket { at: to_millis(second.at), ..second });
    assert_eq!(run.seconds, seconds.collect::<Vec<_>>());
    let events = last.events.iter().map(|event| RunEvent { at: to_millis(event.at), ..event.clone() });
    assert_eq!(*run.last.events, events.collect::<Vec<_>>());
    // Everything else is compared as text, so no field is left out.
    let bare = |snapshot: &Snapshot| {
        let log = LogView { lines: Default::default(), ..snapshot.log };
        let (series, events) = (Series::default(), Arc::default());
        serde_json::to_value(Snapshot { series, events, log, ..snapshot.clone() }).expect("JSON")
    };
    assert_eq!(bare(&run.last), bare(&last));
    assert!(run.meta.ended.is_some() && run.meta.outcome == Some(outcome(&last)), "{:?}", run.meta);

    let mode = |path: &std::path::Path| fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for entry in fs::read_dir(&folder).expect("a folder").flatten() {
        assert_eq!(mode(&entry.path()), 0o600, "{:?}", entry.path());
    }
    let name = folder.file_name().and_then(|name| name.to_str()).expect("a name");
    assert!(name.ends_with("_check-out") && name.starts_with("20"), "{name}");
}

#[tokio::test]
async fn recorded_histograms_have_each_request_once() {
    let server = Server::start();
    let handle = run(
        &server,
        "run_time: 2500ms\narrivals: { rate: 40, max_users: 2 }\n\
         tasks: [{ steps: [{ get: /ok }, { get: '/ok?also', name: also }] }]",
    );
    let root = tempfile::tempdir().expect("a folder");
    let journal = Journal::start(root.path(), meta(&handle.latest()), handle.subscribe(), outcome).expect("a journal");
    let folder = journal.folder().to_owned();
    let last = to_the_end(handle).await;
    journal.finish().expect("room on the disk");

    let log = fs::read(folder.join("intervals.hlog")).expect("a log");
    assert!(log.starts_with(b"#[Histogram log format version 1.3]\n"), "{}", String::from_utf8_lossy(&log[..80]));
    let mut counts = BTreeMap::<String, u64>::new();
    let mut whole = Histogram::<u64>::new_with_bounds(1, 3_600_000_000, 3).expect("constant bounds");
    for entry in IntervalLogIterator::new(&log) {
        let LogEntry::Interval(interval) = entry.expect("a line of the format") else { continue };
        let bytes = STANDARD.decode(interval.encoded_histogram()).expect("base64");
        let histogram: Histogram<u64> = Deserializer::new().deserialize(&mut &bytes[..]).expect("a histogram");
        let tag = interval.tag().map(|tag| tag.as_str().to_owned()).unwrap_or_default();
        *counts.entry(tag.clone()).or_default() += histogram.len();
        if tag.is_empty() {
            whole.add(histogram).expect("smaller bounds");
        }
    }
    let [all, each] = [last.total.total.requests, last.endpoints[0].total.requests];
    assert_eq!(all, server.count());
    let expected = [
        ("", all),
        ("r0.response", each),
        ("r0.service", each),
        ("r1.response", all - each),
        ("r1.service", all - each),
        ("service", all),
    ];
    assert_eq!(counts, expected.map(|(tag, count)| (tag.to_owned(), count)).into());
    let p95 = Duration::from_micros(whole.value_at_quantile(0.95));
    assert_eq!(p95, last.total.total.response.p(95.0));
}

#[tokio::test]
async fn waiting_for_the_journal_has_a_limit() {
    let server = Server::start();
    let handle = run(&server, "tasks: [{ steps: [{ get: /hang }] }]");
    let root = tempfile::tempdir().expect("a folder");
    let journal = Journal::start(root.path(), meta(&handle.latest()), handle.subscribe(), outcome).expect("a journal");
    let why =
        tokio::task::spawn_blocking(|| journal.finish()).await.expect("no panic").expect_err("a run that goes on");
    assert_eq!(why, "it took longer than 5s");
}

#[tokio::test]
async fn seconds_lost_by_a_hanging_disk_are_reported() {
    let server = Server::start();
    let last = to_the_end(run(&server, "run_time: 1s\ntasks: [{ steps: [{ get: /ok }] }]")).await;
    let at = |numbers: &[u64], state: RunState| {
        let second = |number: &u64| Arc::new(Second { number: *number, ..Second::default() });
        let seconds = Arc::new(numbers.iter().map(second).collect());
        Arc::new(Snapshot { seconds, state, ..(*last).clone() })
    };
    let root = tempfile::tempdir().expect("a folder");
    let (sender, snapshots) = tokio::sync::watch::channel(at(&[], RunState::Running));
    let journal = Journal::start(root.path(), meta(&last), snapshots, outcome).expect("a journal");
    let folder = journal.folder().to_owned();
    sender.send(at(&[1, 2], RunState::Running)).expect("a journal that listens");
    wait::until_in_task("a snapshot on the disk", || folder.join("snapshot.json").is_file()).await;
    sender.send(at(&[12, 13], last.state)).expect("a journal that listens");
    journal.finish().expect("room on the disk");
    let run = store::read(&folder).expect("a run");
    let expected = "the disk was full or slow: 9 s have no histograms";
    assert_eq!(run.last.events.iter().filter(|event| &*event.text == expected).count(), 1, "{:?}", run.last.events);
}
