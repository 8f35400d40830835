//! The parts of a message, without copying.

use super::inbox::{length, line};

/// Reads elements one after the other.
struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    fn line(&mut self) -> Option<&'a [u8]> {
        let line = line(self.0)?;
        self.0 = &self.0[line.len() + 2..];
        Some(line)
    }

    fn bytes(&mut self, count: u64) -> Option<&'a [u8]> {
        let count = usize::try_from(count).ok()?;
        let bytes = self.0.get(..count)?;
        self.0 = self.0.get(count + 2..).unwrap_or_default();
        Some(bytes)
    }
}

/// The first four elements of a flat array or push of strings and numbers: the form of messages. Missing elements are
/// empty. `None` for any other response.
pub fn flat_elements(response: &[u8]) -> Option<[&[u8]; 4]> {
    let mut elements = Elements(response);
    let (kind, count) = elements.line()?.split_first()?;
    if !matches!(kind, b'*' | b'>') {
        return None;
    }
    let count = length(count).ok()??;
    let mut found: [&[u8]; 4] = [b""; 4];
    for slot in found.iter_mut().take(usize::try_from(count).unwrap_or(0)) {
        let (kind, rest) = elements.line()?.split_first()?;
        *slot = match kind {
            b'$' => match length(rest).ok()? {
                Some(count) => elements.bytes(count)?,
                None => b"",
            },
            b'+' | b':' | b'_' => rest,
            _ => return None,
        };
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_parsed_flat() {
        for (response, expected) in [
            ("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n", Some(["message", "c", "hi", ""])),
            (">4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\nc\r\n$0\r\n\r\n", Some(["pmessage", "*", "c", ""])),
            (">3\r\n+subscribe\r\n$1\r\nc\r\n:1\r\n", Some(["subscribe", "c", "1", ""])),
            ("*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n", Some(["unsubscribe", "", "0", ""])),
            (":1\r\n", None),
            ("*1\r\n*0\r\n", None),
        ] {
            let expected = expected.map(|items| items.map(str::as_bytes));
            assert_eq!(flat_elements(response.as_bytes()), expected, "{response:?}");
        }
    }
}
