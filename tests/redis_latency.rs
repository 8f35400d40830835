//! Compares delivery latency with an independent subscriber. A separate binary, because other tests would use the
//! processors on which both subscribers have to wake up.

#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
#[path = "redis/server.rs"]
mod server;
#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
#[path = "redis/users.rs"]
mod users;
#[path = "common/wait.rs"]
mod wait;

use std::future::Future;
use std::time::{Duration, Instant};

use server::Redis;
use tokio::runtime::Builder;
use tokio::task::LocalSet;
use users::{User, factory, percentile};

/// Runs users on one thread, as a shard does.
fn local<T>(users: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, users)
}

/// Receives over a plain socket on a separate thread; the payload is the sender's clock in nanoseconds.
fn independent_subscriber(port: u16, messages: usize, clock: Instant) -> std::thread::JoinHandle<Vec<Duration>> {
    use std::io::{BufRead, BufReader, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).expect("a running Redis");
    stream.write_all(b"SUBSCRIBE c\r\n").expect("a sent command");
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    let mut next = move || {
        line.clear();
        reader.read_until(b'\n', &mut line).expect("a line");
        String::from_utf8_lossy(&line).into_owned()
    };
    while !next().starts_with(":1") {}
    std::thread::spawn(move || {
        let mut found = Vec::new();
        while found.len() < messages {
            let line = next();
            // After the binary stamp, which may contain any bytes.
            let Some((_, text)) = line.rsplit_once("sent=") else { continue };
            let sent: u64 = text.trim_end().parse().expect("a number");
            found.push(clock.elapsed().saturating_sub(Duration::from_nanos(sent)));
        }
        found
    })
}

#[test]
fn delivery_times_agree_with_an_independent_subscriber() {
    const MESSAGES: usize = 1_000;
    let redis = Redis::start("");
    let attempt = || {
        local(async {
            let clock = Instant::now();
            let factory = factory(&redis.url());
            let mut subscriber = User::new(&factory);
            subscriber.subscribe(&["c"], false).await;
            let other = independent_subscriber(redis.port, MESSAGES, clock);
            let mut publisher = User::new(&factory);
            for _ in 0..MESSAGES {
                publisher.publish("c", &format!("\"sent={}\"", clock.elapsed().as_nanos()), 0).await;
                // Without a pause, publisher and server would keep both processors of a small machine busy.
                tokio::time::sleep(Duration::from_micros(500)).await;
            }
            let notes = std::rc::Rc::clone(&subscriber.notes);
            assert_eq!(subscriber.finish().await.delivered(), MESSAGES as u64);
            let mut ours = notes.latencies.borrow().clone();
            let mut independent = other.join().expect("no panic");
            [50, 95, 99].map(|percent| (percentile(&mut ours, percent), percentile(&mut independent, percent)))
        })
    };
    let close =
        |pairs: &[(Duration, Duration); 3]| pairs.iter().all(|(a, b)| a.abs_diff(*b) < Duration::from_millis(1));
    // Two threads that wake up for the same packet may be scheduled apart on a busy machine: retry.
    let tries: Vec<_> = (0..5).map(|_| attempt()).take_while(|pairs| !close(pairs)).collect();
    assert!(tries.len() < 5, "{tries:?}");
}
