//! The Slack sink: messages within the limits of Block Kit, figures of the report, refusals.

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use serde_json::{Value, json};

use crate::command::{Ran, err};
use crate::common::Server;
use crate::python;
use crate::receiver::{Received, Receiver};

/// The second task fails, and its name is markup and a mention.
fn scenario(server: &Server) -> String {
    format!(
        "name: shop <!channel>\nhost: {}\nusers: 3\nspawn_rate: 100\nwait_time: constant(20ms)\n\
         thresholds: ['fail_ratio < 1%', 'p95 < 30s']\n\
         tasks: [{{ steps: [{{ get: /ok, name: '*<!here>* `a`' }}, {{ get: /fail }}] }}]\n",
        server.url()
    )
}

fn bodies(received: &[Received]) -> Vec<Value> {
    received.iter().map(|one| serde_json::from_slice(&one.body).expect("JSON")).collect()
}

fn texts(bodies: &[Value]) -> Vec<&str> {
    bodies.iter().map(|body| body["text"].as_str().expect("a text")).collect()
}

#[test]
fn messages_are_valid_and_match_the_report() {
    let (server, receiver) = (Server::start(), Receiver::good());
    let runs = tempfile::tempdir().expect("a folder");
    let run = |time: &str| {
        let flags = format!("-t {time} --runs-dir {}", runs.path().display());
        Ran::with(&scenario(&server), &flags, |command| {
            command.env("SLACK_WEBHOOK_URL", receiver.url("/services/T0/B0/s3cr3t"));
            let job = [
                ("GITHUB_ACTIONS", "true"),
                ("GITHUB_HEAD_REF", "fix-<b>"),
                ("GITHUB_SHA", "0123456789abcdef"),
                ("GITHUB_SERVER_URL", "https://github.example"),
                ("GITHUB_REPOSITORY", "shop/api"),
                ("GITHUB_RUN_ID", "77"),
            ];
            command.envs(job);
        })
    };
    let ran = run("13s");
    let first = bodies(&receiver.received());
    assert_eq!(first.len(), 3, "{:?}\n{}", texts(&first), err(&ran.output));
    assert!(texts(&first)[0].contains("load test started"), "{:?}", texts(&first));
    assert!(texts(&first)[1].contains("1 threshold failed"), "{:?}", texts(&first));
    assert!(texts(&first)[2].contains("load test failed") || texts(&first)[2].contains("load test invalid"));

    // The figures of the last message are those of the report.
    let last = first[2].to_string();
    let total = ran.row("Aggregated");
    let thousands = |n: &str| {
        let digits: Vec<char> = n.chars().collect();
        let start = digits.len() % 3;
        let groups = [&digits[..start]].into_iter().chain(digits[start..].chunks(3)).filter(|group| !group.is_empty());
        groups.map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(",")
    };
    assert!(last.contains(&format!("*Requests*\\n{} (", thousands(&total["Request Count"]))), "{last}");
    assert!(last.contains(&format!("*Failed*\\n{} (", thousands(&total["Failure Count"]))), "{last}");
    for part in ["<https://github.example/shop/api/actions/runs/77|GitHub Actions>", "`fix-&lt;b&gt;`", "`0123456789`"]
    {
        assert!(last.contains(part), "{part}: {last}");
    }
    assert!(last.contains("`GET /fail`: ") && !last.contains("Change from"), "{last}");

    // A second run is compared with the first.
    run("2s");
    let all = bodies(&receiver.received());
    let last = all.last().expect("a message").to_string();
    assert!(last.contains("*Change from the run before*") && last.contains(" requests/s"), "{last}");

    let types = python::json("slack.py", &[], Value::from(all.clone()).to_string().as_bytes());
    assert_eq!(types[0], json!(["header", "section", "context"]));
    let output = [&ran.output.stdout[..], &ran.output.stderr].concat();
    assert!(!String::from_utf8_lossy(&output).contains("s3cr3t"));
}

#[test]
fn refused_blocks_are_sent_as_text_and_limits_are_honoured() {
    let server = Server::start();
    let receiver = Receiver::start(|n| {
        Some(match n {
            0 => (StatusCode::BAD_REQUEST, Vec::new(), "invalid_blocks".to_owned()),
            1 => (StatusCode::TOO_MANY_REQUESTS, vec![(RETRY_AFTER, "1")], "rate_limited".to_owned()),
            _ => (StatusCode::OK, Vec::new(), "ok".to_owned()),
        })
    });
    let ran = Ran::new(&scenario(&server), &format!("-t 3s --slack-webhook-url {}", receiver.url("/")));
    let all = bodies(&receiver.received());
    assert!(all[0]["blocks"].is_array(), "{}", err(&ran.output));
    assert!(all[1]["blocks"].is_null() && all[1] == all[2], "the text, again after the pause: {all:?}");
    let text = all[1]["text"].as_str().expect("a text");
    assert!(text.contains("load test started") && text.contains("Users: 3"), "{text}");
    python::json("slack.py", &[], Value::from(all).to_string().as_bytes());
    let stdout = String::from_utf8_lossy(&ran.output.stdout).into_owned();
    assert!(stdout.contains("Slack: 2 of 2 requests delivered"), "{stdout}");
}

#[test]
fn messages_can_be_turned_off() {
    let (server, receiver) = (Server::start(), Receiver::good());
    let url = receiver.url("/");
    Ran::new(&scenario(&server), &format!("-t 2s --slack-webhook-url {url} --slack-events end"));
    let all = bodies(&receiver.received());
    assert!(matches!(texts(&all)[..], [end] if end.contains("load test ")), "{all:?}");
    for (flags, expected) in [
        (
            format!("--slack-webhook-url {url} --slack-events begin"),
            "expected some of start, end, abort, failure, recovery",
        ),
        ("--slack-events end".to_owned(), "slack_events has no effect without slack_webhook_url"),
    ] {
        let ran = Ran::new(&scenario(&server), &format!("-t 2s {flags}"));
        assert_eq!(ran.output.status.code(), Some(2), "{}", err(&ran.output));
        assert!(err(&ran.output).contains(expected), "{}", err(&ran.output));
    }
}
