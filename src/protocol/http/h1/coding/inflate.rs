//! One bounded step of a decompressor, and that of an inflater.

use std::io;

use flate2::{Decompress, FlushDecompress, Status};

/// What one piece of work did.
#[derive(Debug, Clone, Copy, Default)]
pub struct Step {
    /// Bytes of input that were used.
    pub used: usize,
    /// Bytes of output.
    pub made: usize,
    /// The compressed data is complete; what follows it means nothing.
    pub ended: bool,
}

/// One step of an inflater.
pub fn inflated(inflate: &mut Decompress, input: &[u8], out: &mut [u8]) -> io::Result<Step> {
    let before = (inflate.total_in(), inflate.total_out());
    let status = inflate.decompress(input, out, FlushDecompress::None)?;
    let (used, made) = (inflate.total_in() - before.0, inflate.total_out() - before.1);
    Ok(Step { used: used as usize, made: made as usize, ended: status == Status::StreamEnd })
}
