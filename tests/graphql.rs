//! GraphQL against two servers, the demo target and one in JavaScript, and against invalid servers.

#[path = "headless/command.rs"]
#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
mod command;
#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
mod common;
#[path = "graphql/floods.rs"]
mod floods;
#[path = "graphql/hostile.rs"]
mod hostile;
#[path = "headless/nginx.rs"]
#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
mod nginx;
#[path = "graphql/odd.rs"]
mod odd;
#[path = "graphql/server.rs"]
mod server;
#[path = "graphql/subscriptions.rs"]
mod subscriptions;

use std::sync::Arc;
use std::time::Duration;

use common::{run_at, wait};
use katydid::demo::DemoTarget;
use katydid::report::text;
use katydid::stats::Snapshot;
use katydid::stats::snapshot::Row;
use odd::Odd;
use server::Yoga;

/// Runs one user that executes `steps` exactly `times` times.
async fn ran(url: String, top: &str, steps: &str, times: u32) -> Arc<Snapshot> {
    let steps: String = steps.trim_matches('\n').lines().map(|line| format!("          {line}\n")).collect();
    let scenario = format!(
        "users: 1\n{top}\ntasks:\n  - steps:\n      - repeat: {times}\n        steps:\n{steps}      - stop: run\n"
    );
    let mut handle = run_at(url, &scenario);
    tokio::time::timeout(Duration::from_secs(60), handle.finished()).await.expect("an end of its own")
}

fn row<'a>(snapshot: &'a Snapshot, method: &str, name: &str) -> &'a Row {
    let found = snapshot.endpoints.iter().find(|row| row.kind.name() == method && &*row.name == name);
    found.unwrap_or_else(|| panic!("no row {method} {name}"))
}

/// The reasons of a row's failures, with their counts.
fn reasons(snapshot: &Snapshot, name: &str) -> Vec<(String, u64)> {
    let rows = snapshot.failures.rows.iter().filter(|row| &*row.name == name);
    rows.map(|row| (row.reason.to_string(), row.count)).collect()
}

#[tokio::test]
async fn responses_of_another_server_are_understood() {
    let server = Yoga::start();
    let steps = r#"
- graphql: "query Fine($name: String!) { hello(name: $name) }"
  variables: { name: "u{{ user.id }}" }
  expect: { json: { $.data.hello: "hello u1" } }
  capture: { printed: $.data.hello }
- graphql: "mutation Rename($id: ID!, $name: String!) { rename(id: $id, name: $name) }"
  variables: { id: 7, name: "{{ printed }}" }
  expect: { json: { $.data.rename: "7 is hello u1" } }
- graphql: "query Invalid { nothing }"
- graphql: "query Partial { hello(name: \"a\") boom }"
- graphql: "query Failed { bang }"
- graphql: "query Unmet { hello(name: \"a\") }"
  expect: { json: { $.data.hello: "hello b" } }
"#;
    let last = ran(server.url(), "", steps, 5).await;
    for (method, name, wanted) in [
        ("QUERY", "Fine", None),
        ("MUTATION", "Rename", None),
        ("QUERY", "Invalid", Some("GraphQL request error: GRAPHQL_VALIDATION_FAILED")),
        ("QUERY", "Partial", Some("GraphQL partial data: INTERNAL_SERVER_ERROR")),
        ("QUERY", "Failed", Some("GraphQL execution failed: INTERNAL_SERVER_ERROR")),
        ("QUERY", "Unmet", Some("expected json $.data.hello")),
    ] {
        assert_eq!(row(&last, method, name).total.requests, 5, "{name}");
        match (reasons(&last, name).as_slice(), wanted) {
            ([], None) => {}
            ([(reason, 5)], Some(wanted)) if reason.starts_with(wanted) => {}
            (got, _) => panic!("{name}: {got:?}"),
        }
    }
    assert_eq!(server.count(), 30);
    let partial = last.failures.rows.iter().find(|row| &*row.name == "Partial").expect("a failure");
    let detail = &partial.example.as_ref().expect("an example").detail;
    assert!(detail.ends_with(" at boom"), "{detail}");
}

#[tokio::test]
async fn queries_can_be_sent_by_get_and_by_hash() {
    let server = Yoga::start();
    let steps = r#"
- graphql: "query Get($name: String!) { hello(name: $name) }"
  method: get
  variables: { name: "a & b = {{ iteration }}" }
  expect: { json: { $.data.hello: "hello a & b = 0" } }
- graphql: "query Hashed($name: String!) { hello(name: $name) }"
  persisted: apq
  variables: { name: c }
  expect: { json: { $.data.hello: "hello c" } }
"#;
    let last = ran(server.url(), "", steps, 4).await;
    assert_eq!(last.failures.rows.len(), 0, "{:?}", last.failures.rows);
    assert_eq!(last.total.total.requests, 8);
    // Only the first one sent by hash needs a second request.
    assert_eq!(server.count(), 9);
    assert_eq!(last.remarks_of(row(&last, "QUERY", "Hashed")).unknown_hashes, 1);
    let sentence = "1 persisted query was not known to the server and sent again with its text: QUERY Hashed 1";
    assert!(text::left_out(&last).contains(&sentence.to_owned()), "{:?}", text::left_out(&last));
}

#[tokio::test]
async fn failures_are_grouped_by_codes_without_ids() {
    let url = odd::start(CODES).await;
    let step = |(name, ..): &Odd| format!("- graphql: \"query Get {{ a }}\"\n  headers: {{ X-Case: {name} }}\n");
    let last = ran(url, "", &CODES.iter().map(step).collect::<String>(), 2).await;
    let mut found = reasons(&last, "Get");
    found.sort();
    let wanted = [("GraphQL execution failed: NOT_FOUND", 2), ("GraphQL request error: N", 6)];
    assert_eq!(found, wanted.map(|(reason, count)| (reason.to_owned(), count)));
}

const CODES: &[Odd] = &[
    ("Github", JSON, br#"{"data":null,"errors":[{"type":"NOT_FOUND","message":"no repository a/b7"}]}"#),
    ("One", JSON, br#"{"errors":[{"message":"x","extensions":{"code":"550e8400-e29b-41d4-a716-446655440000"}}]}"#),
    ("Two", JSON, br#"{"errors":[{"message":"y","extensions":{"code":"6ba7b810-9dad-11d1-80b4-00c04fd430c8"}}]}"#),
    ("Sum", JSON, br#"{"errors":[{"message":"z","extensions":{"code":1732723200000}}]}"#),
];

#[tokio::test]
async fn the_error_policy_is_applied() {
    let server = Yoga::start();
    let steps = r#"
- graphql: "query Partial { hello(name: \"a\") boom }"
- graphql: "query Failed { bang }"
- graphql: "query Strict { hello(name: \"a\") boom }"
  expect: { errors: none }
"#;
    for (policy, partial, failed) in [("fail", 2, 2), ("partial_ok", 0, 2), ("ignore", 0, 0)] {
        let last = ran(server.url(), &format!("graphql: {{ errors: {policy} }}"), steps, 2).await;
        let failures = ["Partial", "Failed", "Strict"].map(|name| row(&last, "QUERY", name).total.failures);
        assert_eq!(failures, [partial, failed, 2], "{policy}");
    }
}

#[tokio::test]
async fn business_errors_are_failures() {
    let demo = DemoTarget::start(0).expect("a demo target");
    let steps = r#"
- graphql: "mutation Good { addReview(productId: 7, stars: 5) { userErrors { message } } }"
- graphql: "mutation Bad { addReview(productId: 7, stars: 9) { userErrors { message } } }"
  capture: { printed: "$.data.addReview.userErrors[0].message" }
- graphql: "mutation Elsewhere { addReview(productId: 7, stars: 9) { userErrors { message } } }"
  business_errors: $.data.addReview.warnings
- graphql: "subscription Left { stock(productId: 7, every: 10) { left } }"
  business_errors: $.data.stock
  events: 3
"#;
    let last = ran(demo.url(), "graphql: { business_errors: \"$.data.*.userErrors\" }", steps, 2).await;
    for (name, wanted) in
        [("Good", vec![]), ("Bad", vec![("GraphQL business error: stars are N to N", 2)]), ("Elsewhere", vec![])]
    {
        let found = reasons(&last, name);
        let found: Vec<_> = found.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
        assert_eq!(found, wanted, "{name}");
    }
    assert_eq!(row(&last, "EVENT", "Left").total.failures, 6, "{:?}", reasons(&last, "Left"));
    let example = last.failures.rows.iter().find_map(|row| row.example.as_ref().filter(|_| &*row.name == "Bad"));
    assert_eq!(example.expect("a kept reply").detail, "stars are 1 to 5");
}

#[tokio::test]
async fn other_servers_are_reported_as_such() {
    let server = Yoga::start();
    let last = ran(server.url(), "graphql: { endpoint: /html }", "- graphql: \"query Html { a }\"", 2).await;
    assert_eq!(reasons(&last, "Html"), [("not a GraphQL response: text/html".to_owned(), 2)]);
}

const JSON: &str = "application/json";
const ODD: &[Odd] = &[
    ("Fine", JSON, br#"{"data":{"a":1}}"#),
    ("Bom", JSON, b"\xef\xbb\xbf{\"data\":{\"a\":1}}"),
    ("Batch", JSON, br#"[{"data":null,"errors":[{"message":"boom"}]}]"#),
    ("List", JSON, br#"["anything"]"#),
    ("Pair", JSON, b"[1,[]]"),
    ("Bytes", JSON, b"{\"data\":{\"a\":\"\xff\xfe\"}}"),
    ("Empty", JSON, b""),
    ("Cut", JSON, br#"{"data":{"a"#),
    ("Html", "text/html; charset=utf-8", b"<h1>oops</h1>"),
    ("HtmlAsJson", JSON, b"<h1>oops</h1>"),
    ("Other", JSON, br#"{"message":"hi"}"#),
    ("Texts", JSON, br#"{"errors":["boom"]}"#),
    ("Nulls", JSON, br#"{"data":{"a":1},"errors":[null]}"#),
    ("Number", JSON, br#"{"errors":[{"message":5}]}"#),
    ("Text", JSON, br#"{"errors":"boom"}"#),
    ("Object", JSON, br#"{"data":null,"errors":{"message":"boom"}}"#),
    ("Half", JSON, br#"{"errors":[{"message":"\ud800 boom"}]}"#),
    ("Lists", JSON, br#"{"errors":[["boom",[],{"code":"X"}]]}"#),
];

#[tokio::test]
async fn invalid_responses_are_classified() {
    let url = odd::start(ODD).await;
    let step = |(name, ..): &Odd| {
        let expect = if name.starts_with("Bom") { "expect: { json: { $.data.a: 1 } }" } else { "" };
        format!("- graphql: \"query {name} {{ a }}\"\n  headers: {{ X-Case: {name} }}\n  {expect}\n")
    };
    let last = ran(url, "", &ODD.iter().map(step).collect::<String>(), 2).await;
    for (name, wanted) in [
        ("Fine", None),
        ("Bom", None),
        ("Batch", Some("not a GraphQL response: a list")),
        ("List", Some("not a GraphQL response: a list")),
        ("Pair", Some("not a GraphQL response: a list")),
        ("Bytes", Some("not a GraphQL response: invalid UTF-8")),
        ("Empty", Some("not a GraphQL response: an empty body")),
        ("Cut", Some("not a GraphQL response: truncated JSON")),
        ("Html", Some("not a GraphQL response: text/html")),
        ("HtmlAsJson", Some("not a GraphQL response: not JSON, though sent as JSON")),
        ("Other", Some("not a GraphQL response: neither data nor errors")),
        ("Texts", Some("GraphQL request error: boom")),
        ("Nulls", Some("GraphQL partial data: no message")),
        ("Number", Some("GraphQL request error: no message")),
        ("Text", Some("GraphQL request error: boom")),
        ("Object", Some("GraphQL execution failed: boom")),
        ("Half", Some("GraphQL request error: \u{fffd}\u{fffd}\u{fffd} boom")),
        ("Lists", Some("GraphQL request error: no message")),
    ] {
        let wanted: Vec<_> = wanted.iter().map(|reason| ((*reason).to_owned(), 2)).collect();
        assert_eq!(reasons(&last, name), wanted, "{name}");
    }
}

#[tokio::test]
async fn the_demo_shop_shows_n_plus_one() {
    let demo = DemoTarget::start(0).expect("a free port");
    let steps = r#"
- graphql: "query Few { orders(first: 1) { id product { name } } }"
- graphql: "query Many { orders(first: 40) { id product { name } } }"
"#;
    let last = ran(demo.url(), "graphql: { errors: ignore }", steps, 8).await;
    let median = |name: &str| row(&last, "QUERY", name).total.response.median();
    assert!(median("Many") > median("Few") + Duration::from_millis(60), "{:?} {:?}", median("Few"), median("Many"));
    let notes: Vec<&str> = last.run.operations.iter().map(|(_, asked)| &*asked.words).collect();
    assert_eq!(notes, ["depth 3, 4 fields, ~1 node", "depth 3, 4 fields, ~40 nodes"]);
}

#[tokio::test]
async fn reported_costs_are_recorded() {
    let target = DemoTarget::start(0).expect("a free port");
    let steps = r#"
- graphql: "query Three { products(first: 3) { nodes { id name } } }"
- graphql: "query One { product(id: 1) { id } }"
- graphql: "query Wrong { nope }"
"#;
    let last = ran(target.url(), "", steps, 20).await;
    let found: Vec<_> = last
        .operations()
        .map(|(row, asked, costs)| (row.name.to_string(), asked.fields, costs.requested(), costs.actual()))
        .collect();
    // Requested 1 + 3 × (nodes, id, name); resolved products, nodes, and 3 × (id, name).
    let wanted = [
        ("Three".to_owned(), 4, Some(10.0), Some(8.0)),
        ("One".to_owned(), 2, Some(2.0), Some(2.0)),
        ("Wrong".to_owned(), 1, None, None),
    ];
    assert_eq!(found, wanted);
}
