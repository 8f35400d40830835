//! Publishing and subscribing with real Redis servers: all counts are compared with what the test published.

#[path = "redis/books.rs"]
mod books;
#[path = "common/calm.rs"]
mod calm;
#[path = "redis/cluster.rs"]
mod cluster;
#[path = "redis/cluster_server.rs"]
mod cluster_server;
#[path = "redis/memory.rs"]
mod memory;
#[path = "redis/outages.rs"]
mod outages;
#[path = "redis/payloads.rs"]
mod payloads;
#[path = "redis/runs.rs"]
mod runs;
#[path = "redis/scenarios.rs"]
mod scenarios;
#[path = "redis/sentinel.rs"]
mod sentinel;
#[path = "redis/server.rs"]
mod server;
#[path = "redis/store.rs"]
mod store;
#[path = "redis/transactions.rs"]
mod transactions;
#[path = "redis/unix.rs"]
mod unix;
#[path = "redis/users.rs"]
mod users;
#[path = "redis/valkey.rs"]
mod valkey;
#[path = "common/wait.rs"]
mod wait;

use std::future::Future;
use std::process::Command;

use katydid::protocol::redis::Monitor;
use katydid::scenario::plan::RedisProtocol;
use katydid::scenario::{Overrides, Scenario};
use server::Redis;
use tokio::runtime::Builder;
use tokio::task::LocalSet;
use users::{User, factory, factory_for, reason, target};
use wait::until_in_task as until;

/// Runs users on one thread, as a shard does.
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
            for result in [
                eu.subscribe(&["orders:eu"], false).await,
                both.subscribe(&["orders:eu", "orders:us"], false).await,
                pattern.subscribe(&["orders:*"], true).await,
            ] {
                assert_eq!(reason(&result), "ok");
                assert!(result.timings.connect.is_some());
            }
            let mut publishers = [User::new(&factory), User::new(&factory)];
            for round in 0..100 {
                for publisher in &mut publishers {
                    let result = publisher.publish("orders:eu", r#"{"order":1}"#, 512).await;
                    assert_eq!((reason(&result), result.timings.connect.is_some()), ("ok".to_owned(), round == 0));
                    if round % 2 == 0 {
                        assert_eq!(reason(&publisher.publish("orders:us", "\"text\"", 0).await), "ok");
                    }
                }
            }
            let published = publishers[0].notes.published.get();
            assert_eq!((published.published, published.sent_to), (150, 400));
            // A late subscriber is due nothing published before, and everything after.
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
fn logins_succeed_or_fail_with_a_reason() {
    let open = Redis::start("");
    let locked = Redis::start("--requirepass secret");
    locked.tell("AUTH secret\r\nACL SETUSER load on >pass &orders:* +publish +subscribe");
    let at = |redis: &Redis, login: &str| format!("redis://{login}127.0.0.1:{}", redis.port);
    let wrong = "wrong user name or password (WRONGPASS)";
    for (url, publish, subscribe) in [
        (at(&open, ""), "ok", "ok"),
        (at(&locked, ":secret@"), "ok", "ok"),
        (at(&locked, "load:pass@"), "ok", "ok"),
        (at(&locked, ":wrong@"), wrong, wrong),
        (at(&locked, "load:wrong@"), wrong, wrong),
        (at(&locked, ""), "the server requires a password (NOAUTH)", "the server requires a password (NOAUTH)"),
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
        let denied = "(NOPERM, the user's access list)";
        let refused = reason(&user.publish("secrets", "1", 0).await);
        assert!(refused.ends_with(denied) && refused.contains("channel"), "{refused}");
        let command = reason(&user.command(&["GET", "x"]).await);
        assert_eq!(command, "no permissions to run the 'get' command (NOPERM, the user's access list)");
        assert_eq!(reason(&user.publish("orders:eu", "1", 0).await), "ok", "the connection goes on");
        let refused = reason(&user.subscribe(&["secrets"], false).await);
        assert!(refused.ends_with(denied) && refused.contains("channel"), "{refused}");
        let figures = Monitor::new(&factory(&at(&locked, "load:pass@"))).look().await;
        assert!(figures.stale.as_ref().is_some_and(|why| why.contains("'info'")), "{figures:?}");
    });
}

/// The part of the test below that runs in a separate process, where `SSL_CERT_FILE` names the CA.
fn over_tls(port: &str) -> String {
    local(async {
        let factory = factory(&format!("rediss://localhost:{port}"));
        let (mut subscriber, mut publisher) = (User::new(&factory), User::new(&factory));
        let subscribed = reason(&subscriber.subscribe(&["c"], false).await);
        for _ in 0..50 {
            if reason(&publisher.publish("c", "{}", 40_000).await) != "ok" {
                break;
            }
        }
        let received = subscriber.finish().await.delivered();
        format!("subscribed: {subscribed}\nreceived: {received}")
    })
}

#[test]
fn tls_with_a_private_authority() {
    // The variable applies to the whole process, so this test runs itself once for each CA.
    if let Ok(port) = std::env::var("KATYDID_TEST_TLS_PORT") {
        println!("{}", over_tls(&port));
        return;
    }
    let redis = Redis::with_tls();
    let run = |authority: &std::path::Path| {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(["--exact", "tls_with_a_private_authority", "--nocapture"]);
        command.env("SSL_CERT_FILE", authority).env("KATYDID_TEST_TLS_PORT", redis.port.to_string());
        String::from_utf8_lossy(&command.output().expect("this program runs").stdout).into_owned()
    };
    let trusted = run(&redis.file("ca.pem"));
    assert!(trusted.contains("subscribed: ok") && trusted.contains("received: 50"), "{trusted}");
    let other = Redis::with_tls();
    let untrusted = run(&other.file("ca.pem"));
    assert!(
        untrusted.contains("subscribed: TLS failed: the signature of the server's certificate does not match")
            && untrusted.contains("received: 0"),
        "{untrusted}"
    );
}

#[test]
fn tls_with_certificates_of_the_scenario() {
    let redis = Redis::with_client_certificates();
    let folder = redis.file("");
    for (tls, wanted) in [
        ("{ ca: ca.pem, cert: server.pem, key: server.key }", "ok"),
        ("{ insecure: true, cert: server.pem, key: server.key }", "ok"),
        ("{ ca: ca.pem }", "TLS failed: the server requires a client certificate"),
        ("{ cert: server.pem, key: server.key }", "TLS failed: the server's certificate has an unknown issuer"),
    ] {
        let text = format!(
            "redis: {{ url: 'rediss://localhost:{}', tls: {tls} }}\ntasks: [{{ steps: [{{ publish: c }}] }}]",
            redis.port
        );
        let scenario = Scenario::parse_in("tls.yaml", &text, Some(&folder)).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(scenario.warnings(), "");
        let plan = scenario.plan(&Overrides::default()).unwrap_or_else(|e| panic!("{e}"));
        local(async {
            let factory = factory_for(plan.redis.as_ref().expect("a target"));
            let mut user = User::new(&factory);
            let result = user.publish("c", "{}", 0).await;
            let published = reason(&result);
            assert!(published.starts_with(wanted), "{tls}: {published}");
            let part = result
                .details
                .as_ref()
                .and_then(|details| details.tls)
                .zip(result.timings.connect)
                .is_some_and(|(tls, connect)| tls < connect);
            assert_eq!(part, wanted == "ok", "{tls}: {:?}", result.timings);
        });
    }
    let plain = "redis: { url: 'redis://h', tls: { insecure: true } }\ntasks: [{ steps: [{ publish: c }] }]";
    let warnings = Scenario::parse("plain.yaml", plain).unwrap_or_else(|e| panic!("{e}")).warnings().to_owned();
    assert!(warnings.contains("`tls` has no effect with a redis:// address"), "{warnings}");
}

#[test]
fn the_monitor_reports_the_figures_of_the_server() {
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
        assert_eq!((calm.ops, calm.bytes_in, calm.bytes_out), (None, None, None), "a rate needs two looks");
        let over = |rate: Option<f64>, least: f64| rate.is_some_and(|rate| rate > least);
        assert!(over(busy.ops, 0.0) && over(busy.bytes_in, 100_000.0) && over(busy.bytes_out, 700_000.0), "{busy:?}");
        redis.kill();
        let gone = monitor.look().await;
        assert!(gone.stale.is_some() && gone.clients == 9, "{gone:?}");
    });
}

#[test]
fn messages_above_16_mib_are_rejected() {
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
