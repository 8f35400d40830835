//! Compressed bodies are restored, invalid ones rejected.

use std::io::Write as _;

use super::*;
use crate::protocol::http::limits::MAX_EXAMPLE;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

fn compress(coding: &str, text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match coding {
        "gzip" => GzEncoder::new(&mut out, Compression::fast()).write_all(text).expect("memory"),
        "deflate" => ZlibEncoder::new(&mut out, Compression::fast()).write_all(text).expect("memory"),
        "raw deflate" => DeflateEncoder::new(&mut out, Compression::fast()).write_all(text).expect("memory"),
        "br" => brotli::CompressorWriter::new(&mut out, 4_096, 3, 20).write_all(text).expect("memory"),
        "zstd" => out = zstd::encode_all(text, 1).expect("memory"),
        other => panic!("{other}"),
    }
    out
}

fn codings(names: &str) -> Codings {
    let mut codings = Codings::default();
    codings.add(names.as_bytes()).expect("few");
    codings
}

fn decompress(names: &str, compressed: &[u8], step: usize) -> Result<BodyBuffer, WireError> {
    let mut body = BodyDecoder::new(codings(names), BodyBuffer::new(10, None))?;
    for piece in compressed.chunks(step) {
        body.write(piece)?;
        while let BodyDecoder::Compressed(compressed) = &mut body
            && compressed.decode(MAX_INLINE_OUTPUT).map_err(undecodable)?
        {}
    }
    body.finish()
}

#[test]
fn bodies_above_the_limit_are_not_kept() {
    for (limit, length, pieces, kept) in [
        (10_000, None, [6_000, 4_000], 10_000),
        (200_000, None, [100_000, 100_001], MAX_EXAMPLE),
        (200_000, Some(200_001), [70_000, 70_000], MAX_EXAMPLE),
        (10, Some(10_001), [3_000, 3_000], 10),
        (0, None, [3, 3], 0),
    ] {
        let mut sink = BodyBuffer::new(limit, length);
        pieces.iter().for_each(|size| sink.take(&vec![b'x'; *size]));
        assert_eq!((sink.bytes, sink.kept.len()), (pieces.iter().sum::<usize>() as u64, kept), "{limit} {pieces:?}");
        assert!(sink.kept.capacity() <= 2 * kept.max(8), "{}", sink.kept.capacity());
    }
}

const CODINGS: [&str; 5] = ["gzip", "deflate", "raw deflate", "br", "zstd"];

/// The name in `Content-Encoding`.
fn name(coding: &str) -> &str {
    coding.trim_start_matches("raw ")
}

#[test]
fn every_coding_round_trips() {
    let long = b"0123456789".repeat(50_000);
    for text in [&long[..], &long[..10], b"0", b""] {
        for coding in CODINGS {
            let once = compress(coding, text);
            for (names, compressed) in [
                (name(coding).to_owned(), once.clone()),
                (name(coding).to_uppercase(), once.clone()),
                (format!("identity, {},,", name(coding)), once.clone()),
                (format!("{}, br", name(coding)), compress("br", &once)),
                (format!("{0}, {0}", name(coding)), compress(coding, &once)),
            ] {
                for step in [1, 7, compressed.len()] {
                    let sink = decompress(&names, &compressed, step).unwrap_or_else(|e| panic!("{names} {step}: {e}"));
                    let wanted = &text[..text.len().min(10)];
                    let kept = if text.len() > 10 { text.len() as u64 } else { wanted.len() as u64 };
                    assert_eq!((sink.bytes, sink.kept.as_slice()), (kept, wanted), "{names} {step}");
                }
            }
        }
    }
    assert_eq!(codings("x-gzip, GZip"), codings("gzip,gzip"));
}

#[test]
fn members_are_concatenated_and_trailing_garbage_is_ignored() {
    for coding in CODINGS {
        let compressed = compress(coding, b"0123");
        for more in [&b"garbage"[..], b"\0", b"\x1f", b"\x28\xb5\x2f", &[0; 512]] {
            let sink =
                decompress(name(coding), &[&compressed, more].concat(), 3).unwrap_or_else(|e| panic!("{coding}: {e}"));
            assert_eq!(sink.kept, b"0123", "{coding} {more:?}");
        }
    }
    let skippable = b"\x5a\x2a\x4d\x18\x03\0\0\0abc".as_slice();
    for (coding, between) in [("gzip", &b""[..]), ("zstd", b""), ("zstd", skippable)] {
        let compressed = [&compress(coding, b"0123"), between, &compress(coding, b"45")].concat();
        for step in [1, compressed.len()] {
            assert_eq!(decompress(coding, &compressed, step).expect("valid").kept, b"012345", "{coding}");
        }
    }
}

#[test]
fn all_fields_of_a_gzip_header_are_skipped() {
    let mut encoder =
        flate2::GzBuilder::new().filename("a").comment("b").extra(vec![1, 2, 3]).write(Vec::new(), Compression::fast());
    encoder.write_all(b"0123").expect("memory");
    let mut compressed = encoder.finish().expect("memory");
    for step in [1, compressed.len()] {
        assert_eq!(decompress("gzip", &compressed, step).expect("valid").kept, b"0123");
    }
    let checksum = compressed.len() - 8;
    compressed[checksum] ^= 1;
    assert!(decompress("gzip", &compressed, 1).is_err());
}

#[test]
fn truncated_and_invalid_data_is_rejected() {
    for coding in CODINGS {
        let compressed = compress(coding, &b"0123456789".repeat(5_000));
        for end in [1, 2, compressed.len() / 2, compressed.len() - 1] {
            assert!(decompress(name(coding), &compressed[..end], 100).is_err(), "{coding} {end}");
        }
        assert!(
            decompress(name(coding), b"<html>this is not compressed at all</html>", 100).is_err(),
            "{coding} plain"
        );
        assert_eq!(decompress(name(coding), b"", 1).expect("no body").bytes, 0);
        let twice = format!("{0}, {0}", name(coding));
        assert!(decompress(&twice, &compressed, 100).is_err(), "{coding} once");
    }
}

#[test]
fn unknown_codings_are_left_undecoded() {
    let codings = codings("gzip, utf-8");
    assert!(codings.unknown() && codings.is_identity());
    assert_eq!(decompress("gzip, utf-8", b"abc", 1).expect("a body").kept, b"abc");
    assert!(Codings::default().add(b"gzip, gzip, gzip, gzip, gzip, gzip").is_err());
}

#[test]
fn zstd_windows_above_8_mib_are_rejected() {
    for (log, is_fine) in [(23, true), (24, false)] {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("memory");
        encoder.window_log(log).expect("a valid window");
        // Without a known length, the frame declares its full window.
        encoder.write_all(&[0; 100]).expect("memory");
        encoder.flush().expect("memory");
        let compressed = encoder.finish().expect("memory");
        let unpacked = decompress("zstd", &compressed, compressed.len());
        assert_eq!(unpacked.is_ok(), is_fine, "{log}");
        if let Err(error) = unpacked {
            assert!(error.to_string().contains("8 MiB"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_decompression_bomb_is_processed_in_steps() {
    let bomb = compress("br", &vec![0; 100 << 20]);
    assert!(bomb.len() < 10_000);
    let mut body = BodyDecoder::new(codings("br"), BodyBuffer::new(10, None)).expect("memory");
    body.write(&bomb).expect("valid");
    let BodyDecoder::Compressed(compressed) = &body else { panic!("not packed") };
    assert!(
        body.has_pending_input() && compressed.sink.bytes <= 2 * MAX_INLINE_OUTPUT as u64,
        "{}",
        compressed.sink.bytes
    );
    body.decode_pending().await.expect("valid");
    assert!(!body.has_pending_input());
    assert_eq!(body.finish().expect("complete").bytes, 100 << 20);
}
