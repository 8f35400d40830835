//! Simulates two hours with 50 users in accelerated time, with the real statistics, thresholds, trends, journal and
//! reports. A test program of its own, because it measures the memory of its process.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use katydid::report::FORMATS;
use katydid::scenario::{Overrides, Plan, Scenario};
use katydid::stats::snapshot::{End, Health, Judged, RunInfo, RunState};
use katydid::stats::{Aggregator, Failure, Moment, Reason, Recorder, Sample, Snapshot};
use katydid::store::{self, Journal, Machine, Meta, Outcome, State, Totals};
use katydid::verdict::{DriftDetector, Judge};
use tokio::sync::watch;

const HOURS: u64 = 2;
const USERS: u32 = 50;
const ROWS: u32 = 12;
/// Users started per second.
const SPAWN_RATE: u32 = 5;
/// Maximum size of the folder of a run, in bytes per day of run time.
const MAX_BYTES_PER_DAY: u64 = 100_000_000;
/// Maximum growth of resident memory from the second minute to the last, as a ratio.
const MAX_GROWTH: f64 = 0.02;

#[test]
#[ignore = "takes minutes without optimisation: tests/long runs it"]
fn two_hours_are_recorded_in_bounded_memory_and_trends_are_detected() {
    let root = tempfile::tempdir().expect("a folder");
    let steady = run(root.path(), "steady", 0.0);
    let rising = run(root.path(), "rising", 0.002);

    let limit = MAX_BYTES_PER_DAY * HOURS / 24;
    for run in [&steady, &rising] {
        check_seconds(run);
        let files = fs::read_dir(&run.folder).expect("a folder").flatten();
        let bytes: u64 = files.map(|file| file.metadata().expect("a file").len()).sum();
        println!("figures: {}: folder of {:.2} MB, limit {:.2} MB", run.name, bytes as f64 / 1e6, limit as f64 / 1e6);
        assert!(bytes < limit, "{}: {bytes} bytes", run.name);
        check_recording(run, root.path());
    }

    for run in [&steady, &rising] {
        let words: Vec<&str> = run.last.drifts.iter().map(|drift| &*drift.words).collect();
        println!("figures: {}: {}", run.name, words.join("; "));
    }
    assert!(steady.last.drifts.len() >= 4 && steady.last.drifts.iter().all(|drift| !drift.is_significant));
    let p95 = rising.last.drifts.iter().find(|drift| &*drift.metric == "p95").expect("a trend of p95");
    assert!(p95.is_significant && (p95.slope - 0.002).abs() < 0.000_5, "{p95:?}");
    assert!(p95.words.starts_with("p95 rises "), "{p95:?}");

    let [first, last] = steady.memory.map(|kib| kib / 1024.0);
    let growth = last / first - 1.0;
    println!(
        "figures: memory {first:.2} MiB in the second minute, {last:.2} MiB in the last ({:+.2} %)",
        growth * 100.0
    );
    assert!(growth <= MAX_GROWTH, "memory grows from {first:.2} to {last:.2} MiB");
}

/// A completed run.
struct Ended {
    name: &'static str,
    folder: PathBuf,
    last: Arc<Snapshot>,
    sent: u64,
    /// Mean resident memory in the second minute and in the last one, in KiB.
    memory: [f64; 2],
}

/// Simulates two hours in which response times grow by `rise` seconds per hour.
fn run(root: &Path, name: &'static str, rise: f64) -> Ended {
    let text = "host: http://shop.example\nthresholds: [p95 < 10s, { check: p95 < 10s, over: 1m }]\ntasks: [{ steps: [{ get: / }] }]\n";
    let plan = Scenario::parse("s.yaml", text).and_then(|s| s.plan(&Overrides::default())).expect("a scenario");
    let started = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
    let mut source = Source::new(rise);
    let mut view = View::new(&plan, started);
    let (sender, receiver) = watch::channel(view.at(Duration::ZERO, RunState::Running));
    let journal = Journal::start(root, meta(name, started), receiver, outcome).expect("a journal");
    let (folder, series) = (journal.folder().to_owned(), journal.folder().join(store::folder::SERIES));

    let mut sizes = Vec::new();
    let (end, mut written) = (HOURS * 3_600, 0);
    for second in 1..=end {
        for shard in 0..2 {
            view.aggregator.absorb(&mut source.interval(shard, second));
        }
        let state = if second == end { RunState::Done(End::Completed) } else { RunState::Running };
        sender.send(view.at(Duration::from_secs(second), state)).expect("a journal that reads");
        // Wait until the second is written: snapshots that the journal misses are not recorded.
        written = wait_for_growth(&series, written);
        sizes.push(resident_kib());
    }
    let last = Arc::clone(&sender.borrow());
    journal.finish().expect("room on the disk");
    let mean = |sizes: &[f64]| sizes.iter().sum::<f64>() / sizes.len() as f64;
    let memory = [mean(&sizes[60..120]), mean(&sizes[sizes.len() - 60..])];
    Ended { name, folder, last, sent: source.sent, memory }
}

/// Waits until a file is longer than `length`, and returns its length.
fn wait_for_growth(file: &Path, length: u64) -> u64 {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        match fs::metadata(file).map_or(0, |file| file.len()) {
            longer if longer > length => return longer,
            _ => assert!(Instant::now() < deadline, "the journal does not write"),
        }
        // Runs 7,200 times per run, so a longer pause would take minutes.
        std::thread::sleep(Duration::from_micros(100));
    }
}

/// Generates the samples of two shards: one request per user and second, a few of which fail.
struct Source {
    rng: fastrand::Rng,
    recorders: [Recorder; 2],
    rise: f64,
    sent: u64,
}

impl Source {
    fn new(rise: f64) -> Self {
        let recorders = [0, 1].map(|shard| Recorder::new(shard, ROWS as usize));
        Self { rng: fastrand::Rng::with_seed(7), recorders, rise, sent: 0 }
    }

    fn interval(&mut self, shard: usize, second: u64) -> Box<katydid::stats::Interval> {
        let users = USERS.min(SPAWN_RATE * u32::try_from(second).unwrap_or(USERS)) / 2;
        let drift = self.rise * second as f64 / 3_600.0;
        for _ in 0..users {
            // 20 ms plus an exponentially distributed time with a mean of 4 ms.
            let slow = -self.rng.f64().max(1e-9).ln() * 0.004;
            let service = Duration::from_secs_f64(0.02 + slow + drift);
            let failure =
                (self.rng.u32(0..200) == 0).then(|| Box::new(Failure { reason: Reason::Status(503), example: None }));
            self.recorders[shard].record(Sample {
                first_byte: Some(service),
                bytes: 512,
                failure,
                ..Sample::of(self.rng.u32(0..ROWS), service)
            });
            self.sent += 1;
        }
        let mut interval = self.recorders[shard].swap(None);
        interval.users = users;
        interval
    }
}

/// Aggregation and evaluation, as in the control thread of a run.
struct View {
    aggregator: Aggregator,
    judge: Judge,
    drifts: DriftDetector,
    started: SystemTime,
}

impl View {
    fn new(plan: &Plan, started: SystemTime) -> Self {
        let info = RunInfo {
            scenario: plan.name.clone(),
            host: "http://shop.example".into(),
            started,
            is_insecure: false,
            run_time: Some(Duration::from_secs(HOURS * 3_600)),
            classes: Vec::new(),
            seed: 7,
            operations: Vec::new(),
            trace_url: None,
        };
        let rows = (0..ROWS).map(|row| (plan.endpoints[0].kind.clone(), format!("/row/{row}").into())).collect();
        Self {
            aggregator: Aggregator::new(info, rows, 2),
            judge: Judge::new(plan),
            drifts: DriftDetector::default(),
            started,
        }
    }

    fn at(&mut self, elapsed: Duration, state: RunState) -> Arc<Snapshot> {
        let mut snapshot = self.aggregator.snapshot(Moment {
            elapsed,
            at: self.started + elapsed,
            state,
            target: USERS,
            spawn_rate: f64::from(SPAWN_RATE),
            vu_hours: f64::from(USERS) * elapsed.as_secs_f64() / 3_600.0,
            health: Health::default(),
        });
        self.judge.observe(&snapshot);
        let drifts = self.drifts.observe(&snapshot);
        let shown = Arc::make_mut(&mut snapshot);
        (shown.judgements, shown.drifts) = (Arc::clone(self.judge.judgements()), drifts);
        snapshot
    }
}

fn meta(name: &str, started: SystemTime) -> Meta {
    Meta {
        format: Meta::FORMAT,
        id: String::new(),
        scenario: name.to_owned(),
        file: format!("{name}.yaml"),
        text: String::new(),
        plan_hash: String::new(),
        profile: None,
        host: "http://shop.example".to_owned(),
        arguments: Vec::new(),
        started: started.try_into().expect("a time after the epoch"),
        ended: None,
        is_open: false,
        is_shaped: false,
        arrivals: Vec::new(),
        users: USERS,
        spawn_rate: SPAWN_RATE.into(),
        run_time: Some((HOURS * 3_600) as f64),
        seed: 7,
        threads: 2,
        rows: (0..ROWS).map(|row| ("GET".to_owned(), format!("/row/{row}"))).collect(),
        version: "0.0.0".to_owned(),
        machine: Machine::default(),
        tags: Vec::new(),
        note: None,
        incomplete: None,
        sent: Vec::new(),
        outcome: None,
        ci: None,
        branch: None,
        commit: None,
        link: None,
        is_embedded: Some(false),
        settings: Vec::new(),
    }
}

fn outcome(last: &Snapshot) -> Outcome {
    Outcome {
        verdict: "passed".to_owned(),
        reason: "all thresholds passed".to_owned(),
        code: 0,
        totals: Totals::of(last),
    }
}

fn resident_kib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a size");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
}

/// Checks that the series contains every second exactly once.
fn check_seconds(run: &Ended) {
    let text = fs::read_to_string(run.folder.join(store::folder::SERIES)).expect("a file");
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let times: Vec<u64> = lines.map(|line| line["t"].as_f64().expect("a number") as u64).collect();
    assert!(times.iter().copied().eq(0..HOURS * 3_600), "{}: {} lines", run.name, times.len());
}

/// Checks that the recorded run equals the last snapshot, and that all reports can be written.
fn check_recording(ended: &Ended, root: &Path) {
    let run = store::read(&ended.folder).expect("a run");
    assert_eq!((run.state, run.seconds.len() as u64), (State::Ended, HOURS * 3_600));
    assert_eq!((run.last.total.total.requests, ended.last.total.total.requests), (ended.sent, ended.sent));
    assert_eq!(run.seconds.iter().map(|second| second.requests).sum::<u64>(), ended.sent);
    assert_eq!(run.margins.len() as u64, HOURS * 3_600, "thresholds are evaluated every second");
    for judgement in &*run.last.judgements {
        let (passed, evaluated) = judgement.compliance;
        assert!(judgement.judged == Judged::Passes && passed == evaluated, "{judgement:?}");
        assert!(evaluated >= Duration::from_secs(HOURS * 3_600 - 60), "{judgement:?}");
    }
    let words = |snapshot: &Snapshot| snapshot.drifts.iter().map(|drift| drift.words.clone()).collect::<Vec<_>>();
    assert_eq!(words(&run.last), words(&ended.last));
    for format in FORMATS {
        let place = root.join(format!("{}-{}", ended.name, format.name()));
        let files = format.write(&place, &run).unwrap_or_else(|error| panic!("{}: {error}", format.name()));
        let bytes: u64 = files.iter().map(|file| fs::metadata(file).expect("a report").len()).sum();
        assert!(format.name() != "html" || bytes < 1_000_000, "{bytes} bytes");
    }
    let history = fs::read_to_string(root.join(format!("{}-csv_stats_history.csv", ended.name))).expect("a file");
    // Header, start of the run, and one line per second.
    assert_eq!(history.lines().count() as u64, HOURS * 3_600 + 2);
}
