//! Parses `.env` files: lines of `NAME=value`, with the same rules for options and scenarios.
//!
//! Input: a path. Output: names and values, and the lines that cannot be read: the file may belong to another tool, so
//! these are errors only if their variable is used. Errors never contain a value, which may be a secret. There is no
//! substitution: `$` is a plain character, so that passwords need no escapes.

use std::path::Path;

use super::diagnostic::{self, Diagnostic, ScenarioError};
use super::source::{self, Sources, read_limited};

/// Placeholder for values.
const HIDDEN: &str = "…";
/// Note: the format of a line.
const FORM: &str = "write NAME=value, or NAME=\"a value with spaces\"; a # starts a comment";

/// Contents of a file.
#[derive(Debug, Default)]
pub struct DotEnv {
    /// Names and values, in order.
    pub values: Vec<(String, String)>,
    /// Lines that were skipped.
    pub unreadable: Vec<Unreadable>,
}

/// A line that was skipped, or the whole file.
#[derive(Debug)]
pub struct Unreadable {
    /// Name of the variable, if the line has one; empty for the whole file.
    pub name: Option<String>,
    /// What is wrong, with its position; never the value.
    pub error: ScenarioError,
}

impl DotEnv {
    /// A warning about the lines that were skipped, if any.
    pub fn warning(&self) -> Option<String> {
        let first = self.unreadable.first()?;
        let more = match self.unreadable.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        Some(format!("skipped: {}{more}", first.error.brief))
    }
}

/// Reads a file; empty if it does not exist, or is a folder (of a virtual environment of Python).
pub fn read(path: &Path) -> DotEnv {
    let whole = |why: &str| {
        let error = diagnostic::plain(&format!("cannot read {}: {why}", shown(path)));
        DotEnv { unreadable: vec![Unreadable { name: Some(String::new()), error }], ..DotEnv::default() }
    };
    let there = path.metadata();
    if there.as_ref().is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound) || there.is_ok_and(|m| m.is_dir()) {
        return DotEnv::default();
    }
    let bytes = match read_limited(path, source::MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(why) => return whole(why.rsplit(": ").next().unwrap_or_default()),
    };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return whole("it is UTF-16; save it as UTF-8");
    }
    let text = String::from_utf8_lossy(&bytes);
    let valid = matches!(text, std::borrow::Cow::Borrowed(_));
    let (values, errors) = parse(text.strip_prefix('\u{feff}').unwrap_or(&text), valid);
    let explained =
        errors.into_iter().map(|error| Unreadable { name: error.name(), error: explain(&shown(path), error) });
    DotEnv { values, unreadable: explained.collect() }
}

fn shown(path: &Path) -> String {
    let shown = path.display().to_string();
    shown.strip_prefix("./").map(str::to_owned).unwrap_or(shown)
}

/// An invalid line.
#[derive(Debug, PartialEq, Eq)]
struct LineError {
    /// Line, from 0.
    line: usize,
    /// Part of the line that may be shown: everything before the value.
    shown: String,
    what: String,
    note: String,
}

impl LineError {
    /// Name of the variable, if it could be read.
    fn name(&self) -> Option<String> {
        assignment(&self.shown).ok().map(|(name, _)| name.to_owned())
    }
}

fn explain(file: &str, error: LineError) -> ScenarioError {
    let mut text = "\n".repeat(error.line);
    text.push_str(&error.shown);
    let at = text.len()..text.len() + HIDDEN.len();
    text.push_str(HIDDEN);
    let found = Diagnostic { at, message: error.what, notes: vec![error.note] };
    let mut error = diagnostic::render(&Sources::new(file, &text, None), vec![found]);
    // Lists of scenarios show this next to the scenario's name, so it must name the `.env` file.
    error.brief = crate::clean::line(&format!("{file} {}", error.brief)).into_owned();
    error
}

/// All assignments, and the lines that cannot be read. In a text that is not `valid`, replacement characters stand for
/// invalid bytes.
fn parse(text: &str, valid: bool) -> (Vec<(String, String)>, Vec<LineError>) {
    let (mut all, mut errors) = (Vec::new(), Vec::new());
    let mut rest = text;
    let mut line = 0;
    while !rest.is_empty() {
        let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let (own, mut used) = (rest[..end].trim_end(), end);
        if !own.trim().is_empty() && !own.trim_start().starts_with('#') {
            match one(rest, own, valid) {
                Ok((name, value, taken)) => {
                    all.push((name.to_owned(), value));
                    used = rest[taken..].find('\n').map_or(rest.len(), |at| taken + at + 1);
                }
                Err(error) => errors.push(LineError { line, ..error }),
            }
        }
        line += rest[..used].matches('\n').count();
        rest = &rest[used..];
    }
    (all, errors)
}

/// The assignment at the start of `rest`, whose first line is `own`: name, value, and its length in bytes.
fn one<'t>(rest: &'t str, own: &'t str, valid: bool) -> Result<(&'t str, String, usize), LineError> {
    let error = |shown: &str, what: &str, note: &str| LineError {
        line: 0,
        shown: shown.to_owned(),
        what: what.to_owned(),
        note: note.to_owned(),
    };
    let (name, from) = assignment(own).map_err(|what| error("", what, FORM))?;
    // A quoted value may span several lines.
    let nothing = own[from..].starts_with('#') && own[..from].ends_with([' ', '\t']);
    let read = if nothing { Ok((String::new(), own.len() - from)) } else { value(&rest[from..], own.len() - from) };
    let (value, taken) = read.map_err(|(what, note)| error(&own[..from], what, &note.replace("NAME", name)))?;
    if !valid && value.contains(char::REPLACEMENT_CHARACTER) {
        return Err(error(&own[..from], "invalid UTF-8", "save it as UTF-8"));
    }
    Ok((name, value, from + taken))
}

/// The name, and the offset of the value.
fn assignment(line: &str) -> Result<(&str, usize), &'static str> {
    let Some(equals) = line.find('=') else { return Err("this line is not NAME=value") };
    let left = line[..equals].trim();
    let name = left.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).unwrap_or(left).trim();
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !begins || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_.".contains(c)) {
        return Err("invalid variable name: use letters, digits and _");
    }
    let value = &line[equals + 1..];
    let blank = value.len() - value.trim_start().len();
    Ok((name, equals + 1 + blank))
}

/// The value at the start of `text`, whose first line has `own` bytes left, and its length in bytes.
fn value(text: &str, own: usize) -> Result<(String, usize), (&'static str, &'static str)> {
    let (value, taken) = match text.chars().next() {
        Some('\'') => {
            let close = text[1..].find('\'').ok_or(("missing closing quote '", "write NAME='…'"))?;
            (text[1..=close].to_owned(), close + 2)
        }
        Some('"') => double(&text[1..])?,
        _ => (plain(&text[..own])?, own),
    };
    if value.contains('\0') {
        return Err(("a value cannot contain the character NUL", "remove it"));
    }
    let after = text[taken..].lines().next().unwrap_or_default();
    let comment = after.trim_start();
    if comment.is_empty() || (comment.starts_with('#') && comment.len() < after.len()) {
        return Ok((value, taken));
    }
    Err(("unexpected text after the closing quote", "quote the whole value: NAME=\"…\""))
}

/// Parses up to the closing double quote, with escapes.
fn double(text: &str) -> Result<(String, usize), (&'static str, &'static str)> {
    let mut out = String::new();
    let mut rest = text.char_indices();
    while let Some((at, c)) = rest.next() {
        match c {
            '"' => return Ok((out, at + 2)),
            '\\' => match rest.next() {
                Some((_, 'n')) => out.push('\n'),
                Some((_, c @ ('"' | '\\' | '$' | '\'' | ' '))) => out.push(c),
                Some((_, c)) => out.extend(['\\', c]),
                None => {}
            },
            c => out.push(c),
        }
    }
    Err(("missing closing quote \"", "write NAME=\"…\"; a quote inside of it is \\\""))
}

/// An unquoted value: one word, optionally followed by a comment.
fn plain(text: &str) -> Result<String, (&'static str, &'static str)> {
    let word = text.split(char::is_whitespace).next().unwrap_or_default();
    let after = text[word.len()..].trim_start();
    let quoted = "put it into quotes: NAME='…' takes everything as it is, NAME=\"…\" knows \\n and \\\"";
    if word.starts_with('#') {
        return Err(("a value that starts with # must be quoted", "write NAME='#…', or a space before a comment"));
    }
    if !after.is_empty() && !after.starts_with('#') {
        return Err(("a value with spaces must be quoted", quoted));
    }
    if word.contains(['\'', '"']) {
        return Err(("a value with quotes must be quoted completely", quoted));
    }
    if word.contains('\\') {
        return Err(("a value with backslashes must be quoted", "use single quotes: NAME='…'"));
    }
    Ok(word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_written() {
        for (text, wanted) in [
            ("A=b", vec![("A", "b")]),
            ("\n# no\n  A = b  # comment\r\nB=\nC= #x\n", vec![("A", "b"), ("B", ""), ("C", "")]),
            ("A=pa$word1\nB='$x'\nC=\"${x}\"", vec![("A", "pa$word1"), ("B", "$x"), ("C", "${x}")]),
            ("export A='b c' # d", vec![("A", "b c")]),
            ("A=\"b \\\"c\\\" \\n \\d\"", vec![("A", "b \"c\" \n \\d")]),
            ("A='one\ntwo'\nB=\"x\ny\"\nC=3", vec![("A", "one\ntwo"), ("B", "x\ny"), ("C", "3")]),
            ("A=a=b#c&d;e==", vec![("A", "a=b#c&d;e==")]),
            ("A.b_1='it\"s'", vec![("A.b_1", "it\"s")]),
            ("A=größe", vec![("A", "größe")]),
        ] {
            let wanted: Vec<(String, String)> = wanted.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            assert_eq!(parse(text, true), (wanted, Vec::new()), "{text}");
        }
    }

    #[test]
    fn errors_have_positions_and_notes_but_no_values() {
        for (text, place, wanted) in [
            ("A=1\nSHOP_NAME=My hunter2", ":2:11", "SHOP_NAME='…'"),
            ("A=1\nB='x\ny'\nhunter2", ":4:1", "not NAME=value"),
            ("A=\"hunter2\nB=1", ":1:3", "missing closing quote"),
            ("  A='hunter2", ":1:5", "missing closing quote"),
            ("A=hunter2\\x", ":1:3", "A='…'"),
            ("A=hunter2's", ":1:3", "quoted completely"),
            ("A='hun'ter2", ":1:3", "after the closing quote"),
            ("hunter2 is=x", ":1:1", "invalid variable name"),
            ("=hunter2", ":1:1", "invalid variable name"),
            ("A=#hunter2", ":1:3", "A='#…'"),
            ("A='hunter2\0'", ":1:3", "NUL"),
        ] {
            let error = explain("x/.env", parse(text, true).1.remove(0));
            assert!(error.text.contains(&format!("x/.env{place}")), "{text}: {error}");
            assert!(error.text.contains(wanted) && !error.text.contains("hun"), "{text}: {error}");
            assert!(error.brief.starts_with("x/.env line "), "{}", error.brief);
        }
    }

    #[test]
    fn other_lines_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".env");
        let text = b"JAVA_OPTS=-Xmx1g -Xms1g\nA=1\nB=hunter2\xff\nC=\"hunter2\nD='x\ny'\n<<<<<<< HEAD\nE=5\n";
        std::fs::write(&file, text).unwrap();
        let read = super::read(&file);
        let values: Vec<String> = read.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(values, ["A=1", "D=x\ny", "E=5"]);
        let names: Vec<_> = read.unreadable.iter().map(|one| one.name.as_deref()).collect();
        assert_eq!(names, [Some("JAVA_OPTS"), Some("B"), Some("C"), None]);
        let warning = read.warning().unwrap();
        assert!(
            warning.contains(".env line 1:11: a value with spaces") && warning.ends_with("(and 3 more)"),
            "{warning}"
        );
        let error = &read.unreadable[1].error.text;
        assert!(error.contains(".env:3:3") && error.contains("UTF-8") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn other_encodings_and_folders_are_no_errors() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("utf-16");
        std::fs::write(&file, b"\xff\xfeA\0=\0b\0").unwrap();
        assert!(super::read(&file).warning().unwrap().contains("save it as UTF-8"));
        for path in [folder.path(), &folder.path().join("missing")] {
            let read = super::read(path);
            assert!(read.values.is_empty() && read.unreadable.is_empty(), "{}", path.display());
        }
    }

    #[test]
    fn no_input_panics() {
        let mut random = fastrand::Rng::with_seed(7);
        let pieces = ["A", "=", "'", "\"", "\\", "\n", "\r\n", "#", " ", "é", "$", "export", "\u{feff}", "\t"];
        for _ in 0..20_000 {
            let text: String = (0..random.usize(0..14)).map(|_| pieces[random.usize(0..pieces.len())]).collect();
            for error in parse(&text, random.bool()).1 {
                let _ = explain("f", error);
            }
        }
    }
}
