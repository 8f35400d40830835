//! The load over time: stages, warm-ups, arrivals, and manual control.

use std::time::Duration;

use katydid::engine::Command;
use katydid::stats::snapshot::{End, RunState};
use katydid::units::{PerSecond, Users};

use super::{events, to_the_end};
use crate::common::calm::{STALL, calmly};
use crate::common::plain::Plain;
use crate::common::{Server, run, run_at, stop, until};

#[tokio::test]
async fn stages_are_followed_and_a_warm_up_does_not_count() {
    calmly(STALL, async || {
        let server = Server::start();
        let handle = run(
            &server,
            r#"
wait_time: constant(20ms)
shape:
  stages:
    - { name: warm, duration: 1s, users: 3, spawn_rate: 100, warm_up: true }
    - { name: high, duration: 2s, users: 12, spawn_rate: 100 }
    - { name: low, duration: 2s, users: 4, spawn_rate: 100 }
tasks: [{ steps: [{ get: /ok }] }]
"#,
        );
        let warm = until(&handle, "3 users", |s| s.load.users == 3).await;
        assert_eq!((warm.plan.stage.as_deref(), warm.plan.warm_up, warm.load.target), (Some("warm"), true, 3));
        let high = until(&handle, "12 users", |s| s.load.users == 12).await;
        assert_eq!((high.plan.stage.as_deref(), high.plan.warm_up), (Some("high"), false));
        assert!((1.0..2.0).contains(&high.elapsed.as_secs_f64()), "{:?}", high.elapsed);
        let low = until(&handle, "4 users", |s| s.load.users == 4).await;
        assert!((3.0..4.0).contains(&low.elapsed.as_secs_f64()), "{:?}", low.elapsed);
        let last = to_the_end(handle).await;
        assert_eq!(last.state, RunState::Done(End::Completed));
        assert!((5.0..5.6).contains(&last.elapsed.as_secs_f64()), "{:?}", last.elapsed);
        assert!(last.plan.left_out > 50, "{}", last.plan.left_out);
        assert_eq!(last.total.total.requests + last.plan.left_out, server.count());
        let events = events(&last);
        assert_eq!((events[0], events[1]), ("stage: warm", "stage: high"));
        assert_eq!(events[2], format!("warm-up over: {} requests not counted", last.plan.left_out));
    })
    .await;
}

#[tokio::test]
async fn a_warm_up_in_mid_run_excludes_only_itself() {
    let server = Server::start();
    let handle = run(
        &server,
        r#"
wait_time: constant(20ms)
shape:
  stages:
    - { name: a, duration: 1s, users: 3, spawn_rate: 100 }
    - { name: b, duration: 1s, users: 3, warm_up: true }
    - { name: c, duration: 1s, users: 3 }
tasks: [{ steps: [{ get: /ok }] }]
"#,
    );
    let warm = until(&handle, "the warm-up", |s| s.plan.warm_up).await;
    let last = to_the_end(handle).await;
    assert_eq!(last.total.total.requests + last.plan.left_out, server.count());
    let counts = [warm.total.total.requests, last.total.total.requests - warm.total.total.requests, last.plan.left_out];
    assert!(counts.iter().all(|count| *count > 20), "before, after and within: {counts:?}");
    let when = |begin: &str| last.events.iter().find(|event| event.text.starts_with(begin)).expect("an event").elapsed;
    assert!(last.events.is_sorted_by_key(|event| event.elapsed), "{:?}", last.events);
    assert!(last.events.is_sorted_by_key(|event| event.at), "{:?}", last.events);
    let rest = last.elapsed - (when("warm-up over") - when("warm-up:"));
    assert!(last.measured.abs_diff(rest) < Duration::from_millis(50), "{:?} of {:?}", last.measured, last.elapsed);
}

#[tokio::test]
async fn manual_control_overrides_a_shape_and_returns_to_it() {
    let server = Server::start();
    let handle = run(
        &server,
        "wait_time: constant(50ms)\nshape: { stages: [{ duration: 1h, users: 5, spawn_rate: 100 }] }\n\
         tasks: [{ steps: [{ get: /ok }] }]",
    );
    until(&handle, "5 users", |s| s.load.users == 5 && !s.plan.steered).await;
    handle.send(Command::SetUsers(Users(15))).expect("a live run");
    until(&handle, "15 users by hand", |s| s.load.users == 15 && s.plan.steered).await;
    handle.send(Command::FollowPlan).expect("a live run");
    until(&handle, "5 users by the plan", |s| s.load.users == 5 && !s.plan.steered).await;
    stop(handle).await;
}

#[tokio::test]
async fn arrivals_have_the_configured_rate() {
    calmly(STALL, async || {
        let server = Server::start();
        let handle = run(
            &server,
            "arrivals: { rate: 100/s, max_users: 50 }\nrun_time: 3s\ntasks: [{ steps: [{ get: /ok }, { get: /ok }] }]",
        );
        let last = to_the_end(handle).await;
        let arrivals = last.plan.arrivals;
        assert!((arrivals.started + arrivals.dropped).abs_diff(300) <= 1, "{arrivals:?}");
        // One that is due at the very end of the run may be missing.
        assert!(arrivals.dropped <= 2 && last.aborted == 0, "{arrivals:?}, {} aborted", last.aborted);
        assert_eq!((last.total.total.requests, server.count()), (2 * arrivals.started, 2 * arrivals.started));
        assert!(last.total.total.service.is_some(), "service and response time differ where there is a due time");
        assert_eq!(last.state, RunState::Done(End::Completed));
    })
    .await;
}

#[tokio::test]
async fn arrivals_are_distributed_by_weight() {
    for most in [2, 50] {
        calmly(STALL, async || {
            let handle = run(
                &Server::start(),
                &format!(
                    "arrivals: {{ rate: 50/s, max_users: {most} }}\nrun_time: 2s\nuser_classes:\n  \
                     A: {{ weight: 3, tasks: [{{ steps: [{{ get: /ok, name: a }}] }}] }}\n  \
                     B: {{ weight: 1, tasks: [{{ steps: [{{ get: /ok, name: b }}] }}] }}\n"
                ),
            );
            let last = to_the_end(handle).await;
            let count = |name: &str| last.endpoints.iter().find(|row| &*row.name == name).unwrap().total.requests;
            let (a, b, arrivals) = (count("a"), count("b"), last.plan.arrivals);
            assert_eq!(a + b, arrivals.started, "{arrivals:?}");
            // Each shard is within one iteration of the exact shares; dropped ones are of either class.
            let slack = 4 + arrivals.dropped;
            assert!(arrivals.dropped < 15 && b.abs_diff(a.div_ceil(3)) <= slack, "{most}: {a} and {b}, {arrivals:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn arrivals_without_a_free_user_are_dropped() {
    calmly(STALL, async || {
        let server = Plain::start();
        let handle = run_at(
            server.url(),
            "arrivals: { rate: 100/s, max_users: 7 }\nrun_time: 3s\ntasks: [{ steps: [{ get: /ok }] }]",
        );
        until(&handle, "some requests", |s| s.total.total.requests > 20).await;
        server.stall(Duration::from_secs(1));
        let last = to_the_end(handle).await;
        let arrivals = last.plan.arrivals;
        assert!((arrivals.started + arrivals.dropped).abs_diff(300) <= 1, "{arrivals:?}");
        // About one second's worth, less those that waited for the server.
        assert!((60..120).contains(&arrivals.dropped), "{arrivals:?}");
        assert_eq!(last.total.total.requests, arrivals.started);
        let most = 7.0 * (last.elapsed.as_secs_f64() + 0.5);
        assert!(last.load.vu_hours * 3_600.0 < most, "{}", last.load.vu_hours);
    })
    .await;
}

#[tokio::test]
async fn an_open_run_is_controlled_by_rate_and_maximum() {
    calmly(STALL, async || {
        let server = Server::start();
        let handle = run(&server, "arrivals: { rate: 50/s, max_users: 2 }\ntasks: [{ steps: [{ get: /hang }] }]");
        until(&handle, "2 busy users and drops", |s| s.load.in_flight == 2 && s.plan.arrivals.dropped > 0).await;
        handle.send(Command::SetUsers(Users(6))).expect("a live run");
        until(&handle, "6 busy users", |s| s.load.in_flight == 6 && s.load.target == 6).await;
        handle.send(Command::SetSpawnRate(PerSecond(200.0))).expect("a live run");
        let from = until(&handle, "the new rate", |s| s.plan.rate == Some(200.0) && s.load.spawn_rate == 200.0).await;
        let to = until(&handle, "eight snapshots more", |s| s.seq >= from.seq + 8).await;
        let (a, b) = (from.plan.arrivals, to.plan.arrivals);
        let rate = (b.started + b.dropped - a.started - a.dropped) as f64 / (to.elapsed - from.elapsed).as_secs_f64();
        assert!((150.0..260.0).contains(&rate), "{rate} arrivals a second");
        handle.send(Command::Stop).expect("a live run");
        let last = stop(handle).await;
        assert_eq!((last.aborted, last.plan.arrivals.started), (6, 6));
    })
    .await;
}

#[tokio::test]
async fn all_users_start_even_if_earlier_ones_have_ended() {
    for (users, rate, more) in [
        (4, 1.0, ""),
        (3, 2.0, ""),
        (7, 5.0, ""),
        (2, 0.8, ""),
        (9, 1_000.0, ""),
        // More are requested than there are.
        (9, 5.0, "fixed_count: 3, "),
    ] {
        let server = Server::start();
        let scenario = format!(
            "users: {users}\nspawn_rate: {rate}\nuser_classes:\n  \
             A: {{ {more}tasks: [{{ steps: [{{ get: /ok }}, {{ stop: user }}] }}] }}"
        );
        let last = to_the_end(run(&server, &scenario)).await;
        let expected = if more.is_empty() { users } else { 3 };
        assert_eq!((last.total.total.requests, server.count()), (expected, expected), "{users} at {rate}/s");
        assert_eq!(last.state, RunState::Done(End::Completed));
    }
}

#[tokio::test]
async fn arrivals_are_served_if_a_user_is_free() {
    for (rate, seconds, most, expected) in [
        (10.0, 2.0, 100, 20),
        (0.5, 1.0, 100, 1),
        (0.5, 1.0, 1, 1),
        // A single user on several threads; each iteration takes far less than the time to the next.
        (5.0, 1.0, 1, 5),
        (20.0, 1.0, 100, 20),
        (500.0, 0.5, 1_000, 250),
        (3.0, 0.4, 2, 2),
    ] {
        calmly(STALL, async || {
            let server = Server::start();
            let scenario = format!(
                "run_time: {seconds}s\narrivals: {{ rate: {rate}, max_users: {most} }}\ntasks: [{{ steps: [{{ get: /ok }}] }}]"
            );
            let last = to_the_end(run(&server, &scenario)).await;
            let arrivals = last.plan.arrivals;
            let got = (arrivals.started, arrivals.dropped, last.total.total.requests, server.count());
            assert_eq!(got, (expected, 0, expected, expected), "{rate}/s for {seconds} s with {most}");
        })
        .await;
    }
}

#[tokio::test]
async fn iterations_go_to_threads_with_a_free_user() {
    calmly(STALL, async || {
        let server = Server::start();
        // One thread has two of the three users, the other one. Each iteration takes 250 ms, and one arrives every 200
        // ms on each thread: a single user would have to drop every second one.
        let scenario = "run_time: 2s\narrivals: { rate: 10, max_users: 3 }\n\
                        tasks: [{ steps: [{ get: /ok }, { wait: 250ms }] }]";
        let last = to_the_end(run(&server, scenario)).await;
        let arrivals = last.plan.arrivals;
        assert_eq!((arrivals.started, arrivals.dropped, server.count()), (20, 0, 20));
        // With too few users all are busy, and arrivals are dropped.
        let server = Server::start();
        let scenario = scenario.replace("max_users: 3", "max_users: 2");
        let last = to_the_end(run(&server, &scenario)).await;
        let arrivals = last.plan.arrivals;
        assert_eq!(arrivals.started + arrivals.dropped, 20);
        assert!(arrivals.dropped >= 3 && arrivals.started == server.count(), "{arrivals:?}");
    })
    .await;
}
