//! Answers of the checks before a run, as rows of text for a terminal.

use super::text;
use crate::doctor::{self, Answer, Level};

/// Width of the column of levels: that of `warning`.
pub(crate) const LEVEL: usize = 7;
/// Minimum width of the last column.
const LEAST: usize = 24;

/// A row: level, title and text, with two columns between them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Only in the first row of a line.
    pub level: Option<Level>,
    /// Only in the first row of a check; padded.
    pub title: String,
    pub text: String,
    /// The text says what to do.
    pub is_advice: bool,
}

/// Rows of at most `width` columns, except for excerpts of a scenario.
pub(crate) fn rows(answers: &[Answer], width: usize) -> Vec<Row> {
    let cells = doctor::lines(answers).map(|(check, _)| check.title.len()).max().unwrap_or_default();
    let room = width.saturating_sub(LEVEL + cells + 4).max(LEAST);
    let mut rows = Vec::new();
    let mut last = "";
    for (check, line) in doctor::lines(answers) {
        let title = if check.id == last { "" } else { check.title };
        last = check.id;
        let found = line.found.lines().flat_map(|text| wrapped(text, room)).map(|text| (text, false));
        let advice = line.advice.iter().flat_map(|text| wrapped(text, room)).map(|text| (text, true));
        for (at, (text, is_advice)) in found.chain(advice).enumerate() {
            let (level, title) = if at == 0 { (Some(line.level), title) } else { (None, "") };
            rows.push(Row { level, title: format!("{title:<cells$}"), text, is_advice });
        }
    }
    rows
}

/// Prose is wrapped; excerpts of a scenario are aligned to their column and stay as they are.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    if text.contains('|') || text.starts_with(' ') { vec![text.to_owned()] } else { text::wrap(text, width) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::{CHECKS, Line};

    #[test]
    fn levels_and_titles_are_shown_where_they_begin() {
        let lines = vec![Line::ok("fine"), Line::warning("one two three four five six seven", "Do that.")];
        let rows = rows(&[Answer { check: &CHECKS[1], lines }], 39);
        let texts: Vec<_> =
            rows.iter().map(|row| (row.level.map(Level::word), &*row.title, &*row.text, row.is_advice)).collect();
        let wanted = [
            (Some("ok"), "host", "fine", false),
            (Some("warning"), "    ", "one two three four five", false),
            (None, "    ", "six seven", false),
            (None, "    ", "Do that.", true),
        ];
        assert_eq!(texts, wanted);
    }
}
