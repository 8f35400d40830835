//! A run of all protocols, in stages: everything that is documented is sent, and its sums are those of the report.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use katydid::demo::DemoTarget;
use serde_json::Value;

use crate::command::Ran;
use crate::datadog::{KEY, documented, documents, points, sum};
use crate::receiver::Receiver;
use crate::redis::Redis;

/// Starts of the names of metrics that other runs have: with arrivals, lost messages or GraphQL subscriptions.
const NOT_IN_THIS_RUN: [&str; 6] = [
    "locust.scenario.exceptions",
    "locust.iterations.",
    "locust.graphql.event_time",
    "locust.redis.lost",
    "locust.redis.duplicates",
    "locust.redis.disconnects",
];

fn scenario(demo: &str, redis: &str) -> String {
    format!(
        r#"name: all, protocols
host: {demo}
redis: {{ url: {redis} }}
shape:
  stages:
    - {{ name: warm, duration: 2s, users: 6, spawn_rate: 100, warm_up: true }}
    - {{ name: climb, duration: 11s, users: 9, spawn_rate: 100 }}
thresholds: ['fail_ratio < 1%', 'p95 < 1h']
user_classes:
  Listener:
    fixed_count: 1
    start: before_others
    on_start: [{{ subscribe: [orders], measure: delivery }}]
    tasks: [{{ steps: [{{ wait: 1s }}] }}]
  Shopper:
    wait_time: constant_throughput(5)
    tasks:
      - steps:
          - {{ get: /api/products, name: 'list, all|é' }}
          - {{ get: /missing }}
          - graphql: "query Products {{ products(first: 3) {{ nodes {{ id }} }} }}"
          - publish: orders
            payload: {{ order: 7 }}
"#
    )
}

#[test]
fn all_protocols_and_stages_are_sent() {
    let (demo, redis) = (DemoTarget::start(0).expect("a target"), Redis::start(""));
    let intake = Receiver::start(|_| Some((StatusCode::ACCEPTED, Vec::new(), String::new())));
    // An unrecorded run has no id.
    let ran = Ran::with(&scenario(&demo.url(), &redis.url()), "--no-record", |command| {
        command.envs([("DD_API_KEY", KEY), ("DD_SITE", &intake.url("")), ("DD_TAGS", "team:web,team:shop")]);
        command.envs([("GITHUB_ACTIONS", "true"), ("GITHUB_REF_NAME", "main"), ("GITHUB_SHA", "f00d")]);
    });
    let all = documents(&intake.received());

    // The report leaves out the warm-up, which has a tag.
    let counted = |name: &str, tags: &[&str]| -> f64 {
        let mut points = points(&all, name);
        points.retain(|(tags, _)| !tags.contains(&"phase:warm_up".to_owned()));
        assert!(points.iter().all(|(tags, _)| tags.contains(&"stage:climb".to_owned())), "{points:?}");
        sum(&points, tags)
    };
    for row in ran.file("stats") {
        let (kind, name) = (row["Type"].as_str(), row["Name"].as_str());
        let number = |column: &str| row[column].parse::<f64>().expect("a number");
        let (requests, failures) = (number("Request Count"), number("Failure Count"));
        let tags = match name {
            "Aggregated" => Vec::new(),
            "list, all|é" => vec!["request_type:GET".to_owned(), "endpoint:list__all_é".to_owned()],
            _ => vec![format!("request_type:{kind}"), format!("endpoint:{name}")],
        };
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        if kind != "DELIVER" {
            assert_eq!(counted("locust.request.count", &tags), requests, "{kind} {name}");
            assert_eq!(counted("locust.request.failures", &tags), failures, "{kind} {name}");
        }
        if kind == "PUBLISH" {
            assert_eq!(counted("locust.redis.published", &[]), requests - failures);
        }
    }
    let warm_up = points(&all, "locust.request.count");
    assert!(sum(&warm_up, &["phase:warm_up", "stage:warm"]) > 0.0, "{warm_up:?}");

    let series: Vec<&Value> =
        all.iter().flat_map(|(_, body)| body["series"].as_array().into_iter().flatten()).collect();
    for one in &series {
        let tags = one["tags"].as_array().expect("tags");
        for tag in ["team:web", "team:shop", "scenario:all__protocols", "branch:main", "commit:f00d"] {
            assert!(tags.iter().any(|known| known == tag), "{tag}: {one}");
        }
    }
    // Of two points of the same metric, tags and second, Datadog keeps the later one.
    let mut keys: Vec<String> = series
        .iter()
        .filter(|one| one["metric"] != "locust.users.active")
        .map(|one| {
            let point = &one["points"][0];
            format!("{} {} {}", one["metric"], one["tags"], point.get("timestamp").unwrap_or(&point[0]))
        })
        .collect();
    keys.sort();
    assert_eq!(keys.windows(2).find(|pair| pair[0] == pair[1]), None);

    let names: BTreeSet<String> = series.iter().map(|one| one["metric"].as_str().expect("a name").to_owned()).collect();
    let expected = documented();
    assert_eq!(names.difference(&expected).collect::<Vec<_>>(), Vec::<&String>::new(), "sent, but not documented");
    let is_rare = |name: &&String| NOT_IN_THIS_RUN.iter().any(|start| name.starts_with(start));
    let unseen = expected.difference(&names).filter(|name| !is_rare(name));
    assert_eq!(unseen.collect::<Vec<_>>(), Vec::<&String>::new(), "documented, but not sent");

    let events: Vec<&Value> = all.iter().filter(|(path, _)| path == "/api/v1/events").map(|(_, event)| event).collect();
    assert!(events.iter().any(|event| event["text"] == "stage: climb"), "{events:?}");
    assert!(events.iter().all(|event| event.get("aggregation_key").is_none()), "{events:?}");
}
