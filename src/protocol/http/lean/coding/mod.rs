//! Content codings: a compressed body is decompressed as it comes, for its length and for what is kept of it.

mod gzip;
mod stage;

use std::io;

use self::stage::Stage;
use super::WireError;
use crate::protocol::http::judge::MAX_EXAMPLE;
use crate::protocol::offload;
use crate::scenario::eval::budget::Budget;

/// Codings of one body, at most, as with curl.
const MAX_CODINGS: usize = 5;
/// Bytes that are decompressed at once; more is done elsewhere, so that one body does not hold up all users.
const IN_ONE_GO: usize = 256 * 1024;
/// Bytes between two stages, and in one step.
const STEP: usize = 16 * 1024;

/// The compressions that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950 (zlib), and RFC 1951 where a server leaves the header of zlib out.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    /// By its name in `Content-Encoding`.
    fn named(name: &[u8]) -> Option<Self> {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        match () {
            () if is(b"gzip") || is(b"x-gzip") => Some(Coding::Gzip),
            () if is(b"deflate") => Some(Coding::Deflate),
            () if is(b"br") => Some(Coding::Brotli),
            () if is(b"zstd") => Some(Coding::Zstd),
            () => None,
        }
    }
}

/// How a body is compressed, in the order in which that was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Codings {
    list: [Option<Coding>; MAX_CODINGS],
    unknown: bool,
}

impl Codings {
    /// Those of one header line.
    ///
    /// # Errors
    /// When there are too many.
    pub fn add(&mut self, value: &[u8]) -> Result<(), WireError> {
        for name in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if name.is_empty() || name.eq_ignore_ascii_case(b"identity") {
                continue;
            }
            match Coding::named(name) {
                Some(coding) => self.push(coding)?,
                None => self.unknown = true,
            }
        }
        Ok(())
    }

    fn push(&mut self, coding: Coding) -> Result<(), WireError> {
        let too_many = || WireError::Malformed(format!("more than {MAX_CODINGS} content codings").into());
        *self.list.iter_mut().find(|place| place.is_none()).ok_or_else(too_many)? = Some(coding);
        Ok(())
    }

    /// These, and then `other`.
    ///
    /// # Errors
    /// When there are too many.
    pub fn then(mut self, other: Self) -> Result<Self, WireError> {
        other.list.into_iter().flatten().try_for_each(|coding| self.push(coding))?;
        Ok(self)
    }

    /// True when one of them is not known, so that the body stays as it is.
    pub fn unknown(&self) -> bool {
        self.unknown
    }

    /// True when there is nothing to undo.
    pub fn is_identity(&self) -> bool {
        self.unknown || self.list[0].is_none()
    }
}

/// Counts the bytes of a body and keeps the first of them.
#[derive(Debug, Default)]
pub struct Sink {
    /// Bytes so far.
    pub bytes: u64,
    /// The first `limit` of them; of a longer body, which nobody can look at, what a failure shows.
    pub kept: Vec<u8>,
    limit: usize,
}

impl Sink {
    /// For a body of so many bytes, where that is known.
    pub fn new(limit: usize, length: Option<u64>) -> Self {
        let mut sink = Self { limit, ..Self::default() };
        if length.is_some_and(|length| length > limit as u64) {
            sink.give_up();
        }
        sink
    }

    /// The next bytes.
    pub fn take(&mut self, data: &[u8]) {
        self.bytes += data.len() as u64;
        if self.bytes > self.limit as u64 {
            self.give_up();
        }
        let room = self.limit.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(&data[..data.len().min(room)]);
    }

    /// Many users that each hold what nobody looks at would take all memory.
    fn give_up(&mut self) {
        self.limit = self.limit.min(MAX_EXAMPLE);
        if self.kept.len() > self.limit {
            self.kept.truncate(self.limit);
            self.kept.shrink_to_fit();
        }
    }
}

/// A body on its way from the wire to its [`Sink`].
pub enum Body {
    /// As it is.
    Plain(Sink),
    /// Through decompressors, which are dear enough to live on the heap.
    Packed(Box<Packed>),
}

impl Body {
    /// A body on its way into this sink.
    ///
    /// # Errors
    /// When a decompressor has no memory.
    pub fn new(codings: Codings, sink: Sink) -> Result<Self, WireError> {
        if codings.is_identity() {
            return Ok(Body::Plain(sink));
        }
        let stages = codings.list.into_iter().flatten().rev();
        let stages = stages.map(|coding| Ok(Piece::new(Stage::new(coding)?)));
        let stages = stages.collect::<io::Result<_>>().map_err(undecodable)?;
        Ok(Body::Packed(Box::new(Packed { stages, out: vec![0; STEP], sink, any: false })))
    }

    /// More bytes from the wire. Of a compressed body only so much is decompressed at once as does not hold up others:
    /// see [`is_behind`](Self::is_behind).
    ///
    /// # Errors
    /// When they cannot be decompressed.
    pub fn write(&mut self, data: &[u8]) -> Result<(), WireError> {
        match self {
            Body::Plain(sink) => sink.take(data),
            Body::Packed(packed) => {
                packed.any |= !data.is_empty();
                packed.stages[0].input.extend_from_slice(data);
                packed.work(IN_ONE_GO).map_err(undecodable)?;
            }
        }
        Ok(())
    }

    /// True when there are bytes left to decompress, which [`catch_up`](Self::catch_up) does.
    pub fn is_behind(&self) -> bool {
        matches!(self, Body::Packed(packed) if packed.next().is_some())
    }

    /// Decompresses what has come on another thread, which stops when the future is dropped.
    ///
    /// # Errors
    /// When it cannot be decompressed.
    pub async fn catch_up(&mut self) -> Result<(), WireError> {
        if !self.is_behind() {
            return Ok(());
        }
        let Body::Packed(packed) = std::mem::replace(self, Body::Plain(Sink::default())) else { return Ok(()) };
        let work = move |budget: &Budget| {
            let mut packed = packed;
            while packed.work(IN_ONE_GO)? && !budget.is_spent() {}
            Ok::<_, io::Error>(packed)
        };
        let worked = offload::run(Budget::default(), work).await.unwrap_or_else(|lost| Err(io::Error::other(lost)));
        *self = Body::Packed(worked.map_err(undecodable)?);
        Ok(())
    }

    /// The end of the body.
    ///
    /// # Errors
    /// When it is not the end of what was compressed.
    pub fn finish(self) -> Result<Sink, WireError> {
        match self {
            Body::Plain(sink) => Ok(sink),
            Body::Packed(packed) => packed.finish().map_err(undecodable),
        }
    }
}

/// Decompressors in a row, the outermost first.
pub struct Packed {
    stages: Vec<Piece>,
    out: Vec<u8>,
    sink: Sink,
    /// Whether there was any body: one without a byte is complete.
    any: bool,
}

/// A decompressor and what it has not yet read.
struct Piece {
    stage: Stage,
    input: Vec<u8>,
    read: usize,
    /// Its output was full, so that it may have more without more input.
    is_full: bool,
    ended: bool,
}

impl Piece {
    fn new(stage: Stage) -> Self {
        Self { stage, input: Vec::new(), read: 0, is_full: false, ended: false }
    }
}

impl Packed {
    /// The stage nearest to the sink that has something to do, so that little stands between them.
    fn next(&self) -> Option<usize> {
        self.stages.iter().rposition(|piece| !piece.ended && (piece.read < piece.input.len() || piece.is_full))
    }

    /// Makes about `budget` bytes of output. True when there is more to do.
    fn work(&mut self, budget: usize) -> io::Result<bool> {
        let mut made = 0;
        while let Some(at) = self.next() {
            if made >= budget {
                return Ok(true);
            }
            let piece = &mut self.stages[at];
            let step = piece.stage.step(&piece.input[piece.read..], &mut self.out)?;
            piece.read += step.used;
            piece.ended = step.ended;
            // A step that does nothing waits for more input, whatever is left of this one.
            piece.is_full = step.made == self.out.len();
            let stuck = step.used == 0 && step.made == 0 && !step.ended;
            if piece.ended || piece.read == piece.input.len() {
                piece.input.clear();
                piece.read = 0;
            } else if stuck {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the compressed data makes no sense"));
            }
            // A step costs something even if little comes out of it.
            made += step.made.max(STEP / 16);
            let out = &self.out[..step.made];
            match self.stages.get_mut(at + 1) {
                Some(next) if !next.ended => next.input.extend_from_slice(out),
                Some(_) => {}
                None => self.sink.take(out),
            }
        }
        // What a long body left behind is not kept while the connection waits.
        self.stages.iter_mut().for_each(|piece| piece.input.shrink_to(4 * STEP));
        Ok(false)
    }

    fn finish(self) -> io::Result<Sink> {
        for piece in &self.stages {
            if self.any && !piece.ended {
                piece.stage.finish()?;
            }
        }
        Ok(self.sink)
    }
}

fn undecodable(error: io::Error) -> WireError {
    WireError::Malformed(format!("the body cannot be decompressed: {error}").into())
}

#[cfg(test)]
mod tests;
