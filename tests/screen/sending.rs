//! What is sent to other systems is on the screen, before and during the run.

use crate::terminal::Terminal;

#[test]
fn destinations_and_losses_are_shown() {
    let terminal = Terminal::open();
    let missing = "/nowhere/dsd.socket";
    terminal.katydid(&format!("-f demo --dogstatsd {missing}"));
    terminal.until("the destination", |screen| screen.contains(&format!("sends to DogStatsD ({missing})")));
    terminal.key("Enter");
    // The start of the run is the first event.
    terminal.until("a loss", |screen| screen.contains("! DogStatsD: 1 request dropped"));
    terminal.key("q");
    terminal.key("y");
    let (screen, _) = terminal.until_sane();
    assert!(screen.contains("DogStatsD: 0 of "), "{screen}");
}
