//! The checks before a start, and their page.

use std::net::TcpListener;

use super::common::Server;
use super::terminal::Terminal;

fn open(host: &str, flags: &str) -> Terminal {
    let terminal = Terminal::open();
    let text =
        format!("name: checked\nhost: {host}\nusers: 3\nspawn_rate: 100\ntasks: [{{ steps: [{{ get: /ok }}] }}]\n");
    std::fs::write(terminal.folder().join("checked.yaml"), text).expect("a writable folder");
    terminal.katydid(&format!("-f checked.yaml {flags}"));
    terminal
}

#[test]
fn an_unknown_host_is_refused_in_the_launcher_unless_checks_are_disabled() {
    let terminal = open("http://shop.invalid", "");
    terminal.until("launcher", |screen| screen.contains("scenario is valid"));
    terminal.key("Enter");
    let refused = terminal.until("a refusal", |screen| screen.contains("cannot be started"));
    for words in ["host: shop.invalid: ", "Check the spelling", "--no-preflight"] {
        assert!(refused.contains(words), "{words}:\n{refused}");
    }
    terminal.key("q");
    assert_eq!(terminal.until_sane().1, 0);
    let terminal = open("http://shop.invalid", "--autostart --no-preflight");
    terminal.until("a run", |screen| screen.contains("x stop"));
}

#[test]
fn the_screen_does_not_wait_for_a_silent_server() {
    // Accepts connections in the kernel and never shakes hands.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let terminal = open(&format!("https://{}", listener.local_addr().expect("an address")), "");
    terminal.until("launcher", |screen| screen.contains("scenario is valid"));
    terminal.key("Enter");
    terminal.until("word of the checks", |screen| screen.contains("checking the host before the start"));
    terminal.key("?");
    terminal.until("help during the checks", |screen| screen.contains("Keys that work here"));
    terminal.until("the run after them", |screen| screen.contains("x stop"));
}

#[test]
fn the_page_of_checks_fits_all_sizes() {
    let server = Server::start();
    let terminal = open(&server.url(), "");
    terminal.until("launcher", |screen| screen.contains("scenario is valid") && screen.contains("d doctor"));
    terminal.key("d");
    for size in [(80, 22), (80, 24), (160, 45)] {
        terminal.resize(size);
        let page = terminal.until("answers", |screen| {
            screen.lines().count() == usize::from(size.1)
                && screen.contains(" disk ")
                && screen.contains("Checks of checked")
        });
        for words in ["checked.yaml is valid: 3 users", "connected in ", "GET /: ", "open files", "d check again"] {
            assert!(page.contains(words), "{words} at {size:?}:\n{page}");
        }
    }
    terminal.key("Escape");
    terminal.until("launcher again", |screen| screen.contains("scenario is valid"));
    terminal.key("q");
    assert_eq!(terminal.until_sane().1, 0);
}
