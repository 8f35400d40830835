//! Explains why the text of a data file is not the expected CSV.

/// Delimiters that spreadsheets write.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// A quoted cell of this length in bytes is open by mistake.
const LONGEST_CELL: usize = 100_000;

/// Why the start of a file is not UTF-8 text.
pub(super) fn encoding(start: &[u8]) -> Option<&'static str> {
    let marked = start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]);
    let begin = &start[..start.len().min(200)];
    // Without a byte order mark, every other byte of plain text is 0.
    if marked || begin.iter().filter(|byte| **byte == 0).count() * 3 > begin.len() {
        return Some("the file is UTF-16: save it as UTF-8 (in Excel: CSV UTF-8)");
    }
    begin.contains(&0).then_some("the file is binary, not CSV")
}

/// Why a header with one column is none: its delimiter is another one.
pub(super) fn other_delimiter(header: &str, delimiter: u8) -> Option<String> {
    let count = |delimiter: u8| header.bytes().filter(|byte| *byte == delimiter).count();
    let other = DELIMITERS.into_iter().filter(|other| *other != delimiter && count(*other) > 0);
    let other = other.max_by_key(|other| count(*other))?;
    let shown = if other == b'\t' { "\\t".to_owned() } else { char::from(other).to_string() };
    let advice = if other == b',' { "remove `delimiter`".to_owned() } else { format!("write delimiter: \"{shown}\"") };
    let word = if other == b'\t' { "tabs".to_owned() } else { format!("`{shown}`") };
    Some(format!("its columns are separated by {word}: {advice}"))
}

/// Line of a quote that is never closed, in the start of a file; `whole` if that is all of it.
pub(super) fn unclosed_quote(text: &[u8], delimiter: u8, whole: bool) -> Option<usize> {
    let (mut line, mut opened) = (1usize, None::<(usize, usize)>);
    let mut begins = true;
    let mut bytes = text.iter().copied().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        line += usize::from(byte == b'\n');
        if opened.is_some() {
            if byte == b'"' && bytes.next_if(|(_, next)| *next == b'"').is_none() {
                opened = None;
            }
            begins = false;
        } else if byte == b'"' && begins {
            opened = Some((line, at));
        } else {
            begins = byte == delimiter || byte == b'\n' || byte == b'\r';
        }
    }
    let (line, at) = opened?;
    (whole || text.len() - at > LONGEST_CELL).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_named() {
        for (header, delimiter, wanted) in [
            ("name;age", b',', Some("separated by `;`: write delimiter: \";\"")),
            ("name\tage", b',', Some("separated by tabs: write delimiter: \"\\t\"")),
            ("name|age|x;y", b',', Some("separated by `|`: write delimiter: \"|\"")),
            ("name,age", b';', Some("separated by `,`: remove `delimiter`")),
            ("name", b',', None),
        ] {
            let found = other_delimiter(header, delimiter);
            match wanted {
                Some(wanted) => assert!(found.as_ref().is_some_and(|text| text.contains(wanted)), "{found:?}"),
                None => assert_eq!(found, None),
            }
        }
    }

    #[test]
    fn quotes_are_followed() {
        for (text, wanted) in [
            ("a,b\n1,2\n", None),
            ("a,b\n\"x\",2\n", None),
            ("a,b\n\"x\ny\",\"say \"\"hi\"\"\"\n", None),
            ("a,b\n5\" nail,2\n", None),
            ("a,b\n1,2\n3,\"x\n4,5\n", Some(3)),
            ("a,b\n\"x\"\"\n1,2\n", Some(2)),
            ("\"a,b\n1,2\n", Some(1)),
        ] {
            assert_eq!(unclosed_quote(text.as_bytes(), b',', true), wanted, "{text}");
        }
        let long = format!("a,b\n1,\"{}", "x\n".repeat(LONGEST_CELL));
        assert_eq!(unclosed_quote(long.as_bytes(), b',', false), Some(2));
        assert_eq!(unclosed_quote(b"a,b\n1,\"x", b',', false), None);
    }

    #[test]
    fn encodings_are_named() {
        for (bytes, wanted) in [
            (&b"\xff\xfea\0,\0"[..], Some("UTF-16")),
            (b"\xfe\xff\0a\0,", Some("UTF-16")),
            (b"a\0,\0b\0", Some("UTF-16")),
            (b"PK\x03\x04\0abcdefghij", Some("binary")),
            (b"\xef\xbb\xbfa,b", None),
            (b"", None),
        ] {
            assert_eq!(encoding(bytes).is_some(), wanted.is_some(), "{bytes:?}");
            assert!(encoding(bytes).unwrap_or_default().contains(wanted.unwrap_or_default()), "{bytes:?}");
        }
    }
}
