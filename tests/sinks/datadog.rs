//! The Datadog sink: requests that the official models accept, sums that equal those of the report, limits, refusals.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderName, StatusCode};
use base64::Engine as _;
use serde_json::{Value, json};

use crate::command::{Ran, err};
use crate::common::Server;
use crate::python;
use crate::receiver::{Received, Receiver};

pub const KEY: &str = "0123456789abcdef0123456789abcdef";

pub fn scenario(server: &Server) -> String {
    format!(
        "name: shop\nhost: {}\nusers: 3\nspawn_rate: 2\nwait_time: constant(20ms)\nthresholds: ['fail_ratio < 1%']\n\
         tasks: [{{ steps: [{{ get: /ok }}, {{ get: /fail }}] }}]\n",
        server.url()
    )
}

fn run(receiver: &Receiver, server: &Server, flags: &str) -> Ran {
    Ran::with(&scenario(server), flags, |command| {
        command.env("DD_API_KEY", KEY).env("DATADOG_SITE", receiver.url("")).env("DATADOG_ENVIRONMENT", "qa");
    })
}

/// The documents of requests, as the models of Datadog's client read them.
pub fn documents(received: &[Received]) -> Vec<(String, Value)> {
    let request = |one: &Received| {
        let encoding = one.headers.get("content-encoding").map_or("", |value| value.to_str().expect("text"));
        assert_eq!(one.headers["dd-api-key"], KEY);
        let body = base64::engine::general_purpose::STANDARD.encode(&one.body);
        json!({ "path": one.path, "encoding": encoding, "body": body })
    };
    let requests: Value = received.iter().map(request).collect();
    let documents = python::json("datadog_intake.py", &[], requests.to_string().as_bytes());
    let paths = received.iter().map(|one| one.path.clone());
    paths.zip(documents.as_array().expect("a list").iter().cloned()).collect()
}

/// The points of a metric: tags and value.
pub fn points(documents: &[(String, Value)], name: &str) -> Vec<(Vec<String>, f64)> {
    let series = documents.iter().flat_map(|(_, document)| document["series"].as_array().into_iter().flatten());
    let of_name = series.filter(|series| series["metric"] == name);
    let point = |series: &Value| {
        let tags = series["tags"].as_array().expect("tags").iter().map(|tag| tag.as_str().expect("text").to_owned());
        (tags.collect(), series["points"][0]["value"].as_f64().unwrap_or(f64::NAN))
    };
    of_name.map(point).collect()
}

pub fn sum(points: &[(Vec<String>, f64)], tags: &[&str]) -> f64 {
    let has = |all: &[String]| tags.iter().all(|tag| all.iter().any(|known| known == tag));
    points.iter().filter(|(all, _)| has(all)).map(|(_, value)| value).sum()
}

#[test]
fn requests_are_valid_and_their_sums_are_those_of_the_report() {
    let (server, receiver) =
        (Server::start(), Receiver::start(|_| Some((StatusCode::ACCEPTED, Vec::new(), String::new()))));
    // The last interval is shorter than the others.
    let ran = run(&receiver, &server, "-t 13s");
    let all = documents(&receiver.received());
    let count = points(&all, "locust.request.count");
    let failures = points(&all, "locust.request.failures");
    for (name, success, column) in
        [("/ok", "success:true", "Request Count"), ("/fail", "success:false", "Failure Count")]
    {
        let wanted: f64 = ran.row(name)[column].parse().expect("a number");
        assert_eq!(sum(&count, &[success, &format!("endpoint:{name}"), "request_type:GET"]), wanted, "{name}");
        assert!(wanted > 0.0, "{name}");
    }
    let total = ran.row("Aggregated");
    let figure = |column: &str| total[column].parse::<f64>().expect("a number");
    assert_eq!(sum(&count, &[]), figure("Request Count"));
    assert_eq!(sum(&failures, &["status_class:5xx"]), figure("Failure Count"));

    // The totals at the end, by the names of the reporter that dashboards were made for.
    let last = |name: &str| {
        let points = points(&all, name);
        assert_eq!(points.len(), 1, "{name}");
        assert!(points[0].0.contains(&"test_name:shop".to_owned()), "{points:?}");
        points[0].1
    };
    assert_eq!(last("locust.test.total_requests"), figure("Request Count"));
    assert_eq!(last("locust.test.total_failures"), figure("Failure Count"));
    assert!((last("locust.test.avg_response_time") - figure("Average Response Time")).abs() < 0.01);
    assert!((last("locust.test.requests_per_second") - figure("Requests/s")).abs() < 0.01);
    assert!((last("locust.test.error_rate") - 100.0 * figure("Failure Count") / figure("Request Count")).abs() < 0.01);

    // docs/datadog.md lists everything that is sent.
    let series = all.iter().flat_map(|(_, document)| document["series"].as_array().into_iter().flatten());
    let sent: BTreeSet<String> = series.map(|series| series["metric"].as_str().expect("a name").to_owned()).collect();
    assert_eq!(sent.difference(&documented()).collect::<Vec<_>>(), Vec::<&String>::new());

    let users = points(&all, "locust.users.active");
    let values: Vec<f64> = users.iter().map(|(_, value)| *value).collect();
    assert!(values.contains(&2.0) && values.contains(&3.0), "every change, also during the ramp: {values:?}");
    for (tags, _) in users.iter().chain(&count) {
        for tag in ["environment:qa", "env:qa", "service:locust-load-test", "version:1.0.0", "scenario:shop"] {
            assert!(tags.iter().any(|known| known == tag), "{tag}: {tags:?}");
        }
    }
    for name in ["locust.request.response_time", "locust.request.response_time.p95", "locust.request.response_time.max"]
    {
        assert!(points(&all, name).len() >= 4, "{name}");
    }
    let distribution = all.iter().filter(|(path, _)| path == "/api/v1/distribution_points");
    let sampled: usize = distribution
        .flat_map(|(_, document)| document["series"].as_array().expect("a list"))
        .map(|series| series["points"][0][1].as_array().expect("values").len())
        .sum();
    assert!((100..=figure("Request Count") as usize).contains(&sampled), "a sample, not every request: {sampled}");

    let events: BTreeMap<&str, &Value> = all
        .iter()
        .filter(|(path, _)| path == "/api/v1/events")
        .map(|(_, event)| (event["title"].as_str().expect("a title"), event))
        .collect();
    let has_tag = |title: &str, tag: &str| events[title]["tags"].as_array().expect("tags").contains(&json!(tag));
    assert!(has_tag("shop Load Test Started", "test:start") && has_tag("shop Load Test Completed", "test:complete"));
    assert_eq!(events["shop Load Test Completed"]["alert_type"], "error", "more than 5 % failed");
    assert!(events.contains_key("shop: threshold failed: fail_ratio < 1%"), "{:?}", events.keys());

    let (stdout, stderr) = (String::from_utf8_lossy(&ran.output.stdout).into_owned(), err(&ran.output));
    assert!(stdout.contains(&format!("Datadog: {0} of {0} requests delivered", all.len())), "{stdout}");
    assert!(stderr.contains("sends to Datadog: 127.0.0.1:"), "{stderr}");
    assert!(!stdout.contains(KEY) && !stderr.contains(KEY));
}

#[test]
fn temporary_errors_and_limits_lose_nothing() {
    let server = Server::start();
    let receiver = Receiver::start(|n| {
        let reset = HeaderName::from_static("x-ratelimit-reset");
        Some(match n {
            0 => (StatusCode::TOO_MANY_REQUESTS, vec![(reset, "1")], String::new()),
            1 => (StatusCode::INTERNAL_SERVER_ERROR, Vec::new(), String::new()),
            2 => (StatusCode::REQUEST_TIMEOUT, vec![(RETRY_AFTER, "0")], String::new()),
            5 => (StatusCode::PAYLOAD_TOO_LARGE, Vec::new(), String::new()),
            _ => (StatusCode::ACCEPTED, Vec::new(), String::new()),
        })
    });
    let ran = run(&receiver, &server, "-t 13s");
    let accepted: Vec<Received> = receiver
        .received()
        .into_iter()
        .enumerate()
        .filter(|(n, _)| ![0, 1, 2, 5].contains(n))
        .map(|(_, one)| one)
        .collect();
    let count = points(&documents(&accepted), "locust.request.count");
    assert_eq!(sum(&count, &[]).to_string(), ran.row("Aggregated")["Request Count"], "{}", err(&ran.output));
    let stdout = String::from_utf8_lossy(&ran.output.stdout).into_owned();
    assert!(stdout.contains(&format!("Datadog: {0} of {0} requests delivered", accepted.len())), "{stdout}");
}

#[test]
fn refusals_are_explained_and_dropped_points_are_counted() {
    let server = Server::start();
    let forbidden =
        Receiver::start(|_| Some((StatusCode::FORBIDDEN, Vec::new(), r#"{"errors":["Forbidden"]}"#.to_owned())));
    let bad = Receiver::start(|_| Some((StatusCode::BAD_REQUEST, Vec::new(), String::new())));
    let never = Receiver::start(|_| None);
    for (receiver, expected) in [
        (&forbidden, &["points dropped", "403", "site"][..]),
        (&bad, &["points dropped", "400"]),
        (&never, &["points dropped"]),
    ] {
        let started = Instant::now();
        let ran = run(receiver, &server, "-t 2s");
        let stderr = err(&ran.output);
        let line = stderr.lines().find(|line| line.contains("Datadog: 0 of ")).expect("a line about Datadog");
        assert!(expected.iter().all(|part| line.contains(part)), "{line}");
        assert!(!line.contains(KEY) && matches!(ran.output.status.code(), Some(3 | 5)), "{line}");
        assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    }
}

#[test]
fn invalid_settings_are_rejected_before_the_run() {
    let server = Server::start();
    for (flags, expected) in [
        ("--datadog-api-key k --datadog-site datadoghq.org", "datadog_site: expected one of datadoghq.com, us3"),
        ("--datadog-api-key k --dogstatsd 127.0.0.1:1", "would count everything twice"),
        ("--dogstatsd udp://", "expected HOST:PORT or unix:///PATH"),
        ("--datadog-tags a:b", "has no effect without datadog_api_key or dogstatsd"),
        ("--datadog-api-key key-é", "datadog_api_key: expected letters and digits"),
        ("--datadog-api-key k --datadog-prefix 9", "expected letters, digits, _ and ."),
    ] {
        let ran = Ran::new(&scenario(&server), &format!("-t 2s {flags}"));
        assert_eq!(ran.output.status.code(), Some(2), "{flags}: {}", err(&ran.output));
        let expected = expected.trim_start_matches("datadog_site: ");
        assert!(err(&ran.output).contains(expected), "{flags}: {}", err(&ran.output));
    }
}

/// Names of metrics in a text, with the suffixes that follow as `.p95` in the cells of a table.
pub fn documented() -> BTreeSet<String> {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/datadog.md")).expect("a page");
    let mut names = BTreeSet::new();
    for row in page.lines().filter(|line| line.starts_with("| `locust.")) {
        let cell = row.split('|').nth(1).expect("a cell");
        let words = cell.split('`').skip(1).step_by(2);
        let mut first = "";
        for word in words {
            if word.starts_with("locust.") {
                first = word;
                names.insert(word.to_owned());
            } else {
                // A suffix of the name, in place of its first one.
                names.insert(format!("{}{word}", first.strip_suffix(".p50").unwrap_or(first)));
            }
        }
    }
    names
}

#[test]
fn the_dashboard_is_valid_and_shows_documented_metrics() {
    let text =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/datadog-dashboard.json")).expect("a file");
    let queries = python::json("datadog_dashboard.py", &[], &text);
    let names = documented();
    assert!(names.len() > 30, "{names:?}");
    for query in queries.as_array().expect("a list") {
        let query = query.as_str().expect("a query");
        let name = query.split([':', '{']).nth(1).expect("a name");
        assert!(names.contains(name), "{query}: {names:?}");
    }
}
