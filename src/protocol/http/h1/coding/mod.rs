//! Content codings: a compressed body is decompressed as it comes, for its length and for what is kept of it.

mod buffer;
mod gzip;
mod inflate;
mod names;
mod stage;

use std::io;

pub use self::buffer::BodyBuffer;
pub use self::names::Codings;
use self::stage::Stage;
use crate::protocol::http::error::WireError;
use crate::protocol::offload;
use crate::scenario::eval::budget::Budget;

/// Bytes that are decompressed at once; more is done elsewhere, so that one body does not hold up all users.
const IN_ONE_GO: usize = 256 * 1024;
/// Bytes between two stages, and in one step.
const STEP: usize = 16 * 1024;

/// A body on its way from the wire to its [`BodyBuffer`].
pub enum Body {
    /// As it is.
    Plain(BodyBuffer),
    /// Through decompressors, which are dear enough to live on the heap.
    Packed(Box<Packed>),
}

impl Body {
    /// A body on its way into this sink.
    ///
    /// # Errors
    /// When a decompressor has no memory.
    pub fn new(codings: Codings, sink: BodyBuffer) -> Result<Self, WireError> {
        if codings.is_identity() {
            return Ok(Body::Plain(sink));
        }
        let stages = codings.to_undo().map(|coding| Ok(Piece::new(Stage::new(coding)?)));
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
        let Body::Packed(packed) = std::mem::replace(self, Body::Plain(BodyBuffer::default())) else { return Ok(()) };
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
    pub fn finish(self) -> Result<BodyBuffer, WireError> {
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
    sink: BodyBuffer,
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

    fn finish(self) -> io::Result<BodyBuffer> {
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
