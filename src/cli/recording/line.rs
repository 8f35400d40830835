//! A message about recorded runs and their reports, printed after the run.

use crate::clean;
use crate::cli::panics;
use crate::headless::console;
use crate::store::Sent;

/// A message to print; its secrets are masked.
#[derive(Debug)]
pub struct Line {
    text: String,
    kind: LineKind,
}

/// How a message is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineKind {
    /// On standard output.
    Message,
    /// The summary of a run: lines that were cleaned before.
    Block,
    /// An error, on standard error.
    Complaint,
    /// A command that GitHub Actions executes.
    Command,
}

impl Line {
    fn new(text: &str, kind: LineKind) -> Self {
        Self { text: panics::masked(text), kind }
    }

    /// A message on standard output.
    pub(super) fn message(text: &str) -> Self {
        Self::new(text, LineKind::Message)
    }

    /// The summary of a run.
    pub(super) fn block(text: String) -> Self {
        Self { text, kind: LineKind::Block }
    }

    /// An error, on standard error.
    pub(super) fn complaint(text: &str) -> Self {
        Self::new(text, LineKind::Complaint)
    }

    /// A command that GitHub Actions executes.
    pub(super) fn command(text: &str) -> Self {
        Self::new(text, LineKind::Command)
    }

    /// What was sent to another system.
    pub(super) fn of_sent(sent: &Sent) -> Self {
        let kind = if sent.is_incomplete() { LineKind::Complaint } else { LineKind::Message };
        Self::new(&sent.summary(), kind)
    }

    /// The result of reporting to GitHub.
    pub(super) fn of_publication(text: &str, is_complaint: bool) -> Self {
        Self::new(text, if is_complaint { LineKind::Complaint } else { LineKind::Message })
    }

    /// The message and whether it is an error; `None` for what is only printed after the run.
    pub(super) fn news(&self) -> Option<(&str, bool)> {
        let is_bad = match self.kind {
            LineKind::Message => false,
            LineKind::Complaint => true,
            LineKind::Block | LineKind::Command => return None,
        };
        Some((&self.text, is_bad))
    }

    /// Prints it.
    pub fn print(&self) {
        let line = || clean::line(&self.text);
        match self.kind {
            LineKind::Message => console::say(&line()),
            LineKind::Block => console::say(&self.text),
            LineKind::Complaint => console::warn(&line()),
            LineKind::Command => console::command(&line()),
        }
    }
}
