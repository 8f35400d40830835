//! Clusters: commands and messages go to the right nodes, also while slots move and nodes fail.

use std::process::Command;

use super::cluster_server::Cluster;
use super::local;
use super::users::{User, factory, factory_for, reason, target};
use crate::wait::until_in_task as until;
use katydid::protocol::redis::RedisClientFactory;
use katydid::scenario::plan::{RedisProtocol, RedisTarget};

fn factories(cluster: &Cluster) -> Vec<RedisClientFactory> {
    // The server says that it is a cluster in HELLO, or in INFO; or the scenario says it, with a node that is down.
    let resp2 = target(&cluster.url(1), RedisProtocol::Resp2);
    let down = "redis://127.0.0.1:1".into();
    let several = RedisTarget {
        urls: vec![down, cluster.url(2).into()],
        cluster: Some(true),
        ..target("", RedisProtocol::Resp3)
    };
    vec![factory(&cluster.url(0)), factory_for(&resp2), factory_for(&several)]
}

#[test]
fn every_key_is_found_on_its_node() {
    let cluster = Cluster::start(0);
    local(async {
        for (round, factory) in factories(&cluster).iter().enumerate() {
            let mut user = User::new(factory);
            for n in 0..100 {
                let (key, value) = (format!("key:{round}:{n}"), n.to_string());
                assert_eq!(reason(&user.command(&["SET", &key, &value]).await), "ok");
                assert_eq!(reason(&user.command(&["GET", &key]).await), "ok");
                assert_eq!(
                    reason(&user.command(&["EVAL", "return redis.call('GET', KEYS[1])", "1", &key]).await),
                    "ok"
                );
            }
            let mixed = user.command(&["MGET", "key:0:1", "key:0:2"]).await;
            assert_eq!(reason(&mixed), "cluster: the keys are on different nodes (CROSSSLOT)");
            assert_eq!(
                reason(&user.command(&["MULTI"]).await),
                "cluster: MULTI affects one node only, and other steps may go to another one"
            );
            assert_eq!(user.redirects(), 0);
        }
    });
    let sets = cluster.calls("set");
    assert_eq!(sets.iter().sum::<u64>(), 300, "{sets:?}");
    assert!(sets.iter().all(|calls| *calls > 50), "{sets:?}");
}

#[test]
fn messages_arrive_from_all_nodes_once() {
    let cluster = Cluster::start(0);
    local(async {
        for factory in &factories(&cluster) {
            let (mut plain, mut sharded) = (User::new(factory), User::new(factory));
            // Different nodes: a user keeps to one.
            let mut publishers: Vec<User> = (0..4).map(|_| User::new(factory)).collect();
            assert_eq!(reason(&plain.subscribe(&["orders"], false).await), "ok");
            let shards = ["s:1", "s:2", "s:3", "{s:1}:more"];
            assert_eq!(reason(&sharded.subscribe_shards(&shards).await), "ok");
            for n in 0..200 {
                let publisher = &mut publishers[n % 4];
                assert_eq!(reason(&publisher.publish("orders", r#"{"n": 1}"#, 64).await), "ok");
                assert_eq!(reason(&publisher.publish_to_shard(shards[n / 4 % 4], r#"{"n": 1}"#).await), "ok");
            }
            let (plain, sharded) = (plain.finish().await, sharded.finish().await);
            for tally in [plain, sharded] {
                assert_eq!(
                    (tally.received, tally.lost(), tally.duplicates, tally.unsettled),
                    (200, 0, 0, 0),
                    "{tally:?}"
                );
            }
        }
    });
}

#[test]
fn a_slot_that_moves_is_followed() {
    let cluster = Cluster::start(0);
    let from = cluster.master_of("{user}:1");
    let to = (from + 1) % 3;
    local(async {
        let factory = factory(&cluster.url(0));
        let (mut user, mut subscriber, mut publisher) = (User::new(&factory), User::new(&factory), User::new(&factory));
        for n in 0..20 {
            assert_eq!(reason(&user.command(&["SET", &format!("{{user}}:{n}"), "old"]).await), "ok");
        }
        assert_eq!(reason(&subscriber.subscribe_shards(&["{user}"]).await), "ok");
        assert_eq!(reason(&publisher.publish_to_shard("{user}", "1").await), "ok");
        cluster.move_slot("{user}:1", to);
        for n in 0..20 {
            assert_eq!(reason(&user.command(&["GETSET", &format!("{{user}}:{n}"), "new"]).await), "ok");
        }
        // Only until the new owner is known.
        assert!((1..20).contains(&user.redirects()), "{}", user.redirects());
        until("a subscription on the new node", || cluster.nodes[to].tell("PUBSUB SHARDNUMSUB {user}").contains(":1"))
            .await;
        for _ in 0..10 {
            assert_eq!(reason(&publisher.publish_to_shard("{user}", "1").await), "ok");
        }
        let tally = subscriber.finish().await;
        assert_eq!((tally.received, tally.lost()), (11, 0), "{tally:?}");
        assert_eq!(tally.disconnects, 1, "{tally:?}");
    });
}

#[test]
fn keys_are_found_while_their_slot_is_moving() {
    let cluster = Cluster::start(0);
    let to = (cluster.master_of("{user}:1") + 1) % 3;
    local(async {
        let factory = factory(&cluster.url(0));
        let mut user = User::new(&factory);
        assert_eq!(reason(&user.command(&["SET", "{user}:here", "1"]).await), "ok");
        cluster.begin_move("{user}:1", to);
        // What is not at the old node is at the new one (ASK).
        for n in 0..10 {
            assert_eq!(reason(&user.command(&["SET", &format!("{{user}}:{n}"), "1"]).await), "ok");
            assert_eq!(reason(&user.command(&["GET", "{user}:here"]).await), "ok");
        }
        assert_eq!(user.redirects(), 10);
    });
    assert_eq!(cluster.calls("asking").iter().sum::<u64>(), 10);
}

#[test]
fn a_node_that_fails_is_replaced_by_its_replica() {
    let mut cluster = Cluster::start(1);
    let key = "{user}:1";
    let failing = cluster.master_of(key);
    let other = (0..1_000).map(|n| format!("k{n}")).find(|other| cluster.master_of(other) != failing).expect("a key");
    local(async {
        let factory = factory(&cluster.url(failing));
        let mut user = User::new(&factory);
        assert_eq!(reason(&user.command(&["SET", key, "1"]).await), "ok");
        assert_eq!(reason(&user.command(&["SET", &other, "1"]).await), "ok");
        cluster.nodes[failing].kill();
        let failed = reason(&user.command(&["GET", key]).await);
        assert!(
            ["connection closed before the response was complete", "connection refused"].contains(&&*failed),
            "{failed}"
        );
        // The others are not affected.
        assert_eq!(reason(&user.command(&["GET", &other]).await), "ok");
        cluster.until_failover();
        let mut reasons = Vec::new();
        loop {
            match reason(&user.command(&["SET", key, "2"]).await).as_str() {
                "ok" => break,
                why => reasons.push(why.to_owned()),
            }
            assert!(reasons.len() < 200, "{reasons:?}");
        }
        let plain = ["connection refused", "the cluster is down (CLUSTERDOWN)"];
        assert!(reasons.iter().all(|why| plain.contains(&&**why)), "{reasons:?}");
    });
}

#[test]
fn commands_that_only_read_go_to_replicas() {
    let cluster = Cluster::start(1);
    let replicas = RedisTarget { reads_replicas: true, ..target(&cluster.url(0), RedisProtocol::Resp3) };
    local(async {
        let mut user = User::new(&factory_for(&replicas));
        for n in 0..30 {
            assert_eq!(reason(&user.command(&["SET", &format!("k{n}"), "1"]).await), "ok");
            assert_eq!(reason(&user.command(&["GET", &format!("k{n}")]).await), "ok");
        }
        assert_eq!(user.redirects(), 0);
    });
    let (gets, sets) = (cluster.calls("get"), cluster.calls("set"));
    let masters = cluster.masters();
    let at_masters = |calls: &[u64]| masters.iter().map(|node| calls[*node]).sum::<u64>();
    assert_eq!((at_masters(&gets), gets.iter().sum()), (0, 30), "{gets:?}");
    assert_eq!(at_masters(&sets), 30, "{sets:?}");
}

#[test]
fn a_scenario_names_nodes_and_is_refused_where_a_cluster_cannot_follow_it() {
    let cluster = Cluster::start(0);
    let folder = tempfile::tempdir().expect("a folder");
    let check = |redis: &str, step: &str| {
        let text = format!("redis: {{ {redis} }}\nusers: 2\ntasks: [{{ steps: [{{ redis: {step} }}] }}]\n");
        std::fs::write(folder.path().join("s.yaml"), text).expect("a written file");
        let output =
            Command::new(env!("CARGO_BIN_EXE_katydid")).args(["check", "s.yaml"]).current_dir(folder.path()).output();
        let output = output.expect("the command runs");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let one = format!("url: '{}', cluster: true", cluster.url(0));
    for (redis, step, words) in [
        (&*one, "[MGET, a, b]", "\"a\" and \"b\" are in different slots"),
        (&*one, "[MGET, '{u}a', '{u}b']", ""),
        (&*one, "[MGET, a, '{{ uuid() }}']", ""),
        ("url: redis://h, cluster: false", "[MGET, a, b]", ""),
        ("urls: [redis://h, redis://i]", "[MGET, a, b]", "\"a\" and \"b\" are in different slots"),
        ("urls: [redis://h, redis://i], cluster: false", "[GET, a]", "several servers are a cluster"),
        ("urls: [redis://h, rediss://i]", "[GET, a]", "all reached over TLS, or none"),
        ("url: redis://h/1, cluster: true", "[GET, a]", "a cluster has only database 0"),
        ("urls: [redis://:a@h, redis://:b@i]", "[GET, a]", "the user and the password of the first"),
        ("url: redis://h, urls: [redis://i]", "[GET, a]", "url"),
        ("url: redis://h, read_from: master2", "[GET, a]", "did you mean `master`?"),
    ] {
        let shown = check(redis, step);
        assert!(
            if words.is_empty() { !shown.contains("error") } else { shown.contains(words) },
            "{redis} {step}: {shown}"
        );
    }
}
