//! How connections are opened, kept, lost and used again, over TCP and TLS, in both versions of HTTP.

use std::time::Duration;

use crate::command::{Ran, err, out};
use crate::nginx::Nginx;
use crate::raw::{Raw, Reader, Wire};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Runs these steps against a server. A file whose name is a number has that many bytes.
fn run(server: &Raw, steps: &str, flags: &str) -> Ran {
    let scenario = format!("host: {}\ndefaults: {{ timeout: 20s }}\ntasks: [{{ steps: [{steps}] }}]\n", server.url());
    let authority = server.authority();
    let ran = Ran::with(&scenario, flags, |command| {
        let folder = command.get_current_dir().expect("a folder").to_owned();
        for size in steps.split("'@").skip(1).filter_map(|rest| rest.split_once('\'')).map(|(size, _)| size) {
            std::fs::write(folder.join(size), "katydid ".repeat(size.parse::<usize>().expect("a size") / 8))
                .expect("a file");
        }
        command.env("SSL_CERT_FILE", authority);
    });
    assert_ne!(ran.output.status.code(), Some(2), "{}", err(&ran.output));
    ran
}

/// The number of the line with these words in what was printed; 0 when there is none.
pub fn said(ran: &Ran, words: &str) -> u64 {
    let text = err(&ran.output) + &out(&ran.output);
    let Some(line) = text.lines().find(|line| line.contains(words)) else { return 0 };
    let number = line.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    number.expect("a number").replace(',', "").parse().expect("a number")
}

pub const AGAIN: &str = " sent again on ";

/// Closes without a word after each response.
fn close_after_each(wire: &mut dyn Wire, reader: &Reader) {
    if reader.next(wire).is_some() {
        let _ = wire.write_all(OK);
        let _ = wire.flush();
    }
}

/// Answers once and closes instead of answering again.
fn close_on_the_second(wire: &mut dyn Wire, reader: &Reader) {
    close_after_each(wire, reader);
    reader.next(wire);
}

#[test]
fn a_kept_connection_that_the_server_has_closed_is_replaced() {
    for secure in [false, true] {
        for (name, serve) in
            [("after each", close_after_each as fn(&mut dyn Wire, &Reader)), ("on the second", close_on_the_second)]
        {
            let server = Raw::start(secure, serve);
            let ran = run(&server, "{ get: /a }, { put: /b, body: x }", "-u 3 -r 100 -t 1s -s 10s");
            let place = format!("{name}, TLS: {secure}");
            assert_eq!(ran.output.status.code(), Some(0), "{place}: {:?}", ran.texts());
            let (requests, again) = (ran.requests("Aggregated"), said(&ran, AGAIN));
            assert!(requests > 20, "{place}");
            let asked = server.asked().len() as u64;
            if name == "on the second" {
                // Every request but the first of each user met such a connection.
                assert!(again >= requests - 3, "{place}: {again} of {requests}");
                assert_eq!(asked, requests + again, "{place}: what the server has counted");
            } else {
                assert!(again <= requests, "{place}");
                assert!((requests..=requests + again).contains(&asked), "{place}");
            }
        }
    }
}

#[test]
fn what_may_not_be_done_twice_is_sent_once_and_fails_in_plain_words() {
    for secure in [false, true] {
        let server = Raw::start(secure, close_on_the_second);
        let ran = run(&server, "{ post: /a, body: x }", "-u 2 -r 100 -t 1s -s 10s");
        let failures = ran.failures("/a");
        let words = ["server closed the connection before sending a response", "connection reset by the server"];
        assert!(!failures.is_empty() && failures.iter().all(|(why, _)| words.contains(&&**why)), "{failures:?}");
        assert_eq!(server.asked().len() as u64, ran.requests("/a"), "sent once, TLS: {secure}");
        assert_eq!(said(&ran, AGAIN), 0);
    }
}

#[test]
fn a_connection_that_was_idle_for_too_long_is_not_used_again() {
    for secure in [false, true] {
        // Nothing is read after the first request until the client has closed, or has waited too long.
        let server = Raw::start(secure, |wire, reader| {
            while reader.next(wire).is_some() {
                let _ = wire.write_all(b"HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 2\r\n\r\nok");
                let _ = wire.flush();
            }
        });
        let steps = "{ post: /a, body: x }, { wait: 700ms }, { post: /b, body: x }, { post: /c, body: x }";
        let ran = run(&server, steps, "-u 1 -t 1s -s 10s");
        assert_eq!(ran.failed("Aggregated"), 0, "{:?}", ran.texts());
        let asked = server.asked();
        let connection = |path: &str| asked.iter().find(|asked| asked.path() == path).expect("asked").connection;
        assert_ne!(connection("/a"), connection("/b"), "700 ms of a second are too many");
        assert_eq!(connection("/b"), connection("/c"), "at once is not");
    }
}

#[test]
fn nginx_s_ways_of_closing_connections_cost_nothing() {
    for secure in [false, true] {
        let server = "keepalive_timeout 1s; keepalive_requests 3; location / { return 200 'hello'; }";
        let nginx = if secure {
            Nginx::secure(false, server)
        } else {
            Nginx::with("", &format!("client_max_body_size 1m; {server}"))
        };
        let steps = "{ get: /a }, { post: /b, body: x }, { get: /c }, { get: /d }, { wait: 1s }, { get: /e }";
        let scenario = format!("host: {}\ntasks: [{{ steps: [{steps}] }}]", nginx.url());
        let authority = nginx.file("ca.pem");
        let ran = Ran::with(&scenario, "-u 5 -r 100 -t 4s -s 10s", |command| {
            command.env("SSL_CERT_FILE", authority);
        });
        assert_eq!(ran.failed("Aggregated"), 0, "TLS: {secure}: {:?}", ran.texts());
        let log = nginx.stop_and_read_log();
        assert_eq!(log.len() as u64, ran.requests("Aggregated"), "TLS: {secure}");
        assert!(ran.requests("/e") > 5);
    }
}

#[test]
fn a_body_that_ends_with_its_tls_connection_is_whole_and_a_shorter_one_than_promised_is_not() {
    let server = Raw::start(true, |wire, reader| {
        let Some(asked) = reader.next(wire) else { return };
        let _ = wire.write_all(match asked.path() {
            "/until-close" | "/goodbye" => b"HTTP/1.1 200 OK\r\n\r\nhello".as_slice(),
            "/length" => b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello",
            _ => b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        });
        let _ = wire.flush();
        if asked.path() == "/goodbye" {
            wire.say_goodbye();
        }
    });
    let steps = "{ get: /until-close, expect: { body: hello } }, { get: /goodbye, expect: { body: hello } }, { get: /length }, { get: /chunks }, { wait: 20ms }";
    let ran = run(&server, steps, "-u 1 -t 1s -s 10s");
    for path in ["/until-close", "/goodbye"] {
        assert_eq!(ran.failures(path), [], "{path}");
        assert_eq!(ran.number(path, "Average Content Size"), 5, "{path}");
    }
    for path in ["/length", "/chunks"] {
        let wanted = ("connection closed before the response was complete".to_owned(), ran.requests(path));
        assert_eq!(ran.failures(path), [wanted], "{path}");
    }
    let unclosed = said(&ran, " with a TLS connection that was not closed properly");
    assert_eq!(unclosed, ran.requests("/until-close"), "noted, and of the others not: {:?}", ran.texts());
}

#[test]
fn a_response_before_the_request_has_been_sent_is_the_result() {
    for secure in [false, true] {
        let server = Raw::start(secure, |wire, reader| {
            while let Some(asked) = reader.head(wire) {
                if asked.path() != "/upload" {
                    let _ = wire.write_all(OK);
                    let _ = wire.flush();
                    continue;
                }
                let _ = wire.write_all(b"HTTP/1.1 413 Payload Too Large\r\ncontent-length: 3\r\n\r\nbig");
                let _ = wire.flush();
                // Open, and nothing is read: the client must not wait for that.
                std::thread::sleep(Duration::from_secs(5));
                return;
            }
        });
        let steps = "{ get: /a }, { post: /upload, body: '@8000000' }, { get: /b }";
        let ran = run(&server, steps, "-u 1 -t 1s -s 10s");
        let asked = ran.requests("/upload");
        assert!(asked > 1, "TLS: {secure}: {:?}", ran.failures("/upload"));
        assert_eq!(ran.failures("/upload"), [("HTTP 413 Payload Too Large".to_owned(), asked)], "TLS: {secure}");
        assert!(ran.number("/upload", "Max Response Time") < 2_000, "TLS: {secure}");
        assert_eq!(ran.failed("/b"), 0, "on another connection");
    }
}

#[test]
fn a_body_that_comes_back_while_it_is_sent_does_not_block_it() {
    for secure in [false, true] {
        let server = Raw::start(secure, |wire, reader| {
            while let Some(asked) = reader.head(wire) {
                let mut left: usize = asked.header("content-length").unwrap().parse().unwrap();
                let _ = write!(wire, "HTTP/1.1 200 OK\r\ncontent-length: {left}\r\n\r\n");
                let mut buffer = [0; 65_536];
                while left > 0 {
                    let Ok(n @ 1..) = wire.read(&mut buffer[..left.min(65_536)]) else { return };
                    if wire.write_all(&buffer[..n]).is_err() {
                        return;
                    }
                    left -= n;
                }
                let _ = wire.flush();
            }
        });
        let ran = run(&server, "{ post: /echo, body: '@40000000' }, { stop: user }", "-u 1 -t 60s -s 60s");
        assert_eq!((ran.failures("/echo"), ran.requests("/echo")), (Vec::new(), 1), "TLS: {secure}");
        assert_eq!(ran.number("/echo", "Average Content Size"), 40_000_000, "TLS: {secure}");
    }
}
