//! The stamp at the start of a measured message: run, stream, number, when it was due, and when it was sent.
//!
//! Binary: 40 bytes in network byte order: magic (2), version (1), flags (1), stream (4), run (8), number (8), due (8),
//! sent (8). As JSON, for channels that others read: a first member `"_lt":[version,run,stream,number,due,sent]`. Times
//! are nanoseconds of [`clock::now`](super::clock::now), which mean nothing outside the run. Version 1 had no run.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use crate::scenario::plan::Envelope;

const VERSION: u8 = 2;
const MAGIC: [u8; 4] = [0xCA, 0x7D, VERSION, 0];
const JSON: &[u8] = b"{\"_lt\":[";
/// Bytes of the binary form.
const BINARY_LENGTH: usize = 40;
/// Bits of a run's id: exact for programs that parse JSON numbers as doubles.
const RUN_BITS: u32 = 53;

/// The stamp on a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The run that sent it, from [`new_run`].
    pub run: u64,
    /// The stream: one sender's messages on one channel over one connection.
    pub stream: u32,
    /// Position in the stream, from 0.
    pub number: u64,
    /// When it should have been sent, in nanoseconds.
    pub due: u64,
    /// When it was sent, in nanoseconds.
    pub sent: u64,
}

/// A random id for a run. Independent of the run's seed, because two runs on one channel must not share an id.
pub fn new_run() -> u64 {
    // The keys of RandomState are random bytes of the operating system.
    RandomState::new().build_hasher().finish() >> (u64::BITS - RUN_BITS)
}

/// Appends the message: the stamp in this form, the payload, and spaces up to `size` bytes.
pub fn write(out: &mut Vec<u8>, form: Envelope, stamp: &Stamp, payload: &[u8], size: usize) {
    let begin = out.len();
    match form {
        Envelope::Off => out.extend_from_slice(payload),
        Envelope::Binary => {
            out.extend_from_slice(&MAGIC);
            out.extend_from_slice(&stamp.stream.to_be_bytes());
            for field in [stamp.run, stamp.number, stamp.due, stamp.sent] {
                out.extend_from_slice(&field.to_be_bytes());
            }
            out.extend_from_slice(payload);
        }
        Envelope::Json => {
            out.extend_from_slice(JSON);
            let Stamp { run, stream, number: n, due, sent } = *stamp;
            for (i, field) in [VERSION.into(), run, stream.into(), n, due, sent].into_iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(itoa::Buffer::new().format(field).as_bytes());
            }
            out.push(b']');
            write_members(out, payload);
            out.push(b'}');
        }
    }
    // A space is white space in JSON and harmless in text.
    out.resize(out.len().max(begin + size), b' ');
}

/// The rest of the JSON object: the payload's members if it is an object, else a member `payload`.
fn write_members(out: &mut Vec<u8>, payload: &[u8]) {
    let trimmed = payload.trim_ascii();
    let members = trimmed.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}")).map(<[u8]>::trim_ascii);
    match members {
        Some([]) => {}
        Some(members) => {
            out.push(b',');
            out.extend_from_slice(members);
        }
        None if trimmed.is_empty() => {}
        None => {
            out.extend_from_slice(b",\"payload\":");
            let text = String::from_utf8_lossy(trimmed);
            let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            let text = if is_json { text.into_owned() } else { serde_json::Value::from(text).to_string() };
            out.extend_from_slice(text.as_bytes());
        }
    }
}

/// The stamp of a message, if it has a valid one.
pub fn read(message: &[u8], form: Envelope) -> Option<Stamp> {
    match form {
        Envelope::Off => None,
        Envelope::Binary => {
            let (head, fields) = message.get(..BINARY_LENGTH)?.split_at(8);
            let (magic, stream) = head.split_at(4);
            if magic != MAGIC {
                return None;
            }
            let field = |i: usize| Some(u64::from_be_bytes(fields.get(i * 8..i * 8 + 8)?.try_into().ok()?));
            let stream = u32::from_be_bytes(stream.try_into().ok()?);
            Some(Stamp { run: field(0)?, stream, number: field(1)?, due: field(2)?, sent: field(3)? })
        }
        Envelope::Json => {
            let rest = message.strip_prefix(JSON)?;
            let end = rest.iter().take(128).position(|byte| *byte == b']')?;
            let mut fields = std::str::from_utf8(&rest[..end]).ok()?.split(',').map(str::parse::<u64>);
            let mut next = || fields.next()?.ok();
            let is_ours = next()? == u64::from(VERSION);
            let (run, stream) = (next()?, u32::try_from(next()?).ok()?);
            let stamp = Stamp { run, stream, number: next()?, due: next()?, sent: next()? };
            (is_ours && fields.next().is_none()).then_some(stamp)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp =
        Stamp { run: 9_007_199_254_740_991, stream: 7, number: u64::MAX, due: 3, sent: 1_234_567_890_123 };

    fn written(form: Envelope, payload: &str, size: usize) -> Vec<u8> {
        let mut out = b"before".to_vec();
        write(&mut out, form, &STAMP, payload.as_bytes(), size);
        out.split_off(6)
    }

    #[test]
    fn stamps_round_trip() {
        for payload in ["", "text", "{}", r#"{"a":1}"#, "[1,2]", "größe", " { } "] {
            for size in [0, 10, 512] {
                for form in [Envelope::Binary, Envelope::Json] {
                    let message = written(form, payload, size);
                    assert_eq!(read(&message, form), Some(STAMP), "{form:?} {payload}");
                    assert!(message.len() >= size);
                }
                assert_eq!(read(&written(Envelope::Off, payload, size), Envelope::Off), None);
            }
        }
        assert_eq!(written(Envelope::Binary, "abc", 512).len(), 512);
        assert_eq!(written(Envelope::Binary, "abc", 0).len(), 43);
        assert_eq!(written(Envelope::Off, "abc", 5), b"abc  ");
    }

    #[test]
    fn stamped_json_is_valid_json() {
        for (payload, rest) in [
            ("", ""),
            ("{}", ""),
            (r#"{"a":{}}"#, r#","a":{}"#),
            ("[1]", r#","payload":[1]"#),
            ("12", r#","payload":12"#),
            ("say \"hi\"", r#","payload":"say \"hi\"""#),
        ] {
            let message = String::from_utf8(written(Envelope::Json, payload, 200)).unwrap();
            let start = format!("{{\"_lt\":[2,9007199254740991,7,{},3,1234567890123]", u64::MAX);
            assert_eq!(message.trim_end(), format!("{start}{rest}}}"));
            assert_eq!(message.len(), 200);
            serde_json::from_str::<serde_json::Value>(&message).unwrap();
        }
    }

    #[test]
    fn foreign_messages_have_no_stamp() {
        for stamp in ["", "2,9,1,2,3", "2,9,1,2,3,4,5", "2,9,-1,2,3,4", "2,9,4294967296,2,3,4", "3,9,1,2,3,4"] {
            let message = format!("{{\"_lt\":[{stamp}]}}");
            assert_eq!(read(message.as_bytes(), Envelope::Json), None, "{message}");
        }
        assert!(read(b"{\"_lt\":[2,9,1,2,3,4]}", Envelope::Json).is_some());
        for message in ["", "hello", "{\"_lt\":[2,9,1,2,3,4", "[2,9,1,2,3,4]"] {
            assert_eq!(read(message.as_bytes(), Envelope::Json), None, "{message}");
            assert_eq!(read(message.as_bytes(), Envelope::Binary), None, "{message}");
        }
        let mut other_version = written(Envelope::Binary, "", 0);
        other_version[2] = 9;
        assert_eq!(read(&other_version, Envelope::Binary), None);
        // As version 1 wrote them.
        assert_eq!(read(b"{\"_lt\":[7,0,3,1234567890123]}", Envelope::Json), None);
        assert_eq!(read(&[&[0xCA, 0x7D, 1, 0], [0; 60].as_slice()].concat(), Envelope::Binary), None);
    }

    #[test]
    fn run_ids_are_unique() {
        let ids: std::collections::HashSet<u64> = (0..1_000).map(|_| new_run()).collect();
        assert!(ids.len() == 1_000 && ids.iter().all(|id| *id < 1 << RUN_BITS), "{ids:?}");
    }
}
