//! The engine against a real server on loopback whose counts and delays are known.

#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
mod common;
#[path = "engine/journal.rs"]
mod journal;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use common::calm::{STALL, calmly};
use common::wait::{end_of, until_in_task};
use common::{Server, run, run_at, stop, until};
use katydid::engine::{self, Command, EngineOptions};
use katydid::scenario::{Overrides, Scenario};
use katydid::stats::Snapshot;
use katydid::stats::snapshot::{End, RunState};
use katydid::units::{PerSecond, Users};

#[tokio::test]
async fn counts_equal_those_of_the_server() {
    let server = Server::start();
    let handle = run(
        &server,
        "users: 20\nspawn_rate: 1000\ntasks: [{ steps: [{ get: /ok }, { post: /ok, json: { a: 1 } }, { get: /fail }] }]",
    );
    until(&handle, "1,000 requests", |s| s.total.total.requests >= 1_000).await;
    let last = stop(handle).await;
    assert_eq!(last.state, RunState::Done(End::Stopped));
    assert_eq!(last.total.total.requests, server.count());
    assert_eq!(last.total.total.failures, last.endpoints[2].total.requests);
    assert_eq!(last.endpoints.iter().map(|row| row.total.requests).sum::<u64>(), last.total.total.requests);
    assert_eq!((last.aborted, last.load.users, last.load.in_flight), (0, 0, 0));
    assert_eq!(&*last.failures.rows[0].reason, "HTTP 500 Internal Server Error");
    assert_eq!(last.failures.rows[0].example.as_ref().expect("a kept reply").body, "broken on purpose");
}

#[tokio::test]
async fn changes_of_the_load_take_effect_quickly() {
    let server = Server::start();
    let handle =
        run(&server, "users: 10\nspawn_rate: 50\nwait_time: constant(100ms)\ntasks: [{ steps: [{ get: /ok }] }]");
    until(&handle, "10 users", |s| s.load.users == 10).await;
    // Stalls of the machine delay some of them, but not the fastest.
    let mut quickest = Duration::MAX;
    for users in [11, 12, 13, 14, 15] {
        let ordered = Instant::now();
        handle.send(Command::SetUsers(Users(users))).expect("a live run");
        until(&handle, "the new target", |s| s.load.target == users).await;
        quickest = quickest.min(ordered.elapsed());
    }
    assert!(quickest < Duration::from_millis(600), "seen after {quickest:?}");
    until(&handle, "15 users", |s| s.load.users == 15).await;
    handle.send(Command::SetUsers(Users(200))).expect("a live run");
    let seen = until(&handle, "the new target", |s| s.load.target == 200).await;
    assert_eq!(seen.state, RunState::Ramping);
    let begin = seen.events.last().expect("the order").elapsed;
    // Users missing at 50/s: a snapshot may be 250 ms old, and handing over a user takes as long.
    let mut missing = Vec::new();
    until(&handle, "200 users", |s| {
        let t = (s.elapsed - begin).as_secs_f64();
        if (1.0..3.5).contains(&t) {
            missing.push(15.0 + 50.0 * t - f64::from(s.load.users));
        }
        s.load.users == 200
    })
    .await;
    // The minimum, because stalls of the machine add to the others.
    let fewest = missing.iter().copied().fold(f64::MAX, f64::min);
    assert!((-2.0..30.0).contains(&fewest), "{missing:?}");
    handle.send(Command::SetSpawnRate(PerSecond(1_000.0))).expect("a live run");
    handle.send(Command::SetUsers(Users(5))).expect("a live run");
    let seen = until(&handle, "5 users", |s| s.load.users == 5).await;
    assert_eq!((seen.total.total.failures, seen.aborted), (0, 0));
    assert_eq!(stop(handle).await.total.total.requests, server.count());
}

#[tokio::test]
async fn a_pause_stops_iterations_and_the_clock() {
    let server = Server::start();
    let handle = run(
        &server,
        "users: 5\nspawn_rate: 100\nwait_time: constant_throughput(20)\ntasks: [{ steps: [{ get: /ok }] }]",
    );
    until(&handle, "50 requests", |s| s.total.total.requests >= 50).await;
    handle.send(Command::Pause).expect("a live run");
    let held = until(&handle, "paused and quiet", |s| s.state == RunState::Paused && s.load.in_flight == 0).await;
    let later = until(&handle, "eight snapshots more", |s| s.seq >= held.seq + 8).await;
    assert_eq!(later.elapsed, held.elapsed);
    let count = server.count();
    handle.send(Command::Resume).expect("a live run");
    let resumed = until(&handle, "more requests", |s| s.total.total.requests >= count + 50).await;
    // The plan was shifted by the pause: nothing was due meanwhile, so nothing is late.
    let max = resumed.total.total.response.max;
    assert!(max < Duration::from_millis(1_500), "{max:?}");
    stop(handle).await;
}

#[tokio::test]
async fn a_reset_clears_all_statistics() {
    let server = Server::start();
    let handle =
        run(&server, "users: 5\nspawn_rate: 100\nwait_time: constant(20ms)\ntasks: [{ steps: [{ get: /fail }] }]");
    until(&handle, "50 requests", |s| s.total.total.requests >= 50).await;
    handle.send(Command::Pause).expect("a live run");
    until(&handle, "quiet", |s| s.state == RunState::Paused && s.load.in_flight == 0).await;
    let before = server.count();
    handle.send(Command::ResetStatistics).expect("a live run");
    until(&handle, "no requests", |s| s.total.total.requests == 0 && s.failures.rows.is_empty()).await;
    handle.send(Command::Resume).expect("a live run");
    until(&handle, "new requests", |s| s.total.total.requests >= 50).await;
    assert_eq!(stop(handle).await.total.total.requests, server.count() - before);
}

/// One connection on which every response is a 500 with a body; that of the second request waits for a word.
fn server_that_waits_with_its_body() -> (String, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let ((said, hears), (go_on, waits)) = (mpsc::channel(), mpsc::channel());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        for request in 1.. {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                if stream.read_exact(&mut byte).is_err() {
                    return;
                }
                head.push(byte[0]);
            }
            stream.write_all(b"HTTP/1.1 500 No\r\ncontent-length: 6\r\n\r\n").expect("a client that reads");
            if request == 2 {
                said.send(()).expect("a test that waits");
                waits.recv().expect("a test that goes on");
            }
            if stream.write_all(b"broken").is_err() {
                return;
            }
        }
    });
    (url, hears, go_on)
}

#[tokio::test]
async fn an_example_after_a_reset_is_a_whole_one() {
    let (url, hears, go_on) = server_that_waits_with_its_body();
    let handle = run_at(url, "users: 1\nwait_time: constant(50ms)\ntasks: [{ steps: [{ get: / }] }]");
    until_in_task("the second request", || hears.try_recv().is_ok()).await;
    handle.send(Command::ResetStatistics).expect("a live run");
    // The shard learns within two handovers that its examples are gone.
    let reset = until(&handle, "the reset", |s| s.resets == 1).await;
    until(&handle, "four handovers", |s| s.seq >= reset.seq + 4).await;
    go_on.send(()).expect("a server that waits");
    until(&handle, "failures", |s| s.total.total.failures >= 5).await;
    let last = stop(handle).await;
    let example = last.failures.rows[0].example.as_ref().expect("an example");
    assert_eq!((example.status, &*example.headers, &*example.body), (Some(500), "content-length: 6\n", "broken"));
}

#[tokio::test]
async fn a_server_restart_is_counted_and_survived() {
    let mut server = Server::start();
    let handle =
        run(&server, "users: 5\nspawn_rate: 100\nwait_time: constant(10ms)\ntasks: [{ steps: [{ get: /ok }] }]");
    until(&handle, "50 requests", |s| s.total.total.requests >= 50).await;
    server.kill();
    until(&handle, "refused connections", |s| s.failures.rows.iter().any(|row| &*row.reason == "connection refused"))
        .await;
    server.revive();
    let failed = handle.latest().total.total.failures;
    let back = until(&handle, "100 good requests", |s| s.total.total.requests - s.total.total.failures >= 200).await;
    assert!(back.total.total.failures >= failed);
    stop(handle).await;
}

#[tokio::test]
async fn a_stop_waits_for_tasks_and_then_aborts_them() {
    calmly(STALL, async || {
        let server = Server::start();
        let handle = run(&server, "users: 3\nspawn_rate: 100\nstop_timeout: 1s\ntasks: [{ steps: [{ get: /hang }] }]");
        until(&handle, "3 requests on the wire", |s| s.load.in_flight == 3).await;
        let started = Instant::now();
        let last = stop(handle).await;
        assert!(started.elapsed() >= Duration::from_millis(900));
        assert_eq!((last.aborted, last.total.total.requests), (3, 0));
    })
    .await;
}

#[tokio::test]
async fn requests_in_flight_are_known_with_their_age() {
    let server = Server::start();
    let rest = "users: 3\nspawn_rate: 100\nstop_timeout: 0s\nuser_classes:\n\
                \x20 Waits: { fixed_count: 2, tasks: [{ steps: [{ get: /hang, timeout: 2s }] }] }\n\
                \x20 Quick: { wait_time: constant(10ms), tasks: [{ steps: [{ get: /ok }] }] }\n";
    let handle = run(&server, rest);
    let waits = |s: &Snapshot| s.load.oldest.is_some_and(|oldest| oldest >= Duration::from_secs(1));
    let seen = until(&handle, "a request that waits", waits).await;
    assert!((2..=3).contains(&seen.load.in_flight), "{:?}", seen.load);
    // The others get responses meanwhile.
    let quiet = seen.elapsed - seen.load.last_response.expect("responses");
    assert!(quiet < Duration::from_secs(1) && seen.load.unanswered == 0, "{:?}", seen.load);
    // A time-out is not a response, and the requests after it are recent.
    until(&handle, "time-outs", |s| s.endpoints[0].total.failures >= 2).await;
    let seen = until(&handle, "young requests", |s| !waits(s)).await;
    assert_eq!((seen.endpoints[0].total.responses, seen.endpoints[0].total.requests), (0, 2));
    assert_eq!(seen.endpoints[1].total.responses, seen.endpoints[1].total.requests);
    let last = stop(handle).await;
    assert_eq!((last.load.in_flight, last.load.oldest), (0, None));
}

#[tokio::test]
async fn dropping_the_handle_stops_the_load() {
    let server = Server::start();
    let handle =
        run(&server, "users: 3\nspawn_rate: 100\nwait_time: constant(10ms)\ntasks: [{ steps: [{ get: /ok }] }]");
    until(&handle, "some requests", |s| s.total.total.requests >= 10).await;
    let mut snapshots = handle.subscribe();
    drop(handle);
    let last = end_of("the end of the run", snapshots.wait_for(|s| s.state.is_done())).await;
    assert_eq!(last.expect("a last snapshot").total.total.requests, server.count());
}

#[tokio::test]
async fn failures_have_plain_reasons() {
    let cases = [
        ("http://127.0.0.1:1", "connection refused"),
        ("http://no-such-name.invalid", "name not resolved"),
        ("{garbage}", "malformed response"),
        ("{closing}", "connection closed before the response was complete"),
        ("{plain as https}", "TLS failed"),
    ];
    let (garbage, closing) = (
        common::raw_server(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        common::raw_server(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"),
    );
    let plain = Server::start();
    for (host, reason) in cases {
        let host = match host {
            "{garbage}" => garbage.clone(),
            "{closing}" => closing.clone(),
            "{plain as https}" => plain.url().replace("http:", "https:"),
            known => known.to_owned(),
        };
        let scenario =
            Scenario::parse("test.yaml", "tasks: [{ steps: [{ get: /ok, timeout: 5s }] }]\nwait_time: constant(50ms)")
                .expect("a scenario");
        let plan = scenario.plan(&Overrides { host: Some(host.clone()), ..Overrides::default() }).expect("a plan");
        let handle = engine::start(Arc::new(plan), EngineOptions { threads: 1, seed: 1 }).expect("an engine");
        let seen = until(&handle, reason, |s| !s.failures.rows.is_empty()).await;
        assert!(seen.failures.rows[0].reason.starts_with(reason), "{host}: {}", seen.failures.rows[0].reason);
        stop(handle).await;
    }
}

#[tokio::test]
async fn slow_responses_time_out() {
    calmly(STALL, async || {
        let server = Server::start();
        let handle = run(&server, "tasks: [{ steps: [{ get: /hang, timeout: 300ms }] }]");
        let seen = until(&handle, "a time-out", |s| s.total.total.failures >= 2).await;
        assert_eq!(&*seen.failures.rows[0].reason, "timed out after 300ms");
        let times = seen.total.total.response;
        assert!(times.min >= Duration::from_millis(300) && times.max < Duration::from_millis(600), "{times:?}");
        stop(handle).await;
    })
    .await;
}
