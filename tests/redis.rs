//! Publishing and subscribing against real Redis servers: every count against what the test itself published.

#[path = "common/calm.rs"]
mod calm;
#[path = "redis/runs.rs"]
mod runs;
#[path = "redis/server.rs"]
mod server;
#[path = "redis/users.rs"]
mod users;

use std::future::Future;
use std::process::Command;
use std::time::{Duration, Instant};

use calm::{STALL, calmly};
use katydid::protocol::redis::Monitor;
use katydid::scenario::plan::RedisProtocol;
use server::{Redis, free_port, pretender};
use tokio::runtime::Builder;
use tokio::task::LocalSet;
use users::{User, factory, factory_for, reason, target, until};

/// Runs users as a shard does: on one thread.
fn local<T>(users: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, users)
}

#[test]
fn everything_published_arrives_once_for_each_subscription() {
    let redis = Redis::start("");
    for protocol in [RedisProtocol::Resp2, RedisProtocol::Resp3] {
        local(async {
            let factory = factory_for(&target(&redis.url(), protocol));
            let (mut eu, mut both, mut pattern) = (User::new(&factory), User::new(&factory), User::new(&factory));
            for exchange in [
                eu.subscribe(&["orders:eu"], false).await,
                both.subscribe(&["orders:eu", "orders:us"], false).await,
                pattern.subscribe(&["orders:*"], true).await,
            ] {
                assert_eq!(reason(&exchange), "ok");
                assert!(exchange.connect.is_some());
            }
            let mut publishers = [User::new(&factory), User::new(&factory)];
            for round in 0..100 {
                for publisher in &mut publishers {
                    let exchange = publisher.publish("orders:eu", r#"{"order":1}"#, 512).await;
                    assert_eq!((reason(&exchange), exchange.connect.is_some()), ("ok".to_owned(), round == 0));
                    if round % 2 == 0 {
                        assert_eq!(reason(&publisher.publish("orders:us", "\"text\"", 0).await), "ok");
                    }
                }
            }
            let published = publishers[0].notes.published.get();
            assert_eq!((published.published, published.sent_to), (150, 400));
            // One that comes late has no claim to what was before, and all claims to what comes.
            let mut late = User::new(&factory);
            late.subscribe(&["orders:eu"], false).await;
            publishers[1].publish("orders:eu", "{}", 0).await;
            eu.unsubscribe("orders:eu").await;
            publishers[1].publish("orders:eu", "{}", 0).await;
            for (name, user, expected) in
                [("eu", eu, 201), ("both", both, 302), ("pattern", pattern, 302), ("late", late, 2)]
            {
                assert_eq!(user.notes.outages.borrow().len(), 0);
                let sum = user.finish().await;
                assert_eq!((sum.received, sum.delivered(), sum.lost()), (expected, expected, 0), "{name} {sum:?}");
                assert_eq!((sum.out_of_order, sum.foreign, sum.disconnects), (0, 0, 0), "{name}");
            }
        });
    }
}

#[test]
fn every_way_to_log_in_and_to_fail_at_it() {
    let open = Redis::start("");
    let locked = Redis::start("--requirepass secret");
    locked.tell("AUTH secret\r\nACL SETUSER load on >pass ~* &orders:* +publish +subscribe +client +hello");
    let at = |redis: &Redis, login: &str| format!("redis://{login}127.0.0.1:{}", redis.port);
    let wrong = "wrong user name or password (WRONGPASS)";
    for (url, publish, subscribe) in [
        (at(&open, ""), "ok", "ok"),
        (at(&locked, ":secret@"), "ok", "ok"),
        (at(&locked, "load:pass@"), "ok", "ok"),
        (at(&locked, ":wrong@"), wrong, wrong),
        (at(&locked, "load:wrong@"), wrong, wrong),
        (at(&locked, ""), "the server wants a password (NOAUTH)", "the server wants a password (NOAUTH)"),
    ] {
        for protocol in [RedisProtocol::Resp2, RedisProtocol::Resp3] {
            local(async {
                let factory = factory_for(&target(&url, protocol));
                let mut user = User::new(&factory);
                assert_eq!(reason(&user.publish("orders:eu", "1", 0).await), publish, "{url} {protocol:?}");
                assert_eq!(reason(&user.subscribe(&["orders:eu"], false).await), subscribe, "{url} {protocol:?}");
            });
        }
    }
    local(async {
        let mut user = User::new(&factory(&at(&locked, "load:pass@")));
        let denied = "the user's access list does not allow this (NOPERM)";
        assert_eq!(reason(&user.publish("secrets", "1", 0).await), denied);
        assert_eq!(reason(&user.command(&["GET", "x"]).await), denied);
        assert_eq!(reason(&user.publish("orders:eu", "1", 0).await), "ok", "the connection goes on");
        assert_eq!(reason(&user.subscribe(&["secrets"], false).await), denied);
    });
}

/// Run by the test below in a process of its own, where the variable that names the authority is set.
#[test]
#[ignore = "needs the certificate of the test that starts it"]
fn over_tls() {
    let port = std::env::var("KATYDID_TEST_TLS_PORT").expect("a port");
    local(async {
        let factory = factory(&format!("rediss://localhost:{port}"));
        let (mut subscriber, mut publisher) = (User::new(&factory), User::new(&factory));
        println!("subscribed: {}", reason(&subscriber.subscribe(&["c"], false).await));
        for _ in 0..50 {
            if reason(&publisher.publish("c", "{}", 40_000).await) != "ok" {
                break;
            }
        }
        println!("received: {}", subscriber.finish().await.delivered());
    });
}

#[test]
fn tls_with_a_private_authority() {
    let redis = Redis::with_tls();
    let run = |authority: &std::path::Path| {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(["--exact", "over_tls", "--ignored", "--nocapture"]);
        command.env("SSL_CERT_FILE", authority).env("KATYDID_TEST_TLS_PORT", redis.port.to_string());
        String::from_utf8_lossy(&command.output().expect("this program runs").stdout).into_owned()
    };
    let trusted = run(&redis.file("ca.pem"));
    assert!(trusted.contains("subscribed: ok") && trusted.contains("received: 50"), "{trusted}");
    let other = Redis::with_tls();
    let untrusted = run(&other.file("ca.pem"));
    assert!(untrusted.contains("subscribed: TLS failed: ") && untrusted.contains("received: 0"), "{untrusted}");
}

#[test]
fn a_server_that_is_killed_and_comes_back() {
    let mut redis = Redis::start("");
    local(async {
        let factory = factory(&redis.url());
        let mut monitor = Monitor::new(&factory);
        monitor.look().await;
        let (mut subscriber, mut steady) = (User::new(&factory), User::new(&factory));
        subscriber.subscribe(&["c"], false).await;
        steady.subscribe(&["c"], false).await;
        let mut publisher = User::new(&factory);
        for _ in 0..200 {
            publisher.publish("c", "{}", 100).await;
        }
        redis.kill();
        let failed = publisher.publish("c", "{}", 100).await;
        assert!(reason(&failed).starts_with("connection "), "{}", reason(&failed));
        assert_eq!(reason(&publisher.publish("c", "{}", 100).await), "connection refused");
        let unreachable = "closed while subscribed: the server cannot be reached any more";
        let notes = std::rc::Rc::clone(&subscriber.notes);
        until("the outage is reported", || notes.outages.borrow().iter().any(|why| why == unreachable)).await;
        redis.revive();
        until("the subscriber is back", || notes.outages.borrow().iter().any(|why| why == "back")).await;
        until("the other one is back too", || redis.tell("PUBSUB NUMSUB c").contains(":2")).await;
        let known = ["back", unreachable, "connection refused", "closed while subscribed: the server was restarted"];
        let outages = steady.notes.outages.borrow().clone();
        assert!(!outages.is_empty() && outages.iter().all(|why| known.contains(&why.as_str())), "{outages:?}");
        let mut again = 0;
        while again < 100 {
            again += u32::from(reason(&publisher.publish("c", "{}", 100).await) == "ok");
        }
        assert_eq!(publisher.notes.published.get().published, 300);
        for user in [subscriber, steady] {
            let sum = user.finish().await;
            // One message may have arrived whose answer did not.
            assert!((300..=301).contains(&sum.received), "{sum:?}");
            assert_eq!((sum.lost(), sum.duplicates, sum.disconnects), (0, 0, 1), "{sum:?}");
        }
    });
}

#[test]
fn what_is_published_while_a_subscriber_is_cut_off_is_counted_exactly() {
    let redis = Redis::start("");
    local(async {
        let factory = factory(&redis.url());
        let (mut subscriber, mut publisher) = (User::new(&factory), User::new(&factory));
        // Five channels, but one connection.
        subscriber.subscribe(&["c", "d", "e", "f", "g"], false).await;
        for _ in 0..50 {
            publisher.publish("c", "{}", 0).await;
        }
        redis.tell("CLIENT KILL TYPE pubsub");
        // The subscriber waits at least 25 ms before it comes back; so much is certainly lost.
        let mut lost = 0;
        while redis.tell("PUBSUB NUMSUB c").contains(":0") {
            publisher.publish("c", "{}", 0).await;
            lost += 1;
        }
        for _ in 0..50 {
            publisher.publish("c", "{}", 0).await;
        }
        let published = publisher.notes.published.get();
        let notes = std::rc::Rc::clone(&subscriber.notes);
        let sum = subscriber.finish().await;
        assert_eq!(sum.received, published.sent_to, "{sum:?}");
        assert_eq!(sum.received + sum.lost(), published.published);
        assert_eq!((sum.lost_in_stream, sum.disconnects), (0, 1), "{sum:?}");
        assert!(sum.lost() >= 1 && sum.lost() <= lost + 1, "{sum:?} {lost}");
        let why = "closed while subscribed: by the server (output buffer limit, CLIENT KILL or time-out)";
        assert_eq!(*notes.outages.borrow(), [why]);
    });
}

#[test]
fn a_subscriber_that_is_too_slow_is_cut_and_its_loss_is_exact() {
    let redis = Redis::start("");
    redis.tell("CONFIG SET client-output-buffer-limit \"pubsub 100kb 50kb 1\"");
    local(async {
        let factory = factory(&redis.url());
        let mut monitor = Monitor::new(&factory);
        monitor.look().await;
        let mut subscriber = User::new(&factory);
        subscriber.subscribe(&["c"], false).await;
        let elsewhere = factory.clone();
        let flood = std::thread::spawn(move || {
            local(async {
                let mut publisher = User::new(&elsewhere);
                // Until the server has cut the subscriber off, and nobody receives any more.
                let mut last = 0;
                let mut count = 0;
                while count < 20_000 && (count == 0 || publisher.notes.published.get().sent_to > last) {
                    last = publisher.notes.published.get().sent_to;
                    publisher.publish("c", "{}", 100_000).await;
                    count += 1;
                }
                publisher.notes.published.get()
            })
        });
        // Nothing is read meanwhile: this thread is the subscriber's.
        let published = flood.join().expect("the publisher ends");
        assert!(published.published < 20_000, "the server never cut the subscriber");
        let notes = std::rc::Rc::clone(&subscriber.notes);
        until("the cut is reported", || !notes.outages.borrow().is_empty()).await;
        let sum = subscriber.finish().await;
        assert!(notes.outages.borrow()[0].starts_with("closed while subscribed: "), "{:?}", notes.outages.borrow());
        assert!(notes.outages.borrow()[0].contains("output buffer limit"), "{:?}", notes.outages.borrow());
        assert_eq!(sum.received + sum.lost_disconnected, published.published, "{sum:?}");
        assert!(sum.lost_disconnected > 0 && sum.lost_in_stream == 0 && sum.disconnects == 1, "{sum:?}");
    });
}

#[test]
fn every_kind_of_broken_server_has_a_plain_reason() {
    let full = Redis::start("--maxmemory 1mb --maxmemory-policy noeviction");
    let replica = Redis::start(&format!("--replicaof 127.0.0.1 {}", free_port()));
    let plain = |answer: &'static [u8]| pretender(answer, false);
    for (url, expected) in [
        (format!("redis://127.0.0.1:{}", free_port()), "connection refused"),
        ("redis://no-such-name.invalid".to_owned(), "name not resolved: "),
        (plain(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "not a Redis server: it answered \"HTTP/1.1 400 Bad Request\""),
        (plain(b"SSH-2.0-OpenSSH_9.6\n"), "not a Redis server: it answered \"SSH-2.0-OpenSSH_9.6\""),
        (pretender(b"+OK", true), "connection closed before the reply was complete"),
        (plain(b"$104857600\r\nxxxx"), "reply larger than 16 MiB"),
        (plain(b"*2\r\n$1\r\nabc\r\n"), "malformed reply: a string is longer than it says"),
        (
            pretender(b"-DENIED Redis is running in protected mode because\r\n", true),
            "refused: the server is in protected mode (DENIED)",
        ),
        (plain(b"-MOVED 3999 127.0.0.1:6381\r\n"), "a cluster: this key or channel lives on another node (MOVED)"),
        (plain(b"-LOADING Redis is loading\r\n"), "the server is loading its data (LOADING)"),
        (format!("redis://{}/77", full.url().trim_start_matches("redis://")), "ERR DB index is out of range"),
        (full.url(), "the server is out of memory: maxmemory is reached (OOM)"),
        (replica.url(), "the server is a read-only replica (READONLY)"),
        (plain(b"HTTP/1.1 400 Bad Request\r\n\r\n").replace("redis:", "rediss:"), "TLS failed: "),
    ] {
        local(async {
            let mut user = User::new(&factory(&url));
            let big = "x".repeat(2_000_000);
            let exchange = user.command(&["SET", "key", &big]).await;
            assert!(reason(&exchange).starts_with(expected), "{url}: {}", reason(&exchange));
        });
    }
}

#[test]
fn a_server_that_says_nothing_costs_the_time_out_and_no_more() {
    local(calmly(STALL, async || {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("redis://{}", listener.local_addr().expect("an address"));
        let mut user = User::new(&factory(&url));
        let exchange = user.command(&["PING"]).await;
        assert_eq!(reason(&exchange), "timed out after 5s");
        assert!(exchange.service >= Duration::from_secs(5) && exchange.service < Duration::from_secs(8));
    }));
}

#[test]
fn a_subscriber_keeps_trying_until_the_server_is_there() {
    let mut redis = Redis::start("");
    redis.kill();
    local(async {
        let factory = factory(&redis.url());
        let mut subscriber = User::new(&factory);
        assert_eq!(reason(&subscriber.subscribe(&["c"], false).await), "connection refused");
        redis.revive();
        while !redis.tell("PUBSUB NUMSUB c").contains(":1") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut publisher = User::new(&factory);
        publisher.publish("c", "{}", 0).await;
        assert_eq!(subscriber.finish().await.delivered(), 1);
    });
}

#[test]
fn the_monitor_sees_what_the_server_sees() {
    let mut redis = Redis::start("--maxclients 10");
    local(async {
        let factory = factory(&redis.url());
        let mut monitor = Monitor::new(&factory);
        let calm = monitor.look().await;
        assert_eq!((calm.max_clients, calm.channels, calm.patterns, calm.warnings()), (Some(10), 0, 0, vec![]));
        assert!(calm.memory > 100_000 && calm.memory_peak >= calm.memory && !calm.version.is_empty());
        let mut users: Vec<User> = (0..7).map(|_| User::new(&factory)).collect();
        for user in &mut users {
            user.subscribe(&["a", "b"], false).await;
        }
        users[0].publish("a", "{}", 100_000).await;
        let busy = monitor.look().await;
        assert_eq!((busy.clients, busy.channels), (9, 2));
        assert_eq!(busy.warnings(), ["clients at 90 % of maxclients"]);
        assert!(busy.ops > 0.0 && busy.bytes_in > 100_000.0 && busy.bytes_out > 700_000.0, "{busy:?}");
        redis.kill();
        let gone = monitor.look().await;
        assert!(gone.stale.is_some() && gone.clients == 9, "{gone:?}");
    });
}

#[test]
fn a_subscriber_is_back_soon_after_its_server() {
    local(calmly(STALL, async || {
        let mut redis = Redis::start("");
        let mut subscriber = User::new(&factory(&redis.url()));
        subscriber.subscribe(&["c"], false).await;
        redis.kill();
        // Long enough for pauses that only grow to have grown.
        tokio::time::sleep(Duration::from_secs(5)).await;
        redis.revive();
        let since = Instant::now();
        until("the subscriber is back", || redis.tell("PUBSUB NUMSUB c").contains(":1")).await;
        assert!(since.elapsed() < Duration::from_millis(1_500), "{:?}", since.elapsed());
        subscriber.finish().await;
    }));
}

#[test]
fn a_message_of_16_mib_arrives_and_a_larger_one_is_said_to_be_too_large() {
    const MOST: u32 = 16 * 1024 * 1024;
    let redis = Redis::start("");
    local(async {
        let factory = factory(&redis.url());
        let (mut subscriber, mut publisher) = (User::new(&factory), User::new(&factory));
        subscriber.subscribe(&["c"], false).await;
        let notes = std::rc::Rc::clone(&subscriber.notes);
        assert_eq!(reason(&publisher.publish("c", "{}", MOST).await), "ok");
        until("it has arrived", || notes.delivered.get().received == 1).await;
        assert_eq!(reason(&publisher.publish("c", "{}", MOST + 100_000).await), "ok");
        until("the connection is open again", || !notes.outages.borrow().is_empty()).await;
        assert_eq!(*notes.outages.borrow(), ["message larger than 16 MiB"]);
        let sum = subscriber.finish().await;
        assert_eq!((sum.delivered(), sum.lost(), sum.disconnects), (1, 1, 1), "{sum:?}");
    });
}

fn scenario(url: &str, rest: &str) -> katydid::scenario::plan::Plan {
    let text = format!("name: fan-out\nredis: {{ url: \"{url}\" }}\n{rest}");
    let scenario = katydid::scenario::Scenario::parse("test.yaml", &text).unwrap_or_else(|e| panic!("{e}"));
    scenario.plan(&katydid::scenario::Overrides::default()).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn the_page_is_right_and_the_address_comes_from_where_it_says() {
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
        assert_eq!((&*redis.url, &*plan.host, plan.not_runnable()), (url, shown, None));
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
    let handle = katydid::engine::start(std::sync::Arc::new(plan), katydid::engine::Options { threads: 2, seed: 1 });
    let mut handle = handle.expect("an engine");
    let last = tokio::time::timeout(Duration::from_secs(20), handle.finished()).await.expect("an end");
    assert_eq!(last.failures.rows.len(), 0, "{:?}", last.failures.rows);
    assert_eq!(last.exceptions.len(), 0, "{:?}", last.exceptions);
    let seen = last.redis.as_ref().expect("figures of Redis");
    let row = |method: &str, name: &str| {
        let found = last.endpoints.iter().find(|row| &*row.method == method && &*row.name == name);
        found.unwrap_or_else(|| panic!("{method} {name}")).total.clone()
    };
    let tally =
        |method: &str, name: &str| seen.rows.iter().find(|r| &*r.0 == method && &*r.1 == name).expect("a row").2;
    for channel in ["orders:eu", "orders:us"] {
        let published = row("PUBLISH", channel).requests;
        assert!(published > 200, "{published}");
        assert_eq!(row("DELIVER", channel).requests, published * 20, "{channel}");
        assert_eq!(tally("DELIVER", channel).delivered(), published * 20);
        assert_eq!((tally("PUBLISH", channel).published, tally("DELIVER", channel).lost()), (published, 0));
    }
    assert!(row("DELIVER", "orders:eu").response.max < Duration::from_secs(2));
    let requests: u64 = last.endpoints.iter().filter(|r| &*r.method != "DELIVER").map(|r| r.total.requests).sum();
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
async fn a_run_without_a_server_says_why_and_goes_on() {
    let plan = scenario(
        &format!("redis://127.0.0.1:{}", free_port()),
        "users: 2\nspawn_rate: 100\nrun_time: 1s\nwait_time: constant(50ms)\non_start: [{ subscribe: a, measure: delivery }]\n\
         tasks: [{ steps: [{ publish: a, payload: x }] }]",
    );
    let handle = katydid::engine::start(std::sync::Arc::new(plan), katydid::engine::Options { threads: 1, seed: 1 });
    let mut handle = handle.expect("an engine");
    let last = tokio::time::timeout(Duration::from_secs(20), handle.finished()).await.expect("an end");
    let reasons: Vec<String> =
        last.failures.rows.iter().map(|row| format!("{} {}: {}", row.method, row.name, row.reason)).collect();
    assert!(reasons.contains(&"PUBLISH a: connection refused".to_owned()), "{reasons:?}");
    assert!(reasons.contains(&"SUBSCRIBE a: connection refused".to_owned()), "{reasons:?}");
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    let server = last.redis.as_ref().and_then(|redis| redis.server.clone()).expect("a look at the server");
    assert_eq!(server.stale.as_deref(), Some("connection refused"));
}

#[test]
fn the_scenario_that_ships_runs_without_a_failure_or_a_loss() {
    let redis = Redis::start("");
    let folder = tempfile::tempdir().expect("a folder");
    let prefix = folder.path().join("run");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_katydid"))
        .env_remove("GITHUB_ACTIONS")
        .args(["-f", concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/redis-pubsub.yaml")])
        // Two publishers: a test is no race.
        .args(["-u", "202", "-r", "200", "-t", "6s", "--headless", "--only-summary", "--csv"])
        .arg(&prefix)
        .env("REDIS_URL", redis.url())
        .output()
        .expect("the program");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let mut rows = csv::Reader::from_path(format!("{}_stats.csv", prefix.display())).expect("a file");
    let rows: Vec<csv::StringRecord> = rows.records().map(|row| row.expect("a row")).collect();
    let requests = |kind: &str, name: &str| -> u64 {
        let row = rows.iter().find(|row| &row[0] == kind && &row[1] == name).expect("a row");
        row[2].parse().expect("a number")
    };
    assert_eq!(requests("SUBSCRIBE", "orders:eu orders:us"), 200);
    for channel in ["orders:eu", "orders:us"] {
        let published = requests("PUBLISH", channel);
        assert!(published > 5, "{said}");
        assert_eq!(requests("DELIVER", channel), 200 * published, "{said}");
    }
}
