//! Redis as a store: keys and values as the server has them, compared with what the scenario describes.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use katydid::engine::{Command, EngineOptions, start};
use katydid::scenario::plan::Plan;
use katydid::stats::snapshot::{End, Judged, RunState};
use katydid::stats::{Lookups, Snapshot};

use super::cluster_server::Cluster;
use super::server::Redis;
use crate::scenarios::scenario;
use crate::wait::end_of;

/// Runs a plan until all users have stopped.
async fn run(plan: Plan, seed: u64) -> Arc<Snapshot> {
    let mut handle = start(Arc::new(plan), EngineOptions { threads: 2, seed }).expect("an engine");
    end_of("the end of the run", handle.finished()).await
}

/// The integers that the server returns for commands, over one connection.
fn numbers(redis: &Redis, commands: impl Iterator<Item = String>) -> Vec<i64> {
    let stream = TcpStream::connect(("127.0.0.1", redis.port)).expect("a running Redis");
    let commands: Vec<String> = commands.map(|command| command + "\r\n").collect();
    (&stream).write_all(commands.concat().as_bytes()).expect("sent commands");
    let number = |line: std::io::Result<String>| {
        let line = line.expect("an answer");
        line.strip_prefix(':').and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{line}"))
    };
    BufReader::new(stream).lines().take(commands.len()).map(number).collect()
}

/// A scenario of `users` that each run the steps `times` times, and stop.
fn repeated(redis: &Redis, users: u32, times: u32, steps: &str) -> Plan {
    let tasks = format!("tasks: [{{ steps: [{{ repeat: {times}, steps: [{steps}] }}, {{ stop: user }}] }}]");
    scenario(&redis.url(), &format!("users: {users}\nspawn_rate: 100\n{tasks}\n"))
}

#[tokio::test]
async fn a_sequence_writes_each_key_once_with_sizes_and_expiry_times_in_their_ranges() {
    let redis = Redis::start("");
    let step = "{ redis: [SET, 'k:{{ sequence(1000) }}', { random: 'between(100, 200)' }, EX, '{{ random_int(1000, 2000) }}'] }";
    let last = run(repeated(&redis, 4, 250, step), 1).await;
    assert_eq!((last.total.total.requests, last.total.total.failures), (1_000, 0));
    assert_eq!(numbers(&redis, ["DBSIZE".to_owned()].into_iter()), [1_000]);
    let sizes = numbers(&redis, (0..1_000).map(|key| format!("STRLEN k:{key}")));
    assert!(sizes.iter().all(|size| (100..=200).contains(size)), "{sizes:?}");
    let mean = sizes.iter().sum::<i64>() as f64 / 1_000.0;
    // Four standard deviations of a mean of 1,000.
    assert!((mean - 150.0).abs() < 3.7, "{mean}");
    let expiry = numbers(&redis, (0..1_000).map(|key| format!("TTL k:{key}")));
    assert!(expiry.iter().all(|seconds| (900..=2_000).contains(seconds)), "{expiry:?}");
    assert!(expiry.iter().max() > Some(&1_900) && expiry.iter().min() < Some(&1_100), "{expiry:?}");
    // The other forms of a time to live.
    let steps = "{ redis: \"SET a 1 PX {{ random_int(100000, 200000) }}\" }, { redis: \"SET b 1\" }, \
                 { redis: \"EXPIRE b {{ gaussian(100, 200) }}\" }";
    run(repeated(&redis, 1, 1, steps), 1).await;
    let expiry = numbers(&redis, ["PTTL a".to_owned(), "TTL b".to_owned()].into_iter());
    assert!((90_000..=200_000).contains(&expiry[0]) && (90..=200).contains(&expiry[1]), "{expiry:?}");
}

#[tokio::test]
async fn popular_keys_are_those_of_the_distribution_and_of_the_seed() {
    let redis = Redis::start("");
    let counts = async |seed| {
        redis.tell("FLUSHALL");
        let last = run(repeated(&redis, 1, 5_000, "{ redis: [INCR, 'hits:{{ zipf(50) }}'] }"), seed).await;
        assert_eq!(last.total.total.failures, 0);
        // Without a value, it is 0.
        numbers(&redis, (0..50).map(|key| format!("INCRBY hits:{key} 0")))
    };
    let first = counts(1).await;
    assert_eq!(first.iter().sum::<i64>(), 5_000);
    let sum: f64 = (1..=50).map(|rank| f64::from(rank).powf(-0.99)).sum();
    let statistic: f64 = (1..=50)
        .zip(&first)
        .map(|(rank, count)| {
            let expected = 5_000.0 * f64::from(rank).powf(-0.99) / sum;
            (*count as f64 - expected).powi(2) / expected
        })
        .sum();
    // Chi-square with 49 degrees of freedom: larger once in 10,000 tests.
    assert!(statistic < 94.0, "{statistic}: {first:?}");
    assert_eq!(counts(1).await, first, "the same seed");
    assert_ne!(counts(2).await, first, "another seed");
}

#[tokio::test]
async fn values_have_sizes_by_weight() {
    let redis = Redis::start("");
    let step = "{ redis: [SET, 'k{{ sequence(1000) }}', { random: { 64: 70, 1KB: 25, 4KB: 5 }, compressible: 50% }] }";
    run(repeated(&redis, 2, 500, step), 1).await;
    let mut counts: BTreeMap<i64, u32> = BTreeMap::new();
    for size in numbers(&redis, (0..1_000).map(|key| format!("STRLEN k{key}"))) {
        *counts.entry(size).or_default() += 1;
    }
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [64, 1_000, 4_000]);
    // Five standard deviations.
    for (size, expected, deviation) in [(64, 700, 73), (1_000, 250, 69), (4_000, 50, 35)] {
        assert!(counts[&size].abs_diff(expected) < deviation, "{counts:?}");
    }
}

/// A counter of `INFO stats`.
fn counted_by(redis: &Redis, name: &str) -> u64 {
    let info = redis.tell("INFO stats");
    let line = info.lines().find_map(|line| line.strip_prefix(&format!("{name}:")));
    line.unwrap_or_else(|| panic!("{info}")).trim().parse().expect("a number")
}

#[tokio::test]
async fn hits_and_misses_are_those_of_the_server() {
    let redis = Redis::start("");
    for key in 0..50 {
        redis.tell(&format!("SET k:{key} v"));
        redis.tell(&format!("HSET h:{key} f v"));
    }
    redis.tell("CONFIG RESETSTAT");
    let steps = "
        { redis: [GET, 'k:{{ random_int(0, 99) }}'] },
        { redis: [MGET, 'k:{{ random_int(0, 99) }}', 'k:{{ random_int(0, 99) }}', 'k:1'] },
        { redis: [HGET, 'h:{{ random_int(0, 99) }}', f] },
        { redis: [EXISTS, 'k:{{ random_int(0, 99) }}', 'h:{{ random_int(0, 99) }}'] },
        { redis: [HGETALL, 'h:{{ random_int(0, 99) }}'] },
        { redis: [SET, 'other:{{ user.id }}', v] },
        { redis: MULTI }, { redis: 'GET k:{{ random_int(0, 99) }}', name: queued }, { redis: EXEC }";
    let plan = repeated(&redis, 3, 100, &steps.replace('\n', " "));
    let last = run(plan, 1).await;
    assert_eq!((last.total.total.failures, last.exceptions.len()), (0, 0), "{:?}", last.failures);
    let view = last.redis.as_ref().expect("a run with Redis");
    let all = view.looked_up();
    assert_eq!(
        (all.hits, all.misses),
        (counted_by(&redis, "keyspace_hits"), counted_by(&redis, "keyspace_misses")),
        "{:?}",
        view.lookups
    );
    // 1 + 3 + 1 + 2 + 1 + 1 in each of 300 passes.
    assert_eq!(all.total(), 2_700);
    let of = |name: &str| view.lookups.iter().find(|(_, row, _)| &**row == name).map(|(.., found)| found.total());
    let found = ["GET", "MGET", "HGET", "EXISTS", "HGETALL", "EXEC", "SET", "queued"].map(of);
    assert_eq!(found, [Some(300), Some(900), Some(300), Some(600), Some(300), Some(300), None, None]);
    let gets = view.lookups.iter().find(|(_, row, _)| &**row == "GET").expect("a row").2;
    assert!((0.35..0.65).contains(&gets.hit_ratio().expect("hits")), "{gets:?}");
}

#[tokio::test]
async fn a_threshold_on_the_hit_ratio_fails_a_run_with_too_few_hits() {
    let redis = Redis::start("");
    redis.tell("SET k v");
    let judged = async |limit: &str| {
        let steps = "{ redis: [GET, k] }, { redis: [GET, k] }, { redis: [GET, none], name: other }";
        let tasks = format!("tasks: [{{ steps: [{{ repeat: 20, steps: [{steps}] }}, {{ stop: user }}] }}]");
        let text = format!("users: 1\n{tasks}\nthresholds: [{limit}]\n");
        let last = run(scenario(&redis.url(), &text), 1).await;
        let judgement = &last.judgements[0];
        (judgement.judged.clone(), judgement.value.as_deref().map(str::to_owned))
    };
    let value = Some("66.67 %".to_owned());
    assert_eq!(judged("hit_ratio > 60%").await, (Judged::Passes, value.clone()));
    assert_eq!(judged("redis.hit_ratio > 70%").await, (Judged::Failed, value));
    assert_eq!(judged("{ check: hit_ratio > 99%, on: GET }").await, (Judged::Passes, Some("100.00 %".to_owned())));
}

/// A scenario that fills the server first, and then reads from it.
fn filled(url: &str, prefill: &str, steps: &str) -> Plan {
    let text = format!(
        "redis: {{ url: '{url}', prefill: {prefill} }}\nusers: 2\nspawn_rate: 100\n\
         tasks: [{{ steps: [{{ repeat: 200, steps: [{steps}] }}, {{ stop: user }}] }}]\n"
    );
    let scenario = katydid::scenario::Scenario::parse("test.yaml", &text).unwrap_or_else(|e| panic!("{e}"));
    scenario.plan(&katydid::scenario::Overrides::default()).unwrap_or_else(|e| panic!("{e}"))
}

const READ: &str = "{ redis: [GET, 'user:{{ zipf(10000) }}'] }";

#[tokio::test]
async fn figures_of_the_server_begin_after_the_prefill() {
    let redis = Redis::start("");
    let plan = filled(&redis.url(), "{ count: 50000, command: [SET, 'user:{{ iteration }}', v] }", "{ wait: 15ms }");
    let last = run(plan, 1).await;
    let server = last.redis.as_ref().and_then(|redis| redis.server.clone()).expect("figures of the server");
    // The first rate is that of the first two seconds.
    assert!(server.ops.expect("a rate") < 1_000.0 && server.memory > 1_000_000, "{server:?}");
}

#[tokio::test]
async fn prefill_leaves_the_keys_before_the_first_user_reads() {
    let redis = Redis::start("");
    redis.tell("SET left-over v");
    let prefill = "[{ count: 1, command: FLUSHALL }, \
                   { count: 10000, command: [SET, 'user:{{ iteration }}', { random: 'between(10, 20)' }, EX, 1000] }, \
                   { count: 500, command: [SADD, 'set:{{ iteration }}', '{{ sequence(7) }}'] }]";
    let last = run(filled(&redis.url(), prefill, READ), 1).await;
    assert_eq!(numbers(&redis, ["DBSIZE".to_owned()].into_iter()), [10_500]);
    let sizes = numbers(&redis, (0..10_000).step_by(997).map(|key| format!("STRLEN user:{key}")));
    assert!(sizes.iter().all(|size| (10..=20).contains(size)), "{sizes:?}");
    // Only the users are in the statistics.
    assert_eq!((last.total.total.requests, last.total.total.failures), (400, 0));
    assert_eq!(last.redis.as_ref().expect("a run with Redis").looked_up(), Lookups { hits: 400, misses: 0 });
    let prefill = last.plan.prefill.as_ref().expect("a prefill");
    assert_eq!((prefill.done, prefill.total, &prefill.error), (10_501, 10_501, &None));
    assert!(last.events.iter().any(|event| event.text.starts_with("prefilled: 10,501 commands in ")));
}

#[tokio::test]
async fn a_prefill_that_fails_starts_no_users() {
    let redis = Redis::start("");
    let replica = Redis::start(&format!("--replicaof 127.0.0.1 {}", redis.port));
    redis.tell("SET text v");
    let set = "{ count: 3, command: [SET, 'k:{{ iteration }}', v] }";
    for (server, prefill, wanted) in [
        (
            &redis,
            format!("[{set}, {{ count: 5, command: [INCR, text] }}]"),
            "command 4 (INCR): ERR value is not an integer",
        ),
        (&redis, "{ count: 2, command: [SET, k, '{{ later }}'] }".to_owned(), "command 1 of 2: `later` has no value"),
        (&replica, set.to_owned(), "the server is a read-only replica of 127.0.0.1:"),
    ] {
        let steps = "{ redis: [GET, k], capture: { later: $ } }";
        let last = run(filled(&server.url(), &prefill, steps), 1).await;
        assert_eq!(last.state, RunState::Done(End::NotPrefilled));
        let error = last.plan.prefill.as_ref().and_then(|prefill| prefill.error.clone()).expect("an error");
        assert!(error.starts_with(wanted), "{error}");
        assert_eq!((last.total.total.requests, last.load.most_users), (0, 0));
        let verdict = katydid::verdict::conclude(&last, false);
        assert!(verdict.reason.contains(&*error) && verdict.conclusion != katydid::verdict::Conclusion::Passed);
    }
    // Nothing after the first failure was executed, and everything before it.
    assert_eq!(numbers(&redis, ["DBSIZE".to_owned(), "EXISTS k:2".to_owned()].into_iter()), [4, 1]);
    let mut gone = redis;
    gone.kill();
    let last = run(filled(&gone.url(), set, READ), 1).await;
    let error = last.plan.prefill.as_ref().and_then(|prefill| prefill.error.clone()).expect("an error");
    assert!(error.contains("connection refused"), "{error}");
}

#[tokio::test]
async fn a_prefill_shows_its_progress_and_can_be_stopped() {
    let redis = Redis::start("");
    let plan = filled(&redis.url(), "{ count: 1000000000, command: [SET, 'user:{{ iteration }}', v] }", READ);
    let mut handle = start(Arc::new(plan), EngineOptions { threads: 1, seed: 1 }).expect("an engine");
    let mut snapshots = handle.subscribe();
    let progress = |last: &Arc<Snapshot>| last.plan.prefill.as_ref().map_or(0, |prefill| prefill.done);
    let seen = end_of("progress", snapshots.wait_for(|last| progress(last) > 10_000)).await.expect("a run").clone();
    assert_eq!((seen.state, seen.elapsed.as_secs(), seen.load.users), (RunState::Prefilling, 0, 0));
    // These wait for the users, or have no effect yet.
    for command in [Command::Pause, Command::Resume, Command::SetUsers(katydid::units::Users(5))] {
        handle.send(command).expect("a run");
    }
    end_of("more progress", snapshots.wait_for(|last| progress(last) > progress(&seen) + 10_000)).await.expect("a run");
    handle.send(Command::Stop).expect("a run");
    let last = end_of("the end of the run", handle.finished()).await;
    assert_eq!((last.state, last.total.total.requests), (RunState::Done(End::Stopped), 0));
    assert!(progress(&last) < 1_000_000_000);
}

#[tokio::test]
async fn a_prefill_writes_each_key_to_its_node_of_a_cluster() {
    let cluster = Cluster::start(0);
    let prefill = "{ count: 3000, command: [SET, 'user:{{ iteration }}', { random: 10 }] }";
    let last = run(filled(&cluster.url(0), prefill, "{ redis: [GET, 'user:{{ zipf(3000) }}'] }"), 1).await;
    assert_eq!(last.plan.prefill.as_ref().map(|prefill| (prefill.done, prefill.error.clone())), Some((3_000, None)));
    let keys =
        cluster.masters().into_iter().map(|node| cluster.cli(node, &["DBSIZE"]).trim().parse().expect("a number"));
    let keys: Vec<u64> = keys.collect();
    assert!(keys.iter().sum::<u64>() == 3_000 && keys.iter().all(|count| *count > 500), "{keys:?}");
    let found = last.redis.as_ref().expect("a run with Redis").looked_up();
    assert_eq!((found, last.total.total.failures), (Lookups { hits: 400, misses: 0 }, 0));
}
