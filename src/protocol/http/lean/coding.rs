//! Content codings: a compressed body is decompressed as it comes, for its length and for what is kept of it.

use std::io::{self, Write};

use super::WireError;
use crate::protocol::http::judge::EXAMPLE_BODY;

/// The compressions that are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Coding {
    /// None, or one that was not asked for.
    #[default]
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 1950 (zlib).
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    /// By its name in `Content-Encoding`.
    pub fn named(name: &[u8]) -> Self {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        match () {
            () if is(b"gzip") || is(b"x-gzip") => Coding::Gzip,
            () if is(b"deflate") => Coding::Deflate,
            () if is(b"br") => Coding::Brotli,
            () if is(b"zstd") => Coding::Zstd,
            () => Coding::Identity,
        }
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
        self.limit = self.limit.min(EXAMPLE_BODY);
        if self.kept.len() > self.limit {
            self.kept.truncate(self.limit);
            self.kept.shrink_to_fit();
        }
    }
}

impl Write for Sink {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.take(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A body on its way from the wire to its [`Sink`].
pub enum Body {
    /// As it is.
    Plain(Sink),
    /// Through a decompressor, which is dear enough to live on the heap.
    Gzip(Box<flate2::write::MultiGzDecoder<Sink>>),
    /// Likewise.
    Deflate(Box<flate2::write::ZlibDecoder<Sink>>),
    /// Likewise.
    Brotli(Box<brotli::DecompressorWriter<Sink>>),
    /// Likewise.
    Zstd(Box<zstd::stream::write::Decoder<'static, Sink>>),
}

impl Body {
    /// A body on its way into this sink.
    ///
    /// # Errors
    /// When the decompressor has no memory.
    pub fn new(coding: Coding, sink: Sink) -> Result<Self, WireError> {
        Ok(match coding {
            Coding::Identity => Body::Plain(sink),
            Coding::Gzip => Body::Gzip(Box::new(flate2::write::MultiGzDecoder::new(sink))),
            Coding::Deflate => Body::Deflate(Box::new(flate2::write::ZlibDecoder::new(sink))),
            Coding::Brotli => Body::Brotli(Box::new(brotli::DecompressorWriter::new(sink, 4_096))),
            Coding::Zstd => Body::Zstd(Box::new(zstd::stream::write::Decoder::new(sink).map_err(undecodable)?)),
        })
    }

    /// More bytes from the wire.
    ///
    /// # Errors
    /// When they cannot be decompressed.
    pub fn write(&mut self, data: &[u8]) -> Result<(), WireError> {
        match self {
            Body::Plain(sink) => sink.write_all(data),
            Body::Gzip(decoder) => decoder.write_all(data),
            Body::Deflate(decoder) => decoder.write_all(data),
            Body::Brotli(decoder) => decoder.write_all(data),
            Body::Zstd(decoder) => decoder.write_all(data),
        }
        .map_err(undecodable)
    }

    /// The end of the body.
    ///
    /// # Errors
    /// When it is not the end of what was compressed.
    pub fn finish(self) -> Result<Sink, WireError> {
        match self {
            Body::Plain(sink) => Ok(sink),
            Body::Gzip(decoder) => decoder.finish().map_err(undecodable),
            Body::Deflate(decoder) => decoder.finish().map_err(undecodable),
            Body::Brotli(mut decoder) => {
                decoder.close().map_err(undecodable)?;
                decoder.into_inner().map_err(|_| undecodable(io::ErrorKind::UnexpectedEof.into()))
            }
            Body::Zstd(decoder) => decoder.finish().map_err(undecodable),
        }
    }
}

fn undecodable(error: io::Error) -> WireError {
    WireError::Malformed(format!("the body cannot be decompressed: {error}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(coding: Coding, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        match coding {
            Coding::Identity => out.extend_from_slice(text),
            Coding::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(&mut out, flate2::Compression::fast());
                encoder.write_all(text).expect("memory");
            }
            Coding::Deflate => {
                let mut encoder = flate2::write::ZlibEncoder::new(&mut out, flate2::Compression::fast());
                encoder.write_all(text).expect("memory");
            }
            Coding::Brotli => {
                let mut encoder = brotli::CompressorWriter::new(&mut out, 4_096, 3, 20);
                encoder.write_all(text).expect("memory");
            }
            Coding::Zstd => out = zstd::encode_all(text, 1).expect("memory"),
        }
        out
    }

    fn unpack(coding: Coding, packed: &[u8], step: usize) -> Result<Sink, WireError> {
        let mut body = Body::new(coding, Sink::new(10, None))?;
        for piece in packed.chunks(step) {
            body.write(piece)?;
        }
        body.finish()
    }

    #[test]
    fn what_nobody_can_look_at_is_not_held() {
        for (limit, length, pieces, kept) in [
            (10_000, None, [6_000, 4_000], 10_000),
            (10_000, None, [6_000, 4_001], EXAMPLE_BODY),
            (10_000, Some(10_001), [3_000, 3_000], EXAMPLE_BODY),
            (10, Some(10_001), [3_000, 3_000], 10),
            (0, None, [3, 3], 0),
        ] {
            let mut sink = Sink::new(limit, length);
            pieces.iter().for_each(|size| sink.take(&vec![b'x'; *size]));
            assert_eq!(
                (sink.bytes, sink.kept.len()),
                (pieces.iter().sum::<usize>() as u64, kept),
                "{limit} {pieces:?}"
            );
            assert!(sink.kept.capacity() <= 2 * kept.max(8), "{}", sink.kept.capacity());
        }
    }

    const COMPRESSED: [(&str, Coding); 4] =
        [("gzip", Coding::Gzip), ("deflate", Coding::Deflate), ("br", Coding::Brotli), ("zstd", Coding::Zstd)];

    #[test]
    fn every_coding_comes_out_as_it_went_in() {
        let text = b"0123456789".repeat(5_000);
        for (name, coding) in COMPRESSED {
            assert_eq!(Coding::named(name.to_uppercase().as_bytes()), coding);
            let packed = pack(coding, &text);
            for step in [1, 7, packed.len()] {
                let sink = unpack(coding, &packed, step).expect("valid");
                assert_eq!((sink.bytes, sink.kept.as_slice()), (50_000, &b"0123456789"[..]), "{name} {step}");
            }
        }
    }

    #[test]
    fn what_is_cut_or_no_such_coding_is_refused() {
        for (name, coding) in COMPRESSED {
            let packed = pack(coding, &b"0123456789".repeat(5_000));
            assert!(unpack(coding, &packed[..packed.len() / 2], 100).is_err(), "{name} cut");
            assert!(unpack(coding, b"<html>this is not compressed at all</html>", 100).is_err(), "{name} plain");
        }
    }
}
