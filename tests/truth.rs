//! Accuracy of measurements, against a server with known delays. One test at a time.

#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
mod common;

use std::time::Duration;

use common::calm::calmly;
use common::plain::Plain;
use common::{run_at, stop, until};
use katydid::report::text;
use katydid::stats::Snapshot;
use katydid::stats::snapshot::{End, RunState};
use tokio::sync::Mutex;

static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// From this lag on, the generator's health is amber.
const AMBER: Duration = Duration::from_millis(2);

/// Measures until `wrong` returns `None`, alone and while the machine is not busy.
async fn measured(wrong: impl AsyncFn() -> Option<String>) {
    let _alone = ONE_AT_A_TIME.lock().await;
    calmly(AMBER, async || assert_eq!(wrong().await, None)).await;
}

/// Describes a value outside its range.
fn outside(what: &str, seen: f64, range: std::ops::Range<f64>) -> Option<String> {
    (!range.contains(&seen)).then(|| format!("{what} is {seen}, not in {range:?}"))
}

#[tokio::test]
async fn percentiles_match_those_of_the_server() {
    measured(async || {
        let server = Plain::start();
        let scenario = "users: 4\nspawn_rate: 50\ntasks: [{ steps: [{ get: /ok }, { get: /two-delays }] }]";
        let handle = run_at(server.url(), scenario);
        until(&handle, "1,200 requests", |s| s.total.total.requests >= 1_200).await;
        let last = stop(handle).await;
        let mut truth = server.delays();
        truth.sort();
        assert!(truth[truth.len() / 2].as_millis() >= 20 && truth[truth.len() * 95 / 100].as_millis() >= 80);
        // The round trip is added to what the server measured: the time of a response without delay.
        let [quick, delayed] = &last.endpoints[..] else { panic!("two endpoints") };
        let way = quick.total.response.median().as_secs_f64() * 1e3;
        // If the machine is busy, the generator is late, and reports it.
        let strain = last.health.timer_lag.as_secs_f64() * 1e3;
        [50.0, 95.0, 99.0].into_iter().find_map(|p| {
            let seen = delayed.total.response.p(p).as_secs_f64() * 1e3;
            let known = truth[(truth.len() as f64 * p / 100.0).ceil() as usize - 1].as_secs_f64() * 1e3 + way;
            let off = (known / 100.0).max(1.0);
            outside(&format!("p{p} in ms (way {way})"), seen, known - off..known + off + strain)
        })
    })
    .await;
}

/// A run of this many seconds and iterations, with a stall in its middle.
async fn stalled(scenario: &str, seconds: u64, requests: u64, stall: Duration) -> std::sync::Arc<Snapshot> {
    let server = Plain::start();
    let scenario = format!("{scenario}\nrun_time: {seconds}s\ntasks: [{{ steps: [{{ get: /ok }}] }}]");
    let mut handle = run_at(server.url(), &scenario);
    until(&handle, "half the run", |s| s.elapsed >= Duration::from_secs(seconds) / 2).await;
    server.stall(stall);
    let last = handle.finished().await;
    assert_eq!(last.state, RunState::Done(End::Completed));
    let asked = last.total.total.requests;
    assert!(asked.abs_diff(requests) <= requests / 50, "{asked} requests");
    let summary = text::summary(&last, &katydid::verdict::conclude(&last, false), 80);
    assert!(summary.contains("service time"), "{summary}");
    last
}

#[tokio::test]
async fn a_stall_is_in_the_response_time() {
    measured(async || {
        // 200 requests/s, one every 5 ms: users start at the rate at which they then send.
        let scenario = "users: 400\nspawn_rate: 200\nwait_time: constant_throughput(0.5)";
        let last = stalled(scenario, 20, 4_000, Duration::from_secs(2)).await;
        let response = last.total.total.response;
        // One tenth of the requests were due during the stall, evenly: p95 is half of it, p99 nine tenths. If timers
        // are late, as reported by the generator, a busy machine adds to that.
        let limit = if last.health.timer_lag < AMBER { 0.02 } else { 0.2 };
        let wrong = |p: f64, truth: f64| {
            let seen = response.p(p).as_secs_f64();
            outside(&format!("p{p}"), seen, truth * (1.0 - limit)..truth * (1.0 + limit))
        };
        wrong(95.0, 1.0).or(wrong(99.0, 1.8))
    })
    .await;
}

#[tokio::test]
async fn late_requests_affect_only_the_response_time() {
    measured(async || {
        // Few users with many requests each: those due while their user waits for a stalled response are sent late and
        // get a fast response; the wait is only in their response time.
        let scenario = "users: 20\nspawn_rate: 200\nwait_time: constant_throughput(10)";
        let last = stalled(scenario, 5, 1_000, Duration::from_millis(500)).await;
        let figures = &last.total.total;
        let service = figures.service.expect("service time beside response time");
        let seconds = |time: Duration| time.as_secs_f64();
        // Sending the late requests takes time too, so upper limits are generous.
        outside("p95", seconds(figures.response.p(95.0)), 0.23..0.32)
            .or(outside("p99", seconds(figures.response.p(99.0)), 0.43..0.52))
            .or(outside("p95 of the service time", seconds(service.p(95.0)), 0.0..0.1))
            .or(outside("longest service time", seconds(service.max), 0.3..0.6))
    })
    .await;
}
