//! A terminal without an alternate screen.

use crate::terminal::Terminal;

#[test]
fn what_is_printed_at_the_end_does_not_mix_with_the_screen() {
    let terminal = Terminal::open();
    terminal.line("tmux set-option -w alternate-screen off");
    terminal.until("an answer", |screen| screen.matches("ready>").count() == 2);
    terminal.katydid("--autostart -u 2 -t 30s");
    terminal.until("living dashboard", super::alive);
    terminal.key("q");
    terminal.key("y");
    let (screen, code) = terminal.until_sane();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("VU-hours") && !screen.contains("RUNNING"), "{screen}");
    for rest in ["│", "┌", "╭", "─", "sparkline"] {
        assert!(!screen.contains(rest), "{rest} is left of the screen:\n{screen}");
    }
}
