//! Reads append-only files of JSON lines. A power failure, or whoever had the folder before, may have left lines in them
//! that cannot be read: these are skipped and counted.

use std::io;
use std::path::Path;

use super::error::ReadError;
use super::open;
use crate::units;

/// What a file has.
#[derive(Debug)]
pub(super) struct Lines<T> {
    /// Its lines that can be read, in order.
    pub lines: Vec<T>,
    /// What it lacks, in words.
    pub gap: Option<String>,
}

/// The complete lines of a file; an incomplete last line is ignored.
///
/// # Errors
/// If it is there and cannot be read, or is not a file.
pub(super) fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Lines<T>, ReadError> {
    let name = || path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = match open::bytes(path, open::LARGEST) {
        Ok(bytes) => bytes,
        Err(why) if why.kind() == io::ErrorKind::NotFound => {
            return Ok(Lines { lines: Vec::new(), gap: Some(format!("{} is missing", name())) });
        }
        Err(why) => return Err(ReadError::Io { path: path.to_owned(), why }),
    };
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(&[][..], |end| &bytes[..end]);
    let (mut lines, mut bad) = (Vec::new(), Vec::new());
    for (at, line) in (1..).zip(whole.split(|byte| *byte == b'\n')).filter(|_| !whole.is_empty()) {
        match serde_json::from_slice(line) {
            Ok(line) => lines.push(line),
            Err(_) => bad.push(at),
        }
    }
    Ok(Lines { lines, gap: gap(&name(), &bad) })
}

/// `1 line of series.jsonl cannot be read (line 7)`; `None` if all can.
fn gap(name: &str, bad: &[u64]) -> Option<String> {
    let first = bad.first()?;
    let lines = units::counted(bad.len() as u64, "line");
    let which = if bad.len() == 1 { format!("line {first}") } else { format!("the first is line {first}") };
    Some(format!("{lines} of {name} cannot be read ({which})"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn lines_that_cannot_be_read_are_skipped_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("n.jsonl");
        assert_eq!(read::<u8>(&path).unwrap().gap.as_deref(), Some("n.jsonl is missing"));
        for (text, lines, gap) in [
            (&b""[..], &[][..], None),
            (b"1\n2\n3", &[1, 2], None),
            (b"1\n\xff2\n3\n", &[1, 3], Some("1 line of n.jsonl cannot be read (line 2)")),
            (b"\0\0\n2\n{}\n300\n", &[2], Some("3 lines of n.jsonl cannot be read (the first is line 1)")),
            (b"1\n\0\0\0\0", &[1], None),
            (b"\n", &[], None),
        ] {
            fs::write(&path, text).unwrap();
            let read = read::<u8>(&path).unwrap();
            assert_eq!((&*read.lines, read.gap.as_deref()), (lines, gap), "{text:?}");
        }
        assert!(read::<u8>(folder.path()).is_err());
    }
}
