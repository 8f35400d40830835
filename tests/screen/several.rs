//! Several runs on one screen: each has its results, as soon as it is over, and its summary at the end.

use std::path::PathBuf;

use super::common::wait::until;
use crate::terminal::Terminal;

fn is_over(screen: &str) -> bool {
    screen.lines().next().is_some_and(|line| line.contains("DONE"))
}

const SHORT: &str =
    "name: short\nhost: demo\nusers: 2\nspawn_rate: 100\nrun_time: 1s\ntasks: [{ steps: [{ get: / }] }]\n";

#[test]
fn each_run_has_its_results_and_its_summary() {
    let terminal = Terminal::open();
    std::fs::create_dir(terminal.folder().join("scenarios")).expect("a folder");
    std::fs::write(terminal.folder().join("scenarios/short.yaml"), SHORT).expect("a file");
    terminal.resize((80, 50));
    terminal.katydid("-f short --csv results/run --html results/run.html");
    terminal.until("launcher", |screen| screen.contains("scenario is valid"));
    terminal.key("Enter");
    terminal.until("the end of the run", is_over);
    // While the screen stays open.
    terminal.until("word of the results", |screen| screen.contains("wrote results/run"));
    let html: PathBuf = terminal.folder().join("results/run.html");
    assert!(html.is_file());
    std::fs::remove_file(&html).expect("the report");
    terminal.key("n");
    terminal.until("the second run", |screen| !is_over(screen));
    terminal.until("its end", is_over);
    terminal.key("b");
    terminal.until("launcher", |screen| screen.contains("Scenarios"));
    until("the second report", || html.is_file());
    terminal.key("q");
    let (screen, code) = terminal.until_sane();
    assert_eq!(code, 0);
    assert_eq!(screen.matches("   2 users   ").count(), 2, "a summary for each run:\n{screen}");
    assert_eq!(screen.matches("wrote results/run.html").count(), 2, "{screen}");
    let last = screen.rfind("   2 users   ").expect("a summary");
    let wrote = screen.find("wrote results/run.html").expect("a file");
    assert!(wrote < last, "files are listed below the summary of their run:\n{screen}");
}
