//! Incremental parser of one response.

use super::chunks::Chunks;
use super::coding::{BodyBuffer, BodyDecoder, Codings};
use super::head::{self, Framing, Head, MAX_HEAD, ParsedHead};
use crate::protocol::http::error::WireError;

/// The parts of a response to keep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeptParts {
    /// Whether to keep the bytes of the head.
    pub head: bool,
    /// Bytes of the body to keep.
    pub body: usize,
}

/// Parses a response. `keep` is called once, when the head is known.
pub struct ResponseReader<'a> {
    bodiless: bool,
    keep: &'a dyn Fn(&Head) -> KeptParts,
    partial_head: Vec<u8>,
    reading: Option<Reading>,
    done: bool,
}

struct Reading {
    head: Head,
    raw_head: Vec<u8>,
    frame: Frame,
    body: BodyDecoder,
}

enum Frame {
    Length(u64),
    Chunks(Chunks),
    Close,
}

/// A complete response.
pub struct CompleteResponse {
    pub head: Head,
    /// The bytes of the head; empty if not kept.
    pub raw_head: Vec<u8>,
    /// Length of the body, and the kept part.
    pub body: BodyBuffer,
}

impl<'a> ResponseReader<'a> {
    /// A parser before the first byte. `bodiless` is set for the response to a HEAD request.
    pub fn new(bodiless: bool, keep: &'a dyn Fn(&Head) -> KeptParts) -> Self {
        Self { bodiless, keep, partial_head: Vec::new(), reading: None, done: false }
    }

    /// True once the head is known.
    pub fn has_head(&self) -> bool {
        self.reading.is_some()
    }

    /// Whether this is the response to a HEAD request.
    pub fn is_bodiless(&self) -> bool {
        self.bodiless
    }

    /// Whether the response is complete if the connection ends now.
    pub fn may_end(&self) -> bool {
        self.done || self.reading.as_ref().is_some_and(|reading| matches!(reading.frame, Frame::Close))
    }

    /// Sets the head of an HTTP/2 response, whose body is then fed. Returns whether its headers have to be kept.
    pub fn start(&mut self, head: Head) -> Result<bool, WireError> {
        let keep = self.begin(head, &[])?;
        // A response without a body is complete.
        self.feed_body(&[])?;
        Ok(keep.head)
    }

    /// Consumes received bytes.
    pub fn feed(&mut self, data: &[u8]) -> Result<ReadProgress, WireError> {
        if self.reading.is_some() {
            return self.feed_body(data);
        }
        if self.partial_head.is_empty() {
            return self.feed_head(data);
        }
        let seen = self.partial_head.len();
        self.partial_head.extend_from_slice(data);
        // Parsing again for each byte of a slow head would take quadratic time.
        if !ends_lines(&self.partial_head[seen.saturating_sub(3)..]) {
            return self.too_long().map_or(Ok(ReadProgress::More), Err);
        }
        let partial_head = std::mem::take(&mut self.partial_head);
        self.feed_head(&partial_head)
    }

    fn feed_head(&mut self, mut data: &[u8]) -> Result<ReadProgress, WireError> {
        loop {
            let Some(ParsedHead { head, raw, length }) = head::parse(data, self.bodiless)? else {
                self.partial_head = data.to_vec();
                return self.too_long().map_or(Ok(ReadProgress::More), Err);
            };
            if !matches!(head.status, 100..=199) || head.status == 101 {
                self.begin(head, &raw)?;
                return self.feed_body(&data[length..]);
            }
            // An interim response, such as 103: the final one follows.
            data = &data[length..];
            if data.is_empty() {
                return Ok(ReadProgress::More);
            }
        }
    }

    fn too_long(&self) -> Option<WireError> {
        (self.partial_head.len() > MAX_HEAD).then(|| WireError::Malformed("headers longer than 300 KiB".into()))
    }

    fn begin(&mut self, head: Head, raw: &[u8]) -> Result<KeptParts, WireError> {
        let keep = (self.keep)(&head);
        let (frame, codings) = match head.framing {
            Framing::Length(0) => (Frame::Length(0), Codings::default()),
            Framing::Length(length) => (Frame::Length(length), head.codings),
            Framing::Chunked => (Frame::Chunks(Chunks::new()), head.codings),
            Framing::Close => (Frame::Close, head.codings),
        };
        let raw_head = if keep.head { raw.to_vec() } else { Vec::new() };
        let length = match &frame {
            Frame::Length(length) if codings.is_identity() => Some(*length),
            _ => None,
        };
        let body = BodyDecoder::new(codings, BodyBuffer::new(keep.body, length))?;
        self.reading = Some(Reading { head, raw_head, frame, body });
        Ok(keep)
    }

    fn feed_body(&mut self, data: &[u8]) -> Result<ReadProgress, WireError> {
        let Some(reading) = &mut self.reading else { return Ok(ReadProgress::More) };
        let Reading { frame, body, .. } = reading;
        let (used, done) = match frame {
            Frame::Length(left) => {
                let piece = &data[..data.len().min(usize::try_from(*left).unwrap_or(usize::MAX))];
                body.write(piece)?;
                *left -= piece.len() as u64;
                (piece.len(), *left == 0)
            }
            Frame::Chunks(chunks) => {
                let used = chunks.feed(data, |piece| body.write(piece))?;
                (used, chunks.done())
            }
            Frame::Close => {
                body.write(data)?;
                (data.len(), false)
            }
        };
        self.done = done;
        Ok(match done {
            true => ReadProgress::Done { excess: used < data.len() },
            false => ReadProgress::More,
        })
    }

    /// Decompresses pending input on another thread. The connection must not be read meanwhile.
    ///
    /// # Errors
    /// When it cannot be decompressed.
    pub async fn decode_pending(&mut self) -> Result<(), WireError> {
        match &mut self.reading {
            Some(reading) => reading.body.decode_pending().await,
            None => Ok(()),
        }
    }

    /// True if [`decode_pending`](Self::catch_up) has work to do.
    pub fn has_pending_input(&self) -> bool {
        self.reading.as_ref().is_some_and(|reading| reading.body.has_pending_input())
    }

    /// Ends the response: it is complete, or the server has closed the connection.
    ///
    /// # Errors
    /// When the response is incomplete.
    pub fn finish(self) -> Result<CompleteResponse, WireError> {
        let Some(reading) = self.reading else { return Err(WireError::Closed) };
        if !self.done && !matches!(reading.frame, Frame::Close) {
            return Err(WireError::Closed);
        }
        let body = reading.body.finish()?;
        Ok(CompleteResponse { head: reading.head, raw_head: reading.raw_head, body })
    }
}

/// How much of a response was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadProgress {
    /// It is incomplete.
    More,
    /// It is complete.
    Done {
        /// Whether bytes follow that belong to no request; the connection must not be reused then.
        excess: bool,
    },
}

fn ends_lines(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == b"\n\n") || bytes.windows(3).any(|three| three == b"\n\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], step: usize) -> Result<(CompleteResponse, bool), WireError> {
        let keep = |_: &Head| KeptParts { head: true, body: 100 };
        let mut reader = ResponseReader::new(false, &keep);
        for piece in text.chunks(step) {
            if let ReadProgress::Done { excess } = reader.feed(piece)? {
                return Ok((reader.finish()?, excess));
            }
        }
        Ok((reader.finish()?, false))
    }

    #[test]
    fn responses_do_not_depend_on_how_input_is_split() {
        let text = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
        for step in 1..=text.len() {
            let (received, excess) = read(text, step).expect("valid");
            assert_eq!((received.head.status, received.body.kept.as_slice()), (200, &b"hello"[..]), "{step}");
            assert!(received.raw_head.starts_with(b"HTTP/1.1 200") && !excess, "{step}");
        }
    }

    #[test]
    fn the_end_of_the_connection_ends_only_an_open_ended_body() {
        assert_eq!(read(b"HTTP/1.1 200 OK\r\n\r\nhello", 9).expect("valid").0.body.bytes, 5);
        for truncated in ["", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello"] {
            assert!(matches!(read(truncated.as_bytes(), 50), Err(WireError::Closed)), "{truncated}");
        }
    }

    #[test]
    fn excess_bytes_are_detected() {
        assert!(read(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab", 100).expect("valid").1);
        assert!(read(b"HTTP/1.1 204 No\r\n\r\nHTTP/1.1", 100).expect("valid").1);
    }

    #[test]
    fn an_endless_head_is_rejected() {
        let endless = format!("HTTP/1.1 200 OK\r\na: {}", "x".repeat(2 * MAX_HEAD));
        assert!(matches!(read(endless.as_bytes(), 1_000), Err(WireError::Malformed(_))));
    }
}
