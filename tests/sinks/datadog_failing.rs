//! Intakes of Datadog that fail: the count of dropped points tells, and the process ends in time.

use std::time::{Duration, Instant};

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderName, StatusCode};

use crate::command::{Ran, err, out};
use crate::common::Server;
use crate::datadog::{KEY, documents, points, scenario, sum};
use crate::receiver::{Behaviour, Receiver, closing};

type Answer = Option<(StatusCode, Vec<(HeaderName, &'static str)>, String)>;

fn answer(status: StatusCode) -> Answer {
    Some((status, Vec::new(), format!(r#"{{"errors":["{}"]}}"#, status.as_str())))
}

/// Runs a load for two seconds.
fn run(server: &Server, site: &str) -> Ran {
    let started = Instant::now();
    let ran = Ran::with(&scenario(server), "-t 2s", |command| {
        command.envs([("DATADOG_API_KEY", KEY), ("DATADOG_SITE", site)]);
    });
    assert!(matches!(ran.output.status.code(), Some(3 | 5)), "{site}: {}", err(&ran.output));
    // The run takes 2 s and the sinks up to 5 s; the margin is for busy machines.
    assert!(started.elapsed() < Duration::from_secs(30), "{site}: {:?}", started.elapsed());
    ran
}

/// All points are dropped, and the summary says why.
fn all_is_dropped(server: &Server, site: &str, why: &str) {
    let stderr = err(&run(server, site).output);
    let line =
        stderr.lines().find(|line| line.contains("Datadog: 0 of ")).unwrap_or_else(|| panic!("{site}: {stderr}"));
    assert!(line.contains(" points dropped") && line.contains(why), "{site}: {line}");
}

#[test]
fn points_that_are_not_accepted_are_counted() {
    let server = &Server::start();
    let cases: [(Behaviour, &str); 4] = [
        (|_| answer(StatusCode::REQUEST_TIMEOUT), "408"),
        (|_| answer(StatusCode::INTERNAL_SERVER_ERROR), "500"),
        // Not even a single point is small enough.
        (|_| answer(StatusCode::PAYLOAD_TOO_LARGE), r#"413: {"errors":["413"]}"#),
        (|_| Some((StatusCode::TOO_MANY_REQUESTS, vec![(RETRY_AFTER, "3600")], String::new())), "429"),
    ];
    std::thread::scope(|scope| {
        for (behaviour, why) in cases {
            scope.spawn(move || all_is_dropped(server, &Receiver::start(behaviour).url(""), why));
        }
        for (site, why) in
            [(closing(), ""), ("http://127.0.0.1:1".to_owned(), "refused"), ("http://name.invalid".to_owned(), "")]
        {
            scope.spawn(move || all_is_dropped(server, &site, why));
        }
    });
}

#[test]
fn slow_and_busy_intakes_get_everything() {
    let server = &Server::start();
    // Delay in milliseconds, number of requests that are refused first, and the intake.
    let cases: [(u64, usize, Behaviour); 2] = [
        (300, 0, |_| answer(StatusCode::ACCEPTED)),
        // Without `Retry-After`.
        (0, 2, |n| answer(if n < 2 { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::ACCEPTED })),
    ];
    std::thread::scope(|scope| {
        for (delay, refused, behaviour) in cases {
            scope.spawn(move || {
                let intake = Receiver::slow(Duration::from_millis(delay), behaviour);
                let ran = run(server, &intake.url(""));
                let accepted = documents(&intake.received()[refused..]);
                let count = points(&accepted, "locust.request.count");
                assert_eq!(sum(&count, &[]).to_string(), ran.row("Aggregated")["Request Count"]);
                let (stdout, all) = (out(&ran.output), accepted.len());
                assert!(stdout.contains(&format!("Datadog: {all} of {all} requests delivered")), "{stdout}");
            });
        }
    });
}
