//! Terminals that lose a line or a column to a multiplexer, and names that terminals measure in different ways.

use super::common::Server;
use super::terminal::Terminal;

const NAMES: [&str; 5] = [
    "/api/v2/customers/{id}/orders",
    "/api/v2/customers/{id}/invoices",
    "/👩\u{200d}👩\u{200d}👧/family",
    "/🇩🇪/👍🏽/❤\u{fe0f}/1\u{fe0f}\u{20e3}/flag",
    "/e\u{301}/日本/cafe\u{301}",
];

fn start(size: (u16, u16)) -> (Server, Terminal) {
    let (server, terminal) = (Server::start(), Terminal::open());
    terminal.resize(size);
    let steps: String = NAMES.iter().map(|name| format!("  - {{ get: /ok, name: \"{name}\" }}\n")).collect();
    let text = format!(
        "name: \"portal 👩\u{200d}👩\u{200d}👧\"\nhost: {}\nwait_time: constant(200ms)\n\
         shape: {{ stages: [{{ duration: 5m, users: 2, spawn_rate: 1000 }}, {{ duration: 1s, users: 0 }}] }}\n\
         tasks: [{{ name: t, steps: [\n{}] }}]\n",
        server.url(),
        steps.replace("  - ", "  ").replace("}\n", "},\n")
    );
    std::fs::write(terminal.folder().join("odd.yaml"), text).expect("a writable folder");
    terminal.katydid("-f odd.yaml --autostart -s 1s");
    (server, terminal)
}

/// Every line of a pane begins and ends in the same column.
fn assert_straight(screen: &str, width: usize) {
    for line in screen.lines().filter(|line| line.starts_with(['│', '╭', '╰'])) {
        let is_closed = line.ends_with(['│', '╮', '╯']);
        assert!(is_closed && katydid::cells::width(line) == width, "{line}\n{screen}");
    }
}

#[test]
fn small_terminals_have_charts_and_straight_panes() {
    for size in [(80, 23), (79, 24)] {
        let (_server, terminal) = start(size);
        let screen = terminal.until("charts and rows", |screen| {
            let needles = [
                "stage 1/2",
                " response ",
                " fails/s",
                "/orders ",
                "/invoices ",
                "/family ",
                "/flag ",
                "Aggregated",
                " Failures ",
            ];
            needles.iter().all(|needle| screen.contains(needle)) && screen.contains("RUNNING")
        });
        assert_straight(&screen, size.0.into());
        // A filter that hides all rows: nothing of them is left behind.
        for key in ["/", "x", "y", "z", "Enter"] {
            terminal.key(key);
        }
        let screen = terminal.until("a filter without a match", |screen| {
            screen.contains("no row matches /xyz; Esc removes the filter") && screen.contains("esc clear filter")
        });
        assert_straight(&screen, size.0.into());
        let panes = screen.lines().skip(1).filter(|line| !line.contains("portal"));
        let left: Vec<&str> = panes.filter(|line| line.contains(|c: char| c >= '\u{1f000}')).collect();
        assert!(left.is_empty() && screen.contains("Aggregated (all rows)"), "{left:?}\n{screen}");
        terminal.key("Escape");
        let screen =
            terminal.until("all rows", |screen| screen.contains("/family ") && !screen.contains("clear filter"));
        assert_straight(&screen, size.0.into());
    }
}

#[test]
fn the_footer_follows_the_state() {
    let (_server, terminal) = start((80, 24));
    let footer = |screen: &str| screen.trim_end().lines().last().unwrap_or_default().to_owned();
    terminal.until("a running run", |screen| footer(screen).contains("space pause"));
    terminal.key("Space");
    terminal.until("a paused run", |screen| footer(screen).trim_start().starts_with("space resume"));
    terminal.key("Space");
    terminal.until("a running run", |screen| footer(screen).contains("space pause"));
    terminal.key("+");
    let manual = terminal.until("manual control", |screen| screen.contains("manual (p: plan)"));
    assert!(footer(&manual).contains("p plan"), "{manual}");
    terminal.key("p");
    terminal.until("the plan", |screen| !screen.contains("manual") && !footer(screen).contains("p plan"));
    for key in ["x", "y"] {
        terminal.key(key);
    }
    let over = terminal.until("the end", |screen| footer(screen).contains("n again"));
    assert!(!footer(&over).contains("users") && !footer(&over).contains("x "), "{over}");
    terminal.key("q");
    assert_eq!(terminal.until_sane().1, 0);
}
