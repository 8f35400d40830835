//! One decompressor, which does a bounded piece of work at a time: a few bytes may stand for gigabytes.

use std::io;

use brotli::enc::StandardAlloc;
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};
use flate2::Decompress;
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation as _, OutBuffer};

use super::gzip::Gzip;
use super::inflate::{Step, inflated};
use super::names::Coding;

/// Windows above 8 MiB are not for the web (RFC 9659): each user would hold one.
const ZSTD_WINDOW_LOG: u32 = 23;
/// Begins a frame of zstd.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const TRUNCATED: &str = "the compressed data is truncated";

/// A decompressor.
pub enum Stage {
    /// RFC 1952.
    Gzip(Gzip),
    /// RFC 1950, or RFC 1951 from servers that take "deflate" by its word.
    Deflate(Deflate),
    /// RFC 7932.
    Brotli(Box<Brotli>),
    /// RFC 8878.
    Zstd(Zstd),
}

/// Inflates with or without the zlib header, which the first two bytes tell.
#[derive(Default)]
pub struct Deflate {
    first: Option<u8>,
    inflate: Option<Decompress>,
}

type State = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

/// Brotli with the windows that RFC 7932 knows.
pub struct Brotli(State);

/// Any number of frames.
pub struct Zstd {
    decoder: Decoder<'static>,
    /// What has come of the magic number of the next frame, while between two.
    between: Option<([u8; 4], usize)>,
    frames: u32,
}

impl Stage {
    /// Before the first byte.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn new(coding: Coding) -> io::Result<Self> {
        Ok(match coding {
            Coding::Gzip => Stage::Gzip(Gzip::default()),
            Coding::Deflate => Stage::Deflate(Deflate::default()),
            Coding::Brotli => {
                let alloc = StandardAlloc::default;
                Stage::Brotli(Box::new(Brotli(State::new_strict(alloc(), alloc(), alloc()))))
            }
            Coding::Zstd => {
                let mut decoder = Decoder::new()?;
                decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG))?;
                Stage::Zstd(Zstd { decoder, between: Some(([0; 4], 0)), frames: 0 })
            }
        })
    }

    /// Decompresses from `input` until `out` is full or nothing more can be done.
    ///
    /// # Errors
    /// When the input is not of this coding.
    pub fn step(&mut self, input: &[u8], out: &mut [u8]) -> io::Result<Step> {
        match self {
            Stage::Gzip(gzip) => gzip.step(input, out),
            Stage::Deflate(deflate) => deflate.step(input, out),
            Stage::Brotli(brotli) => brotli.step(input, out),
            Stage::Zstd(zstd) => zstd.step(input, out),
        }
    }

    /// Whether the input may end here.
    ///
    /// # Errors
    /// When it is truncated.
    pub fn finish(&self) -> io::Result<()> {
        let is_complete = match self {
            Stage::Gzip(gzip) => gzip.is_complete(),
            // Each of these says so in a step.
            Stage::Deflate(_) | Stage::Brotli(_) => false,
            Stage::Zstd(zstd) => zstd.between.is_some() && zstd.frames > 0,
        };
        if is_complete { Ok(()) } else { Err(io::Error::new(io::ErrorKind::UnexpectedEof, TRUNCATED)) }
    }
}

impl Deflate {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> io::Result<Step> {
        if let Some(inflate) = &mut self.inflate {
            return inflated(inflate, input, out);
        }
        let (first, rest) = match (self.first, input) {
            (_, []) => return Ok(Step::default()),
            (Some(first), rest) => (first, rest),
            (None, [first]) => {
                self.first = Some(*first);
                return Ok(Step { used: 1, ..Step::default() });
            }
            (None, [first, rest @ ..]) => (*first, rest),
        };
        let header = u16::from_be_bytes([first, rest[0]]);
        let is_zlib = first & 0x0f == 8 && first >> 4 <= 7 && header.is_multiple_of(31);
        let mut inflate = Decompress::new(is_zlib);
        // The first byte makes no output by itself: a raw block needs more than one.
        inflated(&mut inflate, &[first], out)?;
        let taken = usize::from(self.first.is_none());
        let step = inflated(self.inflate.insert(inflate), &input[taken..], out)?;
        Ok(Step { used: taken + step.used, ..step })
    }
}

impl Brotli {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> io::Result<Step> {
        let (mut left, mut used, mut room, mut made, mut total) = (input.len(), 0, out.len(), 0, 0);
        let state = &mut self.0;
        let result = BrotliDecompressStream(&mut left, &mut used, input, &mut room, &mut made, out, &mut total, state);
        match result {
            BrotliResult::ResultFailure => Err(io::Error::new(io::ErrorKind::InvalidData, "invalid brotli data")),
            result => Ok(Step { used, made, ended: matches!(result, BrotliResult::ResultSuccess) }),
        }
    }
}

impl Zstd {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> io::Result<Step> {
        let (Some((magic, seen)), [byte, ..]) = (&mut self.between, input) else { return self.run(input, out) };
        if self.frames == 0 {
            return self.run(input, out);
        }
        magic[*seen] = *byte;
        *seen += 1;
        if *seen < magic.len() {
            return Ok(Step { used: 1, ..Step::default() });
        }
        let magic = *magic;
        let is_skippable = magic[0] & 0xf0 == 0x50 && magic[1..] == [0x2a, 0x4d, 0x18];
        if magic != MAGIC && !is_skippable {
            // Bytes behind the end.
            return Ok(Step { used: 1, ended: true, ..Step::default() });
        }
        self.run(&magic, out)?;
        Ok(Step { used: 1, ..Step::default() })
    }

    fn run(&mut self, input: &[u8], out: &mut [u8]) -> io::Result<Step> {
        let (mut from, mut to) = (InBuffer::around(input), OutBuffer::around(out));
        let hint = self.decoder.run(&mut from, &mut to).map_err(|error| {
            let is_window = error.to_string().contains("too much memory");
            if is_window { io::Error::other("its zstd window is above 8 MiB (RFC 9659)") } else { error }
        })?;
        let step = Step { used: from.pos(), made: to.pos(), ended: false };
        if step.used > 0 || step.made > 0 {
            self.between = None;
        }
        if hint == 0 {
            (self.between, self.frames) = (Some(([0; 4], 0)), self.frames.saturating_add(1));
        }
        Ok(step)
    }
}
