//! What is packed comes out as it went in, and what is not is refused.

use std::io::Write as _;

use super::*;
use crate::protocol::http::limits::MAX_EXAMPLE;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

fn pack(coding: &str, text: &[u8]) -> Vec<u8> {
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

fn unpack(names: &str, packed: &[u8], step: usize) -> Result<BodyBuffer, WireError> {
    let mut body = Body::new(codings(names), BodyBuffer::new(10, None))?;
    for piece in packed.chunks(step) {
        body.write(piece)?;
        while let Body::Packed(packed) = &mut body
            && packed.work(IN_ONE_GO).map_err(undecodable)?
        {}
    }
    body.finish()
}

#[test]
fn what_nobody_can_look_at_is_not_held() {
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

/// As in `Content-Encoding`.
fn name(coding: &str) -> &str {
    coding.trim_start_matches("raw ")
}

#[test]
fn every_coding_comes_out_as_it_went_in() {
    let long = b"0123456789".repeat(50_000);
    for text in [&long[..], &long[..10], b"0", b""] {
        for coding in CODINGS {
            let once = pack(coding, text);
            for (names, packed) in [
                (name(coding).to_owned(), once.clone()),
                (name(coding).to_uppercase(), once.clone()),
                (format!("identity, {},,", name(coding)), once.clone()),
                (format!("{}, br", name(coding)), pack("br", &once)),
                (format!("{0}, {0}", name(coding)), pack(coding, &once)),
            ] {
                for step in [1, 7, packed.len()] {
                    let sink = unpack(&names, &packed, step).unwrap_or_else(|e| panic!("{names} {step}: {e}"));
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
fn members_are_one_body_and_what_follows_them_means_nothing() {
    for coding in CODINGS {
        let packed = pack(coding, b"0123");
        for more in [&b"garbage"[..], b"\0", b"\x1f", b"\x28\xb5\x2f", &[0; 512]] {
            let sink = unpack(name(coding), &[&packed, more].concat(), 3).unwrap_or_else(|e| panic!("{coding}: {e}"));
            assert_eq!(sink.kept, b"0123", "{coding} {more:?}");
        }
    }
    let skippable = b"\x5a\x2a\x4d\x18\x03\0\0\0abc".as_slice();
    for (coding, between) in [("gzip", &b""[..]), ("zstd", b""), ("zstd", skippable)] {
        let packed = [&pack(coding, b"0123"), between, &pack(coding, b"45")].concat();
        for step in [1, packed.len()] {
            assert_eq!(unpack(coding, &packed, step).expect("valid").kept, b"012345", "{coding}");
        }
    }
}

#[test]
fn every_field_of_a_gzip_header_is_read() {
    let mut encoder =
        flate2::GzBuilder::new().filename("a").comment("b").extra(vec![1, 2, 3]).write(Vec::new(), Compression::fast());
    encoder.write_all(b"0123").expect("memory");
    let mut packed = encoder.finish().expect("memory");
    for step in [1, packed.len()] {
        assert_eq!(unpack("gzip", &packed, step).expect("valid").kept, b"0123");
    }
    let check_sum = packed.len() - 8;
    packed[check_sum] ^= 1;
    assert!(unpack("gzip", &packed, 1).is_err());
}

#[test]
fn what_is_truncated_or_no_such_coding_is_refused() {
    for coding in CODINGS {
        let packed = pack(coding, &b"0123456789".repeat(5_000));
        for end in [1, 2, packed.len() / 2, packed.len() - 1] {
            assert!(unpack(name(coding), &packed[..end], 100).is_err(), "{coding} {end}");
        }
        assert!(unpack(name(coding), b"<html>this is not compressed at all</html>", 100).is_err(), "{coding} plain");
        assert_eq!(unpack(name(coding), b"", 1).expect("no body").bytes, 0);
        let twice = format!("{0}, {0}", name(coding));
        assert!(unpack(&twice, &packed, 100).is_err(), "{coding} once");
    }
}

#[test]
fn an_unknown_coding_leaves_the_body_as_it_is() {
    let codings = codings("gzip, utf-8");
    assert!(codings.unknown() && codings.is_identity());
    assert_eq!(unpack("gzip, utf-8", b"abc", 1).expect("a body").kept, b"abc");
    assert!(Codings::default().add(b"gzip, gzip, gzip, gzip, gzip, gzip").is_err());
}

#[test]
fn a_window_above_that_of_the_web_is_refused() {
    for (log, is_fine) in [(23, true), (24, false)] {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("memory");
        encoder.window_log(log).expect("a valid window");
        // Without a known length the frame asks for its whole window.
        encoder.write_all(&[0; 100]).expect("memory");
        encoder.flush().expect("memory");
        let packed = encoder.finish().expect("memory");
        let unpacked = unpack("zstd", &packed, packed.len());
        assert_eq!(unpacked.is_ok(), is_fine, "{log}");
        if let Err(error) = unpacked {
            assert!(error.to_string().contains("8 MiB"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_bomb_is_not_gone_through_in_one_go() {
    let bomb = pack("br", &vec![0; 100 << 20]);
    assert!(bomb.len() < 10_000);
    let mut body = Body::new(codings("br"), BodyBuffer::new(10, None)).expect("memory");
    body.write(&bomb).expect("valid");
    let Body::Packed(packed) = &body else { panic!("not packed") };
    assert!(body.is_behind() && packed.sink.bytes <= 2 * IN_ONE_GO as u64, "{}", packed.sink.bytes);
    body.catch_up().await.expect("valid");
    assert!(!body.is_behind());
    assert_eq!(body.finish().expect("complete").bytes, 100 << 20);
}
