//! Incremental decoder of the chunked transfer coding (RFC 9112, section 7.1).

use crate::protocol::http::error::WireError;

/// Maximum bytes of chunk extensions and trailers in one body. They are ignored, but must not be endless.
const MAX_OVERHEAD: usize = 64 * 1024;

/// State of the decoder.
#[derive(Debug)]
pub struct Chunks {
    state: ChunkState,
    overhead: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChunkState {
    Size {
        value: u64,
        digits: u8,
    },
    Extension(u64),
    SizeLf(u64),
    Data(u64),
    DataCr,
    DataLf,
    /// At the start of a trailer line; an empty line ends the body.
    LineStart,
    Trailer,
    LastLf,
    Done,
}

const START: ChunkState = ChunkState::Size { value: 0, digits: 0 };

impl Chunks {
    /// A decoder before the first chunk.
    pub fn new() -> Self {
        Self { state: START, overhead: 0 }
    }

    /// True after the last chunk and its trailers.
    pub fn done(&self) -> bool {
        self.state == ChunkState::Done
    }

    /// Decodes `data` up to the end of the body, passes the pieces of the body to `out` and returns the bytes consumed.
    ///
    /// # Errors
    /// When the bytes are not valid chunks, or `out` fails.
    pub fn feed(
        &mut self,
        data: &[u8],
        mut out: impl FnMut(&[u8]) -> Result<(), WireError>,
    ) -> Result<usize, WireError> {
        let mut at = 0;
        while at < data.len() && !self.done() {
            if let ChunkState::Data(left) = self.state {
                let rest = &data[at..];
                let piece = &rest[..rest.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
                out(piece)?;
                at += piece.len();
                let left = left - piece.len() as u64;
                self.state = if left == 0 { ChunkState::DataCr } else { ChunkState::Data(left) };
            } else {
                self.state = self.step(data[at])?;
                at += 1;
            }
        }
        Ok(at)
    }

    fn step(&mut self, byte: u8) -> Result<ChunkState, WireError> {
        Ok(match (self.state, byte) {
            (ChunkState::Size { value, digits }, _) if byte.is_ascii_hexdigit() => {
                // Sixteen digits are 64 bits.
                if digits == 16 {
                    return Err(malformed());
                }
                let digit = (byte as char).to_digit(16).unwrap_or_default();
                ChunkState::Size { value: value << 4 | u64::from(digit), digits: digits + 1 }
            }
            (ChunkState::Size { digits: 0, .. }, _) => return Err(malformed()),
            (ChunkState::Size { value, .. } | ChunkState::Extension(value), b'\r') => ChunkState::SizeLf(value),
            (ChunkState::Size { value, .. }, b';' | b' ' | b'\t') => ChunkState::Extension(value),
            // A bare line feed ends a line too (RFC 9112, section 2.2).
            (ChunkState::Size { value: 0, .. } | ChunkState::Extension(0), b'\n') => ChunkState::LineStart,
            (ChunkState::Size { value, .. } | ChunkState::Extension(value), b'\n') => ChunkState::Data(value),
            (ChunkState::Extension(value), _) => self.skip(ChunkState::Extension(value))?,
            (ChunkState::SizeLf(0), b'\n') => ChunkState::LineStart,
            (ChunkState::SizeLf(value), b'\n') => ChunkState::Data(value),
            (ChunkState::DataCr, b'\r') => ChunkState::DataLf,
            (ChunkState::DataCr | ChunkState::DataLf, b'\n') => START,
            (ChunkState::LineStart, b'\r') => ChunkState::LastLf,
            (ChunkState::LineStart, b'\n') => ChunkState::Done,
            (ChunkState::Trailer, b'\n') => self.skip(ChunkState::LineStart)?,
            (ChunkState::LineStart | ChunkState::Trailer, _) => self.skip(ChunkState::Trailer)?,
            (ChunkState::LastLf, b'\n') => ChunkState::Done,
            _ => return Err(malformed()),
        })
    }

    fn skip(&mut self, next: ChunkState) -> Result<ChunkState, WireError> {
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

    /// Feeds `text` in pieces of `step` bytes; returns the body and the number of bytes left over.
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
    fn bodies_do_not_depend_on_how_input_is_split() {
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
    fn invalid_chunks_are_rejected() {
        let endless = format!("1;{}", "x".repeat(MAX_OVERHEAD + 2));
        for text in ["\r\n", "g\r\n", " 5\r\nhello", "5\r\nhelloX", "00000000000000001\r\n", "1\r\na\rb", &endless] {
            assert!(matches!(read(text.as_bytes(), text.len()), Err(WireError::Malformed(_))), "{text}");
        }
    }
}
