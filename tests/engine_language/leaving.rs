//! Users that have to leave, because of a stop or a lower number of users: they never send faster than before, their
//! unfinished tasks are counted, and nothing after an aborted loop is sent. The server records when it got each
//! request.

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

/// Time and path of each request.
type Requests = Arc<Mutex<Vec<(Instant, String)>>>;

/// Responds to everything at once and records the requests; runs until the process ends.
struct RecordingServer {
    address: SocketAddr,
    requests: Requests,
}

impl RecordingServer {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let requests = Requests::default();
        let recorded = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let requests = Arc::clone(&recorded);
                std::thread::spawn(move || respond(stream, &requests));
            }
        });
        Self { address, requests }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Number of requests of a path.
    fn count(&self, path: &str) -> usize {
        self.requests.lock().expect("no panic").iter().filter(|(_, requests)| requests == path).count()
    }

    /// Most requests of a path within any `span` that ends before, or starts after, a moment.
    fn most(&self, path: &str, span: Duration, moment: Instant) -> (usize, usize) {
        let requests = self.requests.lock().expect("no panic");
        let times: Vec<Instant> = requests.iter().filter(|(_, requests)| requests == path).map(|(at, _)| *at).collect();
        let most = |times: &[Instant]| {
            let within = |from: &Instant| times.iter().filter(|at| *at >= from && **at < *from + span).count();
            times.iter().map(within).max().unwrap_or(0)
        };
        let (before, after): (Vec<_>, Vec<_>) = times.iter().partition(|at| **at < moment);
        (most(&before), most(&after))
    }
}

fn respond(mut stream: TcpStream, requests: &Requests) {
    let _ = stream.set_nodelay(true);
    let mut head = [0; 4_096];
    // A small request over loopback arrives in one piece.
    while let Ok(length @ 1..) = stream.read(&mut head) {
        let text = String::from_utf8_lossy(&head[..length]).into_owned();
        let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
        requests.lock().expect("no panic").push((Instant::now(), path));
        if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").is_err() {
            return;
        }
    }
}

/// A longer stall of the machine would bunch requests.
const STALL: Duration = Duration::from_millis(20);

fn unfinished(snapshot: &Snapshot) -> u64 {
    snapshot.plan.unfinished
}

/// Twenty users whose task has forty waits.
fn twenty(server: &RecordingServer, stop_timeout: &str) -> katydid::engine::RunHandle {
    let steps = "{ get: /n }, { wait: 200ms }, ".repeat(40);
    let text = format!(
        "users: 20\nspawn_rate: 100\nstop_timeout: {stop_timeout}\non_stop: [{{ get: /bye }}]\n\
         tasks: [{{ steps: [{steps}{{ get: /end }}] }}]"
    );
    run_at(server.url(), &text)
}

#[tokio::test]
async fn leaving_users_never_send_faster_than_before() {
    let span = Duration::from_millis(400);
    for to in [None, Some(2)] {
        calmly(STALL, async || {
            let server = RecordingServer::start();
            let handle = twenty(&server, "1s");
            until(&handle, "three rounds of 20 users", |s| s.total.total.requests > 80).await;
            let ordered = Instant::now();
            if let Some(users) = to {
                handle.send(Command::SetUsers(Users(users))).expect("a live run");
                until(&handle, "2 users", |s| s.load.users == 2).await;
            }
            let last = stop(handle).await;
            let (before, after) = server.most("/n", span, ordered);
            // 20 users every 200 ms are 40 per span, and the first of the next round.
            assert!((30..=60).contains(&before) && after <= 60, "to {to:?}: {before} before, {after} after");
            // A second is enough for four more waits, and no user reached the end of its task.
            assert!(server.count("/n") >= 80 + 20 * 3, "{}", server.count("/n"));
            assert_eq!((unfinished(&last), server.count("/end"), server.count("/bye")), (20, 0, 20));
            assert_eq!((last.total.total.failures, last.aborted), (0, 0));
            assert_eq!(last.total.total.requests as usize, server.count("/n") + server.count("/bye"));
        })
        .await;
    }
}

#[tokio::test]
async fn waits_beyond_the_stop_timeout_end_the_task() {
    let server = RecordingServer::start();
    let handle = twenty(&server, "0s");
    until(&handle, "20 users", |s| s.load.users == 20).await;
    let last = end_of("the run", stop(handle)).await;
    assert_eq!((unfinished(&last), server.count("/end")), (20, 0));
    let log_lines = text::left_out(&last);
    assert_eq!(log_lines, ["20 tasks ended early because users had to leave: the remaining steps were not run"]);
    let server = RecordingServer::start();
    let handle = twenty(&server, "10m");
    until(&handle, "20 users", |s| s.load.users == 20).await;
    handle.send(Command::Stop).expect("a live run");
    let before = until(&handle, "stopping", |s| s.state == RunState::Stopping).await;
    assert_eq!(unfinished(&before), 0, "there is time for every wait");
    // They would continue for seconds.
    let last = end_of("the run", stop(handle)).await;
    assert_eq!((unfinished(&last), server.count("/end"), server.count("/bye")), (20, 0, 0));
}

#[tokio::test]
async fn tasks_within_the_stop_timeout_are_finished() {
    let server = RecordingServer::start();
    // The last wait is too long, but nothing follows it.
    let text = "users: 3\nspawn_rate: 100\nstop_timeout: 10s\ntasks: [{ steps: [{ get: /n }, { wait: 300ms }, \
                { repeat: 1, steps: [{ get: /in }, { wait: 300ms }] }, { get: /end }, { wait: 1h }] }]";
    let handle = run_at(server.url(), text);
    until(&handle, "3 users", |s| s.load.users == 3 && s.total.total.requests == 3).await;
    let last = end_of("the run", stop(handle)).await;
    assert_eq!((server.count("/n"), server.count("/in"), server.count("/end")), (3, 3, 3));
    assert_eq!(unfinished(&last), 0);
}

#[tokio::test]
async fn an_aborted_loop_ends_its_task() {
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
        let server = RecordingServer::start();
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
async fn a_paused_run_sends_nothing_when_users_leave() {
    let server = RecordingServer::start();
    let handle = twenty(&server, "10m");
    until(&handle, "20 users", |s| s.load.users == 20).await;
    handle.send(Command::Pause).expect("a live run");
    until(&handle, "paused and quiet", |s| s.state == RunState::Paused && s.load.in_flight == 0).await;
    let held = server.count("/n");
    // The clock of the run does not advance: only the first user of each change leaves or starts.
    handle.send(Command::SetUsers(Users(2))).expect("a live run");
    let left = until(&handle, "19 users", |s| s.load.users == 19).await;
    assert_eq!((unfinished(&left), server.count("/n"), server.count("/bye")), (1, held, 1));
    // A user that has not started yet has nothing unfinished.
    handle.send(Command::SetUsers(Users(30))).expect("a live run");
    until(&handle, "21 users", |s| s.load.users == 21).await;
    handle.send(Command::SetUsers(Users(2))).expect("a live run");
    let left = until(&handle, "19 users again", |s| s.load.users == 19).await;
    assert_eq!((unfinished(&left), server.count("/n"), server.count("/bye")), (1, held, 1));
    // A stop resumes the run first; then users keep their waits.
    handle.send(Command::Stop).expect("a live run");
    until(&handle, "a request more", |_| server.count("/n") > held).await;
    stop(handle).await;
}

#[tokio::test]
async fn on_start_is_left_like_a_task_and_on_stop_runs_in_full() {
    let server = RecordingServer::start();
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
async fn a_falling_stage_causes_no_burst() {
    calmly(STALL, async || {
        let server = RecordingServer::start();
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
