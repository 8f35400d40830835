//! HTTP/2: what its frames ask of a client, and that it is the same client as that of HTTP/1.1.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use crate::command::{Ran, err, out, run as run_command};
use crate::connections::{AGAIN, said};
use crate::nginx::Nginx;
use crate::nginx::authority::make_certificates;
use crate::raw::{Raw, tls};

/// Frames of HTTP/2, by hand, without TLS.
struct Frames(TcpStream);

impl Frames {
    fn next(&mut self) -> Option<(u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).ok()?;
        Some((head[3], u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload))
    }

    fn send(&mut self, (kind, flags, stream): (u8, u8, u32), payload: &[u8]) {
        let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, flags];
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        let _ = self.0.write_all(&frame);
    }
}

const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

/// What a server does with the request that opens a stream; true when it goes on.
type Answer = fn(&mut Frames, u32) -> bool;

/// `:status: 200`, the whole response.
fn ok(frames: &mut Frames, stream: u32) -> bool {
    frames.send((HEADERS, 5, stream), &[0x88]);
    true
}

/// A server whose connections answer so; returns its URL, and the number of requests that it has seen.
fn server(answer: Answer) -> (String, Arc<Mutex<u64>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let seen = Arc::<Mutex<u64>>::default();
    let count = Arc::clone(&seen);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let count = Arc::clone(&count);
            std::thread::spawn(move || {
                let mut preface = [0; 24];
                if stream.read_exact(&mut preface).is_err() {
                    return;
                }
                let mut frames = Frames(stream);
                frames.send((SETTINGS, 0, 0), &[]);
                while let Some((kind, stream, _)) = frames.next() {
                    if kind == HEADERS {
                        *count.lock().expect("no other thread has failed") += 1;
                        if !answer(&mut frames, stream) {
                            return;
                        }
                    }
                }
            });
        }
    });
    (url, seen)
}

fn run(url: &str, steps: &str, flags: &str) -> Ran {
    let scenario =
        format!("host: {url}\ndefaults: {{ http_version: 2, timeout: 20s }}\ntasks: [{{ steps: [{steps}] }}]\n");
    Ran::new(&scenario, flags)
}

#[test]
fn what_the_server_has_not_looked_at_is_sent_again_whatever_its_method() {
    let refuse: Answer = |frames, stream| match stream {
        1 => ok(frames, stream),
        // REFUSED_STREAM
        _ => {
            frames.send((RESET, 0, stream), &7u32.to_be_bytes());
            true
        }
    };
    let leave: Answer = |frames, stream| match stream {
        1 => ok(frames, stream),
        // The last stream that it has looked at is the first; NO_ERROR.
        _ => {
            frames.send((GOAWAY, 0, 0), &[0, 0, 0, 1, 0, 0, 0, 0]);
            false
        }
    };
    for (name, answer) in [("refused", refuse), ("above the last", leave)] {
        let (url, seen) = server(answer);
        let ran = run(&url, "{ post: /a, body: x }", "-u 2 -r 100 -t 1s -s 10s");
        assert_eq!(ran.output.status.code(), Some(0), "{name}: {:?}", ran.failures("/a"));
        let (requests, again) = (ran.requests("/a"), said(&ran, AGAIN));
        assert!(again >= requests - 2 && requests > 10, "{name}: {again} of {requests}");
        assert_eq!(*seen.lock().unwrap(), requests + again, "{name}");
    }
}

#[test]
fn what_the_server_may_have_looked_at_is_not() {
    let cancel: Answer = |frames, stream| match stream {
        1 => ok(frames, stream),
        // CANCEL
        _ => {
            frames.send((RESET, 0, stream), &8u32.to_be_bytes());
            true
        }
    };
    let close: Answer = |frames, stream| stream == 1 && ok(frames, stream);
    // With bytes that nobody has read, a closed connection is reset.
    let closed = ["server closed the connection before sending a response", "connection reset by the server"];
    let canceled = ["the server reset the HTTP/2 stream: stream no longer needed"; 2];
    let calm: Answer = |frames, stream| match stream {
        1 => ok(frames, stream),
        // It has looked at this stream too; ENHANCE_YOUR_CALM.
        _ => {
            frames.send((GOAWAY, 0, 0), &[stream.to_be_bytes(), 11u32.to_be_bytes()].concat());
            // What nobody reads would reset the connection, and take the frame with it.
            frames.0.shutdown(std::net::Shutdown::Write).expect("an open connection");
            while frames.next().is_some() {}
            false
        }
    };
    let calmed = ["the server closed the HTTP/2 connection: detected excessive load generating behavior"; 2];
    for (answer, reasons) in [(cancel, canceled), (close, closed), (calm, calmed)] {
        let (url, seen) = server(answer);
        let ran = run(&url, "{ post: /a, body: x }", "-u 1 -t 1s -s 10s");
        let failures = ran.failures("/a");
        assert!(!failures.is_empty() && failures.iter().all(|(why, _)| reasons.contains(&&**why)), "{failures:?}");
        assert_eq!((*seen.lock().unwrap(), said(&ran, AGAIN)), (ran.requests("/a"), 0));
        assert!(ran.requests("/a") > 2);
    }
    // A GET may be.
    let (url, _) = server(close);
    let ran = run(&url, "{ get: /a }", "-u 1 -t 1s -s 10s");
    assert_eq!(ran.failed("/a"), 0, "{:?}", ran.failures("/a"));
    assert!(said(&ran, AGAIN) > 2);
}

#[test]
fn a_server_of_http_1_is_called_that() {
    let nginx = Nginx::start();
    let ran = run(&nginx.url(), "{ get: /a }, { wait: 50ms }", "-u 1 -t 1s -s 10s");
    let wanted = "the server responds with HTTP/1.1 to HTTP/2 (http_version: 2)";
    assert_eq!(ran.failures("/a"), [(wanted.to_owned(), ran.requests("/a"))]);
    // One that agrees on no version at all, and one that refuses.
    let server = Raw::start(true, |wire, reader| drop(reader.next(wire)));
    let nginx = Nginx::secure(false, "location / { return 200; }");
    let version = "does not support";
    for (url, authority) in [(server.url(), server.authority()), (nginx.url(), nginx.file("ca.pem"))] {
        let scenario = format!(
            "host: {url}\ndefaults: {{ http_version: 2 }}\ntasks: [{{ steps: [{{ get: /a }}, {{ wait: 50ms }}] }}]"
        );
        let ran = Ran::with(&scenario, "-u 1 -t 1s --no-preflight", |command| {
            command.env("SSL_CERT_FILE", authority);
        });
        let failures = ran.failures("/a");
        assert!(failures.len() == 1 && failures[0].0.contains(version), "{failures:?} {}", err(&ran.output));
    }
}

#[test]
fn a_host_header_is_the_authority_and_an_early_response_the_result() {
    let nginx = Nginx::secure(
        true,
        "client_max_body_size 1k; location / { return 200 'hello'; }\nlocation /upload { proxy_pass http://127.0.0.1:1; }",
    );
    let scenario = format!(
        "host: {}\ntasks: [{{ steps: [{{ get: /a, headers: {{ Host: shop.test }} }}, {{ get: /b }}, {{ post: /upload, body: '@body', timeout: 20s }}, {{ wait: 20ms }}] }}]",
        nginx.url()
    );
    let authority = nginx.file("ca.pem");
    let ran = Ran::with(&scenario, "-u 1 -t 1s -s 10s", |command| {
        let folder = command.get_current_dir().expect("a folder").to_owned();
        std::fs::write(folder.join("body"), vec![b'x'; 8_000_000]).expect("a file");
        command.env("SSL_CERT_FILE", authority);
    });
    assert_eq!((ran.failed("/a"), ran.failed("/b")), (0, 0), "{:?}", ran.failures("/a"));
    let uploads = ran.requests("/upload");
    assert!(uploads > 1 && ran.number("/upload", "Max Response Time") < 5_000);
    assert_eq!(ran.failures("/upload"), [("HTTP 413 Payload Too Large".to_owned(), uploads)]);
    let log = nginx.stop_and_read_log();
    let hosts = |path: &str, host: &str| {
        log.iter().filter(|line| line.contains(path) && line.contains(&format!("host=[{host}"))).count() as u64
    };
    assert_eq!(hosts(" /a HTTP/2.0 200", "shop.test]"), ran.requests("/a"), "{}", log[0]);
    assert_eq!(hosts(" /b HTTP/2.0 200", "localhost"), ran.requests("/b"));
}

#[test]
fn a_body_that_comes_back_while_it_is_sent_does_not_block_it() {
    let folder = tempfile::tempdir().expect("a folder");
    make_certificates(folder.path());
    let acceptor = tokio_rustls::TlsAcceptor::from(tls(folder.path(), &[b"h2"]));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            listener.set_nonblocking(true).expect("a listener that can wait");
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                let Ok(mut connection) = h2::server::handshake(stream).await else { continue };
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    tokio::spawn(async move {
                        let mut body = request.into_body();
                        let mut out = respond.send_response(http::Response::new(()), false).expect("open");
                        while let Some(Ok(piece)) = body.data().await {
                            send(&mut out, piece.clone()).await;
                            let _ = body.flow_control().release_capacity(piece.len());
                        }
                        let _ = out.send_data(Bytes::new(), true);
                    });
                }
            }
        });
    });
    let scenario = format!(
        "host: https://localhost:{port}\ntasks: [{{ steps: [{{ post: /echo, body: '@body', timeout: 60s }}, {{ stop: user }}] }}]"
    );
    let ran = Ran::with(&scenario, "-u 1 -t 60s -s 60s", |command| {
        let run = command.get_current_dir().expect("a folder").to_owned();
        std::fs::write(run.join("body"), vec![b'x'; 40_000_000]).expect("a file");
        command.env("SSL_CERT_FILE", folder.path().join("ca.pem"));
    });
    assert_eq!((ran.failures("/echo"), ran.requests("/echo")), (Vec::new(), 1));
    assert_eq!(ran.number("/echo", "Average Content Size"), 40_000_000);
}

/// Sends a piece as the client takes it.
async fn send(out: &mut h2::SendStream<Bytes>, mut piece: Bytes) {
    while !piece.is_empty() {
        out.reserve_capacity(piece.len());
        let Some(Ok(room)) = std::future::poll_fn(|cx| out.poll_capacity(cx)).await else { return };
        let _ = out.send_data(piece.split_to(room.min(piece.len())), false);
    }
}

#[test]
fn heads_have_the_limits_of_http_1() {
    let mut line = String::new();
    (0..300).for_each(|n| line.push_str(&format!("add_header x-{n} {};\n", "v".repeat(200))));
    let server = format!("location / {{ {line} return 200 'hello'; }}");
    for version in ["1.1", "2"] {
        let nginx = Nginx::secure(version == "2", &server.to_string());
        let scenario = format!(
            "host: {}\ndefaults: {{ http_version: '{version}' }}\ntasks: [{{ steps: [{{ get: /a, expect: {{ header: {{ X-299: {} }} }} }}, {{ wait: 50ms }}] }}]",
            nginx.url(),
            "v".repeat(200)
        );
        let authority = nginx.file("ca.pem");
        let ran = Ran::with(&scenario, "-u 1 -t 1s", |command| {
            command.env("SSL_CERT_FILE", authority);
        });
        assert_eq!(ran.failures("/a"), [], "HTTP/{version}");
        assert!(ran.requests("/a") > 2, "HTTP/{version}");
    }
}

#[test]
fn a_trial_shows_the_headers_that_are_sent() {
    let (url, _) = server(ok);
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = format!(
        "host: {url}\ndefaults: {{ http_version: 2 }}\n\
         tasks: [{{ steps: [{{ put: /a, body: x, headers: {{ Host: shop.test, Keep-Alive: x }} }}] }}]\n"
    );
    std::fs::write(folder.path().join("run.yaml"), scenario).expect("a written scenario");
    let output = run_command(folder.path(), &["try", "run.yaml"]);
    let shown = out(&output);
    assert_eq!(output.status.code(), Some(0), "{shown} {}", err(&output));
    for line in ["> :authority: shop.test", "> content-length: 1", "> accept-encoding: gzip"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    for line in ["> host:", "> keep-alive:"] {
        assert!(!shown.contains(line), "{line}: {shown}");
    }
}

#[test]
fn a_trial_names_and_counts_what_http_2_cannot_carry() {
    let (url, seen) = server(ok);
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = format!(
        "host: {url}\ndefaults: {{ http_version: 2 }}\n\
         tasks: [{{ steps: [{{ get: /a, headers: {{ Host: 'a b' }} }}, {{ get: /b }}] }}]\n"
    );
    std::fs::write(folder.path().join("run.yaml"), scenario).expect("a written scenario");
    let output = run_command(folder.path(), &["try", "run.yaml"]);
    let shown = out(&output);
    assert_eq!(output.status.code(), Some(1), "{shown} {}", err(&output));
    assert!(shown.contains("\n  GET /a\n") && shown.contains("2 requests, 1 failed"), "{shown}");
    assert_eq!(*seen.lock().expect("no other thread has failed"), 1);
}
