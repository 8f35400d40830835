//! A Redis scenario in the launcher: without a server first, then with one.

#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
#[path = "../redis/server.rs"]
mod server;

use super::terminal::Terminal;

#[test]
fn the_launcher_waits_for_redis_and_runs() {
    let mut redis = server::Redis::start("");
    redis.kill();
    let terminal = Terminal::open();
    let text = format!(
        "name: fan\nredis: {{ url: '{}' }}\nusers: 4\nspawn_rate: 10\nuser_classes:\n  Listener:\n    fixed_count: 3\n    \
         start: before_others\n    on_start: [{{ subscribe: [one, two], measure: delivery }}]\n    tasks: [{{ steps: [{{ \
         wait: 1s }}] }}]\n  Sender:\n    wait_time: constant_throughput(20)\n    tasks:\n      - steps: [{{ publish: \
         one, size: 100 }}, {{ publish: two, size: 100 }}]\n",
        redis.url()
    );
    std::fs::write(terminal.folder().join("fan.yaml"), text).expect("a writable folder");
    terminal.katydid("-f fan.yaml -s 1s");
    let port = redis.port;
    let launcher = terminal
        .until("word that there is no Redis", |screen| screen.contains(&format!("no Redis at 127.0.0.1:{port}")));
    // Commands are complete, wherever lines wrap.
    let lines = launcher.lines().filter_map(|line| Some(line.rsplit_once("││")?.1.trim_matches(['│', ' '])));
    let words = lines.collect::<Vec<_>>().join(" ");
    for needle in [
        &*format!("`redis-server --port {port}`"),
        &*format!("`docker run -p {port}:6379 redis`"),
        "at most 40 req/s",
        "subscribers receive 120 messages/s, 12.0 kB/s",
    ] {
        assert!(words.contains(needle), "{needle}:\n{launcher}");
    }
    redis.revive();
    terminal
        .until("word that it is there now", |screen| screen.contains(&format!("Redis responds at 127.0.0.1:{port}")));

    terminal.key("Enter");
    let screen = terminal.until("deliveries", |screen| {
        screen.contains("fan-out 3.0") && screen.contains("0 lost") && screen.contains(" of 10,000 clients")
    });
    for row in ["SUBSCRIBE one two", "DELIVER one", "DELIVER two", "PUBLISH one", "PUBLISH two", "Aggregated"] {
        assert!(screen.contains(row), "{row} is hidden:\n{screen}");
    }
    terminal.key("q");
    terminal.until("question", |screen| screen.contains("y/n"));
    terminal.key("y");
    let (summary, _) = terminal.until_sane();
    assert!(summary.contains("fan-out 3.0"), "{summary}");
}
