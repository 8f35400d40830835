//! One reply as it comes in from the wire, in pieces of any size.

use super::chunks::Chunks;
use super::coding::{Body, BodyBuffer, Codings};
use super::head::{self, Framing, Head, MAX_HEAD, Parsed};
use crate::protocol::http::error::WireError;

/// What of a reply is of use after it has been counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// The bytes of its head.
    pub head: bool,
    /// So many bytes of its body.
    pub body: usize,
}

/// A reply being read. `keep` is asked once, when the head is known.
pub struct ResponseReader<'a> {
    bodiless: bool,
    keep: &'a dyn Fn(&Head) -> Keep,
    carry: Vec<u8>,
    reading: Option<Reading>,
    done: bool,
}

struct Reading {
    head: Head,
    raw_head: Vec<u8>,
    frame: Frame,
    body: Body,
}

enum Frame {
    Length(u64),
    Chunks(Chunks),
    Close,
}

/// A whole reply.
pub struct Received {
    /// What its head says.
    pub head: Head,
    /// Its head as it came, if it was to be kept.
    pub raw_head: Vec<u8>,
    /// The length of its body, and what was to be kept of it.
    pub body: BodyBuffer,
}

impl<'a> ResponseReader<'a> {
    /// Before the first byte. `bodiless` is set for the reply to a HEAD request.
    pub fn new(bodiless: bool, keep: &'a dyn Fn(&Head) -> Keep) -> Self {
        Self { bodiless, keep, carry: Vec::new(), reading: None, done: false }
    }

    /// True once the head is known.
    pub fn has_head(&self) -> bool {
        self.reading.is_some()
    }

    /// The response to a HEAD request.
    pub fn is_bodiless(&self) -> bool {
        self.bodiless
    }

    /// True when the end of the connection is an end of the response too.
    pub fn may_end(&self) -> bool {
        self.done || self.reading.as_ref().is_some_and(|reading| matches!(reading.frame, Frame::Close))
    }

    /// Takes the head of an HTTP/2 response; its body is then fed as it comes. True when the headers are of use.
    pub fn start(&mut self, head: Head) -> Result<bool, WireError> {
        let keep = self.begin(head, &[])?;
        // A response without a body is complete.
        self.feed_body(&[])?;
        Ok(keep.head)
    }

    /// Takes what has come, and says how far that goes.
    pub fn feed(&mut self, data: &[u8]) -> Result<Progress, WireError> {
        if self.reading.is_some() {
            return self.feed_body(data);
        }
        if self.carry.is_empty() {
            return self.feed_head(data);
        }
        let seen = self.carry.len();
        self.carry.extend_from_slice(data);
        // Parsing anew for every byte of a slow head would take the square of its length.
        if !ends_lines(&self.carry[seen.saturating_sub(3)..]) {
            return self.too_long().map_or(Ok(Progress::More), Err);
        }
        let carry = std::mem::take(&mut self.carry);
        self.feed_head(&carry)
    }

    fn feed_head(&mut self, mut data: &[u8]) -> Result<Progress, WireError> {
        loop {
            let Some(Parsed { head, raw, length }) = head::parse(data, self.bodiless)? else {
                self.carry = data.to_vec();
                return self.too_long().map_or(Ok(Progress::More), Err);
            };
            if !matches!(head.status, 100..=199) || head.status == 101 {
                self.begin(head, &raw)?;
                return self.feed_body(&data[length..]);
            }
            // An interim reply, such as 103: the real one follows.
            data = &data[length..];
            if data.is_empty() {
                return Ok(Progress::More);
            }
        }
    }

    fn too_long(&self) -> Option<WireError> {
        (self.carry.len() > MAX_HEAD).then(|| WireError::Malformed("headers longer than 300 KiB".into()))
    }

    fn begin(&mut self, head: Head, raw: &[u8]) -> Result<Keep, WireError> {
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
        let body = Body::new(codings, BodyBuffer::new(keep.body, length))?;
        self.reading = Some(Reading { head, raw_head, frame, body });
        Ok(keep)
    }

    fn feed_body(&mut self, data: &[u8]) -> Result<Progress, WireError> {
        let Some(reading) = &mut self.reading else { return Ok(Progress::More) };
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
            true => Progress::Done { excess: used < data.len() },
            false => Progress::More,
        })
    }

    /// Decompresses what has come and was too much to do at once; the connection is not read meanwhile.
    ///
    /// # Errors
    /// When it cannot be decompressed.
    pub async fn catch_up(&mut self) -> Result<(), WireError> {
        match &mut self.reading {
            Some(reading) => reading.body.catch_up().await,
            None => Ok(()),
        }
    }

    /// True when [`catch_up`](Self::catch_up) has something to do.
    pub fn is_behind(&self) -> bool {
        self.reading.as_ref().is_some_and(|reading| reading.body.is_behind())
    }

    /// The server has closed the connection, or everything has come.
    ///
    /// # Errors
    /// When that is too early.
    pub fn finish(self) -> Result<Received, WireError> {
        let Some(reading) = self.reading else { return Err(WireError::Closed) };
        if !self.done && !matches!(reading.frame, Frame::Close) {
            return Err(WireError::Closed);
        }
        let body = reading.body.finish()?;
        Ok(Received { head: reading.head, raw_head: reading.raw_head, body })
    }
}

/// How far a reply has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Not all of it.
    More,
    /// To its end; with `excess` there were bytes after it, which no request has asked for.
    Done {
        /// True when the connection cannot be trusted any more.
        excess: bool,
    },
}

fn ends_lines(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == b"\n\n") || bytes.windows(3).any(|three| three == b"\n\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], step: usize) -> Result<(Received, bool), WireError> {
        let keep = |_: &Head| Keep { head: true, body: 100 };
        let mut reply = ResponseReader::new(false, &keep);
        for piece in text.chunks(step) {
            if let Progress::Done { excess } = reply.feed(piece)? {
                return Ok((reply.finish()?, excess));
            }
        }
        Ok((reply.finish()?, false))
    }

    #[test]
    fn replies_are_the_same_however_they_are_cut() {
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
        for cut in ["", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello"] {
            assert!(matches!(read(cut.as_bytes(), 50), Err(WireError::Closed)), "{cut}");
        }
    }

    #[test]
    fn bytes_after_the_reply_are_noticed() {
        assert!(read(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab", 100).expect("valid").1);
        assert!(read(b"HTTP/1.1 204 No\r\n\r\nHTTP/1.1", 100).expect("valid").1);
    }

    #[test]
    fn a_head_without_end_is_refused() {
        let endless = format!("HTTP/1.1 200 OK\r\na: {}", "x".repeat(2 * MAX_HEAD));
        assert!(matches!(read(endless.as_bytes(), 1_000), Err(WireError::Malformed(_))));
    }
}
