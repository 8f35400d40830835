use super::*;

fn read(text: &str) -> Head {
    parse(text.replace('\n', "\r\n").as_bytes(), false).expect("a valid head").expect("a whole head").head
}

#[test]
fn framing_follows_rfc_9112() {
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
fn the_timeout_of_keep_alive_is_parsed() {
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
fn heads_of_http_2_are_read_like_those_of_http_1() {
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
fn invalid_heads_are_rejected() {
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
fn invalid_lines_are_skipped() {
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
    let parsed = parse(b"HTTP/1.1 302 Go\r\nLOCATION: /a\x01\x7f\tb\r\n\r\n", false).expect("valid").expect("complete");
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
fn incomplete_heads_need_more_input() {
    let whole = b"HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\nrest";
    for end in 0..whole.len() - 4 {
        assert_eq!(parse(&whole[..end], false).expect("no error"), None, "{end}");
    }
    let parsed = parse(whole, false).expect("valid").expect("whole");
    assert_eq!((parsed.length, parsed.head.sets_cookie), (whole.len() - 4, true));
    assert_eq!(headers(&parsed.raw)["set-cookie"], "a=b");
}

#[test]
fn the_response_to_head_has_no_body() {
    let head = parse(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", true).expect("valid").expect("whole").head;
    assert_eq!(head.framing, Framing::Length(0));
}
