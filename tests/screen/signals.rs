//! Signals that end the program by default: the terminal is restored, and results are written.

use std::process::Command;

use super::alive;
use super::terminal::{Terminal, until_gone};

#[test]
fn all_signals_restore_the_terminal() {
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
fn file_size_limits_are_errors_of_the_export() {
    let terminal = Terminal::open();
    terminal.line("ulimit -f 1");
    terminal.katydid("--autostart -u 5 -r 50 -s 2s");
    terminal.until("living dashboard", alive);
    terminal.key("e");
    terminal.until("the reason", |screen| screen.contains("cannot write") && alive(screen));
    assert!(terminal.results(".tmp").is_empty());
    // The files of the recording exceed the limit too.
    terminal.key("q");
    terminal.until("question", |screen| screen.contains("y/n"));
    terminal.key("y");
    assert_eq!(terminal.until_sane().1, 0);
}

#[test]
fn unwritable_folders_are_reported_before_the_screen_opens() {
    let terminal = Terminal::open();
    std::fs::write(terminal.folder().join("taken"), "").unwrap();
    terminal.katydid("--autostart --csv taken/run");
    let (screen, code) = terminal.until_sane();
    assert_eq!(code, 2, "{screen}");
    assert!(screen.contains("cannot write taken/run_stats.csv"), "{screen}");
}

#[test]
fn insecure_tls_is_shown_everywhere() {
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
