//! The screen end to end: a real terminal, real keys, the demo target, files on disk.

#[path = "screen/checks.rs"]
mod checks;
#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
mod common;
#[path = "screen/disk.rs"]
mod disk;
#[path = "screen/ends.rs"]
mod ends;
#[path = "screen/figures.rs"]
mod figures;
#[path = "screen/folders.rs"]
mod folders;
#[path = "screen/locale.rs"]
mod locale;
#[path = "screen/main_screen.rs"]
mod main_screen;
#[path = "screen/redis.rs"]
mod redis;
#[path = "screen/secrets.rs"]
mod secrets;
#[path = "screen/sending.rs"]
mod sending;
#[path = "screen/several.rs"]
mod several;
#[path = "screen/signals.rs"]
mod signals;
#[path = "screen/silent.rs"]
mod silent;
#[path = "screen/small.rs"]
mod small;
#[path = "screen/stalled.rs"]
mod stalled;
#[path = "screen/steering.rs"]
mod steering;
#[path = "screen/terminal.rs"]
mod terminal;
#[path = "screen/unnamed.rs"]
mod unnamed;

use std::process::Command;

use common::wait;
use terminal::{Terminal, until_gone};

/// The wanted number of users: after the arrow in the first line.
fn target(screen: &str) -> Option<u32> {
    let line = screen.lines().next()?;
    let (_, after) = line.split_once("users ")?;
    let word = after.split_whitespace().next()?;
    word.rsplit('→').next()?.parse().ok()
}

/// Finished requests: the first number of the Aggregated row.
fn requests(screen: &str) -> Option<u64> {
    let row = screen.lines().find(|line| line.contains("Aggregated"))?;
    let (_, after) = row.split_once("Aggregated")?;
    after.split_whitespace().next()?.replace(',', "").parse().ok()
}

fn alive(screen: &str) -> bool {
    let first = screen.lines().next().unwrap_or_default();
    (first.contains("RAMPING") || first.contains("RUNNING")) && requests(screen).is_some_and(|n| n > 0)
}

#[test]
fn a_first_session_from_launcher_to_clean_terminal() {
    let terminal = Terminal::open();
    terminal.katydid("");
    let launcher = terminal.until("launcher", |screen| screen.contains("Scenarios") && screen.contains("start"));
    let first = launcher.lines().find(|line| line.contains("embedded")).expect("an embedded scenario");
    assert!(first.contains("demo"), "the demo comes first:\n{launcher}");
    terminal.until("its preview", |screen| screen.contains("VU-hours"));

    terminal.key("Enter");
    let before = terminal.until("living dashboard", alive);
    let before = target(&before).expect("a target in the header");
    terminal.key("+");
    let after = terminal.until("higher target", |screen| target(screen).is_some_and(|n| n > before));
    assert!(after.contains('→'), "users move towards the target:\n{after}");
    terminal.key("-");
    terminal.until("old target", |screen| target(screen) == Some(before));

    terminal.key("e");
    terminal.until("word of the files", |screen| screen.contains("wrote") && screen.contains("results"));
    for (ending, header) in [
        ("_stats.csv", "Type,Name,Request Count,"),
        ("_stats_history.csv", "Timestamp,User Count,Type,Name,"),
        ("_failures.csv", "Method,Name,Error,Occurrences,"),
        ("_exceptions.csv", "Count,Message,Traceback,"),
    ] {
        let files = terminal.results(ending);
        assert_eq!(files.len(), 1, "{ending}: {files:?}");
        let text = std::fs::read_to_string(&files[0]).unwrap();
        assert!(text.starts_with(header), "{ending}: {text}");
    }
    let stats = std::fs::read_to_string(&terminal.results("_stats.csv")[0]).unwrap();
    let total = stats.lines().find(|line| line.starts_with(",Aggregated,")).expect("an aggregated row");
    assert!(total.split(',').nth(2).unwrap().parse::<u64>().unwrap() > 0, "{total}");

    terminal.key("q");
    terminal.until("question", |screen| screen.contains("y/n"));
    terminal.key("y");
    let (screen, code) = terminal.until_sane();
    assert_eq!(code, 0);
    for word in ["demo", "VU-hours", "Requests", "_stats.csv"] {
        assert!(screen.contains(word), "no {word} in the summary:\n{screen}");
    }
}

#[test]
fn autoquit_closes_the_screen_after_the_run() {
    let terminal = Terminal::open();
    terminal.katydid("--autostart --autoquit 1 -u 5 -r 50 -t 2s -s 2s --csv left");
    terminal.until("living dashboard", alive);
    // No key is pressed.
    let (screen, code) = terminal.until_sane();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("VU-hours") && terminal.folder().join("left_stats.csv").is_file(), "{screen}");
    terminal.line("clear");
    terminal.katydid("--autostart --autoquit -1 -u 5 -r 50 -t 1s -s 2s");
    terminal.until("the end of the run, still on the screen", |screen| {
        screen.lines().next().is_some_and(|line| line.contains("DONE"))
    });
    terminal.key("q");
    assert_eq!(terminal.until_sane().1, 0);
}

#[test]
fn suspending_restores_the_terminal_and_fg_resumes() {
    let terminal = Terminal::open();
    let pid = terminal.katydid("--autostart -u 5 -r 50 -s 2s");
    let before = requests(&terminal.until("living dashboard", alive)).expect("a count");
    terminal.key("C-z");
    let (screen, code) = terminal.until_sane();
    assert_eq!(code, 128 + 19, "stopped, as the shell sees it:\n{screen}");
    // The whole load is paused while suspended.
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    assert!(state.rsplit(')').next().unwrap().trim_start().starts_with('T'), "{state}");
    // The shell's response to the first command must not be taken for that to the second.
    terminal.line("clear; fg");
    let whole = |screen: &str| screen.contains("Endpoints") && screen.contains("Failures") && screen.contains("quit");
    terminal.until("the load going on", |screen| {
        alive(screen) && whole(screen) && requests(screen).is_some_and(|n| n > before)
    });
    terminal.key("q");
    terminal.key("y");
    assert_eq!(terminal.until_sane().1, 0);
}

/// Parameters of all SGR sequences.
fn attributes(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let sequences = text.split("\u{1b}[").skip(1);
    let ends = sequences.filter_map(|s| {
        let end = s.find(|c: char| !c.is_ascii_digit() && c != ';')?;
        s[end..].starts_with('m').then(|| s[..end].to_owned())
    });
    ends.collect()
}

fn colours(attributes: &[String]) -> Vec<&String> {
    let colour = |n: &str| n.parse::<u32>().is_ok_and(|n| matches!(n, 30..=38 | 40..=48 | 58 | 90..=107));
    attributes.iter().filter(|a| a.split(';').any(colour)).collect()
}

#[test]
fn no_color_still_shows_the_highlight() {
    for (setting, coloured) in [("unset NO_COLOR", true), ("export NO_COLOR=1", false)] {
        let terminal = Terminal::open();
        terminal.line(setting);
        let file = terminal.record();
        terminal.katydid("--autostart -u 5 -r 50 -s 2s");
        terminal.until("living dashboard", alive);
        terminal.key("q");
        terminal.key("y");
        terminal.until_sane();
        let attributes = attributes(&std::fs::read(file).unwrap());
        assert_eq!(!colours(&attributes).is_empty(), coloured, "{setting}: {:?}", colours(&attributes));
        assert!(attributes.iter().any(|a| a == "7"), "{setting}: no reverse video in {attributes:?}");
    }
}

#[test]
fn sigterm_prints_the_summary_and_restores_the_terminal() {
    let terminal = Terminal::open();
    let pid = terminal.katydid("--autostart -u 5 -r 50 -s 2s");
    terminal.until("living dashboard", alive);
    assert!(Command::new("kill").args(["-s", "TERM", &pid.to_string()]).status().unwrap().success());
    until_gone(pid);
    let (screen, code) = terminal.until_sane();
    // The code of the verdict: failed requests of the demo were visible on the screen.
    assert_eq!(code, 0);
    assert!(screen.contains("VU-hours"), "{screen}");
}

#[test]
fn closing_the_terminal_ends_the_run_and_writes_files() {
    let terminal = Terminal::open();
    let pid = terminal.katydid("--autostart -u 5 -r 50 -s 2s --csv lost");
    terminal.until("living dashboard", alive);
    terminal.close();
    until_gone(pid);
    assert!(terminal.folder().join("lost_stats.csv").exists());
}

#[test]
fn a_second_ctrl_c_quits_at_once() {
    let terminal = Terminal::open();
    let pid = terminal.katydid("--autostart -u 5 -r 50 -s 2s");
    terminal.until("living dashboard", alive);
    terminal.key("C-c");
    terminal.until("question", |screen| screen.contains("y/n"));
    terminal.key("C-c");
    until_gone(pid);
    assert_eq!(terminal.until_sane().1, 0);
}

#[test]
fn broken_files_are_listed_and_do_not_start() {
    let terminal = Terminal::open();
    std::fs::write(terminal.folder().join("bad.yaml"), "host: http://127.0.0.1:1\nuser: 3\n").unwrap();
    terminal.katydid("-f bad.yaml");
    let launcher = terminal.until("launcher", |screen| screen.contains("Scenarios"));
    assert!(launcher.contains("bad") && launcher.contains("2:1"), "{launcher}");
    terminal.key("q");
    assert_eq!(terminal.until_sane().1, 0);
}
