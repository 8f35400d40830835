//! The head of a reply: its status, how its body is framed (RFC 9112, section 6.3) and whether the connection lives on.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::mem::MaybeUninit;

use super::WireError;
use super::coding::Coding;

/// Bytes of a head, at most; a server that sends more is refused, not remembered.
pub const MAX_HEAD: usize = 64 * 1024;
/// Header lines of a head, at most.
const MAX_HEADERS: usize = 128;

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
    pub coding: Coding,
    /// True when a cookie is set.
    pub sets_cookie: bool,
}

/// Reads a head from the beginning of `bytes`: what it says and how long it is, or `None` when it is not whole yet.
/// `bodiless` is set for the reply to a HEAD request.
pub fn parse(bytes: &[u8], bodiless: bool) -> Result<Option<(Head, usize)>, WireError> {
    let mut lines = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(&mut response, bytes, &mut lines);
    let length = match parsed.map_err(|error| WireError::Malformed(error.to_string().into()))? {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial => return Ok(None),
    };
    let status = response.code.unwrap_or_default();
    if status < 100 {
        return Err(WireError::Malformed("a status below 100".into()));
    }
    let mut fields = Fields { keep_alive: response.version == Some(1), ..Fields::default() };
    for header in response.headers.iter() {
        fields.read(header)?;
    }
    let framing = fields.framing(bodiless || matches!(status, 100..=199 | 204 | 304));
    // A length that is contradicted, or an end that is the connection's end, leaves nothing to go on with.
    let keep_alive = fields.keep_alive && status != 101 && framing != Framing::Close && !fields.contradictory();
    Ok(Some((Head { status, framing, keep_alive, coding: fields.coding, sets_cookie: fields.sets_cookie }, length)))
}

/// All headers of a head that [`parse`] has accepted; none of one that was not kept. Values need not be text.
pub fn headers(head: &[u8]) -> HeaderMap {
    if head.is_empty() {
        return HeaderMap::new();
    }
    let mut lines = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut lines);
    // It was accepted before; an empty map is the honest answer if it ever were not.
    let _ = response.parse(head);
    let mut map = HeaderMap::with_capacity(response.headers.len());
    for header in response.headers.iter() {
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
    coding: Coding,
    sets_cookie: bool,
}

impl Fields {
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
            14 if header.name.eq_ignore_ascii_case("content-length") => self.length(header.value)?,
            16 if header.name.eq_ignore_ascii_case("content-encoding") => {
                self.coding = Coding::named(header.value.trim_ascii());
            }
            17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                self.encoded = true;
                self.chunked = tokens(header.value).last().is_some_and(|last| last.eq_ignore_ascii_case(b"chunked"));
            }
            _ => {}
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

fn tokens(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Head {
        parse(text.replace('\n', "\r\n").as_bytes(), false).expect("a valid head").expect("a whole head").0
    }

    #[test]
    fn the_framing_follows_the_standard() {
        for (text, framing, keep_alive) in [
            ("HTTP/1.1 200 OK\ncontent-length: 5\n\n", Framing::Length(5), true),
            ("HTTP/1.1 200 OK\nContent-Length: 5, 5\nConnection: Close\n\n", Framing::Length(5), false),
            ("HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked\n\n", Framing::Chunked, true),
            ("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Length: 9\n\n", Framing::Chunked, false),
            ("HTTP/1.1 200 OK\nTransfer-Encoding: gzip\n\n", Framing::Close, false),
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
    fn what_no_server_may_say_is_refused() {
        for text in [
            "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
            "-ERR unknown command\r\n",
            "HTTP/1.1 banana\r\n\r\n",
            "HTTP/1.1 000 None\r\n\r\n",
        ] {
            assert!(matches!(parse(text.as_bytes(), false), Err(WireError::Malformed(_))), "{text}");
        }
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(MAX_HEADERS + 1));
        assert!(parse(many.as_bytes(), false).is_err());
    }

    #[test]
    fn a_part_of_a_head_is_no_head_yet() {
        let whole = b"HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\nrest";
        for end in 0..whole.len() - 4 {
            assert_eq!(parse(&whole[..end], false).expect("no error"), None, "{end}");
        }
        let (head, length) = parse(whole, false).expect("valid").expect("whole");
        assert_eq!((length, head.sets_cookie), (whole.len() - 4, true));
        assert_eq!(headers(&whole[..length])["set-cookie"], "a=b");
    }

    #[test]
    fn the_reply_to_head_has_no_body() {
        let head = parse(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", true).expect("valid").expect("whole").0;
        assert_eq!(head.framing, Framing::Length(0));
    }
}
