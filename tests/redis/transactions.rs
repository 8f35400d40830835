//! Errors inside responses to transactions, scripts and functions, from a real server.

use katydid::scenario::plan::RedisProtocol;
use katydid::stats::Snapshot;

use super::local;
use super::scenarios::scenario;
use super::server::Redis;
use super::users::{User, factory_for, reason, target};
use crate::wait::end_of;

const NO_NUMBER: &str = "ERR value is not an integer or out of range";
const WRONG_KIND: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";

#[test]
fn nested_errors_are_failures() {
    let redis = Redis::start("");
    redis.tell("SET text abc");
    redis.tell("FUNCTION LOAD \"#!lua name=mine\\nredis.register_function('mine', function(keys) return {1, redis.pcall('INCR', keys[1])} end)\"");
    for protocol in [RedisProtocol::Resp2, RedisProtocol::Resp3] {
        local(async {
            let factory = factory_for(&target(&redis.url(), protocol));
            let mut user = User::new(&factory);
            let exec = |place: &str, error: &str| format!("EXEC: command {place}: {error}");
            for (commands, expected) in [
                (&[&["SET", "n", "1"][..], &["INCR", "n"]][..], "ok".to_owned()),
                (&[], "ok".to_owned()),
                (&[&["SET", "n", "1"], &["incr", "text"], &["LPUSH", "text", "x"]], exec("2 (INCR)", NO_NUMBER)),
                (&[&["GET", "n"], &["EVAL", "return {1, redis.pcall('INCR', 'text')}", "0"]], {
                    exec("2 (EVAL), element 2", NO_NUMBER)
                }),
                // A string that looks like an error.
                (&[&["SET", "n", "-ERR no"], &["GET", "n"]], "ok".to_owned()),
            ] {
                assert_eq!(reason(&user.command(&["MULTI"]).await), "ok");
                for command in commands {
                    assert_eq!(reason(&user.command(command).await), "ok", "it is only queued");
                }
                assert_eq!(reason(&user.command(&["EXEC"]).await), expected, "{commands:?}");
            }
            let key = ["1", "text"];
            for (script, expected) in [
                ("return 1", "ok".to_owned()),
                ("return {'-ERR no', 'WRONGTYPE no'}", "ok".to_owned()),
                ("return {redis.pcall('INCR', KEYS[1])}", format!("element 1: {NO_NUMBER}")),
                ("return {1, {2, {redis.pcall('LPUSH', KEYS[1], 'x')}}}", format!("element 2.2.1: {WRONG_KIND}")),
                ("return {1, {err = 'ERR row 7 is gone'}}", "element 2: ERR row N is gone".to_owned()),
            ] {
                let place = |verb: &str| match expected.as_str() {
                    "ok" => "ok".to_owned(),
                    place => format!("{verb}: {place}"),
                };
                assert_eq!(reason(&user.command(&["EVAL", script, key[0], key[1]]).await), place("EVAL"), "{script}");
                let loaded = redis.tell(&format!("SCRIPT LOAD \"{script}\""));
                let sha = loaded.lines().nth(1).expect("a digest");
                let sent = user.command(&["EVALSHA", sha, key[0], key[1]]).await;
                assert_eq!(reason(&sent), place("EVALSHA"), "{script}");
            }
            let sent = user.command(&["FCALL", "mine", key[0], key[1]]).await;
            assert_eq!(reason(&sent), format!("FCALL: element 2: {NO_NUMBER}"));
            if protocol == RedisProtocol::Resp3 {
                let script = "redis.setresp(3); return {map = {a = redis.pcall('INCR', 'text')}}";
                assert_eq!(
                    reason(&user.command(&["EVAL", script, "0"]).await),
                    format!("EVAL: element 1: {NO_NUMBER}")
                );
            }
            // The whole response is an error.
            let sent = user.command(&["EVAL", "return redis.call('INCR', 'text')", "0"]).await;
            assert!(reason(&sent).starts_with("ERR value is not an integer"), "{}", reason(&sent));
        });
    }
}

#[test]
fn aborted_transactions_are_failures_unless_expected() {
    let redis = Redis::start("");
    for protocol in [RedisProtocol::Resp2, RedisProtocol::Resp3] {
        local(async {
            let mut user = User::new(&factory_for(&target(&redis.url(), protocol)));
            for (changes, expected) in [(false, "ok"), (true, "EXEC: transaction aborted, a watched key was modified")]
            {
                user.command(&["WATCH", "k"]).await;
                if changes {
                    redis.tell("SET k other");
                }
                user.command(&["MULTI"]).await;
                user.command(&["SET", "k", "mine"]).await;
                assert_eq!(reason(&user.command(&["EXEC"]).await), expected);
            }
        });
    }
}

#[tokio::test]
async fn captures_are_set_from_failed_transactions() {
    let redis = Redis::start("");
    redis.tell("SET text abc");
    let steps = r#"
run_time: 20s
users: 1
tasks:
  - steps:
      - redis: WATCH k
      - redis: [EVAL, "return redis.call('SET', 'k', ARGV[1])", "0", "{{ uuid() }}"]
      - redis: MULTI
      - redis: SET k mine
      - redis: EXEC
        name: stopped
        expect: { json: { $: null } }
      - redis: MULTI
      - redis: INCR n
      - redis: INCR text
      - redis: EXEC
        name: broken
        capture: { n: "$[0]" }
      - redis: [SET, seen, "{{ n }}"]
      - stop: run
"#;
    let options = katydid::engine::EngineOptions { threads: 1, seed: 1 };
    let plan = std::sync::Arc::new(scenario(&redis.url(), steps));
    let mut handle = katydid::engine::start(plan, options).expect("an engine");
    let last: std::sync::Arc<Snapshot> = end_of("the end of the run", handle.finished()).await;
    let reasons: Vec<String> = last.failures.rows.iter().map(|row| format!("{}: {}", row.name, row.reason)).collect();
    assert_eq!(reasons, [format!("broken: EXEC: command 2 (INCR): {NO_NUMBER}")]);
    assert!(last.exceptions.is_empty(), "{:?}", last.exceptions);
    assert!(redis.tell("GET seen").contains("\r\n1\r\n"), "what could be captured is");
}
