//! A server that is reached through a Unix socket.

use std::process::Command;

use katydid::protocol::redis::Monitor;

use super::local;
use super::server::Redis;
use super::users::{User, factory, reason};

#[test]
fn a_unix_socket_serves_commands_and_messages() {
    let redis = Redis::start("--unixsocket redis.sock --user load on >p@ss/word ~* &* +@all");
    let socket = redis.file("redis.sock");
    let url = format!("redis+unix://{}?user=load&pass=p%40ss%2Fword&db=3", socket.display());
    local(async {
        let factory = factory(&url);
        let (mut subscriber, mut publisher) = (User::new(&factory), User::new(&factory));
        assert_eq!(reason(&subscriber.subscribe(&["orders"], false).await), "ok");
        for _ in 0..100 {
            assert_eq!(reason(&publisher.publish("orders", r#"{"n": 1}"#, 64).await), "ok");
        }
        assert_eq!(reason(&publisher.command(&["SET", "key", "value"]).await), "ok");
        let figures = Monitor::new(&factory).look().await;
        assert!(figures.stale.is_none() && figures.clients >= 2, "{figures:?}");
        let received = subscriber.finish().await;
        assert_eq!((received.received, received.lost()), (100, 0));
    });
    // The database and the user are those of the URL.
    let keyspace = redis.tell("INFO keyspace");
    assert!(keyspace.contains("db3:keys=1"), "{keyspace}");
    let used = redis.tell("ACL LIST");
    assert!(used.contains("user load on"), "{used}");
}

#[test]
fn doctor_reports_a_socket_and_what_is_wrong_with_it() {
    let redis = Redis::start("--unixsocket redis.sock --requirepass another");
    let doctor = |path: &std::path::Path| {
        let url = format!("redis+unix://{}?pass=s3cretPw", path.display());
        let output = Command::new(env!("CARGO_BIN_EXE_katydid")).args(["doctor", "--host", &url]).output();
        let output = output.expect("the command runs");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    for (path, words) in [
        (redis.file("redis.sock"), "wrong user name or password (WRONGPASS)"),
        (redis.file("none.sock"), "No such file or directory"),
    ] {
        let shown = doctor(&path);
        assert!(shown.contains(words) && shown.contains(&format!("redis+unix://{}:", path.display())), "{shown}");
        assert!(!shown.contains("s3cretPw"), "{shown}");
    }
}
