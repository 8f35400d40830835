//! Requests through proxies: forwarded, tunnelled, refused.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::command::{Ran, err, prepared};
use crate::nginx::Nginx;
use crate::raw::{Asked, Raw, Wire};

/// A proxy that tunnels to where it is asked to, and answers everything else itself.
fn proxy(secure: bool) -> Raw {
    Raw::start(secure, |wire, reader| {
        while let Some(asked) = reader.next(wire) {
            if !asked.head.starts_with("connect ") {
                let _ = wire.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nthe proxy");
                let _ = wire.flush();
                continue;
            }
            let Ok(server) = TcpStream::connect(asked.path()) else { return };
            let _ = wire.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n");
            let _ = wire.flush();
            return relay(wire, server);
        }
    })
}

/// Copies what comes from either side until one has ended.
fn relay(wire: &mut dyn Wire, mut server: TcpStream) {
    let short = Some(std::time::Duration::from_millis(1));
    server.set_read_timeout(short).expect("a time");
    wire.set_read_timeout(short);
    let mut buffer = [0; 16_384];
    loop {
        for to_server in [true, false] {
            let read = if to_server { wire.read(&mut buffer) } else { server.read(&mut buffer) };
            let written = match read {
                Ok(0) => return,
                Ok(n) if to_server => server.write_all(&buffer[..n]),
                Ok(n) => wire.write_all(&buffer[..n]).and_then(|()| wire.flush()),
                Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                    Ok(())
                }
                Err(_) => return,
            };
            if written.is_err() {
                return;
            }
        }
    }
}

fn run(host: &str, defaults: &str, authority: &std::path::Path) -> Ran {
    let scenario = format!(
        "host: {host}\ndefaults: {{ timeout: 10s, {defaults} }}\n\
         tasks: [{{ steps: [{{ get: /a }}, {{ post: /b, body: x }}, {{ wait: 20ms }}] }}]\n"
    );
    let ran = Ran::with(&scenario, "-u 1 -t 1s -s 10s", |command| {
        command.env("SSL_CERT_FILE", authority);
    });
    assert_ne!(ran.output.status.code(), Some(2), "{}", err(&ran.output));
    ran
}

/// `ada:p@ss`
const CREDENTIALS: &str = "basic ywrhonbac3m=";

#[test]
fn http_is_forwarded_and_https_is_tunnelled_with_the_proxy_s_own_credentials() {
    for version_2 in [true, false] {
        let proxy = proxy(false);
        let url = proxy.url().replace("http://", "http://ada:p%40ss@");
        let ran = run("http://shop.invalid", &format!("proxy: '{url}'"), &proxy.authority());
        assert_eq!(ran.failed("Aggregated"), 0, "{:?}", ran.failures("/a"));
        let asked = proxy.asked();
        assert_eq!(asked.len() as u64, ran.requests("Aggregated"));
        let right = |asked: &Asked| {
            asked.path().starts_with("http://shop.invalid/")
                && asked.header("host") == Some("shop.invalid")
                && asked.header("proxy-authorization") == Some(CREDENTIALS)
        };
        assert!(asked.iter().all(right), "{asked:?}");
        assert!(asked.iter().all(|asked| asked.connection == 0), "one connection: {asked:?}");

        let nginx = Nginx::secure(version_2, "location / { return 200 'hello'; }");
        let ran = run(&nginx.url(), &format!("proxy: '{url}'"), &nginx.file("ca.pem"));
        assert_eq!(ran.failed("Aggregated"), 0, "{:?}", ran.failures("/a"));
        let tunnels: Vec<Asked> = proxy.asked().split_off(asked.len());
        assert_eq!(tunnels.len(), 1, "one tunnel: {tunnels:?}");
        assert!(
            tunnels[0].head.starts_with("connect localhost:")
                && tunnels[0].path() == tunnels[0].header("host").unwrap()
        );
        assert_eq!(tunnels[0].header("proxy-authorization"), Some(CREDENTIALS));
        let log = nginx.stop_and_read_log();
        assert_eq!(log.len() as u64, ran.requests("Aggregated"));
        let version = if version_2 { "HTTP/2.0" } else { "HTTP/1.1" };
        assert!(log.iter().all(|line| line.contains(version)), "{log:?}");
    }
}

#[test]
fn a_proxy_may_be_reached_through_tls_itself() {
    let proxy = proxy(true);
    let ran = run("http://shop.invalid", &format!("proxy: '{}'", proxy.url()), &proxy.authority());
    assert_eq!(ran.failed("Aggregated"), 0, "{:?}", ran.failures("/a"));
    // TLS within TLS: the server behind the tunnel has the same certificate.
    let server = Raw::start_like(&proxy, |wire, reader| {
        while reader.next(wire).is_some() {
            let _ = wire.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
            let _ = wire.flush();
        }
    });
    let ran = run(&server.url(), &format!("proxy: '{}'", proxy.url()), &proxy.authority());
    assert_eq!(ran.failed("Aggregated"), 0, "{:?}", ran.failures("/a"));
    assert_eq!(server.asked().len() as u64, ran.requests("Aggregated"));
}

#[test]
fn a_proxy_that_refuses_is_quoted_in_plain_words() {
    for (response, wanted) in [
        ("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno", "the proxy refused the connection: 403 Forbidden"),
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n",
            "the proxy refused the connection: 407 Proxy Authentication Required: it requires a user name and password; \
             the ones in `proxy` are missing or wrong",
        ),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "the proxy refused the connection: 502 Bad Gateway"),
        ("", "the proxy closed the connection without a response"),
        ("SSH-2.0-OpenSSH_9.6\r\n\r\n", "malformed response: "),
    ] {
        let proxy = Raw::start(false, move |wire, reader| {
            reader.next(wire);
            let _ = wire.write_all(response.as_bytes());
        });
        let ran = run("https://shop.invalid", &format!("proxy: '{}'", proxy.url()), &proxy.authority());
        let failures = ran.failures("/a");
        assert!(failures.len() == 1 && failures[0].0.starts_with(wanted), "{response:?}: {failures:?}");
        assert_eq!(ran.failed("Aggregated"), ran.requests("Aggregated"));
    }
}

#[test]
fn who_refuses_a_connection_is_named_and_not_the_host_that_is_up() {
    let nginx = Nginx::start();
    let up = nginx.url();
    let redis = "redis: { url: 'redis://127.0.0.1:1' }";
    let proxy = |url: &str| format!("defaults: {{ proxy: '{url}' }}");
    for (more, step, reason, remedy) in [
        (proxy("http://127.0.0.1:1"), "get: /", "the proxy 127.0.0.1:1 refused the connection", "check network, proxy"),
        (proxy("http://[::1]:1"), "get: /", "the proxy [::1]:1 refused the connection", "check network, proxy"),
        (proxy("http://p.invalid:8"), "get: /", "the proxy p.invalid:8: name not resolved: ", "check network, proxy"),
        (proxy(&up.replace("http:", "https:")), "get: /", "the proxy 127.0.0.1:", "check network, proxy"),
        (String::new(), "get: 'http://127.0.0.1:1/'", "connection refused", "Nothing listens at 127.0.0.1:1: is the"),
        (redis.to_owned(), "redis: [GET, k]", "connection refused", "Nothing listens at 127.0.0.1:1: is the"),
    ] {
        let scenario = format!("host: {up}\n{more}\ntasks: [{{ steps: [{{ {step} }}, {{ wait: 20ms }}] }}]\n");
        let ran = Ran::new(&scenario, "-u 1 -t 1s -s 5s");
        let said = String::from_utf8_lossy(&ran.output.stdout).into_owned();
        let finding: Vec<_> = said.lines().skip(1).take(3).flat_map(str::split_whitespace).collect();
        let finding = finding.join(" ");
        assert!(finding.starts_with(&format!("✗ TARGET NOT RESPONDING: {reason}")), "{more} {step}: {said}");
        assert!(finding.contains(remedy) && !finding.contains(&format!("listens at {up}")), "{more} {step}: {said}");
    }
}

#[test]
fn the_variables_of_the_environment_are_honoured_where_the_scenario_says_so() {
    let proxy = proxy(false);
    let nginx = Nginx::start();
    let run = |defaults: &str| {
        let scenario = format!(
            "host: {}\n{defaults}\ntasks: [{{ steps: [{{ get: /own }}, {{ get: 'http://shop.invalid/a' }}, {{ wait: 20ms }}] }}]",
            nginx.url()
        );
        Ran::with(&scenario, "-u 1 -t 1s -s 10s", |command| {
            command.env("http_proxy", proxy.url()).env("NO_PROXY", "127.0.0.0/8, localhost");
        })
    };
    let without = run("");
    assert_eq!(proxy.asked().len(), 0, "by default they are ignored");
    assert_eq!(without.failed("http://shop.invalid/a"), without.requests("http://shop.invalid/a"));
    let with = run("defaults: { proxy: env }");
    assert_eq!(with.failed("Aggregated"), 0, "{:?}", with.failures("http://shop.invalid/a"));
    let asked = proxy.asked();
    assert_eq!(asked.len() as u64, with.requests("http://shop.invalid/a"));
    assert!(asked.iter().all(|asked| asked.path() == "http://shop.invalid/a"), "{asked:?}");
    let own = nginx.stop_and_read_log().len() as u64;
    assert_eq!(own, without.requests("/own") + with.requests("/own"), "{own}");
    // One that cannot be used is an error, which does not repeat it.
    let scenario = "host: http://shop.invalid\ndefaults: { proxy: env }\ntasks: [{ steps: [{ get: / }] }]";
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = prepared(folder.path(), scenario, "-u 1 -t 1s");
    let output = command.env("all_proxy", "socks5://ada:s3cret@127.0.0.1:1").output().expect("the command runs");
    let said = err(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("all_proxy cannot be used: SOCKS proxies are not supported") && !said.contains("s3cret"),
        "{said}"
    );
}
