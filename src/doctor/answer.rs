//! Answers of the checks, and what they amount to.

use super::line::{Level, Line};
use super::registry::Check;
use crate::units::counted;

/// Lines of a check.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The check.
    pub check: &'static Check,
    /// Its lines; empty if it does not apply.
    pub lines: Vec<Line>,
}

/// All lines with their checks.
pub fn lines(answers: &[Answer]) -> impl Iterator<Item = (&'static Check, &Line)> {
    answers.iter().flat_map(|answer| answer.lines.iter().map(move |line| (answer.check, line)))
}

/// Number of lines of this level.
pub fn count(answers: &[Answer], level: Level) -> usize {
    lines(answers).filter(|(_, line)| line.level == level).count()
}

/// `1 error, 2 warnings`, or `no problem found`.
pub fn summary(answers: &[Answer]) -> String {
    let (errors, warnings) = (count(answers, Level::Error) as u64, count(answers, Level::Warning) as u64);
    match (errors, warnings) {
        (0, 0) => "no problem found".to_owned(),
        (0, n) => counted(n, "warning"),
        (n, 0) => counted(n, "error"),
        (n, m) => format!("{}, {}", counted(n, "error"), counted(m, "warning")),
    }
}
