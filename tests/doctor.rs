//! `katydid doctor` and the checks before a run, against real servers in the states that they report.

#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
#[path = "headless/command.rs"]
mod command;
#[expect(dead_code, reason = "shared by several test programs, none of which uses all of it")]
#[path = "redis/server.rs"]
mod server;
#[path = "common/wait.rs"]
mod wait;

#[path = "doctor/tls.rs"]
mod tls;
#[path = "doctor/web.rs"]
mod web;

#[path = "doctor/before.rs"]
mod before;
#[path = "doctor/hosts.rs"]
mod hosts;
#[path = "doctor/sinks.rs"]
mod sinks;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use command::{err, katydid, out};
use serde_json::Value;
use server::{Redis, free_port};
use tls::Tls;
use web::web;

/// A scenario against this host.
fn scenario(host: &str) -> String {
    format!(
        "host: {host}\nusers: 3\nspawn_rate: 100\nrun_time: 1s\ntasks: [{{ steps: [{{ get: /a }}, {{ wait: 50ms }}] }}]\n"
    )
}

/// Exit code, and the lines as `check level found advice`.
fn doctor(folder: &Path, scenario: &str, flags: &str, more: &[(&str, &str)]) -> (i32, Vec<String>) {
    fs::write(folder.join("run.yaml"), scenario).expect("a file");
    unnamed(folder, &format!("-f run.yaml {flags}"), more)
}

/// The same, of no scenario but what the flags name.
fn unnamed(folder: &Path, flags: &str, more: &[(&str, &str)]) -> (i32, Vec<String>) {
    let args: Vec<&str> = ["doctor", "--json"].into_iter().chain(flags.split_whitespace()).collect();
    let output = katydid(folder, &args).envs(more.iter().copied()).output().expect("the command runs");
    let document: Value =
        serde_json::from_str(&out(&output)).unwrap_or_else(|error| panic!("{error}: {}", err(&output)));
    let lines = document["lines"].as_array().expect("lines").iter().map(|line| {
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        format!("{} {} {} {}", text("check"), text("level"), text("found"), text("advice")).trim_end().to_owned()
    });
    (output.status.code().expect("a code"), lines.collect())
}

fn of<'a>(lines: &'a [String], check: &str) -> Vec<&'a str> {
    lines.iter().filter_map(|line| line.strip_prefix(check)?.strip_prefix(' ')).collect()
}

#[test]
fn certificates_are_dated_and_their_faults_named() {
    let folder = tempfile::tempdir().expect("a folder");
    for (days, name, level, words) in [
        ("90", "localhost", "ok", "certificate of localhost ends "),
        ("8", "localhost", "warning", "in 7 days"),
        ("-2", "localhost", "error", "the certificate ended "),
        ("90", "other.test", "error", "not valid for the requested host name"),
    ] {
        let server = Tls::start(days, name);
        let trusted = server.authority();
        let (code, lines) = doctor(folder.path(), &scenario(&server.url()), "", &[("SSL_CERT_FILE", &trusted)]);
        let host = of(&lines, "host");
        assert!(host.iter().any(|line| line.starts_with(level) && line.contains(words)), "{days} {name}: {host:?}");
        assert_eq!(code, if level == "error" { 2 } else { 0 }, "{lines:?}");
    }
    // Its CA is not known here; the scenario's own settings decide.
    let server = Tls::start("90", "localhost");
    let (code, lines) = doctor(folder.path(), &scenario(&server.url()), "", &[]);
    assert!(code == 2 && of(&lines, "host")[0].contains("unknown issuer"), "{lines:?}");
    let text = scenario(&server.url());
    fs::copy(server.authority(), folder.path().join("own.pem")).expect("a file");
    let trusting = format!("defaults: {{ tls: {{ ca: own.pem }} }}\n{text}");
    let careless = format!("defaults: {{ tls: {{ insecure: true }} }}\n{text}");
    for text in [trusting, careless] {
        let (code, lines) = doctor(folder.path(), &text, "", &[]);
        assert!(code == 0 && of(&lines, "host")[0].starts_with("ok"), "{lines:?}");
    }
}

#[test]
fn responses_say_what_a_load_test_should_know() {
    let folder = tempfile::tempdir().expect("a folder");
    for (response, level, words) in [
        ("200 OK\r\nX: y", "ok", "GET /: 200 OK in "),
        ("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"shop\"", "warning", "asks for Basic realm=\"shop\""),
        ("403 Forbidden\r\nX: y", "warning", "403 Forbidden"),
        ("503 Service Unavailable\r\nX: y", "warning", "503 Service Unavailable"),
        ("302 Found\r\nLocation: https://www.other.test/x?y=1", "warning", "redirects to https://www.other.test Use"),
        ("302 Found\r\nLocation: /login", "ok", "302 Found"),
        ("200 OK\r\nX-RateLimit-Limit: 60\r\nRetry-After: 5", "warning", "x-ratelimit-limit: 60, retry-after: 5"),
        ("200 OK\r\nRateLimit-Limit: a\u{202e}b", "warning", "ratelimit-limit: a b"),
    ] {
        let (code, lines) = doctor(folder.path(), &scenario(&web(response, "")), "", &[]);
        let host = of(&lines, "host");
        assert!(host.iter().any(|line| line.starts_with(level) && line.contains(words)), "{response}: {host:?}");
        assert!(code == 0 && !host.concat().contains(|c: char| c.is_control() || c == '\u{202e}'), "{host:?}");
    }
}

#[test]
fn a_port_that_does_not_speak_http_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    // Before it is asked, or after.
    for speaks_first in [true, false] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        // Ends with the test program.
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                if speaks_first || matches!(stream.read(&mut [0; 4096]), Ok(1..)) {
                    let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n");
                }
            }
        });
        let (_, lines) = doctor(folder.path(), &scenario(&url), "", &[("DD_API_KEY", "k3y"), ("DD_SITE", &url)]);
        for check in ["host", "datadog"] {
            let found = of(&lines, check).concat();
            assert!(found.contains("malformed response: ") && found.contains("does not speak HTTP"), "{lines:?}");
            assert!(!found.contains("parsed") && !found.contains("unexpected message"), "{lines:?}");
        }
    }
}

#[test]
fn clocks_are_compared() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |seconds: i64| {
        let now = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
        format!("200 OK\r\nDate: {}", now.strftime("%a, %d %b %Y %H:%M:%S GMT"))
    };
    for (seconds, level, words) in
        [(0, "ok", "agrees"), (3_600, "warning", "behind the target's"), (-7_200, "warning", "ahead of the target's")]
    {
        let (_, lines) = doctor(folder.path(), &scenario(&web(&at(seconds), "")), "", &[]);
        let clock = of(&lines, "clock");
        assert!(clock[0].starts_with(level) && clock[0].contains(words), "{seconds}: {lines:?}");
    }
}

#[test]
fn servers_that_are_not_there_or_never_answer_end_in_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = silent.local_addr().expect("an address");
    for (host, words) in [
        (format!("http://127.0.0.1:{}", free_port()), "connection refused"),
        ("http://shop.invalid".to_owned(), "shop.invalid: "),
        // The listener accepts in the kernel, and nobody reads.
        (format!("http://{silent}"), "no response to GET / in time"),
        (format!("https://{silent}"), "timed out during the TLS handshake"),
    ] {
        let started = Instant::now();
        let (code, lines) = doctor(folder.path(), &scenario(&host), "", &[]);
        assert!(started.elapsed() < Duration::from_secs(20), "{host}: {:?}", started.elapsed());
        let host = of(&lines, "host").concat();
        assert!(code == 2 && host.contains("error") && host.contains(words), "{lines:?}");
    }
}

#[test]
fn redis_is_asked_for_its_limit_and_wrong_passwords_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = |url: &str| {
        format!(
            "redis: {{ url: {url} }}\nusers: 30\nspawn_rate: 100\nrun_time: 1s\ntasks: [{{ steps: [{{ redis: [GET, k] }}] }}]\n"
        )
    };
    let redis = Redis::start("--maxclients 20 --requirepass S3cretPassword");
    let with = |password: &str| redis.url().replace("redis://", &format!("redis://:{password}@"));
    let (code, lines) = doctor(folder.path(), &text(&with("S3cretPassword")), "", &[]);
    let found = of(&lines, "redis");
    assert!(code == 0 && found[0].starts_with("ok") && found[0].contains("PONG"), "{lines:?}");
    assert!(found[1].starts_with("warning maxclients 20") && found[1].contains("up to 30 planned"), "{lines:?}");
    let (_, lines) = doctor(folder.path(), &text(&with("S3cretPassword")), "-u 5", &[]);
    assert!(of(&lines, "redis")[1].starts_with("ok"), "{lines:?}");
    for url in [with("Wr0ngPassword"), redis.url()] {
        let (code, lines) = doctor(folder.path(), &text(&url), "", &[]);
        let found = of(&lines, "redis").concat();
        assert!(code == 2 && found.starts_with("error") && found.contains("password"), "{lines:?}");
        assert!(!lines.concat().contains("Wr0ng"), "{lines:?}");
    }
    let nowhere = format!("redis://127.0.0.1:{}", free_port());
    let (code, lines) = doctor(folder.path(), &text(&nowhere), "", &[]);
    assert!(code == 2 && of(&lines, "redis")[0].contains("connection refused"), "{lines:?}");
}

#[test]
fn text_has_the_same_lines_and_no_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let broken = "host: http://h\ntasks: [{ steps: [{ gett: / }] }]\n";
    let (code, lines) = doctor(folder.path(), broken, "", &[]);
    assert!(code == 2 && of(&lines, "scenario")[0].contains("run.yaml:2:"), "{lines:?}");
    let host = web("401 Unauthorized\r\nWWW-Authenticate: T0pS3cret and é", "");
    let text = format!("secrets: [KEY]\n{}", scenario(&host)).replace("get: /a", "get: '/a?{{ env.KEY }}'");
    fs::write(folder.path().join("run.yaml"), text).expect("a file");
    let hook = format!("http://hooks.test:1/{}", "S3cretPath");
    let output =
        katydid(folder.path(), &["doctor", "-f", "run.yaml", "--ascii", "--no-record", "--webhook-url", &hook])
            .env("KEY", "T0pS3cret")
            .output()
            .expect("the command runs");
    let text = out(&output);
    assert!(text.is_ascii() && text.contains("asks for *** and ?"), "{text}");
    assert!(!text.contains("T0pS3cret") && !text.contains("S3cretPath") && !text.contains('\x1b'), "{text}");
    assert!(text.contains("webhook") && text.ends_with("1 error, 1 warning\n"), "{text}");
}
