//! Responses that are far more work than they look: they end with the time-out or with a reason, the other users go on
//! meanwhile, and memory stays within bounds.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use crate::command::{Ran, out, prepared};
use crate::wait::until;

/// Starts a server that answers each path with one body; returns its URL.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    url
}

fn serve(mut stream: TcpStream) -> Option<()> {
    loop {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let (lines, body) = body(head.split(' ').nth(1)?);
        write!(stream, "HTTP/1.1 200 OK\r\n{lines}content-length: {}\r\n\r\n", body.len()).ok()?;
        stream.write_all(&body).ok()?;
    }
}

/// Zeros in one member of a bomb.
const PIECE: usize = 32 << 20;

/// Many gigabytes: more than can be gone through within the time-out. The members are the same, so it is built in no time.
fn bomb(coding: &str) -> Vec<u8> {
    let piece = vec![0; PIECE];
    match coding {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(&piece).expect("memory");
            encoder.finish().expect("memory").repeat(100)
        }
        _ => zstd::encode_all(&piece[..], 1).expect("memory").repeat(1_000),
    }
}

/// Built once: a server that builds its response is silent meanwhile.
static BROTLI: LazyLock<Vec<u8>> = LazyLock::new(brotli_bomb);

/// Brotli has no members, but what stands between two flushes ends on a whole byte and can be repeated.
fn brotli_bomb() -> Vec<u8> {
    let piece = vec![0; PIECE];
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 1 << 20, 2, 22);
    let mut flushed = || {
        writer.write_all(&piece).expect("memory");
        writer.flush().expect("memory");
        writer.get_ref().len()
    };
    let (first, second) = (flushed(), flushed());
    let mut out = writer.get_ref()[..second].to_vec();
    out.extend_from_slice(&writer.get_ref()[first..second].repeat(1_000));
    out.extend_from_slice(&writer.into_inner()[second..]);
    out
}

fn body(path: &str) -> (&'static str, Vec<u8>) {
    let html = "content-type: text/html\r\n";
    match path {
        "/nested" => (html, [b"<div>".repeat(40_000), b"<p id=x>found".to_vec()].concat()),
        "/bottomless" => (html, b"<div>".repeat(1_000_000)),
        "/formatting" => {
            let tags: String = (0..20_000).map(|n| format!("<b id={n}>")).collect();
            (html, [b"<p>", tags.as_bytes(), &b"<p>x".repeat(100_000)].concat())
        }
        "/wide" => (html, b"<i>x</i>".repeat(400_000)),
        "/page" => (html, [b"<ul>".to_vec(), b"<li>item".repeat(50_000), b"<li id=x>found</ul>".to_vec()].concat()),
        "/letters" => ("", vec![b'a'; 4 << 20]),
        "/deep-json" => {
            let deep = format!("{}1{}", "[".repeat(120), "]".repeat(120));
            ("", format!("[{}1]", format!("{deep},").repeat(400)).into_bytes())
        }
        "/too-deep" => ("", format!("{}1{}", "[".repeat(200), "]".repeat(200)).into_bytes()),
        "/objects" => ("", format!("[{}{{\"a\":1}}]", "{\"a\":1},".repeat(1_900_000)).into_bytes()),
        "/gzip" => ("content-encoding: gzip\r\n", bomb("gzip")),
        "/zstd" => ("content-encoding: zstd\r\n", bomb("zstd")),
        "/br" => ("content-encoding: br\r\n", BROTLI.clone()),
        _ => ("", b"ok".to_vec()),
    }
}

/// A class of one user with these lines, which does it once, beside one user who asks for little all the time. On one
/// thread: whatever holds that up holds up both.
fn beside(steps: &str) -> String {
    format!(
        "host: {}\nuser_classes:\n\
         \x20 heavy: {{ fixed_count: 1, wait_time: constant(20ms), tasks: [{{ steps: [{steps}, {{ wait: 200ms }}] }}] }}\n\
         \x20 light: {{ fixed_count: 1, wait_time: constant(10ms), tasks: [{{ steps: [{{ get: /light, timeout: 5s }}] }}] }}\n",
        server()
    )
}

/// The longest response time of the light user, in milliseconds.
fn longest(ran: &Ran) -> u64 {
    ran.number("/light", "Max Response Time")
}

#[test]
fn what_cannot_be_evaluated_fails_with_its_reason() {
    let cases = [
        ("/nested", "capture: { x: 'css: p' }", "response not evaluated: the HTML is nested more than"),
        ("/bottomless", "capture: { x: 'css: p' }", "response not evaluated: the HTML is nested more than"),
        ("/formatting", "capture: { x: { css: b, pick: all, default: none } }", "response not evaluated: the HTML"),
        ("/wide", "capture: { x: 'css: p' }", "response not evaluated: the HTML has more than"),
        ("/letters", "capture: { x: { regex: 'a*[^a]|a', pick: all } }", "response not evaluated: it took too long"),
        (
            "/deep-json",
            "capture: { x: { json: '$..*..*..*..*', pick: all } }",
            "response not evaluated: the path visits",
        ),
        ("/objects", "capture: { x: { json: $..b, default: 1 } }", "response not evaluated: the JSON has more than"),
        ("/objects", "expect: { json: { $..b: { exists: false } } }", "response not evaluated: the JSON has more than"),
        ("/too-deep", "capture: { x: { json: $.a, default: 5 } }", "response not evaluated: the JSON is nested 128"),
        ("/too-deep", "expect: { json: { $.a: { exists: false } } }", "response not evaluated: the JSON is nested 128"),
        (
            "/too-deep",
            "expect: { json: { $.a: { not: { eq: 1 } } } }",
            "response not evaluated: the JSON is nested 128",
        ),
        ("/no-json", "expect: { json: { $.a: { exists: false } } }", "expected json $.a does not exist"),
        ("/no-json", "expect: { json: { $.a: { not: { eq: 1 } } } }", "expected json $.a not 1"),
    ];
    let steps: Vec<String> = cases
        .iter()
        .enumerate()
        .map(|(n, (path, looks, reason))| {
            // Only what ends with its time is given little.
            let timeout = if reason.ends_with("too long") { "1s" } else { "5m" };
            format!("{{ get: {path}, name: c{n}, timeout: {timeout}, {looks} }}")
        })
        .collect();
    let ran = Ran::new(&beside(&steps.join(", ")), "-u 2 -r 100 --threads 1 -t 10s -s 5m");
    for (n, (path, looks, reason)) in cases.iter().enumerate() {
        let (name, failures) = (format!("c{n}"), ran.failures(&format!("c{n}")));
        assert!(ran.requests(&name) >= 1, "{path} {looks}");
        assert_eq!(ran.failed(&name), ran.requests(&name), "{path} {looks}");
        assert!(failures.iter().all(|(why, _)| why.starts_with(reason)), "{path} {looks}: {failures:?}");
    }
    assert!(ran.requests("/light") > 20 && ran.failed("/light") == 0, "{}", ran.requests("/light"));
}

#[test]
fn what_is_only_long_is_evaluated() {
    let steps = "{ get: /page, timeout: 5m, capture: { x: 'css: li#x' }, expect: { body: { contains: found } } }, \
                 { get: /objects, timeout: 5m, capture: { n: '$[1900000].a', z: 'regex: }(.)$' } }, \
                 { get: '/light?x={{ x }}{{ n }}{{ z | urlencode }}', name: all }";
    let ran = Ran::new(&beside(steps), "-u 2 -r 100 --threads 1 -t 5s -s 5m");
    for name in ["/page", "/objects", "all"] {
        assert!(ran.requests(name) >= 1, "{name}");
        assert_eq!(ran.failures(name), [], "{name}");
    }
}

#[test]
fn a_bomb_ends_with_the_time_out() {
    for path in ["/gzip", "/zstd", "/br"] {
        let started = Instant::now();
        let ran = Ran::new(&beside(&format!("{{ get: {path}, timeout: 1s }}")), "-u 2 -r 100 --threads 1 -t 6s -s 5s");
        assert!(started.elapsed() < Duration::from_secs(40), "{path}: {:?}", started.elapsed());
        let asked = ran.requests(path);
        assert!(asked >= 1, "{path}");
        assert_eq!(ran.failures(path), [("timed out after 1s".to_owned(), asked)], "{path}");
        assert!(ran.number(path, "Max Response Time") < 1_500, "{path}");
        assert!(
            ran.requests("/light") > 20 && longest(&ran) < 1_000,
            "{path}: {} {}",
            ran.requests("/light"),
            longest(&ran)
        );
    }
}

#[test]
fn who_sends_a_bomb_has_responded() {
    LazyLock::force(&BROTLI);
    let scenario = format!("host: {}\ntasks: [{{ steps: [{{ get: /br, timeout: 500ms }}] }}]\n", server());
    let ran = Ran::new(&scenario, "-u 1 -t 3s -s 5s");
    let said = out(&ran.output);
    assert!(ran.failures("/br").iter().all(|(why, _)| why == "timed out after 500ms"), "{said}");
    assert!(ran.failed("/br") >= 3 && !said.contains("NOT RESPONDING"), "{said}");
}

#[test]
fn long_json_does_not_fill_the_memory() {
    let folder = tempfile::tempdir().unwrap();
    let steps =
        "{ get: /objects, timeout: 60s, capture: { a: '$[7].a', all: { json: '$[*].b', pick: all, default: 0 } } }";
    let mut child = prepared(folder.path(), &beside(steps), "-u 2 -r 100 --threads 1 -t 4s -s 60s").spawn().unwrap();
    let mut peak = 0;
    until("the end of the run", || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: u64 = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0);
        peak = peak.max(kib);
        child.try_wait().unwrap().is_some()
    });
    let ran = Ran::of(child.wait_with_output().unwrap(), folder);
    assert!(ran.requests("/objects") >= 1, "{:?}", ran.texts());
    assert_eq!(ran.failures("/objects"), []);
    assert!((1_000..150_000).contains(&peak), "{peak} KiB for a JSON of 15 MB");
}
