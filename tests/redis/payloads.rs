//! Payloads that are not text, as another subscriber receives them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use katydid::engine::{EngineOptions, start};

use super::server::Redis;
use crate::scenarios::scenario;
use crate::wait::end_of;

/// A connection that listens to `frames`.
fn listener(redis: &Redis) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", redis.port)).expect("a running Redis");
    stream.write_all(b"SUBSCRIBE frames\r\n").expect("a sent command");
    let confirmation = b"*3\r\n$9\r\nsubscribe\r\n$6\r\nframes\r\n:1\r\n";
    let mut answer = vec![0; confirmation.len()];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(answer, confirmation);
    stream
}

/// The payload of the next message.
fn message(stream: &mut TcpStream) -> Vec<u8> {
    let mut byte = [0];
    let mut line = || {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            stream.read_exact(&mut byte).expect("a message");
            line.push(byte[0]);
        }
        String::from_utf8(line).expect("a line of the protocol").trim_end().to_owned()
    };
    let head: Vec<String> = (0..6).map(|_| line()).collect();
    assert_eq!(head[..5], ["*3", "$7", "message", "$6", "frames"]);
    let mut payload = vec![0; head[5][1..].parse::<usize>().expect("a length") + 2];
    stream.read_exact(&mut payload).expect("a message");
    payload.truncate(payload.len() - 2);
    payload
}

#[tokio::test]
async fn bytes_are_sent_as_they_are() {
    let redis = Redis::start("");
    let mut stream = listener(&redis);
    let mut plan = scenario(
        &redis.url(),
        r#"
users: 1
spawn_rate: 10
tasks:
  - steps:
      - publish: frames
        payload: { base64: "AAEC/w0KgA==" }
      - publish: frames
        payload: { base64: "{{ ('u' ~ user.id) | b64encode }}" }
      - publish: frames
        payload: { random: 1MB }
      - publish: frames
        payload: { random: 1MB }
      - publish: frames
        payload: { base64: "AAEC" }
        size: 5
      - stop: run
"#,
    );
    if let Some(redis) = &mut plan.redis {
        redis.envelope = katydid::scenario::plan::Envelope::Off;
    }
    let received = tokio::task::spawn_blocking(move || (0..5).map(|_| message(&mut stream)).collect::<Vec<_>>());
    let mut handle = start(std::sync::Arc::new(plan), EngineOptions { threads: 1, seed: 1 }).expect("an engine");
    let last = end_of("the end of the run", handle.finished()).await;
    assert!(last.failures.rows.is_empty() && last.exceptions.is_empty(), "{:?}", last.exceptions);
    let received = end_of("five messages", received).await.expect("no panic");
    assert_eq!(received[0], b"\x00\x01\x02\xff\r\n\x80");
    assert_eq!(received[1], b"u1");
    assert_eq!((received[2].len(), received[3].len()), (1_000_000, 1_000_000));
    assert!(received[2] != received[3] && std::str::from_utf8(&received[2]).is_err());
    assert_eq!(received[4], b"\x00\x01\x02  ");
}

#[tokio::test]
async fn deliveries_of_bytes_are_measured() {
    let redis = Redis::start("");
    let plan = scenario(
        &redis.url(),
        r#"
run_time: 3s
users: 3
spawn_rate: 1000
user_classes:
  Subscriber: { fixed_count: 2, start: before_others, on_start: [{ subscribe: [frames], measure: delivery }], tasks: [{ steps: [{ wait: 100ms }] }] }
  Publisher: { wait_time: constant(20ms), tasks: [{ steps: [{ publish: frames, payload: { random: 64KB } }, { publish: frames, payload: { base64: "ynoCAA==" } }] }] }
"#,
    );
    let mut handle = start(std::sync::Arc::new(plan), EngineOptions { threads: 2, seed: 1 }).expect("an engine");
    let last = end_of("the end of the run", handle.finished()).await;
    let total = &last.redis.as_ref().expect("a run with Redis").total;
    assert!(total.published > 10 && total.delivered() == 2 * total.published, "{total:?}");
    assert_eq!((total.lost(), total.foreign, last.failures.rows.len()), (0, 0, 0), "{total:?}");
}
