//! Parses the head of a response: status, framing of the body (RFC 9112, section 6.3), and whether the connection
//! persists.

mod limits;
mod tidy;

use std::borrow::Cow;
use std::mem::MaybeUninit;

use http::{HeaderMap, HeaderName, HeaderValue};
use httparse::{Error, Header, ParserConfig, Response, Status};

pub use self::limits::{MAX_HEAD, MAX_LINES};
use self::tidy::tidy;
use super::coding::Codings;
use crate::protocol::http::error::WireError;

/// Header lines that are parsed without allocating.
const INLINE_LINES: usize = 128;

/// How the end of the body is determined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// By `Content-Length`, in bytes.
    Length(u64),
    /// By the chunked transfer coding.
    Chunked,
    /// By the end of the connection.
    Close,
}

/// What is needed from a head to read the rest of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Status code; of the interim ones only 101, after which the connection no longer speaks HTTP.
    pub status: u16,
    pub framing: Framing,
    /// Whether the connection can carry another request.
    pub keep_alive: bool,
    pub codings: Codings,
    /// Whether there is a `Set-Cookie`.
    pub sets_cookie: bool,
    /// Number of invalid header lines, which were skipped.
    pub ignored: u32,
    /// `timeout` of `KeptParts-Alive`, in seconds.
    pub keep_alive_for: Option<u32>,
}

/// The head of an HTTP/2 response. `bodiless` is set for the response to a HEAD request.
pub fn of_fields(status: u16, headers: &HeaderMap, bodiless: bool) -> Result<Head, WireError> {
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum();
    if size > MAX_HEAD {
        return Err(WireError::Malformed("headers longer than 300 KiB".into()));
    }
    if headers.len() > MAX_LINES {
        return Err(WireError::Malformed("too many headers".into()));
    }
    let mut fields = HeadFields::default();
    for (name, value) in headers {
        fields.read(&Header { name: name.as_str(), value: value.as_bytes() })?;
    }
    // HTTP/2 connections persist, however a body is framed.
    Ok(Head { keep_alive: true, keep_alive_for: None, ..fields.head(status, bodiless)? })
}

/// A complete head.
#[derive(Debug, PartialEq, Eq)]
pub struct ParsedHead<'a> {
    pub head: Head,
    /// The bytes of the head, without invalid lines.
    pub raw: Cow<'a, [u8]>,
    /// Bytes of input consumed.
    pub length: usize,
}

/// Parses a head at the start of `bytes`; `None` if it is incomplete. `bodiless` is set for the response to a HEAD
/// request.
///
/// # Errors
/// When it is not HTTP/1, or the length of the body is ambiguous.
pub fn parse(bytes: &[u8], bodiless: bool) -> Result<Option<ParsedHead<'_>>, WireError> {
    let mut lines = [const { MaybeUninit::uninit() }; INLINE_LINES];
    match strict(bytes, &mut lines, bodiless)? {
        Strict::Head(head, length) => {
            Ok(Some(ParsedHead { head, raw: Cow::Borrowed(bytes.get(..length).unwrap_or(bytes)), length }))
        }
        Strict::Partial => Ok(None),
        Strict::Invalid => {
            let Some(tidy) = tidy(bytes)? else { return Ok(None) };
            let mut lines = vec![MaybeUninit::uninit(); line_count(&tidy.head)];
            match strict(&tidy.head, &mut lines, bodiless)? {
                Strict::Head(head, _) => {
                    let head = Head { ignored: tidy.ignored, ..head };
                    Ok(Some(ParsedHead { head, raw: Cow::Owned(tidy.head), length: tidy.length }))
                }
                Strict::Partial | Strict::Invalid => Err(WireError::Malformed("invalid headers".into())),
            }
        }
    }
}

enum Strict {
    Head(Head, usize),
    Partial,
    /// Invalid lines, or more lines than there is room for.
    Invalid,
}

fn strict<'b>(bytes: &'b [u8], lines: &mut [MaybeUninit<Header<'b>>], bodiless: bool) -> Result<Strict, WireError> {
    let mut response = Response::new(&mut []);
    let length = match ParserConfig::default().parse_response_with_uninit_headers(&mut response, bytes, lines) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) => return Ok(Strict::Partial),
        Err(Error::HeaderName | Error::HeaderValue | Error::NewLine | Error::TooManyHeaders | Error::Status) => {
            return Ok(Strict::Invalid);
        }
        Err(error) => return Err(WireError::Malformed(error.to_string().into())),
    };
    let status = response.code.unwrap_or_default();
    if status < 100 {
        return Err(WireError::Malformed("a status below 100".into()));
    }
    let mut fields = HeadFields { keep_alive: response.version == Some(1), ..HeadFields::default() };
    for header in response.headers.iter() {
        fields.read(header)?;
    }
    Ok(Strict::Head(fields.head(status, bodiless)?, length))
}

/// All headers of a head that [`parse`] accepted; empty if the head was not kept. Values may be any bytes.
pub fn headers(head: &[u8]) -> HeaderMap {
    if head.is_empty() {
        return HeaderMap::new();
    }
    let mut lines = [httparse::EMPTY_HEADER; INLINE_LINES];
    let mut response = Response::new(&mut lines);
    if !matches!(response.parse(head), Err(Error::TooManyHeaders)) {
        return map(response.headers);
    }
    let mut lines = vec![httparse::EMPTY_HEADER; line_count(head)];
    let mut response = Response::new(&mut lines);
    // Cannot fail: the head was parsed before.
    let _ = response.parse(head);
    map(response.headers)
}

/// Number of lines, a few more than headers.
fn line_count(head: &[u8]) -> usize {
    head.iter().filter(|byte| **byte == b'\n').count()
}

fn map(headers: &[Header<'_>]) -> HeaderMap {
    let mut map = HeaderMap::with_capacity(headers.len());
    for header in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(header.name), HeaderValue::from_bytes(header.value)) {
            map.append(name, value);
        }
    }
    map
}

#[derive(Default)]
struct HeadFields {
    keep_alive: bool,
    length: Option<u64>,
    encoded: bool,
    chunked: bool,
    codings: Codings,
    /// Compressions of the transfer coding, which are decoded before those of the content coding.
    transfer: Codings,
    sets_cookie: bool,
    keep_alive_for: Option<u32>,
}

impl HeadFields {
    fn head(&self, status: u16, bodiless: bool) -> Result<Head, WireError> {
        let framing = self.framing(bodiless || matches!(status, 100..=199 | 204 | 304));
        // With contradictory lengths, or a body that ends with the connection, the connection cannot be reused.
        let keep_alive = self.keep_alive && status != 101 && framing != Framing::Close && !self.contradictory();
        let codings = if self.encoded { self.codings.then(self.transfer)? } else { self.codings };
        let Self { sets_cookie, keep_alive_for, .. } = *self;
        Ok(Head { status, framing, keep_alive, codings, sets_cookie, keep_alive_for, ignored: 0 })
    }

    fn read(&mut self, header: &Header<'_>) -> Result<(), WireError> {
        // Checking the length of the name first avoids most comparisons.
        match header.name.len() {
            10 | 14 | 16 | 17 => self.apply(header),
            _ => Ok(()),
        }
    }

    fn apply(&mut self, header: &Header<'_>) -> Result<(), WireError> {
        match header.name.len() {
            // The value that nearly every server sends.
            10 if header.name.eq_ignore_ascii_case("connection") && header.value == b"keep-alive" => {
                self.keep_alive = true;
            }
            10 if header.name.eq_ignore_ascii_case("connection") => {
                for option in tokens(header.value) {
                    if option.eq_ignore_ascii_case(b"close") {
                        self.keep_alive = false;
                    } else if option.eq_ignore_ascii_case(b"keep-alive") {
                        self.keep_alive = true;
                    }
                }
            }
            10 if header.name.eq_ignore_ascii_case("set-cookie") => self.sets_cookie = true,
            10 if header.name.eq_ignore_ascii_case("keep-alive") => {
                self.keep_alive_for = tokens(header.value).find_map(seconds).or(self.keep_alive_for);
            }
            14 if header.name.eq_ignore_ascii_case("content-length") => self.length(header.value)?,
            16 if header.name.eq_ignore_ascii_case("content-encoding") => {
                self.codings.add(header.value)?;
            }
            17 if header.name.eq_ignore_ascii_case("transfer-encoding") => self.transfer(header.value)?,
            _ => {}
        }
        Ok(())
    }

    fn transfer(&mut self, value: &[u8]) -> Result<(), WireError> {
        for coding in tokens(value) {
            // "identity" was a transfer coding in RFC 2616; it has no effect.
            if coding.is_empty() || coding.eq_ignore_ascii_case(b"identity") {
                continue;
            }
            let is_chunked = coding.eq_ignore_ascii_case(b"chunked");
            // Some servers send "chunked" twice but chunk once.
            if self.chunked && !is_chunked {
                return Err(WireError::Malformed("a transfer coding after chunked".into()));
            }
            self.encoded = true;
            self.chunked = is_chunked;
            if !is_chunked {
                self.transfer.add(coding)?;
                if self.transfer.unknown() {
                    return Err(WireError::Malformed("unknown transfer coding".into()));
                }
            }
        }
        Ok(())
    }

    fn length(&mut self, value: &[u8]) -> Result<(), WireError> {
        // Usually a single number.
        if self.length.is_none()
            && let Some(length) = decimal(value)
        {
            self.length = Some(length);
            return Ok(());
        }
        for one in tokens(value) {
            match (decimal(one), self.length) {
                (Some(new), None) => self.length = Some(new),
                (Some(new), Some(known)) if new == known => {}
                _ => return Err(WireError::Malformed("invalid content-length".into())),
            }
        }
        Ok(())
    }

    fn framing(&self, bodiless: bool) -> Framing {
        match (bodiless, self.encoded, self.chunked, self.length) {
            (true, ..) => Framing::Length(0),
            (_, true, true, _) => Framing::Chunked,
            (_, true, false, _) | (_, _, _, None) => Framing::Close,
            (_, _, _, Some(length)) => Framing::Length(length),
        }
    }

    fn contradictory(&self) -> bool {
        self.encoded && self.length.is_some()
    }
}

/// A number of digits only: `str::parse` would accept a sign, which the grammar does not.
fn decimal(digits: &[u8]) -> Option<u64> {
    let add = |sum: u64, digit: &u8| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    };
    digits.iter().try_fold(0, add).filter(|_| !digits.is_empty())
}

/// The seconds in `timeout=5`.
fn seconds(parameter: &[u8]) -> Option<u32> {
    let (name, value) = str::from_utf8(parameter).ok()?.split_once('=')?;
    name.trim().eq_ignore_ascii_case("timeout").then(|| value.trim().trim_matches('"').parse().ok())?
}

fn tokens(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests;
