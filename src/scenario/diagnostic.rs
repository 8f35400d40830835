//! What is wrong with a scenario, where, and what to write instead.
//!
//! In: [`Diagnostic`]s with byte ranges of the source. Out: a [`ScenarioError`] with every message, each showing file,
//! line, column and the excerpt with a caret.

use std::fmt::Write as _;
use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use super::ScenarioError;
use super::source::Sources;
use crate::clean;

/// Columns of an excerpt: a long line is cut to a window around the caret.
const WINDOW: usize = 100;

/// Most messages printed of one kind.
const MOST: usize = 100;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Diagnostic {
    /// Byte range of the source.
    pub at: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it; printed below the excerpt.
    pub notes: Vec<String>,
}

impl Diagnostic {
    /// A message without advice.
    pub fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), notes: Vec::new() }
    }

    /// Adds a line of advice.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// The allowed word nearest to what was written, if it is near enough to be a slip.
pub(crate) fn nearest<'a>(word: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    allowed
        .into_iter()
        .map(|a| (strsim::jaro_winkler(&word.to_lowercase(), a), a))
        .filter(|(score, _)| *score >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, a)| a)
}

/// One error without a place in a text.
pub(crate) fn plain(message: &str) -> ScenarioError {
    let brief = clean::line(message).into_owned();
    ScenarioError { text: format!("error: {brief}"), brief }
}

/// Prints all messages in the order of the texts.
pub(crate) fn render(sources: &Sources, mut found: Vec<Diagnostic>) -> ScenarioError {
    let text = print(sources, &mut found, "error");
    let brief = found.first().map_or_else(String::new, |d| {
        let (_, text, start) = sources.locate(d.at.start);
        let (line, column) = position(text, d.at.start - start);
        let more = found.len() - 1;
        let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        format!("line {line}:{column}: {}{more}", clean::line(&d.message))
    });
    ScenarioError { text, brief }
}

/// The messages as printed, sorted, each once.
pub(crate) fn print(sources: &Sources, found: &mut Vec<Diagnostic>, level: &str) -> String {
    found.sort_by(|a, b| a.at.start.cmp(&b.at.start).then_with(|| a.message.cmp(&b.message)));
    found.dedup_by(|a, b| a.at.start == b.at.start && a.message == b.message);
    // Nobody reads more, and each costs a walk through the text.
    let more = found.len().saturating_sub(MOST);
    let mut text = String::new();
    for d in found.iter_mut().take(MOST) {
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        let (origin, source, start) = sources.locate(d.at.start);
        let at = d.at.start.saturating_sub(start)..d.at.end.saturating_sub(start);
        let local = Diagnostic { at, message: std::mem::take(&mut d.message), notes: std::mem::take(&mut d.notes) };
        one(&mut text, level, (origin, source), &local);
        (d.message, d.notes) = (local.message, local.notes);
    }
    if more > 0 {
        text.push_str(&format!("\n\nand {more} more"));
    }
    text
}

/// Line and column, from 1, of a byte offset; the column counts characters.
fn position(source: &str, offset: usize) -> (usize, usize) {
    let offset = floor(source, offset);
    let before = &source[..offset];
    let start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

/// The nearest place at or before `offset` where the text can be cut.
fn floor(source: &str, offset: usize) -> usize {
    let mut offset = offset.min(source.len());
    while !source.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn one(out: &mut String, level: &str, (origin, source): (&str, &str), d: &Diagnostic) {
    let (line, column) = position(source, d.at.start);
    let width = line.to_string().len();
    let pad = " ".repeat(width);
    let start = floor(source, d.at.start);
    let lengths = floor(source, d.at.end.max(d.at.start)).saturating_sub(start);
    let marked = source[start..start + lengths].lines().next().unwrap_or("").chars().count();
    // Writing into a String cannot fail.
    let _ = writeln!(out, "{level}: {}", clean::line(&d.message));
    let _ = writeln!(out, "{pad}--> {}:{line}:{column}", clean::line(origin));
    let _ = writeln!(out, "{pad} |");
    if line > 1 {
        let before = source.lines().nth(line - 2).unwrap_or("");
        let _ = writeln!(out, "{:width$} | {}", line - 1, window(before, column).0);
    }
    let (shown, indent) = window(source.lines().nth(line - 1).unwrap_or(""), column);
    let _ = writeln!(out, "{line} | {shown}");
    let carets = "^".repeat(marked.clamp(1, WINDOW));
    let _ = write!(out, "{pad} | {}{carets}", " ".repeat(indent));
    for note in &d.notes {
        let _ = write!(out, "\n{pad} = {}", clean::line(note));
    }
}

/// The part of a line around a column, and how many cells stand before that column in it.
fn window(line: &str, column: usize) -> (String, usize) {
    let skip = if column > WINDOW { column - WINDOW / 2 } else { 0 };
    let shown: String = line.chars().skip(skip).take(WINDOW).collect();
    let shown = clean::line(&shown).trim_end().to_owned();
    let before = column.saturating_sub(1).saturating_sub(skip);
    let indent = line.chars().skip(skip).take(before).map(|c| c.width().unwrap_or(1)).sum();
    (shown, indent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        let words = ["expect", "headers", "timeout"];
        assert_eq!(nearest("expct", words), Some("expect"));
        assert_eq!(nearest("Header", words), Some("headers"));
        assert_eq!(nearest("zzz", words), None);
    }

    #[test]
    fn places_outside_and_inside_characters_are_printed() {
        let source = "name: größe\nx: ✓";
        for offset in 0..source.len() + 9 {
            let error =
                render(&Sources::new("f.yaml", source, None), vec![Diagnostic::new(offset..offset + 3, "wrong")]);
            assert!(error.text.contains("f.yaml:"), "{offset}");
        }
        assert_eq!(position(source, source.find('x').unwrap()), (2, 1));
    }
}
