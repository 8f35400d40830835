//! Content codings: bodies are decompressed as they arrive, to count their bytes and to keep their beginning.

mod buffer;
mod gzip;
mod inflate;
mod names;
mod stage;

use std::io;

pub use self::buffer::BodyBuffer;
pub use self::names::Codings;
use self::stage::Decompressor;
use crate::protocol::http::error::WireError;
use crate::protocol::offload;
use crate::scenario::eval::budget::Budget;

/// Bytes decompressed at once on a load thread; the rest is done elsewhere, so that one body does not delay other
/// users.
const MAX_INLINE_OUTPUT: usize = 256 * 1024;
/// Size of the output buffer of a step, in bytes.
const OUTPUT_BUFFER: usize = 16 * 1024;

/// Passes a body from the wire to a [`BodyBuffer`].
pub enum BodyDecoder {
    /// Uncompressed.
    Plain(BodyBuffer),
    /// Compressed; boxed because decompressors are large.
    Compressed(Box<Compressed>),
}

impl BodyDecoder {
    /// A body with these codings.
    ///
    /// # Errors
    /// When a decompressor cannot be created.
    pub fn new(codings: Codings, sink: BodyBuffer) -> Result<Self, WireError> {
        if codings.is_identity() {
            return Ok(BodyDecoder::Plain(sink));
        }
        let stages = codings.to_undo().map(|coding| Ok(DecoderStage::new(Decompressor::new(coding)?)));
        let stages = stages.collect::<io::Result<_>>().map_err(undecodable)?;
        Ok(BodyDecoder::Compressed(Box::new(Compressed {
            stages,
            out: vec![0; OUTPUT_BUFFER],
            sink,
            has_input: false,
        })))
    }

    /// Passes on bytes from the wire. At most [`MAX_INLINE_OUTPUT`] bytes of a compressed body are decompressed at
    /// once: see [`has_pending_input`](Self::is_behind).
    ///
    /// # Errors
    /// When they cannot be decompressed.
    pub fn write(&mut self, data: &[u8]) -> Result<(), WireError> {
        match self {
            BodyDecoder::Plain(sink) => sink.take(data),
            BodyDecoder::Compressed(compressed) => {
                compressed.has_input |= !data.is_empty();
                compressed.stages[0].input.extend_from_slice(data);
                compressed.decode(MAX_INLINE_OUTPUT).map_err(undecodable)?;
            }
        }
        Ok(())
    }

    /// True if input is left to decompress: call [`decode_pending`](Self::catch_up).
    pub fn has_pending_input(&self) -> bool {
        matches!(self, BodyDecoder::Compressed(compressed) if compressed.next().is_some())
    }

    /// Decompresses the remaining input on another thread, which stops when the future is dropped.
    ///
    /// # Errors
    /// When it cannot be decompressed.
    pub async fn decode_pending(&mut self) -> Result<(), WireError> {
        if !self.has_pending_input() {
            return Ok(());
        }
        let BodyDecoder::Compressed(compressed) = std::mem::replace(self, BodyDecoder::Plain(BodyBuffer::default()))
        else {
            return Ok(());
        };
        let decode = move |budget: &Budget| {
            let mut compressed = compressed;
            while compressed.decode(MAX_INLINE_OUTPUT)? && !budget.is_spent() {}
            Ok::<_, io::Error>(compressed)
        };
        let worked = offload::run(Budget::default(), decode).await.unwrap_or_else(|lost| Err(io::Error::other(lost)));
        *self = BodyDecoder::Compressed(worked.map_err(undecodable)?);
        Ok(())
    }

    /// Ends the body.
    ///
    /// # Errors
    /// When the compressed data is truncated.
    pub fn finish(self) -> Result<BodyBuffer, WireError> {
        match self {
            BodyDecoder::Plain(sink) => Ok(sink),
            BodyDecoder::Compressed(compressed) => compressed.finish().map_err(undecodable),
        }
    }
}

/// A chain of decompressors, the outermost coding first.
pub struct Compressed {
    stages: Vec<DecoderStage>,
    out: Vec<u8>,
    sink: BodyBuffer,
    /// Whether there were any bytes: an empty body is complete.
    has_input: bool,
}

/// A decompressor and its pending input.
struct DecoderStage {
    stage: Decompressor,
    input: Vec<u8>,
    read: usize,
    /// The last step filled the output buffer, so more output may follow without more input.
    is_full: bool,
    ended: bool,
}

impl DecoderStage {
    fn new(stage: Decompressor) -> Self {
        Self { stage, input: Vec::new(), read: 0, is_full: false, ended: false }
    }
}

impl Compressed {
    /// The stage nearest to the sink that has work to do, which keeps the buffers between stages small.
    fn next(&self) -> Option<usize> {
        self.stages.iter().rposition(|piece| !piece.ended && (piece.read < piece.input.len() || piece.is_full))
    }

    /// Produces about `budget` bytes of output. Returns true if there is more to do.
    fn decode(&mut self, budget: usize) -> io::Result<bool> {
        let mut get_or_create = 0;
        while let Some(at) = self.next() {
            if get_or_create >= budget {
                return Ok(true);
            }
            let piece = &mut self.stages[at];
            let step = piece.stage.step(&piece.input[piece.read..], &mut self.out)?;
            piece.read += step.used;
            piece.ended = step.ended;
            // A step without progress needs more input.
            piece.is_full = step.get_or_create == self.out.len();
            let stuck = step.used == 0 && step.get_or_create == 0 && !step.ended;
            if piece.ended || piece.read == piece.input.len() {
                piece.input.clear();
                piece.read = 0;
            } else if stuck {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "invalid compressed data"));
            }
            // A step has a cost even if it produces little.
            get_or_create += step.get_or_create.max(OUTPUT_BUFFER / 16);
            let out = &self.out[..step.get_or_create];
            match self.stages.get_mut(at + 1) {
                Some(next) if !next.ended => next.input.extend_from_slice(out),
                Some(_) => {}
                None => self.sink.take(out),
            }
        }
        // Do not keep large buffers while waiting for the network.
        self.stages.iter_mut().for_each(|piece| piece.input.shrink_to(4 * OUTPUT_BUFFER));
        Ok(false)
    }

    fn finish(self) -> io::Result<BodyBuffer> {
        for piece in &self.stages {
            if self.has_input && !piece.ended {
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
