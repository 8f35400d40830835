//! Are the numbers true? Against a server whose delays are known. One test at a time: they measure.

#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
mod common;

use std::time::Duration;

use common::{Server, run, stop, until};
use katydid::stats::snapshot::{End, RunState};
use tokio::sync::Mutex;

static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

#[tokio::test]
async fn percentiles_are_those_of_the_server() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let server = Server::start();
    // Every 10th reply takes 80 ms, the others 20 ms.
    let handle = run(&server, "users: 10\nspawn_rate: 1000\ntasks: [{ steps: [{ get: /two-delays }] }]");
    until(&handle, "1,500 requests", |s| s.total.total.requests >= 1_500).await;
    let last = stop(handle).await;
    let mut truth = server.delays();
    truth.sort();
    for p in [50.0, 95.0, 99.0] {
        let seen = last.total.total.response.p(p).as_secs_f64() * 1e3;
        let known = truth[(truth.len() as f64 * p / 100.0).ceil() as usize - 1].as_secs_f64() * 1e3;
        // On top of what the server measured itself comes its own queue, the way there and back, and rounding.
        assert!((known * 0.99..known * 1.01 + 2.0).contains(&seen), "p{p} is {seen} ms, the server says {known}");
    }
    assert!(truth[truth.len() / 2].as_millis() >= 20 && truth[truth.len() * 95 / 100].as_millis() >= 80);
}

#[tokio::test]
async fn a_stall_shows_in_response_time_and_not_in_service_time() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let server = Server::start();
    let handle = run(
        &server,
        "users: 50\nspawn_rate: 200\nwait_time: constant_throughput(4)\nrun_time: 10s\ntasks: [{ steps: [{ get: /ok }] }]",
    );
    until(&handle, "half the run", |s| s.elapsed >= Duration::from_secs(5)).await;
    server.stall(Duration::from_secs(1));
    let mut handle = handle;
    let last = handle.finished().await;
    assert_eq!(last.state, RunState::Done(End::Completed));
    let figures = &last.total.total;
    assert!((1_950..=2_050).contains(&figures.requests), "{} requests", figures.requests);
    // One tenth of the requests were due during the stall, evenly: p95 is half of it, p99 nine tenths.
    let (p95, p99) = (figures.response.p(95.0).as_secs_f64(), figures.response.p(99.0).as_secs_f64());
    assert!((0.45..0.55).contains(&p95), "p95 {p95}");
    assert!((0.85..0.95).contains(&p99), "p99 {p99}");
    let service = figures.service.expect("service time beside response time");
    assert!(service.p(95.0) < Duration::from_millis(100), "service p95 {:?}", service.p(95.0));
}
