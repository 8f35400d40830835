//! Terminals without Unicode, and those that cannot draw.

use crate::terminal::Terminal;

fn start(terminal: &Terminal, variables: &str, args: &str) {
    terminal.program(&format!("env {variables} \"{}\" {args}", env!("CARGO_BIN_EXE_katydid")));
}

#[test]
fn a_locale_without_unicode_gets_ascii() {
    let terminal = Terminal::open();
    start(&terminal, "LC_ALL= LANG=C", "");
    let screen =
        terminal.until("launcher", |screen| screen.contains("Scenarios") && screen.contains("scenario is valid"));
    assert!(screen.is_ascii(), "{screen}");
    terminal.key("q");
    terminal.until_sane();
    // Its user knows better.
    start(&terminal, "LC_ALL= LANG=C KATYDID_ASCII=false", "");
    terminal.until("launcher", |screen| screen.contains("╭ Scenarios"));
    terminal.key("q");
    terminal.until_sane();
}

#[test]
fn a_dumb_terminal_gets_no_screen() {
    let terminal = Terminal::open();
    start(&terminal, "TERM=dumb", "-f demo -u 1 -t 1s --only-summary");
    let (screen, code) = terminal.until_sane();
    assert!(screen.contains("Aggregated") && code == 0, "{screen}");
}
