//! Users that are told to leave, by a stop or because there are to be fewer: they never send faster than before, what
//! they had left is counted, and nothing behind a loop that broke off is sent. The server says what it was asked when.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use katydid::engine::Command;
use katydid::report::text;
use katydid::stats::Snapshot;
use katydid::stats::snapshot::RunState;
use katydid::units::Users;

use super::to_the_end;
use crate::common::calm::calmly;
use crate::common::wait::end_of;
use crate::common::{run_at, stop, until};

/// When each request came, and its path.
type Asked = Arc<Mutex<Vec<(Instant, String)>>>;

/// Answers everything at once and remembers what it was asked; lives as long as the process.
struct Diary {
    address: SocketAddr,
    asked: Asked,
}

impl Diary {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let asked = Asked::default();
        let theirs = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let asked = Arc::clone(&theirs);
                std::thread::spawn(move || answer(stream, &asked));
            }
        });
        Self { address, asked }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often a path was asked for.
    fn count(&self, path: &str) -> usize {
        self.asked.lock().expect("no panic").iter().filter(|(_, asked)| asked == path).count()
    }

    /// Most requests of a path within any `span` that ends before, or begins after, that moment.
    fn most(&self, path: &str, span: Duration, moment: Instant) -> (usize, usize) {
        let asked = self.asked.lock().expect("no panic");
        let times: Vec<Instant> = asked.iter().filter(|(_, asked)| asked == path).map(|(at, _)| *at).collect();
        let most = |times: &[Instant]| {
            let within = |from: &Instant| times.iter().filter(|at| *at >= from && **at < *from + span).count();
            times.iter().map(within).max().unwrap_or(0)
        };
        let (before, after): (Vec<_>, Vec<_>) = times.iter().partition(|at| **at < moment);
        (most(&before), most(&after))
    }
}

fn answer(mut stream: TcpStream, asked: &Asked) {
    let _ = stream.set_nodelay(true);
    let mut head = [0; 4_096];
    // A small request from the same machine comes in one piece.
    while let Ok(length @ 1..) = stream.read(&mut head) {
        let text = String::from_utf8_lossy(&head[..length]).into_owned();
        let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
        asked.lock().expect("no panic").push((Instant::now(), path));
        if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").is_err() {
            return;
        }
    }
}

/// Stalls are what would make requests come together.
const STALL: Duration = Duration::from_millis(20);

fn unfinished(snapshot: &Snapshot) -> u64 {
    snapshot.plan.unfinished
}

/// The twenty users of a task with forty waits.
fn twenty(server: &Diary, stop_timeout: &str) -> katydid::engine::RunHandle {
    let steps = "{ get: /n }, { wait: 200ms }, ".repeat(40);
    let text = format!(
        "users: 20\nspawn_rate: 100\nstop_timeout: {stop_timeout}\non_stop: [{{ get: /bye }}]\n\
         tasks: [{{ steps: [{steps}{{ get: /end }}] }}]"
    );
    run_at(server.url(), &text)
}

#[tokio::test]
async fn who_leaves_never_sends_faster_than_before() {
    let span = Duration::from_millis(400);
    for to in [None, Some(2)] {
        calmly(STALL, async || {
            let server = Diary::start();
            let handle = twenty(&server, "1s");
            until(&handle, "three rounds of 20 users", |s| s.total.total.requests > 80).await;
            let ordered = Instant::now();
            if let Some(users) = to {
                handle.send(Command::SetUsers(Users(users))).expect("a live run");
                until(&handle, "2 users", |s| s.load.users == 2).await;
            }
            let last = stop(handle).await;
            let (before, after) = server.most("/n", span, ordered);
            // 20 users every 200 ms are 40 in a span, and the first of the next round.
            assert!((30..=60).contains(&before) && after <= 60, "to {to:?}: {before} before, {after} after");
            // Within the second there is time for four waits more, and none of the users came to its end.
            assert!(server.count("/n") >= 80 + 20 * 3, "{}", server.count("/n"));
            assert_eq!((unfinished(&last), server.count("/end"), server.count("/bye")), (20, 0, 20));
            assert_eq!((last.total.total.failures, last.aborted), (0, 0));
            assert_eq!(last.total.total.requests as usize, server.count("/n") + server.count("/bye"));
        })
        .await;
    }
}

#[tokio::test]
async fn a_wait_that_is_too_long_ends_the_task_at_once_and_a_second_stop_everything() {
    let server = Diary::start();
    let handle = twenty(&server, "0s");
    until(&handle, "20 users", |s| s.load.users == 20).await;
    let last = end_of("the run", stop(handle)).await;
    assert_eq!((unfinished(&last), server.count("/end")), (20, 0));
    let said = text::left_out(&last);
    assert_eq!(said, ["20 tasks ended early because users had to leave: the remaining steps were not run"]);
    let server = Diary::start();
    let handle = twenty(&server, "10m");
    until(&handle, "20 users", |s| s.load.users == 20).await;
    handle.send(Command::Stop).expect("a live run");
    let before = until(&handle, "stopping", |s| s.state == RunState::Stopping).await;
    assert_eq!(unfinished(&before), 0, "there is time for every wait");
    // They would go on for seconds yet.
    let last = end_of("the run", stop(handle)).await;
    assert_eq!((unfinished(&last), server.count("/end"), server.count("/bye")), (20, 0, 0));
}

#[tokio::test]
async fn what_fits_into_the_stop_time_out_is_done_to_its_end() {
    let server = Diary::start();
    // The last wait is too long, but nothing comes behind it.
    let text = "users: 3\nspawn_rate: 100\nstop_timeout: 10s\ntasks: [{ steps: [{ get: /n }, { wait: 300ms }, \
                { repeat: 1, steps: [{ get: /in }, { wait: 300ms }] }, { get: /end }, { wait: 1h }] }]";
    let handle = run_at(server.url(), text);
    until(&handle, "3 users", |s| s.load.users == 3 && s.total.total.requests == 3).await;
    let last = end_of("the run", stop(handle)).await;
    assert_eq!((server.count("/n"), server.count("/in"), server.count("/end")), (3, 3, 3));
    assert_eq!(unfinished(&last), 0);
}

#[tokio::test]
async fn a_loop_that_breaks_off_ends_its_task() {
    for steps in [
        "{ set: { n: 0 } }, { while: n < 10, steps: [{ get: /in }, { wait: 500ms }] }, { get: /never, when: n < 10 }",
        "{ repeat: 100, steps: [{ get: /in }, { wait: 500ms }] }, { get: /never }",
        "{ for_each: [1, 2, 3, 4, 5, 6, 7], as: i, steps: [{ get: /in }, { wait: 500ms }] }, { get: /never }",
        "{ repeat: 100, steps: [{ repeat: 100, steps: [{ get: /in }, { wait: 500ms }] }, { get: /never }] }, { get: /never }",
        "{ if: 1 == 1, then: [{ call: poll }, { get: /never }] }, { get: /never }",
        "{ call: poll }, { set: { a: 1 } }, { repeat: 3, steps: [{ get: /never }] }",
        // Without a wait, and with one that is too long.
        "{ repeat: 1000000, steps: [{ set: { a: 1 } }, { get: /in }] }, { get: /never }",
        "{ get: /in }, { if: 1 == 1, then: [{ wait: 1h }, { get: /never }] }, { get: /never }",
        "{ get: /in }, { wait: '{{ 3600 }}' }, { get: /never }",
        "{ get: /in }, { wait: 'between(1h, 2h)' }, { call: poll }, { get: /never }",
    ] {
        let server = Diary::start();
        let text = format!(
            "users: 5\nspawn_rate: 100\nstop_timeout: 20s\nvars: {{ n: 0 }}\n\
             flows: {{ poll: [{{ while: n < 10, steps: [{{ get: /in }}, {{ wait: 500ms }}] }}, {{ get: /never }}] }}\n\
             on_stop: [{{ get: /bye }}]\ntasks: [{{ steps: [{steps}] }}]"
        );
        let handle = run_at(server.url(), &text);
        until(&handle, "5 users", |s| s.load.users == 5 && s.total.total.requests >= 5).await;
        let last = end_of("the run", stop(handle)).await;
        assert!(server.count("/in") >= 5, "{steps}");
        assert_eq!((server.count("/never"), server.count("/bye"), unfinished(&last)), (0, 5, 5), "{steps}");
        assert!(last.exceptions.is_empty() && last.total.total.failures == 0, "{steps}: {:?}", last.exceptions);
    }
}

#[tokio::test]
async fn a_paused_run_sends_nothing_when_users_leave_it() {
    let server = Diary::start();
    let handle = twenty(&server, "10m");
    until(&handle, "20 users", |s| s.load.users == 20).await;
    handle.send(Command::Pause).expect("a live run");
    until(&handle, "paused and quiet", |s| s.state == RunState::Paused && s.load.in_flight == 0).await;
    let held = server.count("/n");
    // The clock of the run stands still: only the first of each move leaves, or comes.
    handle.send(Command::SetUsers(Users(2))).expect("a live run");
    let left = until(&handle, "19 users", |s| s.load.users == 19).await;
    assert_eq!((unfinished(&left), server.count("/n"), server.count("/bye")), (1, held, 1));
    // One that has not yet begun has nothing to undo.
    handle.send(Command::SetUsers(Users(30))).expect("a live run");
    until(&handle, "21 users", |s| s.load.users == 21).await;
    handle.send(Command::SetUsers(Users(2))).expect("a live run");
    let left = until(&handle, "19 users again", |s| s.load.users == 19).await;
    assert_eq!((unfinished(&left), server.count("/n"), server.count("/bye")), (1, held, 1));
    // A stop lets the run go on before it; then they keep their waits.
    handle.send(Command::Stop).expect("a live run");
    until(&handle, "a request more", |_| server.count("/n") > held).await;
    stop(handle).await;
}

#[tokio::test]
async fn on_start_is_left_like_a_task_and_on_stop_is_done_whole() {
    let server = Diary::start();
    let text = "users: 3\nspawn_rate: 100\nstop_timeout: 2s\non_start: [{ get: /in }, { wait: 1h }, { get: /never }]\n\
                on_stop: [{ repeat: 2, steps: [{ get: /bye }, { wait: 100ms }] }, { get: /gone }]\n\
                tasks: [{ steps: [{ get: /never }] }]";
    let handle = run_at(server.url(), text);
    until(&handle, "3 users", |s| s.load.users == 3 && s.total.total.requests == 3).await;
    let last = end_of("the run", stop(handle)).await;
    let counts = ["/in", "/never", "/bye", "/gone"].map(|path| server.count(path));
    assert_eq!((counts, unfinished(&last)), ([3, 0, 6, 3], 3));
}

#[tokio::test]
async fn a_stage_that_falls_makes_no_burst() {
    calmly(STALL, async || {
        let server = Diary::start();
        let steps = "{ get: /n }, { wait: 200ms }, ".repeat(40);
        let text = format!(
            "stop_timeout: 600ms\nshape: {{ stages: [{{ duration: 1s, users: 20, spawn_rate: 1000 }}, \
             {{ duration: 1s, users: 2, spawn_rate: 1000 }}] }}\ntasks: [{{ steps: [{steps}{{ get: /end }}] }}]"
        );
        let began = Instant::now();
        let last = to_the_end(run_at(server.url(), &text)).await;
        let (before, after) = server.most("/n", Duration::from_millis(400), began + Duration::from_secs(1));
        assert!((35..=60).contains(&before) && after <= 60, "{before} before, {after} after");
        assert_eq!((unfinished(&last), server.count("/end")), (20, 0));
    })
    .await;
}
