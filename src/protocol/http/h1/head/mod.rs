//! The head of a reply: its status, how its body is framed (RFC 9112, section 6.3) and whether the connection lives on.

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

/// Header lines that are read without asking for memory.
const USUAL_LINES: usize = 128;

/// How the end of a body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// So many bytes.
    Length(u64),
    /// In chunks, each with its length.
    Chunked,
    /// Until the server closes the connection.
    Close,
}

/// What has to be known of a head to read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Status code; 100 to 199 only for 101, which ends HTTP on the connection.
    pub status: u16,
    /// Where the body ends.
    pub framing: Framing,
    /// True when another request may follow on the connection.
    pub keep_alive: bool,
    /// How the body is compressed.
    pub codings: Codings,
    /// True when a cookie is set.
    pub sets_cookie: bool,
    /// Header lines that are not valid and were left out.
    pub ignored: u32,
    /// How many seconds the server keeps the connection for another request, where it says so.
    pub keep_alive_for: Option<u32>,
}

/// What the head of an HTTP/2 response says. `bodiless` is set for the response to a HEAD request.
pub fn of_fields(status: u16, headers: &HeaderMap, bodiless: bool) -> Result<Head, WireError> {
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum();
    if size > MAX_HEAD {
        return Err(WireError::Malformed("headers longer than 300 KiB".into()));
    }
    if headers.len() > MAX_LINES {
        return Err(WireError::Malformed("too many headers".into()));
    }
    let mut fields = Fields::default();
    for (name, value) in headers {
        fields.read(&Header { name: name.as_str(), value: value.as_bytes() })?;
    }
    // Where a response ends says nothing about its connection.
    Ok(Head { keep_alive: true, keep_alive_for: None, ..fields.head(status, bodiless)? })
}

/// A complete head.
#[derive(Debug, PartialEq, Eq)]
pub struct Parsed<'a> {
    /// What it says.
    pub head: Head,
    /// Its bytes, without lines that are not valid.
    pub raw: Cow<'a, [u8]>,
    /// Bytes that it took of the input.
    pub length: usize,
}

/// Reads a head from the beginning of `bytes`, or `None` when it is not complete yet. `bodiless` is set for the response
/// to a HEAD request.
///
/// # Errors
/// When it is not HTTP/1, or does not say in one way where the body ends.
pub fn parse(bytes: &[u8], bodiless: bool) -> Result<Option<Parsed<'_>>, WireError> {
    let mut lines = [const { MaybeUninit::uninit() }; USUAL_LINES];
    match strict(bytes, &mut lines, bodiless)? {
        Strict::Head(head, length) => {
            Ok(Some(Parsed { head, raw: Cow::Borrowed(bytes.get(..length).unwrap_or(bytes)), length }))
        }
        Strict::Partial => Ok(None),
        Strict::Odd => {
            let Some(tidy) = tidy(bytes)? else { return Ok(None) };
            let mut lines = vec![MaybeUninit::uninit(); line_count(&tidy.head)];
            match strict(&tidy.head, &mut lines, bodiless)? {
                Strict::Head(head, _) => {
                    let head = Head { ignored: tidy.ignored, ..head };
                    Ok(Some(Parsed { head, raw: Cow::Owned(tidy.head), length: tidy.length }))
                }
                Strict::Partial | Strict::Odd => Err(WireError::Malformed("invalid headers".into())),
            }
        }
    }
}

enum Strict {
    Head(Head, usize),
    Partial,
    /// Lines that are not valid, or more than there is room for.
    Odd,
}

fn strict<'b>(bytes: &'b [u8], lines: &mut [MaybeUninit<Header<'b>>], bodiless: bool) -> Result<Strict, WireError> {
    let mut response = Response::new(&mut []);
    let length = match ParserConfig::default().parse_response_with_uninit_headers(&mut response, bytes, lines) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) => return Ok(Strict::Partial),
        Err(Error::HeaderName | Error::HeaderValue | Error::NewLine | Error::TooManyHeaders | Error::Status) => {
            return Ok(Strict::Odd);
        }
        Err(error) => return Err(WireError::Malformed(error.to_string().into())),
    };
    let status = response.code.unwrap_or_default();
    if status < 100 {
        return Err(WireError::Malformed("a status below 100".into()));
    }
    let mut fields = Fields { keep_alive: response.version == Some(1), ..Fields::default() };
    for header in response.headers.iter() {
        fields.read(header)?;
    }
    Ok(Strict::Head(fields.head(status, bodiless)?, length))
}

/// All headers of a head that [`parse`] has accepted; none of one that was not kept. Values need not be text.
pub fn headers(head: &[u8]) -> HeaderMap {
    if head.is_empty() {
        return HeaderMap::new();
    }
    let mut lines = [httparse::EMPTY_HEADER; USUAL_LINES];
    let mut response = Response::new(&mut lines);
    if !matches!(response.parse(head), Err(Error::TooManyHeaders)) {
        return map(response.headers);
    }
    let mut lines = vec![httparse::EMPTY_HEADER; line_count(head)];
    let mut response = Response::new(&mut lines);
    // It was accepted before; an empty map is the honest answer if it ever were not.
    let _ = response.parse(head);
    map(response.headers)
}

/// Lines of a head, which are a few more than its headers.
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
struct Fields {
    keep_alive: bool,
    length: Option<u64>,
    encoded: bool,
    chunked: bool,
    codings: Codings,
    /// Compressions of the transfer, which come off before those of the content.
    transfer: Codings,
    sets_cookie: bool,
    keep_alive_for: Option<u32>,
}

impl Fields {
    fn head(&self, status: u16, bodiless: bool) -> Result<Head, WireError> {
        let framing = self.framing(bodiless || matches!(status, 100..=199 | 204 | 304));
        // A length that is contradicted, or an end that is the connection's end, leaves nothing to go on with.
        let keep_alive = self.keep_alive && status != 101 && framing != Framing::Close && !self.contradictory();
        let codings = if self.encoded { self.codings.then(self.transfer)? } else { self.codings };
        let Self { sets_cookie, keep_alive_for, .. } = *self;
        Ok(Head { status, framing, keep_alive, codings, sets_cookie, keep_alive_for, ignored: 0 })
    }

    fn read(&mut self, header: &Header<'_>) -> Result<(), WireError> {
        // The length of a name rules most of them out before anything is compared.
        match header.name.len() {
            10 | 14 | 16 | 17 => self.note(header),
            _ => Ok(()),
        }
    }

    fn note(&mut self, header: &Header<'_>) -> Result<(), WireError> {
        match header.name.len() {
            // What nearly every server says.
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
            // The identity was a transfer coding once (RFC 2616); it says nothing.
            if coding.is_empty() || coding.eq_ignore_ascii_case(b"identity") {
                continue;
            }
            let is_chunked = coding.eq_ignore_ascii_case(b"chunked");
            // Some servers write it twice and chunk once.
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
        // Nearly always it is one number.
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

/// A number in digits alone: the standard library would take a sign, which the grammar does not.
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
