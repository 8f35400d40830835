//! Whole runs with Redis: figures and messages when the server stalls, is unavailable, or repeats what it was sent.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use katydid::engine;
use katydid::report::text;
use katydid::scenario::plan::Plan;
use katydid::stats::Snapshot;
use katydid::stats::snapshot::Latency;
use katydid::store::{self, RedisPoint};

use super::scenarios::scenario;
use super::server::{Redis, free_port};
use super::users::percentile;
use crate::calm::{STALL, calmly};
use crate::wait::{PATIENCE, end_of, until_in_task};

/// Runs a plan to its end.
async fn run(plan: Plan) -> Arc<Snapshot> {
    let options = engine::EngineOptions { threads: 2, seed: 1 };
    let mut handle = engine::start(Arc::new(plan), options).expect("an engine");
    end_of("the end of the run", handle.finished()).await
}

fn times(last: &Snapshot, method: &str) -> Latency {
    let row = last.endpoints.iter().find(|row| row.kind.name() == method).expect("a row");
    row.total.response
}

const PACED: &str = r#"
run_time: 6s
users: 3
spawn_rate: 100
user_classes:
  Subscriber:
    fixed_count: 1
    start: before_others
    on_start: [{ subscribe: [c], measure: delivery }]
    tasks: [{ steps: [{ wait: 1s }] }]
  Publisher:
    wait_time: constant_throughput(100)
    tasks: [{ steps: [{ publish: c, payload: "sent={{ now('unix_ms') }}" }] }]
"#;

/// Number of messages published, according to the server.
fn published(redis: &Redis) -> u64 {
    let info = redis.tell("INFO commandstats");
    let calls = info.split_once("cmdstat_publish:calls=").and_then(|(_, rest)| rest.split(',').next());
    calls.map_or(0, |calls| calls.parse().expect("a number"))
}

/// The message that ends an [`observer`].
const END: &str = "that-is-all";

/// The latencies measured by a subscriber without katydid's code, until it receives [`END`].
fn observer(port: u16) -> JoinHandle<Vec<Duration>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a running Redis");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    stream.write_all(b"SUBSCRIBE c\r\n").expect("a sent command");
    let mut buffer = vec![0; 65_536];
    // After this response it is subscribed, and no message comes before it.
    let length = stream.read(&mut buffer).expect("an answer");
    assert!(buffer[..length].ends_with(b":1\r\n"), "{}", String::from_utf8_lossy(&buffer[..length]));
    std::thread::spawn(move || {
        let mut found = Vec::new();
        let mut kept = Vec::new();
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
            kept.extend_from_slice(&buffer[..length]);
            while let Some(at) = kept.windows(5).position(|part| part == b"sent=") {
                let rest = &kept[at + 5..];
                let Some(end) = rest.iter().position(|byte| *byte == b'\r') else { break };
                let sent: f64 = std::str::from_utf8(&rest[..end]).expect("text").parse().expect("a number");
                found.push(now.saturating_sub(Duration::from_secs_f64(sent / 1e3)));
                let used = at + 5 + end;
                kept.drain(..used);
            }
            if kept.windows(END.len()).any(|part| part == END.as_bytes()) {
                break;
            }
        }
        found
    })
}

#[tokio::test]
async fn deliveries_are_timed_from_the_send() {
    calmly(STALL, async || {
        let redis = Redis::start("");
        let other = observer(redis.port);
        let running = tokio::spawn(run(scenario(&redis.url(), PACED)));
        until_in_task("messages", || published(&redis) > 200).await;
        redis.signal("STOP");
        // The times are compared with how long it was stopped.
        tokio::time::sleep(Duration::from_secs(2)).await;
        redis.signal("CONT");
        let last = running.await.expect("no panic");
        redis.tell(&format!("PUBLISH c {END}"));
        let (published, delivered) = (times(&last, "PUBLISH"), times(&last, "DELIVER"));
        assert_eq!(published.count, delivered.count);
        // What was due meanwhile was sent late, as PUBLISH shows. Only messages in flight took long to arrive.
        assert!(published.p(90.0) > Duration::from_millis(500), "{published:?}");
        assert!(delivered.p(95.0) < Duration::from_millis(300), "{delivered:?}");
        assert!(delivered.max > Duration::from_millis(1_800), "{delivered:?}");
        let mut independent = other.join().expect("no panic");
        assert_eq!(independent.len() as u64, delivered.count);
        for percent in [50.0, 95.0] {
            let (a, b) = (delivered.p(percent), percentile(&mut independent, percent as usize));
            assert!(a.abs_diff(b) < Duration::from_millis(10), "p{percent}: {a:?} {b:?}");
        }
    })
    .await;
}

#[test]
fn a_recorded_run_has_redis_over_time() {
    let redis = Redis::start("");
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!("redis: {{ url: '{}' }}\n{PACED}", redis.url());
    std::fs::write(folder.path().join("s.yaml"), text).expect("a scenario");
    let output = Command::new(env!("CARGO_BIN_EXE_katydid"))
        .args(["--headless", "--only-summary", "-f", "s.yaml", "--runs-dir", "runs", "-t", "4s"])
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .output()
        .expect("a run");
    let all = store::folder::all(&folder.path().join("runs")).expect("a folder of runs");
    let run = store::read(&all[0]).unwrap_or_else(|why| panic!("{why}: {}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(run.redis.len(), run.seconds.len());
    let last = run.redis.iter().rev().map(|(_, point)| point);
    let found = |is: fn(&RedisPoint) -> bool| last.clone().any(is);
    assert!(found(|point| point.memory.is_some_and(|bytes| bytes > 100_000)), "{:?}", run.redis);
    // Two publishers, one subscriber.
    assert!(found(|point| point.clients.is_some_and(|clients| clients >= 3)), "{:?}", run.redis);
    assert!(found(|point| point.ops.is_some_and(|ops| ops > 10.0)), "{:?}", run.redis);
    let delivered = run.redis.iter().filter_map(|(_, point)| point.delivery_p95);
    let slowest = run.last.endpoints.iter().find(|row| row.kind.is_delivery()).expect("a row").total.response.max;
    assert!(delivered.clone().count() >= 2, "{:?}", run.redis);
    assert!(
        delivered.clone().all(|micros| micros > 0.0 && micros <= slowest.as_nanos() as f64 / 1e3),
        "{:?}",
        run.redis
    );
}

#[tokio::test]
async fn the_pause_before_reconnecting_is_in_no_timing() {
    calmly(STALL, async || {
        let url = format!("redis://127.0.0.1:{}", free_port());
        let last = run(scenario(
            &url,
            "run_time: 5s\nusers: 2\nspawn_rate: 100\nwait_time: constant_throughput(50)\n\
         tasks: [{ steps: [{ publish: c }] }]",
        ))
        .await;
        let published = times(&last, "PUBLISH");
        assert!((8..60).contains(&published.count), "{published:?}");
        // Not the maximum: stalls of the machine lengthen some attempts. A third of the pauses take a second.
        assert!(published.p(75.0) < Duration::from_millis(400), "{published:?}");
        let server = last.redis.as_ref().and_then(|redis| redis.server.clone()).expect("looks");
        assert_eq!((server.unreached, server.stale.as_deref()), (true, Some("connection refused")));
        let printed = text::summary(&last, &katydid::verdict::conclude(&last, false), 200);
        assert!(
            printed.contains("no figures from the server: connection refused") && !printed.contains("0 clients"),
            "{printed}"
        );
        assert!(!printed.contains("delivered"), "there is no subscriber, so deliveries are unknown: {printed}");
    })
    .await;
}

#[tokio::test]
async fn figures_of_the_server_cover_the_whole_run() {
    let redis = Redis::start("");
    let plan = scenario(
        &redis.url(),
        r#"
run_time: 5s
users: 20
spawn_rate: 100
user_classes:
  Quick: { tasks: [{ steps: [{ redis: PING }, { wait: 100ms }] }] }
  Slow: { fixed_count: 1, tasks: [{ steps: [{ redis: PING }, { wait: 100ms }] }], on_stop: [{ wait: 3s }] }
"#,
    );
    let last = run(plan).await;
    let server = last.redis.as_ref().and_then(|redis| redis.server.clone()).expect("looks");
    assert_eq!((server.clients, server.clients_peak), (21, 21), "{server:?}");
}

#[test]
fn echoed_passwords_are_masked_everywhere() {
    // Such a server repeats its input, because it knows neither command.
    let redis = Redis::start("--rename-command AUTH NONE1 --rename-command HELLO NONE2");
    let folder = tempfile::tempdir().expect("a folder");
    let katydid = |args: &[&str], scenario: &str| {
        std::fs::write(folder.path().join("s.yaml"), scenario).expect("a written file");
        let output = Command::new(env!("CARGO_BIN_EXE_katydid"))
            .env("KATYDID_RUNS_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/runs"))
            .env_remove("GITHUB_ACTIONS")
            .args(args)
            .current_dir(folder.path())
            .env("REDIS_PASSWORD", "EnvPw5678")
            .output()
            .expect("the program");
        let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
        printed.push_str(&String::from_utf8_lossy(&output.stderr));
        for entry in std::fs::read_dir(folder.path()).expect("a folder").flatten() {
            if entry.path().extension().is_some_and(|ending| ending == "csv") {
                printed.push_str(&std::fs::read_to_string(entry.path()).expect("a file"));
            }
        }
        printed
    };
    let run = ["-f", "s.yaml", "--headless", "-t", "2s", "-u", "1", "--csv", "out"];
    let tasks = "tasks: [{ steps: [{ publish: c }, { redis: [GET, x] }, { wait: 100ms }] }]";
    let url = redis.url().replace("//", "//bob:EchoPw1234@");
    let through_the_url = format!("redis: {{ url: \"{url}\" }}\n{tasks}");
    let in_a_command = format!(
        "redis: {{ url: \"{}\" }}\ntasks: [{{ steps: [{{ redis: [AUTH, '{{{{ env.REDIS_PASSWORD }}}}'] }}] }}]",
        redis.url()
    );
    let elsewhere = format!("redis: {{ url: redis://h }}\n{tasks}");
    let with_host = [&run[..], &["--host", &url]].concat();
    for (args, scenario) in [
        (&run[..], &through_the_url),
        (&["try", "s.yaml"], &through_the_url),
        (&["check", "s.yaml"], &through_the_url),
        (&with_host, &elsewhere),
        (&run, &in_a_command),
        (&["try", "s.yaml"], &in_a_command),
    ] {
        let printed = katydid(args, scenario);
        assert!(!printed.contains("EchoPw") && !printed.contains("EnvPw"), "{args:?}: {printed}");
        assert!(args[0] == "check" || printed.contains("***"), "{args:?}: {printed}");
    }
}

#[tokio::test]
async fn unanswered_commands_at_the_end_are_failures() {
    let redis = Redis::start("");
    let rest = "run_time: 3s\nstop_timeout: 2s\nusers: 2\ntasks: [{ steps: [{ publish: c }, { wait: 10ms }] }]";
    let running = tokio::spawn(run(scenario(&redis.url(), rest)));
    until_in_task("messages", || published(&redis) > 10).await;
    redis.signal("STOP");
    let last = running.await.expect("no panic");
    let reasons: Vec<_> = last.failures.rows.iter().map(|row| (&*row.reason, row.count)).collect();
    assert_eq!(reasons, [("no response within 2s before the run was stopped", 2)]);
    assert_eq!(last.aborted, 0);
    let server = last.redis.as_ref().and_then(|redis| redis.server.clone()).expect("looks");
    assert!(server.stale.is_none_or(|why| why.starts_with("no response for ")));
    redis.signal("CONT");
}

#[test]
fn a_run_without_responses_has_a_failure_exit_code() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("redis://{}", listener.local_addr().expect("an address"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("s.yaml");
    std::fs::write(&file, "users: 1\nstop_timeout: 0s\ntasks: [{ steps: [{ publish: c }] }]").expect("a written file");
    let output = Command::new(env!("CARGO_BIN_EXE_katydid"))
        .env("KATYDID_RUNS_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/runs"))
        .args(["-t", "1s", "--headless", "--only-summary", "--host", &url, "-f"])
        .arg(&file)
        .env_remove("REDIS_HOST")
        .output()
        .expect("the program");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert!(printed.starts_with(" ✗ failed: no request got a response\n ✗ TARGET NOT RESPONDING: "), "{printed}");
}

#[test]
fn classes_without_users_are_reported_at_the_start() {
    let redis = Redis::start("");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("s.yaml");
    let text = "redis: { url: 'redis://h' }\nuser_classes:\n  Subscriber: { fixed_count: 200, tasks: [{ steps: \
                [{ redis: [PING] }] }] }\n  Publisher: { tasks: [{ steps: [{ redis: [PING] }] }] }\n";
    std::fs::write(&file, text).expect("a written file");
    let output = Command::new(env!("CARGO_BIN_EXE_katydid"))
        .env("KATYDID_RUNS_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/runs"))
        .env_remove("GITHUB_ACTIONS")
        .arg("-f")
        .arg(&file)
        .args(["-u", "60", "-r", "200", "-t", "1s", "--headless", "--only-summary", "--host", &redis.url()])
        .output()
        .expect("the program");
    let printed = String::from_utf8_lossy(&output.stderr);
    let words = "60 users are too few for every class: Subscriber has 60 of 200, Publisher has no users";
    assert!(printed.contains(words), "{printed}");
}

#[test]
fn a_trial_shows_passed_and_failed_checks() {
    let redis = Redis::start("");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("s.yaml");
    let steps = "- redis: [SET, k, '{\"n\": 3}']\n        expect: { body: OK, time: < 9s }\n      \
                 - redis: [GET, k]\n        expect: { json: { $.n: { gte: 2 } } }\n        capture: { n: $.n }\n      \
                 - redis: [GET, k]\n        expect: { json: { $.n: { gte: 5 } } }\n";
    let text = format!("redis: {{ url: \"{}\" }}\ntasks:\n  - steps:\n      {steps}", redis.url());
    std::fs::write(&file, text).expect("a written file");
    let output = Command::new(env!("CARGO_BIN_EXE_katydid"))
        .env("KATYDID_RUNS_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/runs"))
        .env_remove("GITHUB_ACTIONS")
        .arg("try")
        .arg(&file)
        .output()
        .expect("the program");
    let printed = String::from_utf8_lossy(&output.stdout);
    for line in [
        "✓ body \"OK\"",
        "✓ time < 9s",
        "✓ json $.n >= 2",
        "= n = 3",
        "✗ expected json $.n >= 5\n      got 3\n",
        "3 requests, 1 failed, 3 expectations passed, 1 failed",
    ] {
        assert!(printed.contains(line), "{line}: {printed}");
    }
    assert_eq!(output.status.code(), Some(1));
}
