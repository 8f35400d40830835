//! Removes invalid lines from a head, so that the strict parser accepts it: browsers and curl tolerate such responses.
//!
//! Called only after the strict parser has rejected a head, so that valid responses cost nothing extra.

use super::limits::MAX_LINES;
use crate::protocol::http::error::WireError;

/// A head without invalid lines.
#[derive(Debug, PartialEq, Eq)]
pub struct Tidy {
    /// Accepted by the strict parser.
    pub head: Vec<u8>,
    /// Bytes of the original head.
    pub length: usize,
    /// Header lines that were skipped.
    pub ignored: u32,
}

/// Tidies the head at the start of `bytes`; `None` if it is incomplete.
///
/// # Errors
/// When the status line is invalid, or an invalid line could affect the length of the body.
pub fn tidy(bytes: &[u8]) -> Result<Option<Tidy>, WireError> {
    let Some(first) = line_end(bytes) else { return Ok(None) };
    let mut head = status_line(strip_cr(&bytes[..first]))?;
    let (mut at, mut count, mut ignored) = (first + 1, 0, 0);
    // Start of the previous line in the new head, if it was kept: a folded line continues it.
    let mut before = None;
    loop {
        let Some(end) = line_end(&bytes[at..]) else { return Ok(None) };
        let line = strip_cr(&bytes[at..at + end]);
        at += end + 1;
        if line.is_empty() {
            head.extend_from_slice(b"\r\n");
            return Ok(Some(Tidy { head, length: at, ignored }));
        }
        count += 1;
        if count > MAX_LINES {
            return Err(WireError::Malformed(format!("more than {MAX_LINES} header lines").into()));
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            match before {
                Some(_) if is_value(line) => {
                    head.truncate(head.len() - 2);
                    put(&mut head, &[b" ", line.trim_ascii()]);
                }
                Some(start) => {
                    head.truncate(start);
                    (before, ignored) = (None, ignored + 1);
                }
                // Continues a line that was skipped, or no line at all.
                None if count == 1 => ignored += 1,
                None => {}
            }
            continue;
        }
        before = Some(head.len());
        match field(line) {
            Some((name, value)) => put(&mut head, &[name, b": ", value]),
            None if is_location(line) => put(&mut head, &[&escaped(line)]),
            None if decides_length(line) => return Err(WireError::Malformed("invalid content-length".into())),
            None => (before, ignored) = (None, ignored + 1),
        }
    }
}

/// Name and value of a line, trimmed; blanks before the colon are tolerated. `None` if it is not a valid header.
fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = (line[..colon].trim_ascii_end(), line[colon + 1..].trim_ascii());
    let is_name = !name.is_empty() && name.iter().all(|byte| is_token(*byte));
    (is_name && is_value(value)).then_some((name, value))
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// True without control characters; a lone carriage return counts as one.
fn is_value(value: &[u8]) -> bool {
    !value.iter().any(|byte| *byte != b'\t' && byte.is_ascii_control())
}

/// True for an invalid line that another parser might take for the length of the body. Guessing it wrong would turn
/// part of the body into the next response.
fn decides_length(line: &[u8]) -> bool {
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    let name: Vec<u8> = name.iter().filter(|byte| byte.is_ascii_alphabetic()).map(u8::to_ascii_lowercase).collect();
    name == b"contentlength" || name == b"transferencoding"
}

/// `Location` must be kept: without it, a redirect would count as the response.
fn is_location(line: &[u8]) -> bool {
    const NAME: &[u8] = b"location:";
    line.len() >= NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME)
}

/// The line with control characters percent-encoded.
fn escaped(line: &[u8]) -> Vec<u8> {
    line.iter().fold(Vec::new(), |mut out, byte| {
        match byte.is_ascii_control() {
            true => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
            false => out.push(*byte),
        }
        out
    })
}

/// The status line, normalized.
fn status_line(line: &[u8]) -> Result<Vec<u8>, WireError> {
    let text = String::from_utf8_lossy(line);
    let invalid = || WireError::Malformed("invalid status line".into());
    let (version, rest) = text.split_once(' ').ok_or_else(invalid)?;
    let rest = rest.trim_start();
    let (code, reason) = rest.split_at_checked(3).ok_or_else(invalid)?;
    let is_code = code.bytes().all(|byte| byte.is_ascii_digit());
    if !matches!(version, "HTTP/1.1" | "HTTP/1.0") || !is_code || !matches!(reason.bytes().next(), None | Some(b' ')) {
        return Err(invalid());
    }
    // The reason phrase is not used, and may contain any bytes.
    Ok(format!("{version} {code} \r\n").into_bytes())
}

fn line_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n')
}

fn strip_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn put(head: &mut Vec<u8>, pieces: &[&[u8]]) {
    for piece in pieces.iter().chain([&b"\r\n".as_slice()]) {
        head.extend_from_slice(piece);
    }
}
