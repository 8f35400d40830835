use std::time::SystemTime;

use super::*;
use crate::stats::snapshot::{Health, RunState};
use crate::stats::{Failure, Reason, Recorder, Sample};

fn aggregator() -> Aggregator {
    with_rows([RowKind::http("GET"), RowKind::http("POST")])
}

/// With the rows `/a` and `/b`.
fn with_rows([a, b]: [RowKind; 2]) -> Aggregator {
    let run = RunInfo {
        scenario: "shop".into(),
        host: "http://t".into(),
        started: SystemTime::UNIX_EPOCH,
        is_insecure: false,
        run_time: None,
        classes: Vec::new(),
        seed: 1,
        operations: Vec::new(),
        trace_url: None,
    };
    Aggregator::new(run, vec![(a, "/a".into()), (b, "/b".into())], 2)
}

fn at(millis: u64, state: RunState) -> Moment {
    let elapsed = Duration::from_millis(millis);
    let health = Health::default();
    let at = SystemTime::UNIX_EPOCH + elapsed;
    Moment { elapsed, at, state, target: 1, spawn_rate: 1.0, vu_hours: 0.0, health }
}

fn sent(endpoint: u32, millis: u64) -> Sample {
    Sample { bytes: 10, ..Sample::of(endpoint, Duration::from_millis(millis)) }
}

fn give(aggregator: &mut Aggregator, samples: Vec<Sample>, epoch: u32) {
    let mut recorder = Recorder::new(0, 2);
    samples.into_iter().for_each(|s| recorder.record(s));
    let mut interval = recorder.swap(None);
    (interval.epoch, interval.users, interval.aborted) = (epoch, 7, 1);
    aggregator.absorb(&mut interval);
}

#[test]
fn received_messages_are_not_requests_even_if_an_http_method_has_their_name() {
    for received in [RowKind::Event, RowKind::Deliver] {
        let mut a = with_rows([RowKind::http(received.name()), received.clone()]);
        give(&mut a, vec![sent(0, 20), sent(1, 20), sent(1, 20)], 0);
        let s = a.snapshot(at(1_000, RunState::Running));
        assert_eq!(s.endpoints.iter().map(|row| row.total.requests).collect::<Vec<_>>(), [1, 2], "{received}");
        assert_eq!(s.total.total.requests, 1, "{received}");
        assert_eq!(s.measures_delivery(), received == RowKind::Deliver);
        let only = with_rows([RowKind::http(received.name()), RowKind::Publish]).snapshot(at(1_000, RunState::Running));
        assert!(!only.measures_delivery(), "{received}");
    }
}

#[test]
fn window_slides_and_empties() {
    let mut a = aggregator();
    for second in 1..=20 {
        give(&mut a, (0..5).map(|_| sent(0, 20)).collect(), 0);
        let s = a.snapshot(at(second * 1_000, RunState::Running));
        assert!((s.total.now.rps - 5.0).abs() < 1e-9, "second {second}: {}", s.total.now.rps);
        assert_eq!(s.total.now.requests, 5 * second.min(10));
        assert_eq!(s.endpoints[1].now.requests, 0);
    }
    let s = a.snapshot(at(32_000, RunState::Running));
    assert_eq!((s.total.now.rps, s.total.now.requests, s.total.total.requests), (0.0, 0, 100));
    assert_eq!(
        (s.series.fine.len(), s.series.fine.get(25).unwrap().requests, s.series.fine.get(25).unwrap().p95),
        (32, 0, None)
    );
    assert_eq!(s.distribution.iter().map(|b| b.count).sum::<u64>(), 100);
}

#[test]
fn blocked_threads_and_backlog_are_shown_for_ten_seconds_and_counted_for_the_run() {
    let mut a = aggregator();
    let (recent, behind) = (Duration::from_millis(300), Duration::from_secs(2));
    let mut recorder = Recorder::new(0, 2);
    for lag in [Duration::from_millis(1), recent, Duration::from_millis(249)] {
        recorder.timer_lag(lag);
    }
    recorder.backlog(behind);
    recorder.backlog(Duration::ZERO);
    a.absorb(&mut recorder.swap(None));
    let blocked = Blocked { now: Duration::ZERO, recent, count: 1, longest: recent };
    for second in 1..=12 {
        let health = a.snapshot(at(second * 1_000, RunState::Running)).health.clone();
        let (blocked, behind) = match second {
            ..=10 => (blocked, behind),
            _ => (Blocked { recent: Duration::ZERO, ..blocked }, Duration::ZERO),
        };
        assert_eq!((health.blocked, health.backlog), (blocked, behind), "second {second}");
    }
    let mut away = at(12_500, RunState::Running);
    away.health.blocked.now = Duration::from_secs(7);
    let blocked = a.snapshot(away).health.blocked;
    assert_eq!((blocked.now, blocked.recent, blocked.count), (Duration::from_secs(7), Duration::from_secs(7), 1));
}

#[test]
fn reset_discards_statistics_and_older_intervals_only_update_users() {
    let mut a = aggregator();
    let mut failed = sent(1, 5);
    failed.failure = Some(Box::new(Failure { reason: Reason::Status(500), example: None }));
    give(&mut a, vec![failed], 0);
    assert_eq!(a.snapshot(at(3_000, RunState::Running)).failures.rows.len(), 1);
    a.reset(1, Duration::from_secs(3));
    give(&mut a, vec![sent(0, 5)], 0);
    let s = a.snapshot(at(3_500, RunState::Running));
    assert_eq!((s.total.total.requests, s.failures.rows.len(), s.series.fine.len()), (0, 0, 0));
    assert_eq!((s.load.users, s.aborted, s.measured), (7, 2, Duration::from_millis(500)));
    give(&mut a, vec![sent(0, 5)], 1);
    let s = a.snapshot(at(4_000, RunState::Done(crate::stats::snapshot::End::Stopped)));
    assert_eq!((s.total.total.requests, s.total.total.rps), (1, 1.0));
    assert_eq!(s.series.fine.get(0).unwrap().from, Duration::from_secs(3));
}

#[test]
fn partial_second_at_the_end_is_merged_into_the_one_before() {
    let done = RunState::Done(crate::stats::snapshot::End::Completed);
    let mut failed = sent(1, 900);
    failed.failure = Some(Box::new(Failure { reason: Reason::Status(500), example: None }));
    let mut a = aggregator();
    for second in 1..=3 {
        give(&mut a, (0..8).map(|_| sent(0, 20)).collect(), 0);
        a.snapshot(at(second * 1_000, RunState::Running));
    }
    give(&mut a, vec![failed, sent(1, 900)], 0);
    let s = a.snapshot(at(3_004, done));
    let rates = |b: &crate::stats::snapshot::Bucket| b.requests as f64 / b.length.as_secs_f64();
    assert!(s.series.iter().all(|b| rates(&b) < 10.0 && b.users == 7), "{:?}", s.series);
    let last = s.series.iter().next_back().unwrap();
    assert_eq!((last.requests, last.failures, last.length), (10, 1, Duration::from_millis(1_004)));
    // 8 times 20 ms and 2 times 900 ms, with three significant digits.
    assert_eq!((last.p50, last.p95), (Some(Duration::from_micros(20_015)), Some(Duration::from_millis(900))));
    assert_eq!((last.cumulative.requests, last.at), (26, s.at));
    assert!((s.total.now.rps - 26.0 / 3.004).abs() < 1e-9 && (s.total.total.rps - s.total.now.rps).abs() < 1e-9);

    // A run shorter than a second shows its average at the end, and before that the number of requests.
    let mut a = aggregator();
    give(&mut a, (0..30).map(|_| sent(0, 20)).collect(), 0);
    assert_eq!(a.snapshot(at(10, RunState::Running)).total.now.rps, 30.0);
    let s = a.snapshot(at(500, done));
    assert_eq!((s.total.total.rps, s.total.now.rps, s.series.fine.get(0).unwrap().cumulative.rps), (60.0, 60.0, 60.0));
    assert_eq!((s.series.fine.len(), s.series.fine.get(0).unwrap().users), (1, 7));
}

#[test]
fn time_of_the_last_response_is_tracked() {
    let mut a = aggregator();
    let silent = || {
        let reason = Reason::Timeout(Duration::from_secs(1));
        Sample { failure: Some(Box::new(Failure { reason, example: None })), ..sent(0, 5) }
    };
    let wrong =
        || Sample { failure: Some(Box::new(Failure { reason: Reason::Status(503), example: None })), ..sent(0, 5) };
    // An incomplete body counts as a response.
    let cut = || Sample { first_byte: Some(Duration::from_millis(1)), ..silent() };
    for (second, samples, wanted) in [
        (1, vec![], (None, 0)),
        (2, vec![silent(), silent()], (None, 2)),
        (3, vec![wrong()], (Some(3), 0)),
        (4, vec![silent()], (Some(3), 1)),
        (5, vec![silent(), cut()], (Some(5), 0)),
        (6, vec![silent(), silent()], (Some(5), 2)),
    ] {
        give(&mut a, samples, 0);
        let load = a.snapshot(at(second * 1_000, RunState::Running)).load;
        assert_eq!((load.last_response.map(|d| d.as_secs()), load.unanswered), wanted, "at {second} s");
    }
    let s = a.snapshot(at(7_000, RunState::Running));
    assert_eq!((s.total.total.requests, s.total.total.responses), (8, 2));
    // A reset does not affect the time of the last response.
    a.reset(1, Duration::from_secs(7));
    assert_eq!(a.snapshot(at(8_000, RunState::Running)).load.last_response, Some(Duration::from_secs(5)));
}

#[test]
fn pause_closes_no_bucket_and_the_end_closes_all() {
    let mut a = aggregator();
    give(&mut a, vec![sent(0, 5), sent(1, 50)], 0);
    for _ in 0..5 {
        assert_eq!(a.snapshot(at(1_500, RunState::Paused)).series.fine.len(), 1);
    }
    give(&mut a, vec![sent(0, 5)], 0);
    let done = RunState::Done(crate::stats::snapshot::End::Completed);
    let s = a.snapshot(at(1_700, done));
    assert_eq!(s.series.iter().map(|b| b.requests).sum::<u64>(), 3);
    let last = s.series.fine.iter().next_back().unwrap();
    assert_eq!((last.cumulative.requests, last.length, s.series.fine.len()), (3, Duration::from_millis(700), 2));
    let dir = tempfile::tempdir().unwrap();
    let files = crate::report::csv::write(&crate::report::csv::prefix(dir.path(), &s), &s).unwrap();
    let stats = std::fs::read_to_string(&files[0]).unwrap();
    let row = stats.lines().nth(1).unwrap();
    assert!(row.starts_with("GET,/a,2,0,5,5.0,5.0,5.0,10.0,1.17"), "{row}");
    assert!(row.ends_with(",5,5,5,5,5,5,5,5,5,5,5"), "{row}");
    let history = std::fs::read_to_string(&files[1]).unwrap();
    assert!(history.lines().nth(1).unwrap().starts_with("0,0,,Aggregated,0.000000,0.000000,N/A,"), "{history}");
    for width in [0, 1, 40, 80, 120, 200] {
        let text = crate::report::text::tables(&s, width)
            + &crate::report::text::summary(&s, &crate::verdict::conclude(&s, false), width);
        assert!(text.lines().all(|l| unicode_width::UnicodeWidthStr::width(l) <= width), "{width}\n{text}");
    }
}

#[test]
fn second_belongs_to_the_stage_in_which_it_ended() {
    let mut a = aggregator();
    let stage = |a: &mut Aggregator, stage, millis| {
        a.plan(PlanView { stage_index: Some(stage), ..PlanView::default() });
        a.snapshot(at(millis, RunState::Running))
    };
    stage(&mut a, 0, 875);
    // The first stage ended with the first second, which is known a little later.
    assert_eq!(stage(&mut a, 1, 1_125).seconds.last().unwrap().stage, Some(0));
    assert_eq!(stage(&mut a, 1, 2_125).seconds.last().unwrap().stage, Some(1));
}

#[test]
fn seconds_as_the_bottleneck_are_counted_until_a_reset() {
    let mut a = aggregator();
    let busy = |a: &mut Aggregator, seconds: std::ops::Range<u64>, cpu: f64| {
        let last = seconds.map(|second| {
            let health = Health { cpu, ..Health::default() };
            a.snapshot(Moment { health, ..at(second * 1_000, RunState::Running) })
        });
        last.last().unwrap()
    };
    assert_eq!(busy(&mut a, 1..5, 0.5).health.red, Duration::ZERO);
    let red = busy(&mut a, 5..9, 0.99);
    assert_eq!(red.health.red, Duration::from_secs(4));
    assert_eq!(red.health.red_why.as_deref(), Some("this process uses 99 % of its CPU"));
    // The level shown stays red for a while; these seconds do not count.
    let after = busy(&mut a, 9..12, 0.5);
    assert_eq!((after.health.red, after.health.level), (Duration::from_secs(4), Level::Red));
    a.reset(1, Duration::from_secs(11));
    assert_eq!(busy(&mut a, 12..13, 0.5).health.red, Duration::ZERO);
    // Warm-up seconds do not count.
    let mut a = aggregator();
    a.warm_up(0, Duration::ZERO);
    assert_eq!(busy(&mut a, 1..5, 0.99).health.red, Duration::ZERO);
}
