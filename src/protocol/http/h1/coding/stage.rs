//! One decompressor. It works in bounded steps, because a few bytes may expand to gigabytes.

use std::io;

use brotli::enc::StandardAlloc;
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};
use flate2::Decompress;
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation as _, OutBuffer};

use super::gzip::Gzip;
use super::inflate::{DecodeStep, inflated};
use super::names::Coding;

/// Maximum window: 8 MiB, as for browsers (RFC 9659), because each user may need one.
const ZSTD_WINDOW_LOG: u32 = 23;
/// Magic number of a zstd frame.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const TRUNCATED: &str = "the compressed data is truncated";

/// A decompressor.
pub enum Decompressor {
    /// RFC 1952.
    Gzip(Gzip),
    /// RFC 1950, or RFC 1951 from servers that take "deflate" literally.
    Deflate(Deflate),
    /// RFC 7932.
    Brotli(Box<Brotli>),
    /// RFC 8878.
    Zstd(Zstd),
}

/// Inflates data with or without a zlib header, detected by the first two bytes.
#[derive(Default)]
pub struct Deflate {
    first: Option<u8>,
    inflate: Option<Decompress>,
}

type State = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

/// Brotli with the window sizes of RFC 7932.
pub struct Brotli(State);

/// One or more zstd frames.
pub struct Zstd {
    decoder: Decoder<'static>,
    /// Between frames: the bytes of the next magic number received so far.
    between: Option<([u8; 4], usize)>,
    frames: u32,
}

impl Decompressor {
    /// A decompressor for this coding.
    ///
    /// # Errors
    /// When memory cannot be allocated.
    pub fn new(coding: Coding) -> io::Result<Self> {
        Ok(match coding {
            Coding::Gzip => Decompressor::Gzip(Gzip::default()),
            Coding::Deflate => Decompressor::Deflate(Deflate::default()),
            Coding::Brotli => {
                let alloc = StandardAlloc::default;
                Decompressor::Brotli(Box::new(Brotli(State::new_strict(alloc(), alloc(), alloc()))))
            }
            Coding::Zstd => {
                let mut decoder = Decoder::new()?;
                decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG))?;
                Decompressor::Zstd(Zstd { decoder, between: Some(([0; 4], 0)), frames: 0 })
            }
        })
    }

    /// Decompresses `input` until `out` is full or more input is needed.
    ///
    /// # Errors
    /// When the input is invalid.
    pub fn step(&mut self, input: &[u8], out: &mut [u8]) -> io::Result<DecodeStep> {
        match self {
            Decompressor::Gzip(gzip) => gzip.step(input, out),
            Decompressor::Deflate(deflate) => deflate.step(input, out),
            Decompressor::Brotli(brotli) => brotli.step(input, out),
            Decompressor::Zstd(zstd) => zstd.step(input, out),
        }
    }

    /// Checks that the input may end here.
    ///
    /// # Errors
    /// When it is truncated.
    pub fn finish(&self) -> io::Result<()> {
        let is_complete = match self {
            Decompressor::Gzip(gzip) => gzip.is_complete(),
            // Complete only once a step reports the end.
            Decompressor::Deflate(_) | Decompressor::Brotli(_) => false,
            Decompressor::Zstd(zstd) => zstd.between.is_some() && zstd.frames > 0,
        };
        if is_complete { Ok(()) } else { Err(io::Error::new(io::ErrorKind::UnexpectedEof, TRUNCATED)) }
    }
}

impl Deflate {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> io::Result<DecodeStep> {
        if let Some(inflate) = &mut self.inflate {
            return inflated(inflate, input, out);
        }
        let (first, rest) = match (self.first, input) {
            (_, []) => return Ok(DecodeStep::default()),
            (Some(first), rest) => (first, rest),
            (None, [first]) => {
                self.first = Some(*first);
                return Ok(DecodeStep { used: 1, ..DecodeStep::default() });
            }
            (None, [first, rest @ ..]) => (*first, rest),
        };
        let header = u16::from_be_bytes([first, rest[0]]);
        let is_zlib = first & 0x0f == 8 && first >> 4 <= 7 && header.is_multiple_of(31);
        let mut inflate = Decompress::new(is_zlib);
        // The first byte alone produces no output: even a raw block is longer.
        inflated(&mut inflate, &[first], out)?;
        let taken = usize::from(self.first.is_none());
        let step = inflated(self.inflate.insert(inflate), &input[taken..], out)?;
        Ok(DecodeStep { used: taken + step.used, ..step })
    }
}

impl Brotli {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> io::Result<DecodeStep> {
        let (mut left, mut used, mut room, mut get_or_create, mut total) = (input.len(), 0, out.len(), 0, 0);
        let state = &mut self.0;
        let result =
            BrotliDecompressStream(&mut left, &mut used, input, &mut room, &mut get_or_create, out, &mut total, state);
        match result {
            BrotliResult::ResultFailure => Err(io::Error::new(io::ErrorKind::InvalidData, "invalid brotli data")),
            result => Ok(DecodeStep { used, get_or_create, ended: matches!(result, BrotliResult::ResultSuccess) }),
        }
    }
}

impl Zstd {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> io::Result<DecodeStep> {
        let (Some((magic, seen)), [byte, ..]) = (&mut self.between, input) else { return self.run(input, out) };
        if self.frames == 0 {
            return self.run(input, out);
        }
        magic[*seen] = *byte;
        *seen += 1;
        if *seen < magic.len() {
            return Ok(DecodeStep { used: 1, ..DecodeStep::default() });
        }
        let magic = *magic;
        let is_skippable = magic[0] & 0xf0 == 0x50 && magic[1..] == [0x2a, 0x4d, 0x18];
        if magic != MAGIC && !is_skippable {
            // Trailing garbage.
            return Ok(DecodeStep { used: 1, ended: true, ..DecodeStep::default() });
        }
        self.run(&magic, out)?;
        Ok(DecodeStep { used: 1, ..DecodeStep::default() })
    }

    fn run(&mut self, input: &[u8], out: &mut [u8]) -> io::Result<DecodeStep> {
        let (mut from, mut to) = (InBuffer::around(input), OutBuffer::around(out));
        let hint = self.decoder.run(&mut from, &mut to).map_err(|error| {
            let is_window = error.to_string().contains("too much memory");
            if is_window { io::Error::other("the zstd window is larger than 8 MiB (RFC 9659)") } else { error }
        })?;
        let step = DecodeStep { used: from.pos(), get_or_create: to.pos(), ended: false };
        if step.used > 0 || step.get_or_create > 0 {
            self.between = None;
        }
        if hint == 0 {
            (self.between, self.frames) = (Some(([0; 4], 0)), self.frames.saturating_add(1));
        }
        Ok(step)
    }
}
