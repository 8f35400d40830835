//! Targets that are down or hang: nothing on the screen may look good.

use std::net::TcpListener;

use super::common::Server;
use super::terminal::Terminal;

const SIZES: [(u16, u16); 3] = [(80, 22), (80, 24), (160, 45)];

/// Accepts connections in the kernel and never responds.
fn hung() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, url)
}

/// A scenario of three users that send requests at once.
fn start(terminal: &Terminal, url: &str) -> u32 {
    let text = format!(
        "name: silent\nhost: {url}\nusers: 3\nspawn_rate: 100\nwait_time: constant(200ms)\n\
         tasks: [{{ steps: [{{ get: /ok }}] }}]\n"
    );
    std::fs::write(terminal.folder().join("silent.yaml"), text).expect("a writable folder");
    terminal.katydid("-f silent.yaml --autostart")
}

#[test]
fn a_hanging_target_is_the_first_finding() {
    let (_listener, url) = hung();
    let terminal = Terminal::open();
    let pid = start(&terminal, &url);
    let early = terminal.until("requests in flight", |screen| screen.contains("3 in flight, oldest"));
    assert!(early.contains("no response yet") && !early.contains("failed ✓"), "nothing is well:\n{early}");
    for size in SIZES {
        terminal.resize(size);
        let screen = terminal.until("word that it hangs", |screen| {
            let lines: Vec<&str> = screen.lines().collect();
            lines.len() == usize::from(size.1) && screen.contains("✗ HANGING  3 in flight, the oldest for ")
        });
        let first = screen.lines().next().unwrap_or_default();
        assert!(first.contains("✗ HANGING"), "the state says so at {size:?}:\n{screen}");
        for needle in ["3 in flight, oldest ", "no response yet", "The server does not respond, or a firewall drops"] {
            assert!(screen.contains(needle), "{needle} at {size:?}:\n{screen}");
        }
        assert!(!screen.contains("no request has failed") && !screen.contains("0.00 %"), "{size:?}:\n{screen}");
    }
    // Quit during the stop.
    terminal.key("q");
    terminal.until("question", |screen| screen.contains("y/n"));
    terminal.key("y");
    terminal.until("the stop", |screen| screen.contains("stopping: 3 in flight, the oldest for"));
    terminal.key("C-c");
    super::until_gone(pid);
    let (screen, _) = terminal.until_sane();
    let named = screen.find("TARGET NOT RESPONDING: no response: 3 requests aborted").or(screen.find("HANGING: 3 in"));
    let named = named.or(screen.find("TARGET NOT RESPONDING: no response within"));
    let figures = screen.find("Requests  Failed").expect("the figures");
    assert!(named.is_some_and(|at| at < figures), "named before the figures:\n{screen}");
}

#[test]
fn a_target_that_is_down_is_the_first_finding() {
    let mut server = Server::start();
    let url = server.url();
    let place = url.trim_start_matches("http://");
    server.kill();
    let terminal = Terminal::open();
    start(&terminal, &url);
    for size in SIZES {
        terminal.resize(size);
        let screen = terminal.until("word that nothing listens", |screen| {
            screen.lines().count() == usize::from(size.1)
                && screen.contains("✗ TARGET NOT RESPONDING  connection refused; 0 of ")
                && screen.contains(&format!("Nothing listens at {place}: is the server running?"))
        });
        assert!(screen.lines().next().is_some_and(|first| first.contains("✗ FAILING")), "{size:?}:\n{screen}");
        assert!(screen.contains("100.00 % failed ▲  p50      –"), "no response has no time, {size:?}:\n{screen}");
    }
    // The target comes back, and so does the state.
    server.revive();
    terminal.until("the state of a run that is well", |screen| {
        screen.lines().next().is_some_and(|first| first.contains("RUNNING"))
            && !screen.contains("TARGET NOT RESPONDING")
    });
    terminal.key("q");
    terminal.until("question", |screen| screen.contains("y/n"));
    terminal.key("y");
    assert_eq!(terminal.until_sane().1, 0);
}
