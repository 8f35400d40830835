//! What a measured message begins with: who sent it, its number, when it was due and when it was sent.
//!
//! Binary, 32 bytes in network order: magic (2), version (1), flags (1), stream (4), number (8), due (8), sent (8).
//! As JSON, a first member `"_lt":[stream,number,due,sent]`, for channels that others read. Times are nanoseconds of
//! [`clock::now`](super::clock::now).

use super::resp::encode::number;
use crate::scenario::plan::Envelope;

const MAGIC: [u8; 4] = [0xCA, 0x7D, 1, 0];
const JSON: &[u8] = b"{\"_lt\":[";
/// Bytes of the binary form.
const BINARY: usize = 32;

/// The stamp on a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// One sender's messages on one channel over one connection.
    pub stream: u32,
    /// Counts up by one from 0 in a stream.
    pub number: u64,
    /// When it should have been sent.
    pub due: u64,
    /// When it was.
    pub sent: u64,
}

/// Appends the message: the stamp as `form` says, the payload, and blanks up to `size`.
pub fn write(out: &mut Vec<u8>, form: Envelope, stamp: &Stamp, (payload, size): (&[u8], usize)) {
    let begin = out.len();
    match form {
        Envelope::Off => out.extend_from_slice(payload),
        Envelope::Binary => {
            out.extend_from_slice(&MAGIC);
            out.extend_from_slice(&stamp.stream.to_be_bytes());
            for field in [stamp.number, stamp.due, stamp.sent] {
                out.extend_from_slice(&field.to_be_bytes());
            }
            out.extend_from_slice(payload);
        }
        Envelope::Json => {
            out.extend_from_slice(JSON);
            for (i, field) in [u64::from(stamp.stream), stamp.number, stamp.due, stamp.sent].into_iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                number(out, field);
            }
            out.push(b']');
            write_members(out, payload);
            out.push(b'}');
        }
    }
    // A blank is white space in JSON and harmless in text.
    out.resize(out.len().max(begin + size), b' ');
}

/// The rest of the JSON object: the payload's own members, or the payload as one.
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

/// The stamp of a message, if it has one.
pub fn read(message: &[u8], form: Envelope) -> Option<Stamp> {
    match form {
        Envelope::Off => None,
        Envelope::Binary => {
            let (head, fields) = message.get(..BINARY)?.split_at(8);
            let (magic, stream) = head.split_at(4);
            if magic != MAGIC {
                return None;
            }
            let field = |i: usize| Some(u64::from_be_bytes(fields.get(i * 8..i * 8 + 8)?.try_into().ok()?));
            let stream = u32::from_be_bytes(stream.try_into().ok()?);
            Some(Stamp { stream, number: field(0)?, due: field(1)?, sent: field(2)? })
        }
        Envelope::Json => {
            let rest = message.strip_prefix(JSON)?;
            let end = rest.iter().take(96).position(|byte| *byte == b']')?;
            let mut fields = std::str::from_utf8(&rest[..end]).ok()?.split(',').map(str::parse::<u64>);
            let mut next = || fields.next()?.ok();
            let stamp = Stamp { stream: u32::try_from(next()?).ok()?, number: next()?, due: next()?, sent: next()? };
            fields.next().is_none().then_some(stamp)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp { stream: 7, number: u64::MAX, due: 3, sent: 1_234_567_890_123 };

    fn written(form: Envelope, payload: &str, size: usize) -> Vec<u8> {
        let mut out = b"before".to_vec();
        write(&mut out, form, &STAMP, (payload.as_bytes(), size));
        out.split_off(6)
    }

    #[test]
    fn what_is_written_is_read() {
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
        assert_eq!(written(Envelope::Binary, "abc", 0).len(), 35);
        assert_eq!(written(Envelope::Off, "abc", 5), b"abc  ");
    }

    #[test]
    fn the_json_form_stays_json() {
        for (payload, rest) in [
            ("", ""),
            ("{}", ""),
            (r#"{"a":{}}"#, r#","a":{}"#),
            ("[1]", r#","payload":[1]"#),
            ("12", r#","payload":12"#),
            ("say \"hi\"", r#","payload":"say \"hi\"""#),
        ] {
            let message = String::from_utf8(written(Envelope::Json, payload, 200)).unwrap();
            let start = format!("{{\"_lt\":[7,{},3,1234567890123]", u64::MAX);
            assert_eq!(message.trim_end(), format!("{start}{rest}}}"));
            assert_eq!(message.len(), 200);
            serde_json::from_str::<serde_json::Value>(&message).unwrap();
        }
    }

    #[test]
    fn foreign_messages_have_no_stamp() {
        for message in
            ["", "hello", "{\"_lt\":[1,2,3]}", "{\"_lt\":[1,2,3,4,5]}", "{\"_lt\":[-1,2,3,4]}", "{\"_lt\":[1"]
        {
            assert_eq!(read(message.as_bytes(), Envelope::Json), None, "{message}");
            assert_eq!(read(message.as_bytes(), Envelope::Binary), None, "{message}");
        }
        let mut other_version = written(Envelope::Binary, "", 0);
        other_version[2] = 9;
        assert_eq!(read(&other_version, Envelope::Binary), None);
    }
}
