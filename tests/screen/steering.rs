//! Changing the load by keys in a real terminal: typed values are applied, and mistakes cause no load spike.

use super::common::Server;
use super::target;
use super::terminal::Terminal;

fn start(users: u32) -> (Server, Terminal) {
    let (server, terminal) = (Server::start(), Terminal::open());
    let text = format!(
        "name: steer\nhost: {}\nusers: {users}\nspawn_rate: 1000\nwait_time: constant(1s)\n\
         tasks: [{{ steps: [{{ get: /ok }}] }}]\n",
        server.url()
    );
    std::fs::write(terminal.folder().join("steer.yaml"), text).expect("a writable folder");
    terminal.katydid("-f steer.yaml --autostart -s 1s");
    terminal.until("all users", |screen| target(screen) == Some(users) && screen.contains("RUNNING"));
    (server, terminal)
}

fn quit(terminal: &Terminal) {
    terminal.key("q");
    terminal.until("question", |screen| screen.contains("y/n"));
    terminal.key("y");
    assert_eq!(terminal.until_sane().1, 0);
}

#[test]
fn a_typed_number_replaces_the_old_one() {
    let (_server, terminal) = start(75);
    for key in ["u", "3", "0"] {
        terminal.key(key);
    }
    terminal.until("what was typed", |screen| screen.contains("users: 30   now 75, plan 75   Enter applies"));
    terminal.key("Enter");
    terminal.until("30 users", |screen| target(screen) == Some(30));

    // Edited: 30 becomes 20, then 120.
    for key in ["u", "Home", "Delete", "2", "Enter"] {
        terminal.key(key);
    }
    terminal.until("20 users", |screen| target(screen) == Some(20));
    for key in ["u", "End", "Left", "Left", "1", "Enter"] {
        terminal.key(key);
    }
    terminal.until("120 users", |screen| target(screen) == Some(120));

    // A large jump needs a confirmation, also when pasted; n cancels it.
    terminal.key("u");
    terminal.until("prompt", |screen| screen.contains("users: 120"));
    terminal.paste("7530");
    terminal.until("what was pasted", |screen| screen.contains("users: 7530"));
    terminal.key("Enter");
    terminal.until("question", |screen| screen.contains("120 → 7,530 users is 63 times as many. Apply? y/n"));
    terminal.key("n");
    terminal.until("no question", |screen| !screen.contains("y/n"));
    assert_eq!(target(&terminal.screen()), Some(120));
    quit(&terminal);
}

#[test]
fn a_held_key_stops_at_twice_the_plan() {
    let (_server, terminal) = start(24);
    terminal.hold("+", 200);
    let screen = terminal.until("word of the limit", |screen| {
        screen.contains("48 users (plan 24): release the key and press it again for more")
    });
    assert_eq!(target(&screen), Some(48), "{screen}");
    terminal.until("48 users", |screen| screen.contains("users 48 ") && target(screen) == Some(48));
    quit(&terminal);
}
