//! The table of unusual responses.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use crate::Outcome;

/// An unusual response, or a sequence of them.
#[derive(Clone)]
pub struct Row {
    pub name: String,
    /// By path. The first request is for `/r/start`, the last one for `/r/after`. Other paths echo the request.
    pub responses: Vec<(String, Vec<u8>)>,
    pub expected: Expected,
    /// Whether HTTP/2 can express the same.
    pub in_http2: bool,
}

#[derive(Clone)]
pub enum Expected {
    /// The same as with curl.
    Same,
    /// Another one, and the reason.
    Ours { outcome: Outcome, why: &'static str },
}

const TRUNCATED: &str = "a truncated body is an error, which curl does not detect";
const AFTER: &str = "/r/after ";

fn row(name: &str, response: impl Into<Vec<u8>>) -> Row {
    let responses = vec![("/r/start".to_owned(), response.into())];
    Row { name: name.to_owned(), responses, expected: Expected::Same, in_http2: false }
}

impl Row {
    fn then(mut self, path: &str, response: impl Into<Vec<u8>>) -> Self {
        self.responses.push((path.to_owned(), response.into()));
        self
    }

    fn http2(mut self) -> Self {
        self.in_http2 = true;
        self
    }

    /// Fails with katydid, but not with curl.
    fn refused(mut self, why: &'static str) -> Self {
        self.expected = Expected::Ours { outcome: Outcome::Failed, why };
        self
    }

    /// Has another outcome with katydid than with curl.
    fn ours(mut self, (status, body, after): (&str, &str, &str), why: &'static str) -> Self {
        self.expected = Expected::Ours { outcome: Outcome::new(status, body, after), why };
        self
    }
}

/// A response with these header lines and a body of 5 bytes.
fn hello(lines: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{lines}content-length: 5\r\n\r\nhello").into_bytes()
}

fn with_body(lines: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{lines}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn packed(coding: &str, body: &[u8]) -> Vec<u8> {
    with_body(&format!("Content-Encoding: {coding}\r\n"), body)
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).expect("memory");
    encoder.finish().expect("memory")
}

fn brotli(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    brotli::CompressorWriter::new(&mut out, 4_096, 5, 20).write_all(body).expect("memory");
    out
}

fn chunked(body: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n0\r\n\r\n"].concat()
}

pub fn all() -> Vec<Row> {
    let mut rows = heads();
    rows.extend(framing());
    rows.extend(codings());
    rows.extend(cookies());
    rows.extend(redirects());
    rows
}

fn heads() -> Vec<Row> {
    let latin_1 = |line: &[u8]| [b"HTTP/1.1 200 OK\r\n", line, b"\r\ncontent-length: 5\r\n\r\nhello"].concat();
    vec![
        row("plain", hello("")).http2(),
        row("a control character in a cookie", hello("Set-Cookie: a=1\x01\r\nSet-Cookie: b=2\r\n")),
        row("a control character in a value", hello("X: a\x1b[31m\r\nSet-Cookie: b=2\r\n")),
        row("a folded line", hello("X: a\r\n b\r\n\tc\r\nSet-Cookie: b=2\r\n")),
        row("a folded cookie", hello("Set-Cookie: a=1;\r\n Path=/\r\n")),
        row("a folded length", "HTTP/1.1 200 OK\r\nContent-Length:\r\n 5\r\n\r\nhello")
            .ours(("200", "hello", AFTER), "a folded line is one line (RFC 9112, 5.2)"),
        row("a fold that continues nothing", hello(" a: b\r\nSet-Cookie: b=2\r\n"))
            .ours(("200", "hello", "/r/after b=2"), "an odd line does not cost the response"),
        row("a blank before the colon", hello("X : a\r\nSet-Cookie: b=2\r\n")),
        row("a blank before the colon of the length", "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello"),
        row("a name in words", hello("X (Odd) Name: a\r\nSet-Cookie: b=2\r\n")),
        row("an empty name", hello(": a\r\nSet-Cookie: b=2\r\n")),
        row("no colon", hello("nothing\r\nSet-Cookie: b=2\r\n"))
            .ours(("200", "hello", "/r/after b=2"), "an odd line does not cost the response"),
        row("a zero byte", hello("X: a\0b\r\nSet-Cookie: b=2\r\n"))
            .ours(("200", "hello", "/r/after b=2"), "an odd line does not cost the response"),
        row("a lone carriage return", hello("X: a\rb\r\nSet-Cookie: b=2\r\n")),
        row("Latin-1 in a value", latin_1(b"X: caf\xe9")).http2(),
        row("Latin-1 in a name", latin_1(b"caf\xe9: x")),
        row("quotes in a name", hello("\"x\": a\r\nSet-Cookie: b=2\r\n")),
        row("no value", hello("X:\r\nSet-Cookie: b=2\r\n")).http2(),
        row("line feeds alone", "HTTP/1.1 200 OK\nSet-Cookie: b=2\nContent-Length: 5\n\nhello"),
        row("no reason", "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello"),
        row("an empty reason", "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello"),
        row("control characters in the reason", "HTTP/1.1 500 \x1b[31m\x07\r\nContent-Length: 5\r\n\r\nhello"),
        row(
            "Latin-1 in the reason",
            [b"HTTP/1.1 404 caf\xe9\r\n".as_slice(), b"Content-Length: 5\r\n\r\nhello"].concat(),
        ),
        row("HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
        row("a status of 599", "HTTP/1.1 599 Odd\r\nContent-Length: 5\r\n\r\nhello").http2(),
        row("not HTTP", "-ERR unknown command\r\n\r\n"),
        row("nothing", ""),
        row("half a head", "HTTP/1.1 200 OK\r\nContent-Len").refused("it is not complete, and curl does not notice"),
        row("101 lines", hello(&"X: a\r\n".repeat(101))).http2(),
        row("300 lines", hello(&(0..300).map(|n| format!("x-{n}: {n}\r\n")).collect::<String>())).http2(),
        row("a line of 16 KiB", hello(&format!("X: {}\r\n", "a".repeat(16 << 10)))).http2(),
        row("a line of 90 KiB", hello(&format!("X: {}\r\n", "a".repeat(90 << 10)))),
        row("a head of 250 KiB", hello(&format!("X: {}\r\n", "a".repeat(50_000)).repeat(5))),
        row("a head of 400 KiB", hello(&format!("X: {}\r\n", "a".repeat(80_000)).repeat(5))),
    ]
}

fn framing() -> Vec<Row> {
    let length = |value: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {value}\r\n\r\nhello");
    let coded = |coding: &str, body: &[u8]| {
        [format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n").as_bytes(), body].concat()
    };
    let chunks = |body: &str| coded("chunked", body.as_bytes());
    vec![
        row("the length twice", hello("content-length: 5\r\n")),
        row("the length twice in one line", length("5, 5")),
        row("two lengths", hello("content-length: 7\r\n"))
            .refused("the length of the body is ambiguous (RFC 9112, 6.3)"),
        row("two lengths in one line", length("5, 7")).refused("the length of the body is ambiguous (RFC 9112, 6.3)"),
        row("a length with a sign", length("+5")).refused("a length has digits alone (RFC 9110, 8.6)"),
        row("a negative length", length("-5")),
        row("no length in the length", length("")),
        row("words for a length", length("many")),
        row("a length of 20 digits", length("99999999999999999999")).refused("a body that long is none"),
        row("a length with a blank behind", length("5 ")),
        row("a body shorter than its length", length("9")),
        row("a body longer than its length", length("3")),
        row("until the end", "HTTP/1.1 200 OK\r\n\r\nhello"),
        row("no body until the end", "HTTP/1.1 200 OK\r\n\r\n"),
        row("chunks", chunks("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")),
        row("chunks in capitals with zeros", chunks("00A\r\n0123456789\r\n0000\r\n\r\n")),
        row("chunks with extensions", chunks("5;a=\"b\"\r\nhello\r\n0;c\r\n\r\n")),
        row("chunks with trailers", chunks("5\r\nhello\r\n0\r\nX: y\r\nZ: w\r\n\r\n")),
        row("chunks with line feeds alone", chunks("5\nhello\n0\n\n")),
        row("chunks with a blank behind the size", chunks("5 \r\nhello\r\n0\r\n\r\n")),
        row("chunks without end", chunks("5\r\nhello\r\n")),
        row("half a chunk", chunks("9\r\nhello")),
        row("no size of a chunk", chunks("zz\r\nhello\r\n0\r\n\r\n")),
        row("a size of 18 digits", chunks("ffffffffffffffffff\r\nhello\r\n0\r\n\r\n")),
        row(
            "chunks and a length",
            [
                b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n".as_slice(),
                b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            ]
            .concat(),
        ),
        row("chunked twice", coded("chunked\r\nTransfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n")),
        row("Chunked", coded("Chunked", b"5\r\nhello\r\n0\r\n\r\n")),
        row("identity", coded("identity\r\nContent-Length: 5", b"hello")),
        row("an unknown transfer coding", coded("xchunked", b"5\r\nhello\r\n0\r\n\r\n")),
        row("gzip in chunks as a transfer coding", coded("gzip, chunked", &chunked(&gzip(b"hello")))),
        row("chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        row("204 with a length", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n"),
        row("304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
        row("205 with nothing", "HTTP/1.1 205 Reset\r\nContent-Length: 0\r\n\r\n").http2(),
        row("continue, then the response", [b"HTTP/1.1 100 Continue\r\n\r\n".as_slice(), &hello("")].concat()),
        row("hints, then the response", [b"HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n".as_slice(), &hello("")].concat()),
    ]
}

fn codings() -> Vec<Row> {
    let text = b"hello, hello, hello".repeat(50);
    let deflated = |body: &[u8]| {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(body).expect("memory");
        encoder.finish().expect("memory")
    };
    let zlib = |body: &[u8]| {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(body).expect("memory");
        encoder.finish().expect("memory")
    };
    let zstd = zstd::encode_all(&text[..], 3).expect("memory");
    let (once, plain) = (gzip(&text), String::from_utf8_lossy(&text));
    let mut rows = vec![
        row("gzip", packed("gzip", &once)),
        row("x-gzip", packed("x-gzip", &once)),
        row("GZip", packed("GZip", &once)),
        row("deflate", packed("deflate", &zlib(&text))),
        row("deflate without its header", packed("deflate", &deflated(&text))),
        row("a short deflate without its header", packed("Deflate", &deflated(b"a"))),
        row("br", packed("br", &brotli(&text))),
        row("zstd", packed("zstd", &zstd)),
        row("gzip twice", packed("gzip, gzip", &gzip(&once))),
        row("gzip, then br", packed("gzip,br", &brotli(&once))),
        row("deflate, then gzip", packed("deflate , gzip", &gzip(&deflated(&text)))),
        row("two lines of codings", packed("gzip\r\nContent-Encoding: br", &brotli(&once))),
        row("identity as a coding", packed("identity", &text)),
        row("identity and gzip", packed("identity, gzip", &once)),
        row("no coding", packed("", &text)),
        row("an unknown coding", packed("utf-8", &text)),
        row("gzip and an unknown coding", packed("gzip, zap", &once)),
        row("not gzip", packed("gzip", b"this is no gzip at all")),
        row("half of gzip", packed("gzip", &once[..once.len() / 2])).refused(TRUNCATED),
        row("gzip without its check sum", packed("gzip", &once[..once.len() - 4])).refused(TRUNCATED),
        row("half of deflate", packed("deflate", &zlib(&text)[..10])).refused(TRUNCATED),
        row("half of br", packed("br", &brotli(&text)[..10])).refused(TRUNCATED),
        row("half of zstd", packed("zstd", &zstd[..zstd.len() - 5])).refused(TRUNCATED),
        row("bytes behind gzip", packed("gzip", &[&once[..], b"garbage"].concat()))
            .ours(("200", &plain, AFTER), "browsers and gzip read the body and leave the rest alone"),
        row("bytes behind deflate", packed("deflate", &[&zlib(&text)[..], b"garbage"].concat()))
            .ours(("200", &plain, AFTER), "browsers and gzip read the body and leave the rest alone"),
        row("an empty body in gzip", packed("gzip", b"")),
        row("gzip of nothing", packed("gzip", &gzip(b""))),
    ];
    let both = plain.repeat(2);
    rows.push(
        row("two members of gzip", packed("gzip", &[&once[..], &once].concat()))
            .ours(("200", &both, AFTER), "all members are the body (RFC 1952, 2.2); curl stops at the first"),
    );
    rows = rows.into_iter().map(Row::http2).collect();
    rows.push(row(
        "gzip in chunks",
        [
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n".as_slice(),
            &chunked(&once),
        ]
        .concat(),
    ));
    rows.push(row(
        "gzip until the end",
        [b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n".as_slice(), &once].concat(),
    ));
    rows
}

fn cookies() -> Vec<Row> {
    let set = |name: &str, lines: &[&str]| {
        let lines: String = lines.iter().map(|line| format!("Set-Cookie: {line}\r\n")).collect();
        row(name, hello(&lines)).http2()
    };
    // Each of these removes the cookie set before.
    let expired = |date: &str| set(&format!("expires {date}"), &["a=1", &format!("a=2; Expires={date}")]);
    let latin_1 = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=caf\xe9\r\nContent-Length: 5\r\n\r\nhello";
    vec![
        set("a cookie", &["a=1"]),
        set("longest paths first", &["a=1; Path=/", "b=2; Path=/r/after", "c=3; Path=/r"]),
        set("then the oldest", &["b=1; Path=/", "a=2; Path=/", "c=3; Path=/"]).ours(
            ("200", "hello", "/r/after b=1; a=2; c=3"),
            "oldest first (RFC 6265, 5.4); this curl has it the other way",
        ),
        set("set again", &["b=1; Path=/", "a=2; Path=/", "b=3; Path=/"]).ours(
            ("200", "hello", "/r/after b=3; a=2"),
            "oldest first (RFC 6265, 5.4); this curl has it the other way",
        ),
        set("the folder of the path", &["a=1; Path=/x", "b=2; Path=/r/", "c=3; Path=/rr", "d=4; Path=r"]),
        expired("Thu, 01 Jan 1970 00:00:00 GMT"),
        expired("Thu, 1 Jan 1970 00:00:00 GMT"),
        expired("Thu, 01-Jan-1970 00:00:01 GMT"),
        expired("Thu, 01 Jan 1970 00:00:00 UTC"),
        expired("Thu, 01 Jan 1970 00:00:00 +0000"),
        expired("Thu, 01 Jan 1970 00:00:00"),
        expired("thu, 01 jan 1970 00:00:00 gmt"),
        expired("Thursday, 01-Jan-70 00:00:01 GMT")
            .ours(("200", "hello", AFTER), "70 is 1970 (RFC 6265, 5.1.1); curl takes it for 2070"),
        expired("Thu Jan  1 00:00:01 1970"),
        set("a date that is none", &["a=1; Expires=soon"]),
        set("a date to come", &["a=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT"]),
        set("no age", &["a=1", "a=2; Max-Age=0"]),
        set("a negative age", &["a=1", "a=2; Max-Age=-1"]),
        set("an age goes before a date", &["a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"]),
        set("a great age", &["a=1; Max-Age=99999999999999999999"]),
        set("quotes", &["a=\"1 2\""]),
        set("signs", &["a=1=2&3, 4"]),
        set("an empty value", &["a="]),
        set("no value", &["a", "b=2"]),
        set("no name", &["=1", "b=2"]),
        set("nothing at all", &["", "b=2"]),
        set("blanks", &["  a  =  1  ;  Path = / "]),
        row("Latin-1 in a cookie", latin_1.to_vec()).http2(),
        set("Secure on this machine", &["a=1; Secure"])
            .ours(("200", "hello", "/r/after a=1"), "all of 127.0.0.0/8 is this machine, as browsers have it"),
        set("another domain", &["a=1; Domain=example.com", "b=2"]),
        set("the number as a domain", &["a=1; Domain=127.0.0.1", "b=2"]),
        set("__Host-", &["__Host-a=1; Path=/", "b=2"]),
        set("__Secure-", &["__Secure-a=1", "b=2"]),
        set("4,000 bytes", &[&format!("a={}", "x".repeat(4_000))]),
        set("5,000 bytes", &[&format!("a={}", "x".repeat(5_000)), "b=2"]),
        set("attributes in capitals", &["a=1; PATH=/; HTTPONLY; SAMESITE=none"]),
    ]
}

fn redirects() -> Vec<Row> {
    let to = |status: u16, location: &[u8]| {
        [format!("HTTP/1.1 {status} Go\r\nContent-Length: 0\r\nLocation: ").as_bytes(), location, b"\r\n\r\n"].concat()
    };
    let loops = to(302, b"/r/start");
    let mut rows: Vec<Row> = [301, 302, 303, 307, 308]
        .into_iter()
        .map(|status| row(&format!("{status}"), to(status, b"/r/next")))
        .chain([
            row("no location", "HTTP/1.1 302 Go\r\nContent-Length: 5\r\n\r\nhello"),
            row("an empty location", to(302, b"")),
            row("a blank location", to(302, b"  ")),
            row("relative to the folder", to(302, b"next")),
            row("up", to(302, b"../next")),
            row("a query alone", to(302, b"?next=1")).then("/r/start?next=1", hello("")),
            row("a fragment", to(302, b"/r/next#x")),
            row("without a scheme", to(302, b"///r/next")),
            row("blanks", to(302, b"/r/a b c")),
            row("Latin-1", to(302, b"/r/caf\xe9?\xff")),
            row("UTF-8", to(302, "/r/café".as_bytes())),
            row("escapes", to(302, b"/r/%41%2f%zz")),
            row("another protocol", to(302, b"ftp://127.0.0.1:1/x")),
            row("a script", to(302, b"javascript:alert(1)")),
            row("round and round", loops),
            row("a location without a redirect", hello("Location: /r/next\r\n")),
            row("a cookie on the way", to(302, b"/r/next\r\nSet-Cookie: a=1")),
        ])
        .map(Row::http2)
        .collect();
    rows.push(
        row("a folded location", to(302, b"\r\n /r/next"))
            .ours(("200", "/r/next ", AFTER), "a folded line is one line"),
    );
    rows.push(
        row("300 with a location", to(300, b"/r/next"))
            .ours(("300", "", AFTER), "browsers and Locust leave the choice to people"),
    );
    rows.push(
        row("a control character in the location", to(302, b"/r/a\x7f\x01b"))
            .ours(("200", "/r/a%7f%01b ", AFTER), "escaped, as browsers do"),
    );
    rows
}
