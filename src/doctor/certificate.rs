//! The end of a certificate's validity, from its DER encoding (X.509, RFC 5280).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const SEQUENCE: u8 = 0x30;
const EXPLICIT_VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// `notAfter`; `None` if the certificate cannot be parsed.
pub fn not_after(certificate: &[u8]) -> Option<Timestamp> {
    let (_, certificate, _) = element(certificate, Some(SEQUENCE))?;
    let (_, mut signed, _) = element(certificate, Some(SEQUENCE))?;
    // The version is optional. Serial number, signature algorithm and issuer precede the validity.
    if let Some((_, _, rest)) = element(signed, Some(EXPLICIT_VERSION)) {
        signed = rest;
    }
    for _ in 0..3 {
        (_, _, signed) = element(signed, None)?;
    }
    let (_, validity, _) = element(signed, Some(SEQUENCE))?;
    let (_, _, end) = element(validity, None)?;
    let (tag, time, _) = element(end, None)?;
    time_of(tag, std::str::from_utf8(time).ok()?)
}

/// Tag and content of the first element, and what follows it. `None` if it is truncated or has another tag.
fn element(bytes: &[u8], wanted: Option<u8>) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if wanted.is_some_and(|wanted| wanted != tag) {
        return None;
    }
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // The length is in that many bytes.
        0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
fn time_of(tag: u8, text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix('Z')?;
    let full = match tag {
        // RFC 5280, 4.1.2.5.1.
        UTC_TIME => format!("{}{text}", if text.get(..2)? < "50" { "20" } else { "19" }),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let time = DateTime::strptime("%Y%m%d%H%M%S", full).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = content.len();
        let head =
            if length < 128 { vec![tag, length as u8] } else { vec![tag, 0x82, (length >> 8) as u8, length as u8] };
        [head, content.to_vec()].concat()
    }

    fn certificate(version: bool, end: &[u8]) -> Vec<u8> {
        let validity = node(SEQUENCE, &[node(UTC_TIME, b"250101000000Z"), end.to_vec()].concat());
        let version = if version { node(EXPLICIT_VERSION, &[2, 1, 2]) } else { Vec::new() };
        let issuer = node(SEQUENCE, &[7; 200]);
        let signed = [version, node(2, &[1]), node(SEQUENCE, &[]), issuer, validity, node(SEQUENCE, &[])].concat();
        node(SEQUENCE, &[node(SEQUENCE, &signed), node(SEQUENCE, &[])].concat())
    }

    #[test]
    fn the_end_is_found() {
        let of = |version, tag, text: &str| not_after(&certificate(version, &node(tag, text.as_bytes())));
        for (version, tag, text, wanted) in [
            (true, UTC_TIME, "261231235959Z", "2026-12-31T23:59:59Z"),
            (false, UTC_TIME, "991231235959Z", "1999-12-31T23:59:59Z"),
            (true, GENERALIZED_TIME, "20510101000000Z", "2051-01-01T00:00:00Z"),
        ] {
            assert_eq!(of(version, tag, text).map(|end| end.to_string()).as_deref(), Some(wanted));
        }
        for text in ["", "Z", "261331235959Z", "26123123595", "é6"] {
            assert_eq!(of(true, UTC_TIME, text), None, "{text}");
        }
    }

    #[test]
    fn truncated_certificates_have_no_end() {
        let whole = certificate(true, &node(UTC_TIME, b"261231235959Z"));
        assert!(not_after(&whole).is_some());
        for length in 0..whole.len() {
            assert_eq!(not_after(&whole[..length]), None, "{length}");
        }
        assert_eq!(not_after(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0]), None);
    }
}
