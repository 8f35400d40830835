//! Redis scenarios, from the file to the figures.

use std::time::Duration;

use super::server::{Redis, free_port};
use crate::wait::end_of;

pub fn scenario(url: &str, rest: &str) -> katydid::scenario::plan::Plan {
    let text = format!("name: fan-out\nredis: {{ url: \"{url}\" }}\n{rest}");
    let scenario = katydid::scenario::Scenario::parse("test.yaml", &text).unwrap_or_else(|e| panic!("{e}"));
    scenario.plan(&katydid::scenario::Overrides::default()).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn the_documented_example_works_and_the_address_can_be_set() {
    use katydid::scenario::{Overrides, Scenario};
    let page = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/redis.md"));
    let page = page.expect("the page");
    let (_, after) = page.split_once("```yaml\n").expect("an example");
    let (example, _) = after.split_once("```").expect("its end");
    let folder = tempfile::tempdir().expect("a folder");
    let lines = "REDIS_HOST=cache.test\nREDIS_PORT=7000\nREDIS_USERNAME=load\nREDIS_PASSWORD='p@ss'\nREDIS_TLS=1\n";
    std::fs::write(folder.path().join(".env"), lines).expect("a written file");
    let plan = |text: &str, host: Option<&str>| {
        let scenario = Scenario::parse_in("page.yaml", text, Some(folder.path())).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(scenario.warnings(), "");
        scenario.plan(&Overrides { host: host.map(str::to_owned), ..Overrides::default() })
    };
    let without = example.replace("redis: { url: redis://127.0.0.1:6379 }\n", "");
    for (text, host, url, shown) in [
        (example, None, "redis://127.0.0.1:6379", "redis://127.0.0.1:6379"),
        (&without, None, "rediss://load:p%40ss@cache.test:7000", "rediss://cache.test:7000"),
        (&without, Some("redis://:secret@other.test/2"), "redis://:secret@other.test/2", "redis://other.test:6379"),
    ] {
        let plan = plan(text, host).unwrap_or_else(|e| panic!("{e}"));
        let redis = plan.redis.as_ref().expect("a target");
        assert_eq!((&*redis.urls[0], &*plan.host, plan.not_runnable()), (url, shown, None));
    }
    // Only the flag has the address.
    let alone = Scenario::parse("alone.yaml", &without);
    if std::env::var_os("REDIS_HOST").is_none() {
        let alone = alone.unwrap_or_else(|e| panic!("{e}"));
        let given =
            |host: Option<&str>| alone.plan(&Overrides { host: host.map(str::to_owned), ..Overrides::default() });
        assert_eq!(&*given(Some("redis://h")).expect("a plan").host, "redis://h:6379");
        let error = given(None).expect_err("nowhere").to_string();
        assert!(error.contains("Redis step without a Redis address") && error.contains("--host redis://"), "{error}");
    }
    let error =
        plan("host: http://h\ntasks: [{ steps: [{ get: / }] }]", Some("redis://h")).expect_err("no Redis steps");
    assert!(error.to_string().contains("this scenario has no `redis`"), "{error}");
}

#[tokio::test]
async fn a_scenario_measures_fan_out_without_loss() {
    let redis = Redis::start("");
    let plan = scenario(
        &redis.url(),
        r#"
run_time: 3s
user_classes:
  Subscriber:
    fixed_count: 20
    start: before_others
    on_start:
      - subscribe: ["orders:eu", "orders:us"]
        measure: delivery
    tasks: [{ steps: [{ wait: 1s }] }]
  Publisher:
    wait_time: constant_throughput(50)
    tasks:
      - steps:
          - publish: "orders:eu"
            payload: { order: "{{ uuid() }}" }
            size: 512
            expect: { receivers: 20 }
          - publish: "orders:us"
            payload: "{{ user.id }}"
          - redis: [INCR, "count"]
            capture: { n: "$" }
          - redis: [SET, "last:{{ user.id }}", "{{ n }}"]
users: 24
spawn_rate: 100
"#,
    );
    let handle =
        katydid::engine::start(std::sync::Arc::new(plan), katydid::engine::EngineOptions { threads: 2, seed: 1 });
    let mut handle = handle.expect("an engine");
    let last = end_of("the end of the run", handle.finished()).await;
    assert_eq!(last.failures.rows.len(), 0, "{:?}", last.failures.rows);
    assert_eq!(last.exceptions.len(), 0, "{:?}", last.exceptions);
    let seen = last.redis.as_ref().expect("figures of Redis");
    let row = |method: &str, name: &str| {
        let found = last.endpoints.iter().find(|row| row.kind.name() == method && &*row.name == name);
        found.unwrap_or_else(|| panic!("{method} {name}")).total.clone()
    };
    let tally =
        |method: &str, name: &str| seen.rows.iter().find(|r| r.0.name() == method && &*r.1 == name).expect("a row").2;
    for channel in ["orders:eu", "orders:us"] {
        let published = row("PUBLISH", channel).requests;
        assert!(published > 200, "{published}");
        assert_eq!(row("DELIVER", channel).requests, published * 20, "{channel}");
        assert_eq!(tally("DELIVER", channel).delivered(), published * 20);
        assert_eq!((tally("PUBLISH", channel).published, tally("DELIVER", channel).lost()), (published, 0));
    }
    assert!(row("DELIVER", "orders:eu").response.max < Duration::from_secs(2));
    let requests: u64 = last.endpoints.iter().filter(|r| r.kind.name() != "DELIVER").map(|r| r.total.requests).sum();
    assert_eq!(last.total.total.requests, requests, "deliveries are no requests");
    assert_eq!(row("SUBSCRIBE", "orders:eu orders:us").requests, 20);
    assert_eq!(row("REDIS", "INCR").requests, row("REDIS", "SET").requests);
    assert!(redis.tell("GET count").contains(&row("REDIS", "INCR").requests.to_string()));
    assert!((seen.total.fan_out() - 20.0).abs() < 1e-9);
    let server = seen.server.as_ref().expect("the server's own figures");
    assert!(server.clients >= 20 && server.stale.is_none(), "{server:?}");
    let words = katydid::report::text::redis(&last).join("\n");
    assert!(words.contains("0 lost") && words.contains("fan-out 20.0"), "{words}");
}

#[tokio::test]
async fn runs_without_a_server_continue_with_failures() {
    let plan = scenario(
        &format!("redis://127.0.0.1:{}", free_port()),
        "users: 2\nspawn_rate: 100\nrun_time: 1s\nwait_time: constant(50ms)\non_start: [{ subscribe: a, measure: delivery }]\n\
         tasks: [{ steps: [{ publish: a, payload: x }] }]",
    );
    let handle =
        katydid::engine::start(std::sync::Arc::new(plan), katydid::engine::EngineOptions { threads: 1, seed: 1 });
    let mut handle = handle.expect("an engine");
    let last = end_of("the end of the run", handle.finished()).await;
    let reasons: Vec<String> =
        last.failures.rows.iter().map(|row| format!("{} {}: {}", row.kind, row.name, row.reason)).collect();
    assert!(reasons.contains(&"PUBLISH a: connection refused".to_owned()), "{reasons:?}");
    assert!(reasons.contains(&"SUBSCRIBE a: connection refused".to_owned()), "{reasons:?}");
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    let server = last.redis.as_ref().and_then(|redis| redis.server.clone()).expect("a look at the server");
    assert_eq!(server.stale.as_deref(), Some("connection refused"));
}

#[test]
fn the_shipped_scenario_has_no_failures_or_losses() {
    let redis = Redis::start("");
    let folder = tempfile::tempdir().expect("a folder");
    let prefix = folder.path().join("run");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_katydid"))
        .env("KATYDID_RUNS_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/runs"))
        .env_remove("GITHUB_ACTIONS")
        .args(["-f", concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/redis-pubsub.yaml")])
        // Ten publishers are enough for a test.
        .args(["-u", "50", "-r", "200", "-t", "6s", "--headless", "--only-summary", "--csv"])
        .arg(&prefix)
        .env("REDIS_URL", redis.url())
        .output()
        .expect("the program");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    let mut rows = csv::Reader::from_path(format!("{}_stats.csv", prefix.display())).expect("a file");
    let rows: Vec<csv::StringRecord> = rows.records().map(|row| row.expect("a row")).collect();
    let requests = |kind: &str, name: &str| -> u64 {
        let row = rows.iter().find(|row| &row[0] == kind && &row[1] == name).expect("a row");
        row[2].parse().expect("a number")
    };
    assert_eq!(requests("SUBSCRIBE", "orders:eu orders:us"), 40);
    for channel in ["orders:eu", "orders:us"] {
        let published = requests("PUBLISH", channel);
        assert!(published > 5, "{printed}");
        assert_eq!(requests("DELIVER", channel), 40 * published, "{printed}");
    }
}

#[test]
fn the_shipped_cache_reaches_its_hit_ratio() {
    let redis = Redis::start("");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_katydid"))
        .env("KATYDID_RUNS_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/runs"))
        .env_remove("GITHUB_ACTIONS")
        .args(["-f", concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/redis-cache.yaml")])
        .args(["-u", "20", "-r", "200", "-t", "4s", "--headless", "--only-summary"])
        .env("REDIS_URL", redis.url())
        .output()
        .expect("the program");
    let printed = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{printed}");
    for line in ["Prefilling: 50,000 commands before the users start", "prefilled: 50,000 commands in ", ", hit ratio "]
    {
        assert!(printed.contains(line), "{line}: {printed}");
    }
    // What the run wrote on a miss is there too.
    let keys: u32 = redis.tell("DBSIZE").trim().trim_start_matches(':').parse().expect("a number");
    assert!((49_000..51_000).contains(&keys), "{keys}");
}
