//! Subscriptions against the demo shop, GraphQL Yoga, TLS and a proxy, and hostile servers.

use std::time::Duration;

use katydid::demo::DemoTarget;
use katydid::engine::Command;
use katydid::report::finding::findings;
use katydid::stats::Snapshot;
use katydid::stats::snapshot::RunState;

use super::command::{err, run};
use super::common::{run_at, stop, until};
use super::hostile::Hostile;
use super::nginx::Nginx;
use super::server::Yoga;
use super::wait::{end_of, until_in_task};
use super::{ran, reasons, row};

/// Requests and failures of CONNECT, SUBSCRIPTION and EVENT.
fn rows(snapshot: &Snapshot, name: &str) -> [(u64, u64); 3] {
    ["CONNECT", "SUBSCRIPTION", "EVENT"].map(|method| {
        let total = &row(snapshot, method, name).total;
        (total.requests, total.failures)
    })
}

/// A counter of the demo shop.
fn counted(demo: &DemoTarget, what: &str) -> u64 {
    let body = super::server::get(&demo.url(), "/_count");
    let counts: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    counts[what].as_u64().expect("a number")
}

#[tokio::test]
async fn each_event_is_counted_once() {
    let demo = DemoTarget::start(0).expect("a free port");
    let scenario = r#"
users: 8
spawn_rate: 100
graphql: { method: get }
tasks:
  - steps:
      - graphql: |
          subscription Stock($id: ID!) { stock(productId: $id, every: 2, first: 50) { product left } }
        variables: { id: "{{ user.id }}" }
        expect: { json: { $.data.stock.product: "{{ user.id | string }}" }, size: "> 10" }
        capture: { left: $.data.stock.left }
      - graphql: "query Later($id: ID!) { product(id: $id) { id } }"
        variables: { id: "{{ left * 0 + 1 }}" }
        when: left is defined
        expect: { errors: any }
      - stop: user
"#;
    let mut handle = run_at(demo.url(), scenario);
    // Ends with its last user.
    let last = end_of("the run", handle.finished()).await;
    assert_eq!(rows(&last, "Stock"), [(8, 0), (8, 0), (400, 0)], "{:?}", last.failures.rows);
    assert_eq!((counted(&demo, "events"), counted(&demo, "/graphql")), (400, 16));
    // Events are not requests.
    assert_eq!(last.total.total.requests, 24);
    assert!(last.exceptions.is_empty() && last.aborted == 0, "{:?}", last.exceptions);
    let bytes = row(&last, "EVENT", "Stock").total.bytes;
    assert!((400 * 40..400 * 50).contains(&bytes), "{bytes}");
    assert_eq!(last.run.operations.len(), 2);
}

#[tokio::test]
async fn a_server_of_the_older_protocol_is_named() {
    let server = Yoga::start();
    let steps = "- graphql: 'subscription Ticks { ticks(count: 3) }'\n  timeout: 20s\n";
    let last = ran(server.url(), "graphql: { subscriptions: /legacy }", steps, 2).await;
    let wanted = "not graphql-transport-ws: closed 1002 before connection_ack, as servers of the older protocol graphql-ws \
                  (subscriptions-transport-ws) do";
    assert_eq!(reasons(&last, "Ticks"), [(wanted.to_owned(), 2)]);
}

#[tokio::test]
async fn a_step_listens_for_the_configured_time() {
    let demo = DemoTarget::start(0).expect("a free port");
    let stock = |name: &str, every: u32| {
        format!("- graphql: 'subscription {name} {{ stock(productId: 1, every: {every}) {{ left }} }}'\n")
    };
    let steps = [
        "- set: { some: 3, short: 50ms }\n".to_owned(),
        stock("Some", 1) + "  events: \"{{ some + 1 }}\"\n",
        stock("Short", 1) + "  listen_for: \"{{ short }}\"\n",
        stock("Either", 1) + "  events: 2\n  listen_for: 10m\n",
        "- graphql: 'subscription Ends { stock(productId: 1, every: 1, first: 5) { left } }'\n  timeout: 20s\n"
            .to_owned(),
        stock("Wrong", 1) + "  events: \"{{ some - 3 }}\"\n",
    ];
    let last = ran(demo.url(), "", &steps.concat(), 2).await;
    assert_eq!(last.failures.rows.len(), 0, "{:?}", last.failures.rows);
    for (name, events) in [("Some", 8), ("Either", 4), ("Ends", 10)] {
        assert_eq!(rows(&last, name), [(2, 0), (2, 0), (events, 0)], "{name}");
    }
    let [connect, subscription, events] = rows(&last, "Short");
    assert!((connect, subscription) == ((2, 0), (2, 0)) && events.0 >= 2, "{events:?}");
    let [exception] = &last.exceptions[..] else { panic!("{:?}", last.exceptions) };
    assert!(exception.message.contains("events: \"0\" is not a whole number from 1"), "{}", exception.message);
    assert_eq!(exception.count, 2);
}

#[tokio::test]
async fn failed_events_do_not_end_the_subscription() {
    let demo = DemoTarget::start(0).expect("a free port");
    let steps = r#"
- graphql: "subscription Lost { orders(every: 1, failAt: 4) { id } }"
- graphql: "subscription Any { orders(every: 1, failAt: 4) { id } }"
  expect: { errors: any }
- graphql: "subscription Unmet { orders(every: 1, first: 3) { id } }"
  expect: { json: { $.data.orders.id: "2" } }
- graphql: "subscription Missing { orders(every: 1, first: 3) { id } }"
  capture: { nothing: $.data.nothing }
- graphql: "subscription Invalid { nope }"
"#;
    let last = ran(demo.url(), "", steps, 1).await;
    for (name, wanted, reason) in [
        ("Lost", [(1, 0), (1, 0), (4, 1)], Some("GraphQL execution failed: WAREHOUSE_DOWN")),
        ("Any", [(1, 0), (1, 0), (4, 0)], None),
        ("Unmet", [(1, 0), (1, 0), (3, 2)], Some("expected json $.data.orders.id \"2\"")),
        // Captures use the first event only.
        ("Missing", [(1, 0), (1, 0), (3, 1)], Some("nothing to capture for nothing: json $.data.nothing")),
        // This server reports it in an event, like a response to a query.
        ("Invalid", [(1, 0), (1, 0), (1, 1)], Some("GraphQL ")),
    ] {
        assert_eq!(rows(&last, name), wanted, "{name}");
        let reasons = reasons(&last, name);
        assert_eq!(reasons.len(), usize::from(reason.is_some()), "{name}: {reasons:?}");
        assert!(reasons.iter().all(|(got, _)| got.starts_with(reason.unwrap_or_default())), "{name}: {reasons:?}");
    }
    // Failed events are not failed requests.
    assert_eq!(last.total.total.failures, 0);
}

#[tokio::test]
async fn subscriptions_work_with_another_server() {
    let server = Yoga::start();
    let steps = r#"
- graphql: "subscription Ticks($count: Int!) { ticks(count: $count) }"
  variables: { count: 25 }
  expect: { json: { $.data.ticks: { gte: 1 } } }
- graphql: "subscription Enough { ticks(count: 100000) }"
  events: 5
- graphql: "subscription Invalid { nope }"
- graphql: "subscription Partial { partly }"
- graphql: "subscription Thrown { thrown }"
"#;
    let top = "graphql: { connection_params: { token: \"{{ user.id }}\" } }";
    let last = ran(server.url(), top, steps, 3).await;
    for (name, wanted, reason) in [
        ("Ticks", [(3, 0), (3, 0), (75, 0)], None),
        ("Enough", [(3, 0), (3, 0), (15, 0)], None),
        ("Invalid", [(3, 0), (3, 3), (0, 0)], Some("GraphQL request error: Cannot query field")),
        ("Partial", [(3, 0), (3, 0), (6, 3)], Some("GraphQL partial data: boom")),
        ("Thrown", [(3, 0), (3, 0), (6, 3)], Some("GraphQL request error: lost")),
    ] {
        let reasons = reasons(&last, name);
        assert_eq!(rows(&last, name), wanted, "{name}: {reasons:?}");
        assert!(reasons.iter().all(|(got, _)| got.starts_with(reason.unwrap_or_default())), "{name}: {reasons:?}");
        assert_eq!(reasons.len(), usize::from(reason.is_some()), "{name}: {reasons:?}");
    }
    // It was told each time that the client unsubscribed.
    until_in_task("nobody listening", || server.number("/listening") == 0).await;
    assert_eq!(server.number("/params"), 15);
}

#[tokio::test]
async fn refused_connections_show_their_close_code() {
    let server = Yoga::start();
    let steps = "- graphql: 'subscription Ticks { ticks(count: 1) }'\n";
    let last = ran(server.url(), "graphql: { connection_params: { token: bad } }", steps, 2).await;
    assert_eq!(reasons(&last, "Ticks"), [("closed 4403 Forbidden".to_owned(), 2)]);
    assert_eq!(rows(&last, "Ticks"), [(2, 2), (0, 0), (0, 0)]);
}

#[tokio::test]
async fn wss_through_a_proxy_that_prefers_http_2() {
    let server = Yoga::start();
    let nginx = Nginx::secure(
        true,
        &format!(
            "location / {{ proxy_pass {}; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
             proxy_set_header Connection upgrade; }}",
            server.url()
        ),
    );
    let steps =
        "- graphql: 'subscription Ticks { ticks(count: 10) }'\n- graphql: 'query Hello { hello(name: \"a\") }'\n";
    let trusted = "defaults: { tls: { insecure: true } }";
    let wss = nginx.url().replace("https:", "wss:");
    let elsewhere = format!("{trusted}\ngraphql: {{ subscriptions: '{wss}/graphql' }}");
    for (top, url) in [(trusted, nginx.url()), (&elsewhere, "http://127.0.0.1:1".to_owned())] {
        let last = ran(url, top, steps, 3).await;
        assert_eq!(rows(&last, "Ticks"), [(3, 0), (3, 0), (30, 0)], "{:?}", last.failures.rows);
        assert!(row(&last, "CONNECT", "Ticks").total.connect.count == 3, "each opens a connection");
    }
    let last = ran(nginx.url(), "", steps, 1).await;
    assert_eq!(rows(&last, "Ticks"), [(1, 1), (0, 0), (0, 0)]);
    assert!(reasons(&last, "Ticks")[0].0.starts_with("TLS failed: "), "{:?}", last.failures.rows);
    let log = nginx.stop_and_read_log();
    let queries = log.iter().filter(|line| line.starts_with("POST ") && line.contains("HTTP/2.0")).count();
    let sockets = log.iter().filter(|line| line.starts_with("GET ") && line.contains("HTTP/1.1 101 ")).count();
    assert_eq!((queries, sockets), (3, 6), "{log:?}");
}

/// Subscribes once to each of these paths, with this time-out; returns the final snapshot.
async fn visited(server: &Hostile, paths: &[&str], timeout: &str) -> std::sync::Arc<Snapshot> {
    let step = |path: &&str| {
        format!(
            "- set: {{ path: {path} }}\n- graphql: 'subscription X {{ a }}'\n  name: {path}\n  timeout: {timeout}\n"
        )
    };
    let steps: String = paths.iter().map(step).collect();
    ran(server.url(), "graphql: { subscriptions: '/{{ path }}' }", &steps, 1).await
}

#[tokio::test]
async fn failures_have_reasons() {
    const CONNECT: [(u64, u64); 3] = [(1, 1), (0, 0), (0, 0)];
    const SUBSCRIPTION: [(u64, u64); 3] = [(1, 0), (1, 1), (0, 0)];
    let server = Hostile::start().await;
    let alien = "not graphql-transport-ws";
    let long = format!("closed 4500 row N [Nm {}", "x".repeat(100));
    let older = "the older protocol graphql-ws (subscriptions-transport-ws)";
    let cases = [
        ("ok", CONNECT, "expected status 101, got 200".to_owned()),
        ("forbidden", CONNECT, "expected status 101, got 403".to_owned()),
        ("wrong-accept", CONNECT, "no WebSocket: the Sec-WebSocket-Accept of the response is wrong".to_owned()),
        ("no-protocol", CONNECT, "no WebSocket: the server did not choose graphql-transport-ws".to_owned()),
        ("wrong-protocol", CONNECT, format!("no WebSocket: the server chose {older}, not graphql-transport-ws")),
        ("unauthorized", CONNECT, "closed 4401 Unauthorized".to_owned()),
        ("rude", CONNECT, long),
        ("gone-before-ack", CONNECT, "connection closed without a close frame".to_owned()),
        ("early", CONNECT, format!("{alien}: `next` before connection_ack")),
        ("garbage", SUBSCRIPTION, format!("{alien}: a message that is not JSON")),
        ("unknown", SUBSCRIPTION, format!("{alien}: a message `data` of {older}")),
        ("ack-again", SUBSCRIPTION, format!("{alien}: a second connection_ack")),
        ("binary", SUBSCRIPTION, format!("{alien}: a binary message")),
        ("huge", SUBSCRIPTION, "a message larger than 16 MiB".to_owned()),
        ("refused", SUBSCRIPTION, "GraphQL request error: FORBIDDEN".to_owned()),
        ("list", [(1, 0), (1, 0), (1, 1)], "not a GraphQL response: a list".to_owned()),
        ("refused-later", [(1, 0), (1, 0), (2, 1)], "GraphQL request error: lost N rows".to_owned()),
        ("gone", [(1, 0), (1, 0), (3, 1)], "connection closed without a close frame".to_owned()),
        ("closed", [(1, 0), (1, 0), (2, 1)], "closed 1001".to_owned()),
    ];
    let paths: Vec<&str> = cases.iter().map(|(path, ..)| *path).collect();
    let last = visited(&server, &paths, "20s").await;
    for (path, wanted, reason) in &cases {
        assert_eq!(rows(&last, path), *wanted, "{path}: {:?}", reasons(&last, path));
        assert_eq!(reasons(&last, path), [(reason.clone(), 1)], "{path}");
    }
    assert!(last.exceptions.is_empty(), "{:?}", last.exceptions);
    let refused = last.failures.rows.iter().find(|row| &*row.name == "refused").expect("a failure");
    assert_eq!(refused.example.as_ref().expect("an example").detail, "not for you at a[]");
    // Protocol violations are answered with a close code; a completed operation is closed normally.
    for (path, end) in [("garbage", "close 4400"), ("unknown", "close 4400"), ("refused", "close 1000")] {
        assert_eq!(server.messages(path, 3).await[2..], [end], "{path}");
    }
}

#[tokio::test]
async fn silence_is_a_failure() {
    let server = Hostile::start().await;
    let last = visited(&server, &["no-answer", "no-ack", "silent"], "2s").await;
    for (path, wanted, reason) in [
        ("no-answer", [(1, 1), (0, 0), (0, 0)], "timed out after 2s"),
        ("no-ack", [(1, 1), (0, 0), (0, 0)], "no connection_ack within 2s"),
        ("silent", [(1, 0), (1, 1), (0, 0)], "no event within 2s"),
    ] {
        assert_eq!(reasons(&last, path), [(reason.to_owned(), 1)]);
        assert_eq!(rows(&last, path), wanted, "{path}");
    }
    assert!(row(&last, "SUBSCRIPTION", "silent").total.response.max >= Duration::from_secs(2));
    assert_eq!(server.messages("silent", 4).await.split_off(2), [r#"{"id":"1","type":"complete"}"#, "close 1000"]);
    // A server that does not read does not block the user either.
    let variables: Vec<String> = ('a'..='i').map(|name| format!("{name}: \"{{{{ 'y' * 900000 }}}}\"")).collect();
    let steps =
        format!("- graphql: 'subscription Deaf {{ a }}'\n  timeout: 2s\n  variables: {{ {} }}\n", variables.join(", "));
    let last = ran(server.url(), "graphql: { subscriptions: /deaf }", &steps, 1).await;
    assert_eq!(rows(&last, "Deaf"), [(1, 0), (1, 1), (0, 0)], "{:?}", last.exceptions);
    assert_eq!(reasons(&last, "Deaf"), [("no event within 2s".to_owned(), 1)]);
    // With `listen_for`, silence is a success.
    let steps = "- graphql: 'subscription Quiet { a }'\n  listen_for: 100ms\n  timeout: 20s\n";
    let last = ran(server.url(), "graphql: { subscriptions: /silent }", steps, 2).await;
    assert_eq!(rows(&last, "Quiet"), [(2, 0), (2, 0), (0, 0)]);
}

#[tokio::test]
async fn subscriptions_without_events_pass() {
    let server = Hostile::start().await;
    let last = visited(&server, &["complete", "pings"], "20s").await;
    assert_eq!(last.failures.rows.len(), 0, "{:?}", last.failures.rows);
    assert_eq!(rows(&last, "complete"), [(1, 0), (1, 0), (0, 0)]);
    assert_eq!(rows(&last, "pings"), [(1, 0), (1, 0), (1, 0)]);
    let steps = "- graphql: 'subscription Refused { a }'\n  expect: { errors: any }\n";
    let any = ran(server.url(), "graphql: { subscriptions: /refused }", steps, 1).await;
    assert_eq!(rows(&any, "Refused"), [(1, 0), (1, 0), (0, 0)]);
    assert_eq!(
        server.messages("pings", 5).await,
        [
            r#"{"type":"connection_init"}"#,
            r#"{"type":"pong","payload":{"n":7}}"#,
            r#"{"id":"1","type":"subscribe","payload":{"query":"subscription X { a }","operationName":"X"}}"#,
            "pong x",
            "close 1000",
        ]
    );
}

#[tokio::test]
async fn a_stop_ends_subscriptions_at_once() {
    let server = Hostile::start().await;
    let scenario = "users: 1\nstop_timeout: 10m\nvars: { path: two }\n\
                    graphql: { subscriptions: '/{{ path }}' }\n\
                    on_stop: [{ set: { path: complete } }, { graphql: 'subscription Bye { a }' }]\n\
                    tasks: [{ steps: [{ graphql: 'subscription Two { a }' }, { graphql: 'subscription Never { a }' }] }]";
    let handle = run_at(server.url(), scenario);
    let is = |s: &Snapshot| s.endpoints.iter().any(|row| row.kind.name() == "EVENT" && row.total.requests == 2);
    until(&handle, "two events", is).await;
    // Stopping does not wait for the ten minutes.
    let last = end_of("the run", stop(handle)).await;
    assert_eq!(last.plan.unfinished, 1, "nothing behind it was run");
    assert_eq!(rows(&last, "Two"), [(1, 0), (1, 0), (2, 0)]);
    assert_eq!(rows(&last, "Never"), [(0, 0), (0, 0), (0, 0)]);
    assert_eq!(rows(&last, "Bye"), [(1, 0), (1, 0), (0, 0)]);
    assert!(
        last.failures.rows.is_empty() && last.exceptions.is_empty() && last.aborted == 0,
        "{:?}",
        last.failures.rows
    );
    assert_eq!(server.messages("two", 4).await.split_off(2), [r#"{"id":"1","type":"complete"}"#, "close 1000"]);
}

#[tokio::test]
async fn leaving_users_listen_to_the_end_if_there_is_time() {
    // There is time for a few more rounds in the first run, and for none in the second.
    for (stop_timeout, rounds) in [("1s", 1..=12), ("0s", 0..=1)] {
        let demo = DemoTarget::start(0).expect("a free port");
        let round = "{ graphql: 'subscription S { stock(productId: 1, every: 5) { left } }', listen_for: 100ms }, \
                     { get: /api/products }, ";
        let scenario = format!(
            "users: 3\nspawn_rate: 100\nstop_timeout: {stop_timeout}\ntasks: [{{ steps: [{}{{ get: /end }}] }}]",
            round.repeat(60)
        );
        let handle = run_at(demo.url(), &scenario);
        let users = |s: &Snapshot| s.load.users == 3 && counted(&demo, "GET /api/products") >= 6;
        until(&handle, "two rounds", users).await;
        let before = counted(&demo, "GET /api/products");
        let last = end_of("the run", stop(handle)).await;
        let after = counted(&demo, "GET /api/products") - before;
        assert!(rounds.contains(&(after / 3)), "{stop_timeout}: {after} after {before}");
        assert_eq!((last.plan.unfinished, counted(&demo, "other")), (3, 0), "{stop_timeout}");
    }
}

#[tokio::test]
async fn a_pause_does_not_interrupt_subscriptions() {
    let demo = DemoTarget::start(0).expect("a free port");
    let scenario =
        "users: 1\ntasks: [{ steps: [{ graphql: 'subscription S { stock(productId: 1, every: 5) { left } }' }] }]";
    let handle = run_at(demo.url(), scenario);
    let events =
        |s: &Snapshot| s.endpoints.iter().find(|row| row.kind.name() == "EVENT").map_or(0, |row| row.total.requests);
    until(&handle, "events", |s| events(s) >= 3).await;
    handle.send(Command::Pause).expect("a live run");
    let paused = until(&handle, "a pause", |s| s.state == RunState::Paused).await;
    until(&handle, "more events", |s| events(s) >= events(&paused) + 3).await;
    let last = stop(handle).await;
    assert!(rows(&last, "S")[..2] == [(1, 0), (1, 0)] && last.failures.rows.is_empty(), "{:?}", last.failures.rows);
}

#[test]
fn failed_events_affect_the_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    for (fail, code) in [("", 0), (", failAt: 2", 1)] {
        let step = format!("graphql: 'subscription S {{ orders(every: 1, first: 2{fail}) {{ id }} }}'");
        let text = format!("host: demo\nusers: 1\ntasks: [{{ steps: [{{ {step} }}, {{ stop: run }}] }}]\n");
        std::fs::write(folder.path().join("s.yaml"), text).expect("a written file");
        let output = run(folder.path(), &["-f", "s.yaml", "--headless", "--only-summary"]);
        assert_eq!(output.status.code(), Some(code), "{fail}: {}", err(&output));
    }
}

#[tokio::test]
async fn the_handshake_uses_the_http_settings_of_the_user() {
    let server = Hostile::start().await;
    let steps = "
- get: /login
- graphql: 'subscription Who { a }'
  headers: { X-A: '{{ user.id }}', Sec-WebSocket-Protocol: mine }
  auth: { bearer: t }
";
    let top = "graphql: { subscriptions: /who, connection_params: { n: '{{ user.id }}' } }";
    let last = ran(server.url(), top, steps, 1).await;
    assert_eq!(rows(&last, "Who"), [(1, 0), (1, 0), (0, 0)], "{:?}", last.failures.rows);
    let messages = server.messages("who", 3).await;
    assert_eq!(messages[..2], ["sid=7|Bearer t|1", r#"{"type":"connection_init","payload":{"n":1}}"#]);
    // Through a proxy, and in a file that sets HTTP/2 for everything else.
    let top = format!("defaults: {{ proxy: '{}', http_version: 2 }}\ngraphql: {{ endpoint: /complete }}", server.url());
    let step = "- graphql: 'subscription Far { a }'";
    let last = ran("http://nowhere.test".to_owned(), &top, step, 2).await;
    assert_eq!(rows(&last, "Far"), [(2, 0), (2, 0), (0, 0)], "{:?}", last.failures.rows);
}

#[tokio::test]
async fn flooded_users_still_leave_in_time() {
    let server = Hostile::start().await;
    let steps = "- graphql: 'subscription Flood { a }'\n  listen_for: 300ms\n";
    let last = ran(server.url(), "graphql: { subscriptions: /flood }", steps, 2).await;
    let [connect, subscription, events] = rows(&last, "Flood");
    assert_eq!((connect, subscription, events.1), ((2, 0), (2, 0), 0), "{:?}", last.failures.rows);
    assert!(events.0 > 100, "{events:?}");
}

#[tokio::test]
async fn subscriptions_stopped_before_the_first_event_are_not_counted() {
    let server = Hostile::start().await;
    let scenario = "users: 1\nstop_timeout: 10m\ngraphql: { subscriptions: /silent }\n\
                    tasks: [{ steps: [{ graphql: 'subscription S { a }', timeout: 10m }] }]";
    let handle = run_at(server.url(), scenario);
    // The operation was started.
    assert_eq!(server.messages("silent", 2).await.len(), 2);
    let last = end_of("the run", stop(handle)).await;
    assert_eq!((rows(&last, "S"), last.aborted), ([(1, 0), (0, 0), (0, 0)], 1));
    assert!(last.failures.rows.is_empty(), "{:?}", last.failures.rows);
    assert_eq!(server.messages("silent", 4).await[2..], [r#"{"id":"1","type":"complete"}"#, "close 1000"]);
}

#[tokio::test]
async fn a_quiet_subscription_is_not_an_unanswered_request() {
    let server = Hostile::start().await;
    let scenario = "users: 1\nstop_timeout: 1s\ngraphql: { subscriptions: /silent }\n\
                    tasks: [{ steps: [{ graphql: 'subscription S { a }', listen_for: 10m }] }]";
    let handle = run_at(server.url(), scenario);
    assert_eq!(server.messages("silent", 2).await.len(), 2);
    // By then an aborted request would have failed.
    let seen = until(&handle, "three seconds", |s| s.elapsed > Duration::from_secs(3)).await;
    // It waits for an event, not for a response.
    assert_eq!((seen.load.in_flight, seen.load.oldest), (1, None));
    assert!(findings(&seen).iter().all(|finding| !finding.kind.is_silence()), "{:?}", findings(&seen));
    let last = end_of("the run", stop(handle)).await;
    assert_eq!((rows(&last, "S"), last.aborted), ([(1, 0), (0, 0), (0, 0)], 1));
    assert!(last.failures.rows.is_empty(), "{:?}", last.failures.rows);
}
