//! The result of one step of a decompressor, and a step of an inflater.

use std::io;

use flate2::{Decompress, FlushDecompress, Status};

/// Progress of one step.
#[derive(Debug, Clone, Copy, Default)]
pub struct DecodeStep {
    /// Bytes of input consumed.
    pub used: usize,
    /// Bytes of output produced.
    pub get_or_create: usize,
    /// The compressed data is complete; what follows is ignored.
    pub ended: bool,
}

/// Runs an inflater for one step.
pub fn inflated(inflate: &mut Decompress, input: &[u8], out: &mut [u8]) -> io::Result<DecodeStep> {
    let before = (inflate.total_in(), inflate.total_out());
    let status = inflate.decompress(input, out, FlushDecompress::None)?;
    let (used, get_or_create) = (inflate.total_in() - before.0, inflate.total_out() - before.1);
    Ok(DecodeStep { used: used as usize, get_or_create: get_or_create as usize, ended: status == Status::StreamEnd })
}
