//! The chunked transfer coding (RFC 9112, section 7.1), read as it comes: pieces of any size in, pieces of body out.

use crate::protocol::http::error::WireError;

/// Bytes of chunk extensions and trailers in one body, at most. They mean nothing to us, but must not go on for ever.
const MAX_OVERHEAD: usize = 64 * 1024;

/// Where in a chunked body the reader stands.
#[derive(Debug)]
pub struct Chunks {
    state: State,
    overhead: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Size {
        value: u64,
        digits: u8,
    },
    Extension(u64),
    SizeLf(u64),
    Data(u64),
    DataCr,
    DataLf,
    /// At the beginning of a trailer line, which ends the body when it is empty.
    LineStart,
    Trailer,
    LastLf,
    Done,
}

const START: State = State::Size { value: 0, digits: 0 };

impl Chunks {
    /// Before the first chunk.
    pub fn new() -> Self {
        Self { state: START, overhead: 0 }
    }

    /// True after the last chunk and its trailers.
    pub fn done(&self) -> bool {
        self.state == State::Done
    }

    /// Reads `data` up to the end of the body, gives the body's pieces to `out` and says how many bytes were used.
    ///
    /// # Errors
    /// When the bytes are no chunks, or `out` fails.
    pub fn feed(
        &mut self,
        data: &[u8],
        mut out: impl FnMut(&[u8]) -> Result<(), WireError>,
    ) -> Result<usize, WireError> {
        let mut at = 0;
        while at < data.len() && !self.done() {
            if let State::Data(left) = self.state {
                let rest = &data[at..];
                let piece = &rest[..rest.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
                out(piece)?;
                at += piece.len();
                let left = left - piece.len() as u64;
                self.state = if left == 0 { State::DataCr } else { State::Data(left) };
            } else {
                self.state = self.step(data[at])?;
                at += 1;
            }
        }
        Ok(at)
    }

    fn step(&mut self, byte: u8) -> Result<State, WireError> {
        Ok(match (self.state, byte) {
            (State::Size { value, digits }, _) if byte.is_ascii_hexdigit() => {
                // Sixteen digits are 64 bits.
                if digits == 16 {
                    return Err(malformed());
                }
                let digit = (byte as char).to_digit(16).unwrap_or_default();
                State::Size { value: value << 4 | u64::from(digit), digits: digits + 1 }
            }
            (State::Size { digits: 0, .. }, _) => return Err(malformed()),
            (State::Size { value, .. } | State::Extension(value), b'\r') => State::SizeLf(value),
            (State::Size { value, .. }, b';' | b' ' | b'\t') => State::Extension(value),
            // A bare line feed ends a line too, as everywhere in HTTP/1 (RFC 9112, section 2.2).
            (State::Size { value: 0, .. } | State::Extension(0), b'\n') => State::LineStart,
            (State::Size { value, .. } | State::Extension(value), b'\n') => State::Data(value),
            (State::Extension(value), _) => self.skip(State::Extension(value))?,
            (State::SizeLf(0), b'\n') => State::LineStart,
            (State::SizeLf(value), b'\n') => State::Data(value),
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataCr | State::DataLf, b'\n') => START,
            (State::LineStart, b'\r') => State::LastLf,
            (State::LineStart, b'\n') => State::Done,
            (State::Trailer, b'\n') => self.skip(State::LineStart)?,
            (State::LineStart | State::Trailer, _) => self.skip(State::Trailer)?,
            (State::LastLf, b'\n') => State::Done,
            _ => return Err(malformed()),
        })
    }

    fn skip(&mut self, next: State) -> Result<State, WireError> {
        self.overhead += 1;
        if self.overhead > MAX_OVERHEAD {
            return Err(WireError::Malformed("chunk extensions or trailers without end".into()));
        }
        Ok(next)
    }
}

fn malformed() -> WireError {
    WireError::Malformed("invalid chunked body".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `text` in pieces of `step` bytes; gives the body and what was left over.
    fn read(text: &[u8], step: usize) -> Result<(String, usize), WireError> {
        let (mut chunks, mut body, mut used) = (Chunks::new(), Vec::new(), 0);
        for piece in text.chunks(step) {
            used += chunks.feed(piece, |bytes| {
                body.extend_from_slice(bytes);
                Ok(())
            })?;
            if chunks.done() {
                return Ok((String::from_utf8(body).expect("text"), text.len() - used));
            }
        }
        Err(WireError::Closed)
    }

    #[test]
    fn bodies_are_the_same_however_they_are_cut() {
        for (text, body, over) in [
            ("5\r\nhello\r\n0\r\n\r\n", "hello", 0),
            ("5;a=\"b\"\r\nhello\r\n6 \r\n world\r\n0\r\nx: y\r\nz: w\r\n\r\n", "hello world", 0),
            ("5\nhello\n6;a\n world\n0\nx: y\n\n", "hello world", 0),
            ("000a\r\n0123456789\r\n0\r\n\r\nHTTP/1.1", "0123456789", 8),
        ] {
            for step in 1..=text.len() {
                let (got, left) = read(text.as_bytes(), step).expect("valid");
                assert_eq!(got, body, "{step}");
                if step == text.len() {
                    assert_eq!(left, over);
                }
            }
        }
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        let endless = format!("1;{}", "x".repeat(MAX_OVERHEAD + 2));
        for text in ["\r\n", "g\r\n", " 5\r\nhello", "5\r\nhelloX", "00000000000000001\r\n", "1\r\na\rb", &endless] {
            assert!(matches!(read(text.as_bytes(), text.len()), Err(WireError::Malformed(_))), "{text}");
        }
    }
}
