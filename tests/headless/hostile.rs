//! Servers that misbehave: each fault is a failure with a plain reason, the run goes on, and nothing of what they send
//! reaches a terminal or a spreadsheet as anything but plain text.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

use crate::command::{Ran, prepared};
use crate::wait::until;

const FINE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const BROTLI: &[u8] =
    b"\x1b\x0f\x27\xf8\x8d\x54\xb5\xbf\x0e\x23\x5b\xa3\xd3\x20\x64\x69\x79\xe2\xb7\x70\x80\xb0\x07\x40\xbc\x09";
const ZSTD: &[u8] =
    b"\x28\xb5\x2f\xfd\x60\x10\x26\x85\x00\x00\x40\x6b\x61\x74\x79\x64\x69\x64\x20\x01\x00\x05\x67\x7c\xe1\x02";
const DEFLATE: &[u8] =
    b"\x78\xda\xed\xc5\xb1\x09\x00\x30\x08\x00\xb0\x57\xfa\x9a\xe0\x22\xae\x2e\xfd\xde\x3b\x84\x64\x49\xc7\xfc\xac\
\x7c\x6d\xdb\xb6\x6d\xdb\xb6\x6d\xdb\xb6\x6d\xdb\xb6\x6d\xdb\xf6\xe1\x17\xcd\x2d\xd7\xa7";

/// Bytes of the long body.
const LONG: usize = 100_000_000;

/// Starts a server that answers each path in its own way; returns its URL.
fn hostile() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    url
}

/// Answers until the connection or the path ends it.
fn serve(mut stream: TcpStream) {
    while let Some(path) = next_request(&mut stream) {
        // The client may be gone, which is its right.
        if !answer(&mut stream, &path).unwrap_or(false) {
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
    }
}

/// The path of the next request, once its head is complete. Its body is left to whoever answers.
fn next_request(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    Some(String::from_utf8_lossy(&head).split(' ').nth(1)?.to_owned())
}

fn packed(encoding: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// True when the connection lives on.
fn answer(stream: &mut TcpStream, path: &str) -> std::io::Result<bool> {
    let fine = match path {
        "/ok" => Some(FINE.to_vec()),
        "/br" => Some(packed("br", BROTLI)),
        "/zstd" => Some(packed("zstd", ZSTD)),
        "/deflate" => Some(packed("deflate", DEFLATE)),
        "/not-gzip" => Some(packed("gzip", b"this is no gzip at all")),
        _ => None,
    };
    if let Some(bytes) = fine {
        stream.write_all(&bytes)?;
        return Ok(true);
    }
    let bytes: Vec<u8> = match path {
        "/long-body" => {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {LONG}\r\n\r\n")?;
            for _ in 0..LONG / 100_000 {
                stream.write_all(&[b'x'; 100_000])?;
            }
            return Ok(true);
        }
        // A refusal before the body was read, which the client is still sending.
        "/early" => b"HTTP/1.1 413 Payload Too Large\r\nconnection: close\r\ncontent-length: 4\r\n\r\nbig!".to_vec(),
        "/status-line" => b"HTTP/1.1 500 \x1b[31m\x07evil\x1b]0;title\x07\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_vec(),
        "/control-header" => {
            b"HTTP/1.1 503 Busy\r\nx-a: \x1b[2J\x07\x01red\r\n=cmd: 1\r\nconnection: close\r\ncontent-length: 5\r\n\r\n\x1b[2J!".to_vec()
        }
        "/long-header" => {
            [b"HTTP/1.1 200 OK\r\nx-long: ".as_slice(), &[b'a'; 2_000_000], b"\r\ncontent-length: 0\r\n\r\n"].concat()
        }
        "/many-headers" => {
            let mut text = String::from("HTTP/1.1 200 OK\r\n");
            (0..20_000).for_each(|n| text.push_str(&format!("x-{n}: {n}\r\n")));
            text.push_str("\r\n");
            text.into_bytes()
        }
        "/bad-chunk" => b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n".to_vec(),
        "/huge-chunk" => {
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello\r\n0\r\n\r\n".to_vec()
        }
        "/half" => b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nonly this".to_vec(),
        "/half-chunk" => b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nonly this".to_vec(),
        "/half-head" => b"HTTP/1.1 200 OK\r\ncontent-le".to_vec(),
        "/nothing" => Vec::new(),
        "/bad-length" => b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\nhello".to_vec(),
        "/two-lengths" => b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\nhello".to_vec(),
        "/no-http" => b"\x00\x01\x02\x1b[31m\xff\xfe\r\n\r\n".to_vec(),
        "/bad-redirect" => b"HTTP/1.1 302 Found\r\nlocation: http://[::\x7f\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_vec(),
        "/status-0" => b"HTTP/1.1 000 None\r\ncontent-length: 0\r\n\r\n".to_vec(),
        _ => b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec(),
    };
    stream.write_all(&bytes)?;
    Ok(false)
}

fn scenario(host: &str, steps: &[&str]) -> String {
    let list: String = steps.iter().map(|path| format!("      - get: {path}\n        timeout: 5s\n")).collect();
    format!("host: {host}\nwait_time: constant(20ms)\ntasks:\n  - steps:\n{list}      - get: /ok\n")
}

/// Nothing that moves a cursor, rings a bell or is a formula.
fn assert_harmless(ran: &Ran) {
    for text in ran.texts() {
        let bad = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r'));
        assert_eq!(bad, None, "{text:?}");
        assert!(!text.contains("panicked"), "{text}");
    }
}

#[test]
fn every_fault_has_a_plain_reason_and_the_run_goes_on() {
    let malformed = &["malformed response"][..];
    let closed = &["connection closed before the response was complete", "connection reset by the server"][..];
    // What the library calls it may change; that it is one of these may not.
    let cases: &[(&str, &[&str])] = &[
        ("/not-gzip", malformed),
        ("/bad-chunk", malformed),
        ("/huge-chunk", malformed),
        ("/half", closed),
        ("/half-chunk", closed),
        ("/half-head", closed),
        ("/nothing", &["server closed the connection before sending a response", "connection reset by the server"]),
        ("/bad-length", malformed),
        ("/two-lengths", malformed),
        ("/no-http", malformed),
        ("/status-0", malformed),
        ("/long-header", malformed),
        ("/many-headers", malformed),
        ("/status-line", &["HTTP 500", "malformed response"]),
        ("/control-header", &["HTTP 503", "malformed response"]),
        ("/bad-redirect", &["malformed response", "expected status"]),
    ];
    let steps: Vec<&str> = cases.iter().map(|(path, _)| *path).collect();
    let ran = Ran::new(&scenario(&hostile(), &steps), "-u 2 -r 100 -t 2s -s 10s");
    assert_eq!(ran.output.status.code(), Some(1));
    let mut wrong = Vec::new();
    for (path, reasons) in cases {
        let (asked, failures) = (ran.requests(path), ran.failures(path));
        let all_failed =
            asked > 1 && ran.failed(path) == asked && failures.iter().map(|(_, n)| n).sum::<u64>() == asked;
        let plain = failures.iter().all(|(why, _)| reasons.iter().any(|reason| why.starts_with(reason)));
        if !all_failed || !plain || failures.len() > 2 {
            wrong.push((path, asked, failures));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(ran.requests("/ok") > 1, "the run goes on");
    assert_eq!(ran.failed("/ok"), 0, "{:?}", ran.failures("/ok"));
    assert_harmless(&ran);
}

#[test]
fn every_compression_is_undone() {
    let ran = Ran::new(&scenario(&hostile(), &["/br", "/zstd", "/deflate"]), "-u 1 -t 1s -s 5s");
    for path in ["/br", "/zstd", "/deflate"] {
        assert_eq!(ran.failures(path), [], "{path}");
        assert_eq!(ran.number(path, "Average Content Size"), 10_000, "{path}");
    }
}

#[test]
fn a_reply_before_the_request_has_ended_is_a_reply() {
    let mut text = scenario(&hostile(), &[]);
    // More than fits between two sockets.
    text.push_str(&format!("      - post: /early\n        timeout: 5s\n        body: \"{}\"\n", "x".repeat(900_000)));
    let ran = Ran::new(&text, "-u 2 -r 100 -t 1s -s 10s");
    let (asked, failures) = (ran.requests("/early"), ran.failures("/early"));
    assert!(asked > 1 && ran.failed("/early") == asked);
    // Whether the reply or the reset comes first is the network's choice.
    let known = |why: &str| {
        why.starts_with("HTTP 413") || why.starts_with("connection reset") || why.starts_with("connection closed")
    };
    assert!(failures.iter().all(|(why, _)| known(why)), "{failures:?}");
    assert!(ran.requests("/ok") > 1 && ran.failed("/ok") == 0);
}

#[test]
fn a_long_body_does_not_fill_the_memory() {
    let folder = tempfile::tempdir().unwrap();
    let text = scenario(&hostile(), &["/long-body"]).replace("timeout: 5s", "timeout: 60s");
    let mut child = prepared(folder.path(), &text, "-u 2 -r 100 -t 3s -s 60s").spawn().unwrap();
    let mut peak = 0;
    until("the end of the run", || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: u64 = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0);
        peak = peak.max(kib);
        child.try_wait().unwrap().is_some()
    });
    let ran = Ran::of(child.wait_with_output().unwrap(), folder);
    assert!(ran.requests("/long-body") >= 2, "{:?}", ran.texts());
    assert_eq!((ran.failed("/long-body"), ran.number("/long-body", "Average Content Size")), (0, LONG as u64));
    assert!((1_000..60_000).contains(&peak), "{peak} KiB for bodies of 100 MB");
}
