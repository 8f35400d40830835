//! The head of a reply: its status, how its body is framed (RFC 9112, section 6.3) and whether the connection lives on.

mod tidy;

use std::borrow::Cow;
use std::mem::MaybeUninit;

use http::{HeaderMap, HeaderName, HeaderValue};
use httparse::{Error, Header, ParserConfig, Response, Status};

use self::tidy::tidy;
use super::WireError;
use super::coding::Codings;

/// Bytes of a head, at most, as with curl; a server that sends more is refused, not remembered.
pub const MAX_HEAD: usize = 300 * 1024;
/// Header lines of a head, at most, as with curl.
pub const MAX_LINES: usize = 5_000;
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
        let codings = self.codings.then(self.transfer)?;
        let Self { sets_cookie, keep_alive_for, .. } = *self;
        Ok(Head { status, framing, keep_alive, codings, sets_cookie, keep_alive_for, ignored: 0 })
    }

    fn read(&mut self, header: &httparse::Header<'_>) -> Result<(), WireError> {
        // The length of a name rules most of them out before anything is compared.
        match header.name.len() {
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
        for one in tokens(value) {
            // `parse` would take a sign, which the grammar does not.
            let digits = one.iter().all(u8::is_ascii_digit).then(|| str::from_utf8(one).ok()).flatten();
            let length = digits.and_then(|text| text.parse().ok());
            match (length, self.length) {
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

/// The seconds in `timeout=5`.
fn seconds(parameter: &[u8]) -> Option<u32> {
    let (name, value) = str::from_utf8(parameter).ok()?.split_once('=')?;
    name.trim().eq_ignore_ascii_case("timeout").then(|| value.trim().trim_matches('"').parse().ok())?
}

fn tokens(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Head {
        parse(text.replace('\n', "\r\n").as_bytes(), false).expect("a valid head").expect("a whole head").head
    }

    #[test]
    fn the_framing_follows_the_standard() {
        for (text, framing, keep_alive) in [
            ("HTTP/1.1 200 OK\ncontent-length: 5\n\n", Framing::Length(5), true),
            ("HTTP/1.1 200 OK\nContent-Length: 5, 5\nConnection: Close\n\n", Framing::Length(5), false),
            ("HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked\n\n", Framing::Chunked, true),
            ("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Length: 9\n\n", Framing::Chunked, false),
            ("HTTP/1.1 200 OK\nTransfer-Encoding: gzip\n\n", Framing::Close, false),
            ("HTTP/1.1 200 OK\nTransfer-Encoding: identity\nContent-Length: 9\n\n", Framing::Length(9), true),
            ("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nTransfer-Encoding: Chunked\n\n", Framing::Chunked, true),
            ("HTTP/1.1 200 OK\n\n", Framing::Close, false),
            ("HTTP/1.1 204 No Content\n\n", Framing::Length(0), true),
            ("HTTP/1.1 304 Not Modified\nContent-Length: 99\n\n", Framing::Length(0), true),
            ("HTTP/1.0 200 OK\nContent-Length: 1\n\n", Framing::Length(1), false),
            ("HTTP/1.0 200 OK\nContent-Length: 1\nConnection: keep-alive\n\n", Framing::Length(1), true),
            ("HTTP/1.1 101 Switching Protocols\n\n", Framing::Length(0), false),
        ] {
            let head = read(text);
            assert_eq!((head.framing, head.keep_alive), (framing, keep_alive), "{text}");
        }
    }

    #[test]
    fn how_long_a_connection_is_kept_is_read() {
        for (value, seconds) in [
            ("timeout=5, max=100", Some(5)),
            ("max=9,Timeout = 15", Some(15)),
            ("timeout=\"0\"", Some(0)),
            ("timeout=-1", None),
            ("timeout", None),
        ] {
            let head = read(&format!("HTTP/1.1 204 No\nKeep-Alive: {value}\n\n"));
            assert_eq!(head.keep_alive_for, seconds, "{value}");
        }
    }

    #[test]
    fn the_head_of_http_2_says_the_same_within_the_same_limits() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("content-length", "5"), ("content-encoding", "gzip"), ("set-cookie", "a=b")] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let text = "HTTP/1.1 200 OK\ncontent-length: 5\ncontent-encoding: gzip\nset-cookie: a=b\n\n";
        assert_eq!(of_fields(200, &headers, false).expect("valid"), read(text));
        let long = HeaderValue::try_from("x".repeat(MAX_HEAD)).expect("a value");
        assert!(of_fields(200, &[(http::header::ETAG, long)].into_iter().collect(), false).is_err());
        for _ in 0..=MAX_LINES {
            headers.append("x", HeaderValue::from_static("y"));
        }
        assert!(of_fields(200, &headers, false).is_err());
    }

    #[test]
    fn what_no_server_may_say_is_refused() {
        for text in [
            "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
            "-ERR unknown command\r\n",
            "HTTP/1.1 banana\r\n\r\n",
            "HTTP/1.1 000 None\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\x01\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-\x01length: 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, gzip\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: xchunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip, gzip, gzip, gzip, gzip, gzip\r\n\r\n",
            "HTTP/3.1 200 OK\r\n\x01: 2\r\n\r\n",
        ] {
            assert!(matches!(parse(text.as_bytes(), false), Err(WireError::Malformed(_))), "{text}");
        }
        let many = |lines| format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(lines));
        assert!(parse(many(MAX_LINES + 1).as_bytes(), false).is_err());
        let (text, lines) = (many(MAX_LINES), MAX_LINES);
        let parsed = parse(text.as_bytes(), false).expect("valid").expect("complete");
        assert_eq!((parsed.head.ignored, headers(&parsed.raw).len()), (0, lines));
    }

    #[test]
    fn odd_lines_are_left_out_and_the_rest_is_kept() {
        for (line, kept, ignored) in [
            ("set-cookie: a=\x01b", None, 1),
            ("x: a\0b", None, 1),
            ("x: a\rb", None, 1),
            ("x: a\x7fb", None, 1),
            ("x y: 1", None, 1),
            ("X (Odd) Name: 1", None, 1),
            (": 1", None, 1),
            ("=cmd", None, 1),
            ("no colon", None, 1),
            ("x\u{e9}: 1", None, 1),
            ("=cmd\n goes on\n and on", None, 1),
            ("x: 1\n\t2\x01", None, 1),
            (" folds nothing", None, 1),
            ("x : 1", Some("1"), 0),
            ("x\t:1", Some("1"), 0),
            ("x: 1\n  2\n\t3", Some("1 2 3"), 0),
            ("x:\n 1", Some(" 1"), 0),
            ("x: \u{e9}\t!", Some("\u{e9}\t!"), 0),
            ("x:", Some(""), 0),
        ] {
            let text = format!("HTTP/1.1 200 OK\n{line}\nset-cookie: b=c\ncontent-length: 5\n\nhello");
            let text = text.replace('\n', "\r\n");
            let parsed = parse(text.as_bytes(), false).expect("valid").expect("complete");
            let wanted = Head {
                status: 200,
                framing: Framing::Length(5),
                keep_alive: true,
                codings: Codings::default(),
                sets_cookie: true,
                keep_alive_for: None,
                ignored,
            };
            assert_eq!((parsed.head, parsed.length), (wanted, text.len() - 5), "{line:?}");
            let headers = headers(&parsed.raw);
            let value = headers.get("x").map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned());
            assert_eq!(value.as_deref(), kept.map(str::trim), "{line:?}");
            assert_eq!(headers.get_all("set-cookie").iter().next_back().expect("a cookie"), "b=c", "{line:?}");
            for end in 0..text.len() - 5 {
                assert_eq!(parse(&text.as_bytes()[..end], false).expect("no error"), None, "{line:?} {end}");
            }
        }
        let parsed =
            parse(b"HTTP/1.1 302 Go\r\nLOCATION: /a\x01\x7f\tb\r\n\r\n", false).expect("valid").expect("complete");
        assert_eq!(
            (parsed.head.ignored, &headers(&parsed.raw)["location"]),
            (0, &HeaderValue::from_static("/a%01%7F%09b"))
        );
        for line in ["HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.0 200 \x1b[31m", "HTTP/1.1  200 OK"] {
            assert_eq!(read(&format!("{line}\n\n")).status, 200, "{line:?}");
        }
        let chunked = read("HTTP/1.1 200 OK\nTransfer-Encoding : chunked\n\n");
        assert_eq!((chunked.framing, chunked.ignored), (Framing::Chunked, 0));
    }

    #[test]
    fn a_part_of_a_head_is_no_head_yet() {
        let whole = b"HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\nrest";
        for end in 0..whole.len() - 4 {
            assert_eq!(parse(&whole[..end], false).expect("no error"), None, "{end}");
        }
        let parsed = parse(whole, false).expect("valid").expect("whole");
        assert_eq!((parsed.length, parsed.head.sets_cookie), (whole.len() - 4, true));
        assert_eq!(headers(&parsed.raw)["set-cookie"], "a=b");
    }

    #[test]
    fn the_reply_to_head_has_no_body() {
        let head = parse(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", true).expect("valid").expect("whole").head;
        assert_eq!(head.framing, Framing::Length(0));
    }
}
