//! A master that Sentinels watch over: it is found by its name, also after another server has taken over.

use std::process::Command;
use std::time::{Duration, Instant};

use katydid::protocol::redis::Monitor;
use katydid::scenario::plan::{RedisProtocol, RedisTarget, Sentinel};

use super::local;
use super::server::Redis;
use super::users::{User, factory_for, reason, target};
use crate::wait::{until, until_in_task};

/// A master, its replica, and three Sentinels; stops when dropped.
struct Guarded {
    servers: Vec<Redis>,
    sentinels: Vec<Redis>,
}

const PASSWORD: &str = "s3cret-Pw";

impl Guarded {
    fn start() -> Self {
        let options = format!("--requirepass {PASSWORD} --masterauth {PASSWORD} --repl-diskless-sync-delay 0");
        let master = Redis::start(&options);
        let replica = Redis::start(&format!("{options} --replicaof 127.0.0.1 {}", master.port));
        until("a replica that follows", || {
            let role = Command::new("redis-cli")
                .args(["-p", &replica.port.to_string(), "-a", PASSWORD, "--no-auth-warning", "ROLE"])
                .output();
            String::from_utf8_lossy(&role.expect("redis-cli is there").stdout).contains("connected")
        });
        let sentinels: Vec<Redis> = (0..3)
            .map(|_| {
                Redis::sentinel(&format!(
                    "sentinel monitor mymaster 127.0.0.1 {} 2\nsentinel auth-pass mymaster {PASSWORD}\n\
                     sentinel down-after-milliseconds mymaster 500\nsentinel failover-timeout mymaster 3000\n",
                    master.port
                ))
            })
            .collect();
        let group = Self { servers: vec![master, replica], sentinels };
        until("Sentinels that know each other and the replica", || {
            let knows = |sentinel: &Redis| {
                let known = sentinel.tell_all("INFO sentinel");
                known.contains("slaves=1,sentinels=3") && known.contains("status=ok")
            };
            group.sentinels.iter().all(knows)
        });
        group
    }

    fn target(&self, reads_replicas: bool) -> RedisTarget {
        let database = 2;
        let sentinel = Sentinel { master: "mymaster".into(), user: None, password: Some(PASSWORD.into()), database };
        // The first of them is down.
        let urls =
            std::iter::once("redis://127.0.0.1:1".into()).chain(self.sentinels.iter().map(|one| one.url().into()));
        let some = target("", RedisProtocol::Resp3);
        RedisTarget { urls: urls.collect(), sentinel: Some(sentinel), reads_replicas, ..some }
    }

    fn calls(&self, server: usize, command: &str) -> bool {
        let port = self.servers[server].port.to_string();
        let info = ["-p", &port, "-a", PASSWORD, "--no-auth-warning", "INFO", "commandstats"];
        let stats = Command::new("redis-cli").args(info).output().expect("redis-cli is there").stdout;
        String::from_utf8_lossy(&stats).contains(&format!("cmdstat_{command}:"))
    }
}

#[test]
fn another_server_takes_over_from_the_master() {
    let mut group = Guarded::start();
    local(async {
        let factory = factory_for(&group.target(false));
        let (mut user, mut subscriber, mut publisher) = (User::new(&factory), User::new(&factory), User::new(&factory));
        let mut monitor = Monitor::new(&factory);
        assert_eq!(reason(&user.command(&["SET", "key", "1"]).await), "ok");
        // One server: transactions over several steps are possible.
        for command in [&["MULTI"][..], &["INCR", "key"], &["EXEC"]] {
            assert_eq!(reason(&user.command(command).await), "ok");
        }
        assert_eq!(reason(&subscriber.subscribe(&["c"], false).await), "ok");
        assert_eq!(reason(&publisher.publish("c", "{}", 0).await), "ok");
        assert_eq!(monitor.look().await.outages, 0);
        let killed = Instant::now();
        group.servers[0].kill();
        let mut reasons = Vec::new();
        loop {
            match reason(&user.command(&["SET", "key", "2"]).await).as_str() {
                "ok" => break,
                why => reasons.push(why.to_owned()),
            }
            assert!(killed.elapsed() < Duration::from_secs(60), "{reasons:?}");
        }
        let took = killed.elapsed();
        let plain = [
            "connection refused",
            "connection closed before the response was complete",
            "the server is a read-only replica (READONLY)",
        ];
        assert!(!reasons.is_empty() && reasons.iter().all(|why| plain.contains(&&**why)), "{reasons:?}");
        let notes = std::rc::Rc::clone(&subscriber.notes);
        until_in_task("the subscriber is back", || {
            notes.outages.borrow().iter().any(|why| why == "back") || notes.delivered.get().disconnects == 1
        })
        .await;
        until_in_task("a subscription at the new master", || group.calls(1, "subscribe")).await;
        loop {
            if reason(&publisher.publish("c", "{}", 0).await) == "ok" {
                break;
            }
        }
        let figures = monitor.look().await;
        assert_eq!(figures.outages, 1, "{figures:?}");
        assert!(figures.seconds_out > 0.4 && figures.seconds_out < took.as_secs_f64() + 0.1, "{figures:?} {took:?}");
        assert!(figures.warnings().iter().any(|words| words.starts_with("no master for ")), "{figures:?}");
        let tally = subscriber.finish().await;
        assert_eq!(tally.disconnects, 1, "{tally:?}");
        // It is over: the time does not grow any more.
        assert_eq!(monitor.look().await.seconds_out, figures.seconds_out);
    });
}

#[test]
fn replicas_are_read_if_that_is_asked_for() {
    let group = Guarded::start();
    local(async {
        let mut user = User::new(&factory_for(&group.target(true)));
        assert_eq!(reason(&user.command(&["SET", "key", "1"]).await), "ok");
        for _ in 0..5 {
            assert_eq!(reason(&user.command(&["GET", "key"]).await), "ok");
        }
    });
    assert!(group.calls(0, "set") && !group.calls(0, "get") && group.calls(1, "get"));
}

#[test]
fn what_is_wrong_with_sentinels_is_said() {
    let group = Guarded::start();
    let unknown = RedisTarget {
        sentinel: group.target(false).sentinel.map(|sentinel| Sentinel { master: "other".into(), ..sentinel }),
        ..group.target(false)
    };
    let down = RedisTarget { urls: vec!["redis://127.0.0.1:1".into()], ..group.target(false) };
    let refused = RedisTarget {
        sentinel: group.target(false).sentinel.map(|sentinel| Sentinel { password: Some("wrong".into()), ..sentinel }),
        ..group.target(false)
    };
    local(async {
        for (target, words) in [
            (unknown, "Sentinel: it knows no master with the name other"),
            (down, "Sentinel: connection refused"),
            (refused, "wrong user name or password (WRONGPASS)"),
        ] {
            let factory = factory_for(&target);
            let mut user = User::new(&factory);
            assert_eq!(reason(&user.command(&["GET", "key"]).await), words);
            assert_eq!(reason(&user.publish("c", "{}", 0).await), words);
            assert_eq!(reason(&user.subscribe(&["c"], false).await), words);
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    let run = |redis: &str, arguments: &[&str]| {
        let text = format!("redis: {{ {redis} }}\nusers: 1\ntasks: [{{ steps: [{{ redis: [GET, a] }}] }}]\n");
        std::fs::write(folder.path().join("s.yaml"), text).expect("a written file");
        let output = Command::new(env!("CARGO_BIN_EXE_katydid")).args(arguments).current_dir(folder.path()).output();
        let output = output.expect("the command runs");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let urls = group.sentinels.iter().map(|one| format!("'{}'", one.url())).collect::<Vec<_>>().join(", ");
    let right = format!("sentinel: {{ master: mymaster, urls: [{urls}], password: {PASSWORD} }}");
    let tried = run(&right, &["doctor", "-f", "s.yaml"]);
    assert!(tried.contains("PONG from Redis") && !tried.contains(PASSWORD), "{tried}");
    for (redis, words) in [
        ("sentinel: { master: m }", "`sentinel` requires `urls`"),
        ("sentinel: { urls: [redis://h] }", "`sentinel` requires `master`"),
        ("sentinel: { master: m, urls: [redis://h] }, url: redis://h", "sentinel"),
        ("sentinel: { master: m, urls: [redis://h] }, cluster: true", "sentinel"),
        ("url: 'redis+sentinel://h/m'", "sentinel: { master: NAME, urls: […] }"),
    ] {
        let shown = run(redis, &["check", "s.yaml"]);
        assert!(shown.starts_with("error") && shown.contains(words), "{redis}: {shown}");
    }
}
