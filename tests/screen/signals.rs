//! Signals that would end the program where it stands: the terminal is given back, and what was measured is written.

use std::process::Command;

use super::alive;
use super::terminal::{Terminal, until_gone};

#[test]
fn whatever_signal_ends_the_screen_the_terminal_is_given_back() {
    for (name, number) in
        [("QUIT", 3), ("ABRT", 6), ("USR1", 10), ("USR2", 12), ("ALRM", 14), ("XCPU", 24), ("RTMIN", 34)]
    {
        let terminal = Terminal::open();
        let pid = terminal.katydid("--autostart -u 5 -r 50 -s 2s --csv run");
        terminal.until("living dashboard", alive);
        assert!(Command::new("kill").args(["-s", name, &pid.to_string()]).status().unwrap().success());
        until_gone(pid);
        let (screen, code) = terminal.until_sane();
        assert_eq!(code, 128 + number, "{name}: {screen}");
        assert!(screen.contains("VU-hours"), "{name}: {screen}");
        assert!(terminal.folder().join("run_stats.csv").exists(), "{name}");
    }
}

#[test]
fn a_limit_of_file_sizes_is_an_error_of_the_export_and_not_the_end() {
    let terminal = Terminal::open();
    terminal.line("ulimit -f 1");
    terminal.katydid("--autostart -u 5 -r 50 -s 2s");
    terminal.until("living dashboard", alive);
    terminal.key("e");
    terminal.until("the reason", |screen| screen.contains("cannot write") && alive(screen));
    assert!(terminal.results(".tmp").is_empty());
    // Neither do the files of the recorded run, which are too long too.
    terminal.key("q");
    terminal.until("question", |screen| screen.contains("y/n"));
    terminal.key("y");
    assert_eq!(terminal.until_sane().1, 0);
}

#[test]
fn a_place_that_cannot_be_written_is_said_before_the_screen() {
    let terminal = Terminal::open();
    std::fs::write(terminal.folder().join("taken"), "").unwrap();
    terminal.katydid("--autostart --csv taken/run");
    let (screen, code) = terminal.until_sane();
    assert_eq!(code, 2, "{screen}");
    assert!(screen.contains("cannot write taken/run_stats.csv"), "{screen}");
}

#[test]
fn certificates_that_nobody_checks_are_told_in_the_launcher_the_first_line_and_the_summary() {
    let terminal = Terminal::open();
    let scenario = "host: https://127.0.0.1:1\nusers: 2\ndefaults: { tls: { insecure: true } }\n\
                    tasks: [{ steps: [{ get: / }, { wait: 100ms }] }]\n";
    std::fs::write(terminal.folder().join("s.yaml"), scenario).unwrap();
    terminal.katydid("-f s.yaml");
    terminal.until("the launcher", |screen| screen.contains("TLS certificates are not verified"));
    terminal.key("Enter");
    terminal.until("the first line", |screen| screen.lines().next().is_some_and(|line| line.contains("insecure TLS")));
    terminal.key("q");
    terminal.until("question", |screen| screen.contains("y/n"));
    terminal.key("y");
    let (screen, _) = terminal.until_sane();
    assert!(screen.contains("TLS certificates are not verified (tls.insecure)"), "{screen}");
}
