//! The two ordinary output streams. A reader that has gone away (a closed pipe, a dead terminal) is not worth a panic:
//! what cannot be written is dropped.

use std::io::{IsTerminal as _, Write as _};

/// Width of Locust's tables where there is no terminal to ask: 80 cells of name and 80 of figures.
const WIDTH_WITHOUT_TERMINAL: usize = 160;

/// Prints on standard output, ending the line if `text` does not.
pub fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let _ = write!(out, "{text}{end}").and_then(|()| out.flush());
}

/// Prints on standard error, after the program's name.
pub fn warn(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = writeln!(out, "katydid: {}", text.trim_end());
}

/// Cells in a line of standard output.
pub fn width() -> usize {
    let columns = |fd| rustix::termios::tcgetwinsize(fd).ok().map(|size| usize::from(size.ws_col));
    let out = std::io::stdout();
    if !out.is_terminal() {
        return WIDTH_WITHOUT_TERMINAL;
    }
    columns(std::os::fd::AsFd::as_fd(&out)).filter(|n| *n > 0).unwrap_or(80)
}
