//! The webhook sink: signed JSON events, retries, failing receivers.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::http::header::{LOCATION, RETRY_AFTER};
use serde_json::Value;

use crate::command::{Ran, err};
use crate::common::Server;
use crate::receiver::{Received, Receiver};

const SECRET: &str = "correct horse battery";

fn scenario(server: &Server) -> String {
    format!(
        "host: {}\nusers: 3\nspawn_rate: 100\nwait_time: constant(20ms)\nthresholds: ['fail_ratio < 1%']\n\
         tasks: [{{ steps: [{{ get: /ok }}, {{ get: /fail }}] }}]\n",
        server.url()
    )
}

/// True if the exit code is that of a failed threshold (3), or of an overloaded generator (5) on a busy machine.
fn has_verdict(ran: &Ran) -> bool {
    matches!(ran.output.status.code(), Some(3 | 5))
}

fn json(received: &Received) -> Value {
    serde_json::from_slice(&received.body).expect("JSON")
}

fn events(all: &[Received]) -> Vec<String> {
    all.iter().map(|one| json(one)["event"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn events_are_signed_and_match_the_report() {
    let (server, receiver) = (Server::start(), Receiver::good());
    let runs = tempfile::tempdir().expect("a folder");
    let (url, dir) = (receiver.url("/hooks/s3cr3t-path"), runs.path().display());
    let flags = format!("-t 13s --runs-dir {dir} --webhook-url {url}");
    let ran = Ran::with(&scenario(&server), &flags, |command| {
        command.env("KATYDID_WEBHOOK_SECRET", SECRET);
    });
    let stderr = err(&ran.output);
    assert!(has_verdict(&ran), "{stderr}");
    let all = receiver.received();
    let names = events(&all);
    assert_eq!(names.first().map(String::as_str), Some("started"), "{names:?}");
    assert_eq!(names.last().map(String::as_str), Some("ended"), "{names:?}");
    assert_eq!(names.iter().filter(|name| *name == "threshold_failed").count(), 1, "{names:?}");
    let stdout = String::from_utf8_lossy(&ran.output.stdout).into_owned();
    assert!(stdout.contains(&format!("webhook: {0} of {0} requests delivered\n", all.len())), "{stdout}");

    let sum = |key: &str| all.iter().filter_map(|one| json(one)["interval"][key].as_u64()).sum::<u64>();
    let total = ran.row("Aggregated");
    assert_eq!(total["Request Count"], sum("requests").to_string());
    assert_eq!(total["Failure Count"], sum("failures").to_string());
    let last = json(all.last().expect("an event"));
    assert_eq!(last["totals"]["requests"].to_string(), total["Request Count"]);
    let word = if ran.output.status.code() == Some(3) { "failed" } else { "invalid" };
    assert_eq!(last["verdict"]["word"], word);

    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET.as_bytes());
    for one in &all {
        let signature = one.headers["x-katydid-signature-256"].to_str().expect("text");
        let tag: Vec<u8> =
            (0..64).step_by(2).map(|at| u8::from_str_radix(&signature[7 + at..9 + at], 16).expect("hex")).collect();
        ring::hmac::verify(&key, &one.body, &tag).expect("a valid signature");
        assert_eq!(one.headers["x-katydid-event"].to_str().ok(), json(one)["event"].as_str());
        assert_eq!(one.path, "/hooks/s3cr3t-path");
    }

    // The URL of a webhook is often secret.
    let output = [&ran.output.stdout[..], &ran.output.stderr].concat();
    let mut texts = vec![String::from_utf8_lossy(&output).into_owned()];
    collect(runs.path(), &mut texts);
    for text in texts {
        assert!(!text.contains("s3cr3t-path") && !text.contains(SECRET), "{text}");
    }
}

/// Appends the contents of all files in a folder, recursively.
pub fn collect(folder: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, texts);
        } else {
            texts.push(String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned());
        }
    }
}

#[test]
fn temporary_errors_are_retried() {
    let server = Server::start();
    let receiver = Receiver::start(|n| {
        Some(match n {
            0 => (StatusCode::SERVICE_UNAVAILABLE, Vec::new(), "busy".to_owned()),
            1 => (StatusCode::TOO_MANY_REQUESTS, vec![(RETRY_AFTER, "1")], String::new()),
            _ => (StatusCode::ACCEPTED, Vec::new(), String::new()),
        })
    });
    let ran = Ran::new(&scenario(&server), &format!("-t 4s --webhook-url {}", receiver.url("/")));
    let all = receiver.received();
    let names = events(&all);
    assert_eq!(names[..4], ["started", "started", "started", "threshold_failed"], "{names:?}");
    let deliveries: Vec<_> = all[..4].iter().map(|one| one.headers["x-katydid-delivery"].clone()).collect();
    assert!(deliveries[0] == deliveries[1] && deliveries[1] == deliveries[2] && deliveries[2] != deliveries[3]);
    assert_eq!(names.last().map(String::as_str), Some("ended"), "{}", err(&ran.output));
}

#[test]
fn failing_receivers_do_not_delay_the_run() {
    let never = Receiver::start(|_| None);
    let gone = Receiver::start(|_| Some((StatusCode::NOT_FOUND, Vec::new(), "no\u{1b}[2Jservice".to_owned())));
    let moved = Receiver::start(|_| Some((StatusCode::FOUND, vec![(LOCATION, "/elsewhere")], "see there".to_owned())));
    let limited =
        Receiver::start(|_| Some((StatusCode::TOO_MANY_REQUESTS, vec![(RETRY_AFTER, "3600")], "slow down".to_owned())));
    let server = Server::start();
    for (url, expected) in [
        (
            limited.url("/"),
            "0 of 4 requests delivered: 429: slow down; it asks to wait for 3600s; not delivered within 4s after the run",
        ),
        (never.url("/"), "0 of 4 requests delivered: not answered within 4s after the run"),
        (moved.url("/"), "0 of 4 requests delivered: 302: see there: redirects are not followed"),
        (gone.url("/"), "0 of 4 requests delivered: 404: no [2Jservice"),
        ("http://127.0.0.1:1/".to_owned(), "0 of 4 requests delivered: "),
        ("http://name.invalid/".to_owned(), "0 of 4 requests delivered: "),
    ] {
        let started = Instant::now();
        let ran = Ran::new(&scenario(&server), &format!("-t 2s --webhook-url {url}"));
        let stderr = err(&ran.output);
        assert!(stderr.contains(&format!("webhook: {expected}")), "{url}: {stderr}");
        // Undelivered events do not affect the exit code.
        assert!(has_verdict(&ran), "{url}: {stderr}");
        // The run takes 2 s and the sinks up to 5 s; the margin is for busy machines.
        assert!(started.elapsed() < Duration::from_secs(30), "{url}: {:?}", started.elapsed());
    }
}

#[test]
fn invalid_settings_are_rejected_before_the_run() {
    let server = Server::start();
    for (flags, expected) in [
        ("--webhook-url ftp://x/token-4815", "expected a URL that starts with http:// or https://"),
        ("--webhook-secret token-4815", "webhook_secret has no effect without webhook_url"),
    ] {
        let ran = Ran::new(&scenario(&server), &format!("-t 2s {flags}"));
        let stderr = err(&ran.output);
        assert_eq!(ran.output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(expected) && !stderr.contains("token-4815"), "{stderr}");
    }
}

#[test]
fn only_changes_of_the_load_are_events() {
    let (server, receiver) = (Server::start(), Receiver::good());
    // Too few users for both classes is a remark, and the end of the warm-up no change.
    let class = "wait_time: constant(20ms), tasks: [{ steps: [{ get: /ok }] }]";
    let stage =
        |name: &str| format!("{{ name: {name}, duration: 1s, users: 1, spawn_rate: 9, warm_up: {} }}", name == "low");
    let text = format!(
        "host: {}\nshape: {{ stages: [{}, {}] }}\n\
         user_classes: {{ A: {{ weight: 99, {class} }}, B: {{ {class} }} }}\n",
        server.url(),
        stage("low"),
        stage("high")
    );
    let ran = Ran::new(&text, &format!("--webhook-url {}", receiver.url("/")));
    let stderr = err(&ran.output);
    assert!(stderr.contains("too few for every class"), "{stderr}");
    let all: Vec<Value> = receiver.received().iter().map(json).collect();
    assert!(all.iter().all(|event| event["run"]["spawn_rate"].is_null()), "none applies: {all:?}");
    let changes = all.iter().filter(|event| event["event"] == "load_changed");
    let changes: Vec<&str> = changes.filter_map(|event| event["text"].as_str()).collect();
    assert_eq!(changes, ["stage: low", "stage: high"], "{stderr}");
}
