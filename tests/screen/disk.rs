//! A disk that is full during a run.

use crate::Terminal;
use crate::alive;

#[test]
fn a_run_that_cannot_be_recorded_is_reported_on_the_screen() {
    let terminal = Terminal::open();
    // Simulates a full disk: no file can be larger than 8 KiB.
    terminal.line("ulimit -f 8");
    terminal.katydid("-f demo --autostart -u 3 -r 10 -t 10m --runs-dir runs");
    terminal.until("word of the disk", |screen| screen.contains("the run cannot be recorded for now: "));
    terminal.until("a run that goes on", alive);
    terminal.key("q");
    terminal.key("y");
    terminal.until_sane();
}
