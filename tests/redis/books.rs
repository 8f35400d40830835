//! Accounting of messages: published messages times subscribers equals those delivered, lost and unsettled, whatever
//! else is on the channel and however much there is to read.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use katydid::engine;
use katydid::stats::Snapshot;
use katydid::stats::delivery::Tally;

use super::local;
use super::scenarios::scenario;
use super::server::Redis;
use super::users::{User, factory, factory_for, reason, target};
use crate::wait::{PATIENCE, end_of, until, until_in_task};

/// The row `Aggregated` of a run's `_redis.csv`, by column.
type Books = HashMap<String, u64>;

/// A run of katydid in a separate process.
struct Run {
    child: Child,
    prefix: std::path::PathBuf,
}

impl Run {
    fn start(folder: &Path, name: &str, scenario: &str) -> Self {
        let file = folder.join(format!("{name}.yaml"));
        std::fs::write(&file, scenario).expect("a written file");
        let prefix = folder.join(name);
        let mut command = Command::new(env!("CARGO_BIN_EXE_katydid"));
        command.env("KATYDID_RUNS_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/runs"));
        command.env_remove("GITHUB_ACTIONS").args(["--headless", "--only-summary", "--seed", "1", "--csv"]);
        command.arg(&prefix).arg("-f").arg(file).stdin(Stdio::null()).stdout(Stdio::null());
        Self { child: command.spawn().expect("the program"), prefix }
    }

    fn end(mut self) -> Books {
        assert_eq!(self.child.wait().expect("an end").code(), Some(0));
        let path = format!("{}_redis.csv", self.prefix.display());
        let mut rows = csv::Reader::from_path(path).expect("a file");
        let columns = rows.headers().expect("columns").clone();
        let row = rows.records().map(|row| row.expect("a row")).find(|row| &row[1] == "Aggregated").expect("a sum");
        columns.iter().zip(&row).skip(2).map(|(name, n)| (name.to_owned(), n.parse().expect("a number"))).collect()
    }
}

/// Number of messages published, according to the server.
fn published(redis: &Redis) -> u64 {
    let info = redis.tell("INFO commandstats");
    let calls = info.split_once("cmdstat_publish:calls=").and_then(|(_, rest)| rest.split(',').next());
    calls.map_or(0, |calls| calls.parse().expect("a number"))
}

fn subscribers(redis: &Redis) -> u64 {
    let answer = redis.tell("PUBSUB NUMSUB c");
    answer.rsplit_once(':').map_or(0, |(_, n)| n.trim().parse().expect("a number"))
}

fn shared_channel(redis: &Redis, envelope: &str, subscribers: u64, run_time: &str) -> String {
    format!(
        r#"
redis: {{ url: "{}", envelope: {envelope} }}
run_time: {run_time}
users: {}
spawn_rate: 100
user_classes:
  Subscriber:
    fixed_count: {subscribers}
    start: before_others
    on_start: [{{ subscribe: [c], measure: delivery }}]
    tasks: [{{ steps: [{{ wait: 100ms }}] }}]
  Publisher:
    wait_time: constant(5ms)
    tasks: [{{ steps: [{{ publish: c, payload: "{{{{ user.id }}}}" }}] }}]
"#,
        redis.url(),
        subscribers + 2
    )
}

fn balances(books: &Books, subscribers: u64) {
    let of = |column: &str| books[column];
    assert!(of("Published") > 50, "{books:?}");
    assert_eq!(of("Delivered"), of("Published") * subscribers, "{books:?}");
    let none =
        ["Lost", "Lost In Stream", "Lost While Disconnected", "Came Late", "Unsettled", "Duplicates", "Out Of Order"];
    assert!(none.iter().all(|column| of(column) == 0), "{books:?}");
    assert_eq!(of("Received"), of("Delivered") + of("Foreign"), "{books:?}");
}

#[test]
fn concurrent_runs_on_one_channel_are_counted_separately() {
    for envelope in ["binary", "json"] {
        let redis = Redis::start("");
        let folder = tempfile::tempdir().expect("a folder");
        let first = Run::start(folder.path(), "first", &shared_channel(&redis, envelope, 3, "6s"));
        until("the first run's messages", || published(&redis) > 100);
        let second = Run::start(folder.path(), "second", &shared_channel(&redis, envelope, 2, "3s"));
        let (second, first) = (second.end(), first.end());
        balances(&first, 3);
        balances(&second, 2);
        // By the server's counters: each message, and each copy of it.
        assert_eq!(first["Published"] + second["Published"], published(&redis), "{first:?} {second:?}");
        let received = first["Received"] + second["Received"];
        assert_eq!(received, first["Receivers"] + second["Receivers"], "{first:?} {second:?}");
        // The first run lasted for all of the second.
        assert_eq!(first["Foreign"], 3 * second["Published"], "{first:?} {second:?}");
        assert!(second["Foreign"] > 0 && second["Foreign"] < 2 * first["Published"], "{first:?} {second:?}");
    }
}

#[test]
fn runs_do_not_count_messages_of_earlier_runs() {
    let redis = Redis::start("");
    let folder = tempfile::tempdir().expect("a folder");
    let mut sum = 0;
    for name in ["first", "second"] {
        let books = Run::start(folder.path(), name, &shared_channel(&redis, "binary", 2, "2s")).end();
        balances(&books, 2);
        assert_eq!((books["Foreign"], books["Receivers"]), (0, books["Received"]), "{books:?}");
        sum += books["Published"];
        assert_eq!((sum, subscribers(&redis)), (published(&redis), 0));
    }
}

#[test]
fn messages_of_other_runs_are_only_counted_as_foreign() {
    let redis = Redis::start("");
    local(async {
        // Two factories are two runs, even in one process.
        let (first_run, second_run) = (factory(&redis.url()), factory(&redis.url()));
        let mut subscriber = User::new(&first_run);
        subscriber.subscribe(&["c"], false).await;
        let (mut one, mut other) = (User::new(&first_run), User::new(&second_run));
        for _ in 0..10 {
            one.publish("c", "{}", 0).await;
            // The other run uses the same numbers.
            other.publish("c", "{}", 0).await;
        }
        // A stamp of version 1, and a message that is not from katydid.
        for message in ["{\"_lt\":[1,0,3,4]}", "hello"] {
            redis.tell(&format!("PUBLISH c '{message}'"));
        }
        let notes = Rc::clone(&subscriber.notes);
        let sum = subscriber.finish().await;
        let expected = Tally { received: 22, foreign: 12, ..Tally::default() };
        assert_eq!((sum, notes.latencies.borrow().len()), (expected, 10));
    });
}

/// Runs a plan on one load thread.
async fn run(url: &str, rest: &str) -> Arc<Snapshot> {
    let options = engine::EngineOptions { threads: 1, seed: 1 };
    let mut handle = engine::start(Arc::new(scenario(url, rest)), options).expect("an engine");
    end_of("the end of the run", handle.finished()).await
}

/// One subscriber to this many channels, and publishers that choose one of them by chance. The run ends by the number
/// of messages: 10,000 subscriptions take a while on a busy machine.
fn many_names(names: usize) -> String {
    let passes = names.div_ceil(1_000);
    format!(
        r#"
run_time: 2m
users: 5
spawn_rate: 100
user_classes:
  Subscriber:
    fixed_count: 1
    start: before_others
    on_start:
      - repeat: {passes}
        steps:
          - repeat: {}
            steps:
              - set: {{ i: "{{{{ (i | default(-1)) + 1 }}}}" }}
              - {{ subscribe: ["c:{{{{ i }}}}"], measure: delivery }}
    tasks: [{{ steps: [{{ wait: 100ms }}] }}]
  Publisher:
    tasks: [{{ steps: [{{ repeat: 1001, steps: [{{ publish: "c:{{{{ random_int(0, {}) }}}}" }}] }}, {{ stop: run }}] }}]
"#,
        names / passes,
        names - 1
    )
}

#[tokio::test]
async fn ten_thousand_subscriptions_cost_no_more_than_one() {
    let mut medians = Vec::new();
    for names in [1, 10_000] {
        let redis = Redis::start("");
        let last = run(&redis.url(), &many_names(names)).await;
        let seen = last.redis.as_ref().expect("figures of Redis").total;
        let server = published(&redis);
        assert!(server > 1_000, "{seen:?}");
        assert_eq!((seen.published, seen.delivered(), seen.sent_to), (server, server, server), "{seen:?}");
        assert_eq!((seen.lost(), seen.unsettled, seen.duplicates, seen.foreign), (0, 0, 0, 0), "{seen:?}");
        let row = last.endpoints.iter().find(|row| row.kind.name() == "DELIVER").expect("a row");
        assert_eq!(row.total.requests, server);
        medians.push(row.total.response.p(50.0));
    }
    assert!(medians[1] < medians[0] * 5 + Duration::from_millis(2), "{medians:?}");
}

#[test]
fn ten_thousand_subscriptions_can_be_ended() {
    let redis = Redis::start("");
    local(async {
        let factory = factory(&redis.url());
        let (mut subscriber, mut publisher) = (User::new(&factory), User::new(&factory));
        let names: Vec<String> = (0..10_000).map(|n| format!("c:{n}")).collect();
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(reason(&subscriber.subscribe(&all, false).await), "ok");
        assert_eq!(reason(&subscriber.subscribe(&["c:1?", "d:*"], true).await), "ok");
        for name in ["c:1", "c:11", "c:9999", "d:1"] {
            publisher.publish(name, "{}", 0).await;
        }
        for name in ["c:11", "d:*"] {
            subscriber.unsubscribe(name).await;
        }
        assert!(redis.tell("PUBSUB NUMSUB c:11").ends_with(":0\r\n") && redis.tell("PUBSUB NUMPAT").contains(":1"));
        publisher.publish("c:11", "{}", 0).await;
        publisher.publish("d:1", "{}", 0).await;
        let sum = subscriber.finish().await;
        // c:1, c:11 by its name and twice by the pattern, c:9999, and d:1 once.
        assert_eq!(sum, Tally { received: 6, ..Tally::default() });
        until_in_task("the end of all subscriptions", || redis.tell("PUBSUB CHANNELS").starts_with("*0")).await;
    });
}

/// Misbehaviour of a server towards its subscribers.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// Confirms unsubscriptions, but delivers no messages.
    Forgetful,
    /// Sends nothing at all.
    ProbeError,
    /// Sends messages endlessly, and reads nothing.
    Flood,
}

/// A Redis server that confirms subscriptions and accepts messages, but does not deliver them.
fn odd_server(manner: Manner) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("redis://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { continue };
            std::thread::spawn(move || serve(stream, manner));
        }
    });
    url
}

fn serve(mut stream: TcpStream, manner: Manner) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let number = |kind: char, reader: &mut BufReader<TcpStream>| -> Option<usize> {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            line.trim_end().strip_prefix(kind)?.parse().ok()
        };
        let mut words = Vec::new();
        for _ in 0..number('*', &mut reader)? {
            let mut word = vec![0; number('$', &mut reader)? + 2];
            reader.read_exact(&mut word).ok()?;
            words.push(String::from_utf8_lossy(&word).trim_end().to_owned());
        }
        let confirm =
            |kind: &str| format!("*3\r\n${}\r\n{kind}\r\n${}\r\n{}\r\n:1\r\n", kind.len(), words[1].len(), words[1]);
        let answer = match words[0].as_str() {
            "HELLO" => "-ERR unknown command 'HELLO'\r\n".to_owned(),
            "PUBLISH" => ":1\r\n".to_owned(),
            "SUBSCRIBE" => confirm("subscribe"),
            "UNSUBSCRIBE" if manner == Manner::Forgetful => confirm("unsubscribe"),
            "UNSUBSCRIBE" => continue,
            _ => "+OK\r\n".to_owned(),
        };
        stream.write_all(answer.as_bytes()).ok()?;
        if words[0] == "SUBSCRIBE" && manner == Manner::Flood {
            let message =
                format!("*3\r\n$7\r\nmessage\r\n${}\r\n{}\r\n$1\r\nx\r\n", words[1].len(), words[1]).repeat(1_000);
            while stream.write_all(message.as_bytes()).is_ok() {}
            return None;
        }
    }
}

/// A run of two subscribers and a publisher, with this stop time-out.
fn short(stop_timeout: &str) -> String {
    format!(
        r#"
run_time: 1s
stop_timeout: {stop_timeout}
users: 3
spawn_rate: 100
user_classes:
  Subscriber:
    fixed_count: 2
    start: before_others
    on_start: [{{ subscribe: [c], measure: delivery }}]
    tasks: [{{ steps: [{{ wait: 100ms }}] }}]
  Publisher: {{ tasks: [{{ steps: [{{ publish: c }}, {{ wait: 20ms }}] }}] }}
"#
    )
}

#[tokio::test]
async fn missing_messages_are_lost_or_unsettled() {
    for (manner, stop_timeout, is_lost) in [
        (Manner::Forgetful, "30s", true),
        (Manner::ProbeError, "30s", false),
        // Too short for the wait: the users are aborted.
        (Manner::ProbeError, "100ms", false),
        (Manner::ProbeError, "0s", false),
    ] {
        let last = run(&odd_server(manner), &short(stop_timeout)).await;
        let seen = last.redis.as_ref().expect("figures of Redis").total;
        let due = 2 * seen.published;
        let expected = if is_lost { (due, 0) } else { (0, due) };
        assert!(due > 10, "{seen:?}");
        assert_eq!((seen.lost_in_stream, seen.unsettled), expected, "{stop_timeout} {seen:?}");
        assert_eq!((seen.received, seen.lost_disconnected), (0, 0), "{seen:?}");
        let printed = katydid::report::text::redis(&last).join("\n");
        assert!(
            is_lost || printed.contains("0 lost, 0.000 %") && printed.contains(" unsettled (not received"),
            "{printed}"
        );
    }
}

#[test]
fn a_flood_does_not_block_unsubscribing() {
    let url = odd_server(Manner::Flood);
    local(async {
        let mut target = target(&url, katydid::scenario::plan::RedisProtocol::Resp3);
        target.drain = Duration::from_millis(200);
        let mut subscriber = User::new(&factory_for(&target));
        assert_eq!(reason(&subscriber.subscribe(&["c"], false).await), "ok");
        let notes = Rc::clone(&subscriber.notes);
        until_in_task("a flood", || notes.delivered.get().received > 10_000).await;
        let started = Instant::now();
        let sum = subscriber.finish().await;
        // Five times half a second, because the flood is never quiet; none of its messages is ours.
        assert!(started.elapsed() < PATIENCE / 6, "{:?}", started.elapsed());
        assert_eq!((sum.received, sum.lost(), sum.unsettled), (sum.foreign, 0, 0), "{sum:?}");
    });
}

#[test]
fn unsubscribing_does_not_wait_for_a_connection() {
    let mut redis = Redis::start("");
    local(async {
        let mut subscriber = User::new(&factory(&redis.url()));
        assert_eq!(reason(&subscriber.subscribe(&["c"], false).await), "ok");
        redis.kill();
        // It is replaced by a server that accepts connections and sends nothing.
        let silent = TcpListener::bind(("127.0.0.1", redis.port)).expect("the port is free again");
        silent.set_nonblocking(true).expect("a socket");
        until_in_task("it tries to come back", || silent.accept().map(std::mem::forget).is_ok()).await;
        let started = Instant::now();
        let sum = subscriber.finish().await;
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        assert_eq!((sum.disconnects, sum.lost(), sum.unsettled), (1, 0, 0), "{sum:?}");
    });
}

#[test]
fn slow_receivers_report_a_backlog() {
    let redis = Redis::start("");
    local(async {
        let factory = factory(&redis.url());
        let (mut subscriber, mut quick) = (User::new(&factory), User::new(&factory));
        subscriber.notes.slow.set(Duration::from_micros(200));
        subscriber.subscribe(&["c"], false).await;
        quick.subscribe(&["d"], false).await;
        let mut stream = TcpStream::connect(("127.0.0.1", redis.port)).expect("a running Redis");
        // 10,000 messages that take us two seconds, and the server no time.
        let commands = format!("PUBLISH c {}\r\n", "x".repeat(100)).repeat(10_000);
        std::thread::spawn(move || {
            stream.write_all(commands.as_bytes()).expect("sent commands");
            stream.read_to_end(&mut Vec::new()).expect("answers")
        });
        let (notes, quick_notes) = (Rc::clone(&subscriber.notes), Rc::clone(&quick.notes));
        until_in_task("all messages", || notes.delivered.get().received == 10_000).await;
        assert!(notes.backlog.get() > Duration::from_secs(1), "{:?}", notes.backlog.get());
        for _ in 0..100 {
            quick.publish("d", "{}", 0).await;
        }
        assert_eq!((quick.finish().await.received, quick_notes.backlog.get()), (100, Duration::ZERO));
    });
}
