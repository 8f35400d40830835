//! Servers that go away, close connections, do not respond, or are not Redis.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use katydid::protocol::redis::Monitor;
use katydid::scenario::plan::RedisProtocol;

use super::local;
use super::server::{Redis, free_port, pretender};
use super::users::{User, factory, factory_for, reason, target};
use crate::wait::until_in_task as until;

#[test]
fn a_server_restart_is_survived() {
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
        let unreachable = "the server is no longer reachable (was subscribed)";
        let notes = std::rc::Rc::clone(&subscriber.notes);
        until("the outage is reported", || notes.outages.borrow().iter().any(|why| why == unreachable)).await;
        redis.revive();
        until("the subscriber is back", || notes.outages.borrow().iter().any(|why| why == "back")).await;
        until("the other one is back too", || redis.tell("PUBSUB NUMSUB c").contains(":2")).await;
        let known = ["back", unreachable, "connection refused", "the server was restarted while subscribed"];
        let outages = steady.notes.outages.borrow().clone();
        assert!(!outages.is_empty() && outages.iter().all(|why| known.contains(&why.as_str())), "{outages:?}");
        let mut again = 0;
        while again < 100 {
            again += u32::from(reason(&publisher.publish("c", "{}", 100).await) == "ok");
        }
        assert_eq!(publisher.notes.published.get().published, 300);
        for user in [subscriber, steady] {
            let sum = user.finish().await;
            // One message may have arrived without its response.
            assert!((300..=301).contains(&sum.received), "{sum:?}");
            assert_eq!((sum.lost(), sum.duplicates, sum.disconnects), (0, 0, 1), "{sum:?}");
        }
    });
}

#[test]
fn messages_during_a_disconnect_are_counted_exactly() {
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
        // The subscriber waits at least 25 ms before it reconnects, so these are certainly lost.
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
        let why = "disconnected by the server while subscribed: output buffer limit, CLIENT KILL or time-out";
        assert_eq!(*notes.outages.borrow(), [why]);
    });
}

#[test]
fn losses_of_slow_subscribers_are_exact() {
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
                // Until the server has disconnected the subscriber, and nobody receives any more.
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
        // Nothing is read meanwhile, because the subscriber runs on this thread.
        let published = flood.join().expect("the publisher ends");
        assert!(published.published < 20_000, "the server never cut the subscriber");
        let notes = std::rc::Rc::clone(&subscriber.notes);
        until("the cut is reported", || !notes.outages.borrow().is_empty()).await;
        let sum = subscriber.finish().await;
        assert!(notes.outages.borrow()[0].contains("output buffer limit"), "{:?}", notes.outages.borrow());
        assert_eq!(sum.received + sum.lost_disconnected, published.published, "{sum:?}");
        assert!(sum.lost_disconnected > 0 && sum.lost_in_stream == 0 && sum.disconnects == 1, "{sum:?}");
    });
}

#[test]
fn a_refused_channel_does_not_affect_others() {
    let redis = Redis::start("");
    redis.tell("ACL SETUSER bob on >pw &a:* +subscribe +publish +unsubscribe +hello");
    for protocol in [RedisProtocol::Resp2, RedisProtocol::Resp3] {
        local(async {
            let factory = factory_for(&target(&redis.url().replace("//", "//bob:pw@"), protocol));
            let (mut subscriber, mut publisher) = (User::new(&factory), User::new(&factory));
            assert_eq!(reason(&subscriber.subscribe(&["a:1"], false).await), "ok");
            publisher.publish("a:1", "{}", 0).await;
            let refused = reason(&subscriber.subscribe(&["zz:1", "a:2"], false).await);
            assert!(refused.contains("NOPERM"), "{refused}");
            for channel in ["a:1", "a:2"] {
                publisher.publish(channel, "{}", 0).await;
            }
            // It is not requested again when the connection breaks.
            let notes = std::rc::Rc::clone(&subscriber.notes);
            until("all have come", || notes.delivered.get().received == 3).await;
            redis.tell("CLIENT KILL TYPE pubsub");
            until("the outage is reported", || !notes.outages.borrow().is_empty()).await;
            publisher.publish("a:2", "{}", 0).await;
            let sum = subscriber.finish().await;
            let why = "disconnected by the server while subscribed: output buffer limit, CLIENT KILL or time-out";
            assert_eq!(*notes.outages.borrow(), [why]);
            assert_eq!((sum.received, sum.lost(), sum.disconnects), (4, 0, 1), "{sum:?}");
        });
    }
}

#[test]
fn revoked_permissions_are_reported_and_retried() {
    let redis = Redis::start("");
    redis.tell("ACL SETUSER bob on >pw &a &b +subscribe +publish +unsubscribe +hello");
    local(async {
        let factory = factory(&redis.url().replace("//", "//bob:pw@"));
        let (mut subscriber, mut publisher) = (User::new(&factory), User::new(&factory));
        assert_eq!(reason(&subscriber.subscribe(&["a", "b"], false).await), "ok");
        // Redis disconnects subscribers that lose their permission.
        redis.tell("ACL SETUSER bob resetchannels &a");
        let notes = std::rc::Rc::clone(&subscriber.notes);
        until("both are reported", || notes.outages.borrow().len() == 2).await;
        assert!(notes.outages.borrow().iter().any(|why| why.contains("NOPERM")), "{:?}", notes.outages.borrow());
        publisher.publish("a", "{}", 0).await;
        until("the other one goes on", || notes.delivered.get().received == 1).await;
        redis.tell("ACL SETUSER bob &b");
        until("it is subscribed again", || redis.tell("PUBSUB NUMSUB b").contains(":1")).await;
        publisher.publish("b", "{}", 0).await;
        let sum = subscriber.finish().await;
        assert_eq!((sum.received, sum.lost(), notes.outages.borrow().len()), (2, 0, 2), "{sum:?}");
    });
}

/// A Redis server before version 6 that disconnects everybody: the first client once it is subscribed, others before.
fn disconnecting_server() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("redis://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let Ok(mut stream) = stream else { continue };
            let mut asked = [0; 4096];
            while let Ok(length @ 1..) = stream.read(&mut asked) {
                let asked = String::from_utf8_lossy(&asked[..length]);
                let (answer, last): (&[u8], _) = match () {
                    () if asked.contains("HELLO") => (b"-ERR unknown command 'HELLO'\r\n", false),
                    () if asked.contains("INFO") => (b"$5\r\na:b\r\n\r\n", false),
                    () if !asked.contains("SUBSCRIBE") => (b"+OK\r\n", false),
                    () if number == 0 => (b"*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n", true),
                    () => (b"", true),
                };
                if stream.write_all(answer).is_err() || last {
                    break;
                }
            }
        }
    });
    url
}

#[test]
fn a_server_that_disconnects_subscribers_is_not_reported_as_unreachable() {
    local(async {
        let mut subscriber = User::new(&factory(&disconnecting_server()));
        assert_eq!(reason(&subscriber.subscribe(&["c"], false).await), "ok");
        let notes = std::rc::Rc::clone(&subscriber.notes);
        until("two are reported", || notes.outages.borrow().len() >= 2).await;
        let why = "disconnected by the server while subscribed: output buffer limit, CLIENT KILL or time-out";
        assert_eq!(notes.outages.borrow()[..2], [why, "closed by the server before the subscription was confirmed"]);
    });
}

#[test]
fn a_shard_on_another_node_does_not_affect_others() {
    let redis = Redis::start("--cluster-enabled yes");
    // This node has only `a` (slot 15495), not `b` (slot 3300).
    redis.tell("CLUSTER ADDSLOTSRANGE 10000 16383");
    redis.tell("CONFIG SET cluster-require-full-coverage no");
    local(async {
        let factory = factory(&redis.url());
        let (mut subscriber, mut publisher) = (User::new(&factory), User::new(&factory));
        until("the slots are known", || redis.tell("SPUBLISH a x").starts_with(':')).await;
        let refused = reason(&subscriber.subscribe_shards(&["a", "b"]).await);
        assert_eq!(refused, "cluster: no node serves the slot of this channel");
        assert!(redis.tell("PUBSUB SHARDNUMSUB a").contains(":1"));
        assert_eq!(reason(&publisher.publish("c", "{}", 0).await), "ok");
        let notes = std::rc::Rc::clone(&subscriber.notes);
        subscriber.finish().await;
        assert!(notes.outages.borrow().iter().all(|why| *why == refused), "{:?}", notes.outages.borrow());
    });
}

#[test]
fn failures_have_plain_reasons() {
    let full = Redis::start("--maxmemory 1mb --maxmemory-policy noeviction");
    let replica = Redis::start(&format!("--replicaof 127.0.0.1 {}", free_port()));
    let plain = |answer: &'static [u8]| pretender(answer, false);
    for (url, expected) in [
        (format!("redis://127.0.0.1:{}", free_port()), "connection refused"),
        ("redis://no-such-name.invalid".to_owned(), "name not resolved: "),
        (plain(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "not a Redis server: it sent \"HTTP/1.1 400 Bad Request\""),
        (plain(b"SSH-2.0-OpenSSH_9.6\n"), "not a Redis server: it sent \"SSH-2.0-OpenSSH_9.6\""),
        (pretender(b"+OK", true), "connection closed before the response was complete"),
        (plain(b"$104857600\r\nxxxx"), "response larger than 16 MiB"),
        (plain(b"*2\r\n$1\r\nabc\r\n"), "malformed response: a string is longer than its length"),
        (
            pretender(b"-DENIED Redis is running in protected mode because\r\n", true),
            "refused: the server is in protected mode (DENIED)",
        ),
        (plain(b"-MOVED 3999 127.0.0.1:6381\r\n"), "cluster: this key or channel is on another node (MOVED)"),
        (plain(b"-LOADING Redis is loading\r\n"), "the server is loading its data (LOADING)"),
        (format!("redis://{}/77", full.url().trim_start_matches("redis://")), "ERR DB index is out of range"),
        (full.url(), "the server is out of memory: maxmemory is reached (OOM)"),
        (replica.url(), "the server is a read-only replica (READONLY)"),
        (plain(b"HTTP/1.1 400 Bad Request\r\n\r\n").replace("redis:", "rediss:"), "TLS failed: "),
    ] {
        local(async {
            let mut user = User::new(&factory(&url));
            let big = "x".repeat(2_000_000);
            let result = user.command(&["SET", "key", &big]).await;
            assert!(reason(&result).starts_with(expected), "{url}: {}", reason(&result));
        });
    }
}

#[test]
fn silent_servers_time_out() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("redis://{}", listener.local_addr().expect("an address"));
    local(async {
        let mut user = User::new(&factory(&url));
        let result = user.command(&["PING"]).await;
        assert_eq!(reason(&result), "timed out after 5s");
        assert!(result.timings.service >= Duration::from_secs(5) && result.timings.service < Duration::from_secs(10));
    });
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
        until("the subscriber is there", || redis.tell("PUBSUB NUMSUB c").contains(":1")).await;
        let mut publisher = User::new(&factory);
        publisher.publish("c", "{}", 0).await;
        assert_eq!(subscriber.finish().await.delivered(), 1);
    });
}

#[test]
fn a_subscriber_is_back_soon_after_its_server() {
    let mut redis = Redis::start("");
    local(async {
        let mut subscriber = User::new(&factory(&redis.url()));
        subscriber.subscribe(&["c"], false).await;
        redis.kill();
        let notes = std::rc::Rc::clone(&subscriber.notes);
        let mut attempts = Vec::new();
        // If pauses had no maximum, they would be half a minute by now.
        while attempts.len() < 11 {
            let known = notes.outages.borrow().len();
            until("another attempt", || notes.outages.borrow().len() > known).await;
            attempts.push(Instant::now());
        }
        // Stalls of the machine lengthen some of them, but not the shortest.
        let shortest = attempts[6..].windows(2).map(|pair| pair[1] - pair[0]).min();
        assert!(shortest < Some(Duration::from_millis(1_100)), "{attempts:?}");
        redis.revive();
        until("the subscriber is back", || redis.tell("PUBSUB NUMSUB c").contains(":1")).await;
        subscriber.finish().await;
    });
}
