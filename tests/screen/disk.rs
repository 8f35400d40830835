//! A disk that is full while a run goes on.

use crate::Terminal;
use crate::alive;

#[test]
fn a_run_that_cannot_be_recorded_is_said_on_the_screen() {
    let terminal = Terminal::open();
    // No file may become longer than 8 KiB, which is what a full disk looks like.
    terminal.line("ulimit -f 8");
    terminal.katydid("-f demo --autostart -u 3 -r 10 -t 10m --runs-dir runs");
    terminal.until("word of the disk", |screen| screen.contains("the run cannot be recorded for now: "));
    terminal.until("a run that goes on", alive);
    terminal.key("q");
    terminal.key("y");
    terminal.until_sane();
}
