//! The two ordinary output streams. A reader that has gone away (a closed pipe, a dead terminal) is not worth a panic:
//! what cannot be written is dropped.

use std::io::{IsTerminal as _, Write as _};

/// Width of Locust's tables where there is no terminal to ask: 80 cells of name and 80 of figures.
const WIDTH_WITHOUT_TERMINAL: usize = 160;
/// Width of a terminal that does not tell its own.
const WIDTH_UNKNOWN: usize = 80;

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
    let out = std::io::stdout();
    if !out.is_terminal() {
        return WIDTH_WITHOUT_TERMINAL;
    }
    let columns = rustix::termios::tcgetwinsize(&out).map_or(0, |size| usize::from(size.ws_col));
    // Some terminals do not tell, and say 0.
    if columns > 0 { columns } else { WIDTH_UNKNOWN }
}

/// Whether the environment asks for no colours: <https://no-color.org>.
pub fn wants_no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}
