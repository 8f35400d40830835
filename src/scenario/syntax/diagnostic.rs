//! Errors and warnings of a scenario, with positions and notes.
//!
//! Input: [`Diagnostic`]s with byte ranges of the source. Output: a [`ScenarioError`] with all messages, each with
//! file, line, column and an excerpt with a caret.

use std::fmt::Write as _;
use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use super::source::Sources;
use crate::clean;
use crate::scenario::secrets::userinfo;

/// Width of an excerpt in columns: longer lines are truncated around the caret.
const WINDOW: usize = 100;

/// Maximum number of messages per level.
const MOST: usize = 100;

/// An invalid scenario: all messages, each with file, line, column and excerpt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct ScenarioError {
    /// Messages as printed.
    pub text: String,
    /// One-line summary: `line 14:7: unknown field …`.
    pub brief: String,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Diagnostic {
    /// Byte range in the source.
    pub at: Range<usize>,
    /// Error message.
    pub message: String,
    /// Notes; printed below the excerpt.
    pub notes: Vec<String>,
}

impl Diagnostic {
    /// Creates a message without notes.
    pub fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), notes: Vec::new() }
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// The text with replacement characters for invalid bytes, and an error for the first of them.
pub(crate) fn bad_byte(error: std::string::FromUtf8Error) -> (String, Diagnostic) {
    let at = error.utf8_error().valid_up_to();
    let byte = error.as_bytes().get(at).copied().unwrap_or_default();
    let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
    let message = format!("invalid UTF-8 (byte 0x{byte:02x})");
    let end = at + char::REPLACEMENT_CHARACTER.len_utf8();
    (text, Diagnostic::new(at..end, message).note("save it as UTF-8"))
}

/// The most similar allowed word, if it is similar enough to be a typo.
pub(crate) fn nearest<'a>(word: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    allowed
        .into_iter()
        .map(|a| (strsim::jaro_winkler(&word.to_lowercase(), a), a))
        .filter(|(score, _)| *score >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, a)| a)
}

/// An error without a position.
pub(crate) fn plain(message: &str) -> ScenarioError {
    let brief = clean::line(&userinfo::mask_written(message)).into_owned();
    ScenarioError { text: format!("error: {brief}"), brief }
}

/// Formats all messages in the order of the texts.
pub(crate) fn render(sources: &Sources, mut found: Vec<Diagnostic>) -> ScenarioError {
    let text = print(sources, &mut found, "error");
    let brief = found.first().map_or_else(String::new, |d| {
        let (_, text, start) = sources.locate(d.at.start);
        let (line, column) = position(text, d.at.start - start);
        let more = found.len() - 1;
        let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        format!("line {line}:{column}: {}{more}", clean::line(&sources.mask(&d.message)))
    });
    ScenarioError { text, brief }
}

/// Formats the messages, sorted and without duplicates.
pub(crate) fn print(sources: &Sources, found: &mut Vec<Diagnostic>, level: &str) -> String {
    found.sort_by(|a, b| a.at.start.cmp(&b.at.start).then_with(|| a.message.cmp(&b.message)));
    found.dedup_by(|a, b| a.at.start == b.at.start && a.message == b.message);
    // More messages would not be read, and each requires a pass over the text.
    let more = found.len().saturating_sub(MOST);
    let hidden = if found.is_empty() { Vec::new() } else { sources.hidden() };
    let mut text = String::new();
    for d in found.iter_mut().take(MOST) {
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        let (origin, source, start) = sources.locate(d.at.start);
        let at = d.at.start.saturating_sub(start)..d.at.end.saturating_sub(start);
        let local = Diagnostic {
            at,
            message: sources.mask(&d.message),
            notes: d.notes.iter().map(|note| sources.mask(note)).collect(),
        };
        let place = Place { origin: &sources.mask(origin), source, start, hidden: &hidden };
        one(&mut text, level, &place, &local);
    }
    if more > 0 {
        text.push_str(&format!("\n\nand {more} more"));
    }
    text
}

/// Line and column, from 1, of a byte offset; the column counts characters.
pub(crate) fn position(source: &str, offset: usize) -> (usize, usize) {
    let offset = floor(source, offset);
    let before = &source[..offset];
    let start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

/// Nearest character boundary at or before `offset`.
fn floor(source: &str, offset: usize) -> usize {
    let mut offset = offset.min(source.len());
    while !source.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// File of a message.
struct Place<'a> {
    origin: &'a str,
    source: &'a str,
    /// Start of the file in the combined text.
    start: usize,
    /// Byte ranges of the combined text that are masked.
    hidden: &'a [Range<usize>],
}

impl<'a> Place<'a> {
    /// A line by number, from 1, with its masked ranges in order.
    fn line(&self, number: usize) -> (&'a str, Vec<Range<usize>>) {
        let line = self.source.lines().nth(number - 1).unwrap_or("");
        let from = self.start + (line.as_ptr() as usize).saturating_sub(self.source.as_ptr() as usize);
        let inside = |range: &Range<usize>| {
            let (start, end) = (range.start.saturating_sub(from), range.end.saturating_sub(from).min(line.len()));
            (!line.is_empty() && start < end).then_some(start..end)
        };
        let mut all: Vec<Range<usize>> =
            self.hidden.iter().filter_map(inside).chain(userinfo::find_written(line)).collect();
        all.sort_by_key(|range| range.start);
        let mut apart: Vec<Range<usize>> = Vec::new();
        for range in all {
            match apart.last_mut().filter(|last| range.start < last.end) {
                Some(last) => last.end = last.end.max(range.end),
                None => apart.push(range),
            }
        }
        (line, apart)
    }
}

fn one(out: &mut String, level: &str, place: &Place<'_>, d: &Diagnostic) {
    let (origin, source) = (place.origin, place.source);
    let (line, column) = position(source, d.at.start);
    let width = line.to_string().len();
    let pad = " ".repeat(width);
    let start = floor(source, d.at.start);
    let lengths = floor(source, d.at.end.max(d.at.start)).saturating_sub(start);
    let marked = source[start..start + lengths].lines().next().unwrap_or("").chars().count();
    let excerpt = Excerpt::new(place.line(line), column, marked);
    // Writing into a String cannot fail.
    let _ = writeln!(out, "{level}: {}", clean::line(&d.message));
    let _ = writeln!(out, "{pad}--> {}:{line}:{column}", clean::line(origin));
    let _ = writeln!(out, "{pad} |");
    if line > 1 {
        let before = Excerpt::new(place.line(line - 1), 1, 0);
        let _ = writeln!(out, "{:width$} | {}", line - 1, window(&before.line, excerpt.column).0);
    }
    let (shown, indent) = window(&excerpt.line, excerpt.column);
    let _ = writeln!(out, "{line} | {shown}");
    let carets = "^".repeat(excerpt.marked.clamp(1, WINDOW));
    let _ = write!(out, "{pad} | {}{carets}", " ".repeat(indent));
    for note in &d.notes {
        let _ = write!(out, "\n{pad} = {}", clean::line(note));
    }
}

/// A line as displayed: secrets and passwords are masked, and the marked range is adjusted.
struct Excerpt {
    line: String,
    /// Start of the marked range, from 1.
    column: usize,
    /// Length of the marked range.
    marked: usize,
}

impl Excerpt {
    fn new((line, hidden): (&str, Vec<Range<usize>>), column: usize, marked: usize) -> Self {
        let mask = userinfo::MASK.chars().count();
        // Maps a column of the line to a column of the displayed text.
        let shown = |place: usize| {
            let mut moved = place;
            for range in &hidden {
                let begin = line[..range.start].chars().count();
                let length = line[range.clone()].chars().count();
                if place >= begin + length {
                    moved = moved + mask - length.min(moved + mask);
                } else if place > begin {
                    // Inside of a masked range: its start.
                    moved = moved.saturating_sub(place - begin);
                }
            }
            moved
        };
        let from = shown(column.saturating_sub(1));
        let to = shown(column.saturating_sub(1) + marked);
        let mut shown = line.to_owned();
        for range in hidden.into_iter().rev() {
            shown.replace_range(range, userinfo::MASK);
        }
        Self { line: shown, column: from + 1, marked: to.saturating_sub(from) }
    }
}

/// The part of a line around a column, with … where it is truncated, and the number of cells before that column.
fn window(line: &str, column: usize) -> (String, usize) {
    let skip = if column > WINDOW { column - WINDOW / 2 } else { 0 };
    let shown: String = line.chars().skip(skip).take(WINDOW).collect();
    let mut shown = clean::line(&shown).trim_end().to_owned();
    let before = column.saturating_sub(1).saturating_sub(skip);
    let mut indent = line.chars().skip(skip).take(before).map(|c| c.width().unwrap_or(1)).sum();
    // Show that the line is truncated.
    if line.chars().nth(skip + WINDOW).is_some() {
        shown.push('…');
    }
    if skip > 0 {
        shown.insert(0, '…');
        indent += 1;
    }
    (shown, indent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_words_are_suggested() {
        let words = ["expect", "headers", "timeout"];
        assert_eq!(nearest("expct", words), Some("expect"));
        assert_eq!(nearest("Header", words), Some("headers"));
        assert_eq!(nearest("zzz", words), None);
    }

    #[test]
    fn invalid_positions_are_handled() {
        let source = "name: größe\nx: ✓";
        for offset in 0..source.len() + 9 {
            let error =
                render(&Sources::new("f.yaml", source, None), vec![Diagnostic::new(offset..offset + 3, "wrong")]);
            assert!(error.text.contains("f.yaml:"), "{offset}");
        }
        assert_eq!(position(source, source.find('x').unwrap()), (2, 1));
    }

    #[test]
    fn long_lines_are_truncated_visibly() {
        let line = format!("{}x{}", "a".repeat(200), "b".repeat(200));
        for (at, left, right) in [(0, false, true), (99, false, true), (200, true, true), (400, true, false)] {
            let (shown, indent) = window(&line, at + 1);
            assert_eq!((shown.starts_with('…'), shown.ends_with('…')), (left, right), "{at} {shown}");
            assert_eq!(shown.chars().nth(indent), line.chars().nth(at), "{at} {shown}");
        }
        assert_eq!(window("short", 1), ("short".to_owned(), 0));
    }

    #[test]
    fn passwords_are_masked_and_marks_are_adjusted() {
        for (source, marked, shown) in [
            ("redis: { url: redis://u:TopSecret@h:1, x: 1 }", "x", "redis: { url: redis://***@h:1, x: 1 }"),
            ("a: [http://u:TopSecret@h, http://ü:TopSecret@h, b]", "b]", "a: [http://***@h, http://***@h, b]"),
            ("url: redis://u:TopSecret@h/abc", "redis://u:TopSecret@h/abc", "url: redis://***@h/abc"),
            ("url: redis://u:TopSecret@h/abc", "Secret", "url: redis://***@h/abc"),
        ] {
            let at = source.rfind(marked).unwrap();
            let message = format!("{source:?} is wrong");
            let wrong = Diagnostic::new(at..at + marked.len(), message);
            let error = render(&Sources::new("f.yaml", source, None), vec![wrong]);
            assert!(!error.text.contains("Secret") && !error.brief.contains("Secret"), "{}", error.text);
            let lines: Vec<&str> = error.text.lines().collect();
            let (line, carets) = (lines[3], lines[4]);
            assert_eq!(line, format!("1 | {shown}"));
            let below: String =
                line.chars().skip(carets.find('^').unwrap()).take(carets.matches('^').count()).collect();
            let expected = userinfo::mask(marked);
            assert!(
                below == expected || (marked == "Secret" && below == userinfo::MASK),
                "{below} {expected}\n{}",
                error.text
            );
        }
    }
}
