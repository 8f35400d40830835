//! What belongs to one server and must not reach another: credentials, cookies and addresses; and what a response is read
//! as on the way.

use crate::command::{Ran, out};
use crate::raw::{Asked, Raw, Reader, Wire};

const SECRET: &str = "sup3r-s3cret";

/// Answers as the path says; redirects to `other` where it says so.
fn shop(wire: &mut dyn Wire, reader: &Reader, scheme: &str, other: &str) {
    while let Some(asked) = reader.next(wire) {
        let own = format!("{scheme}://{}", asked.header("host").unwrap_or_default());
        let redirect =
            |status: u16, lines: &str| format!("HTTP/1.1 {status} Go\r\n{lines}content-length: 0\r\n\r\n").into_bytes();
        let with = |lines: &str, body: &[u8]| {
            let head = format!("HTTP/1.1 200 OK\r\n{lines}content-length: {}\r\n\r\n", body.len());
            [head.as_bytes(), body].concat()
        };
        let response = match asked.path() {
            "/login" => redirect(302, &format!("Set-Cookie: sid=a1; Path=/\r\nLocation: {own}/home\r\n")),
            "/away" => redirect(307, &format!("Location: {other}/landed\r\n")),
            "/empty" => redirect(302, "Location: \r\n"),
            "/mark" => with("content-type: application/json\r\n", b"\xef\xbb\xbf{\"a\": \"m\"}"),
            "/latin" => with("content-type: text/plain; charset=ISO-8859-1\r\n", b"caf\xe9"),
            "/odd" => with("X (Odd) Name: 1\r\nSet-Cookie: odd=1\x01\r\n", b"ok"),
            "/zap" => with("content-encoding: zap\r\n", b"ok"),
            _ => with("", b"ok"),
        };
        if wire.write_all(&response).is_err() {
            return;
        }
    }
    wire.say_goodbye();
}

/// Runs `steps` against a shop that knows another server, of which both are returned.
fn ran(secure: bool, steps: &str) -> (Ran, Raw, Raw) {
    let scheme = if secure { "https" } else { "http" };
    let other = Raw::start(secure, move |wire, reader| shop(wire, reader, scheme, ""));
    let elsewhere = other.url();
    let server = Raw::start_like(&other, move |wire, reader| shop(wire, reader, scheme, &elsewhere));
    let host = server.url().replace("://", "://ada:pa%20ss@");
    let other_address = other.url();
    let other_address = other_address.split("://").nth(1).expect("an address");
    let text = format!(
        "host: {host}\nsecrets: [TOK]\nvars: {{ other: '{other_address}' }}\ntasks: [{{ steps: [{steps}, {{ stop: run }}] }}]\n"
    );
    let ran = Ran::with(&text, "-u 1 -t 60s -s 5s", |command| {
        command.env("SSL_CERT_FILE", server.authority()).env("TOK", SECRET);
    });
    (ran, server, other)
}

fn of<'a>(asked: &'a [Asked], path: &str) -> &'a Asked {
    asked.iter().find(|asked| asked.path() == path).unwrap_or_else(|| panic!("nobody asked for {path}: {asked:?}"))
}

#[test]
fn credentials_stay_with_their_origin_and_that_is_said() {
    for secure in [false, true] {
        let (ran, server, other) = ran(
            secure,
            "{ get: /login, capture: { sid: 'cookie: sid' } }, { get: '/seen?{{ sid }}' }, \
             { post: /away, body: 'the body', headers: { X-Api-Key: k, Proxy-Authorization: p, X-Mine: 'a {{ env.TOK }}', X-Plain: b } }",
        );
        assert_eq!(ran.output.status.code(), Some(0), "{:?}", ran.texts());
        let (asked, elsewhere) = (server.asked(), other.asked());
        // "ada:pa ss"
        let basic = Some("basic ywrhonbhihnz");
        for path in ["/login", "/home", "/seen?a1", "/away"] {
            assert_eq!(of(&asked, path).header("authorization"), basic, "{path}");
        }
        assert_eq!(of(&asked, "/home").header("cookie"), Some("sid=a1"));
        let landed = of(&elsewhere, "/landed");
        // Cookies know no ports (RFC 6265, section 8.5), so these go by their own rules.
        for name in ["authorization", "proxy-authorization", "x-api-key", "x-mine"] {
            assert_eq!(landed.header(name), None, "{name}");
        }
        assert_eq!((landed.header("x-plain"), landed.header("content-length")), (Some("b"), Some("8")));
        let said = out(&ran.output);
        for words in ["headers with credentials were not sent: POST /away 1", "the body was sent too: POST /away 1"] {
            assert!(said.contains(words), "{words}: {said}");
        }
    }
}

#[test]
fn a_rendered_address_never_leads_to_another_host() {
    let forms = ["0/x", ":0/x", "@{{ other }}/x", ":p@{{ other }}/x", "\\\\{{ other }}/x", "?x", "#x", "x", ".x/", ""];
    let steps: Vec<String> = forms
        .iter()
        .map(|form| format!("{{ set: {{ u: '{form}' }} }}, {{ get: '{{{{ u }}}}', name: glued }}"))
        .chain(["{ set: { u: '//{{ other }}/x' } }, { get: '{{ u }}', name: own }".to_owned()])
        .collect();
    for secure in [false, true] {
        let (ran, server, other) = ran(secure, &steps.join(", "));
        assert!(other.asked().is_empty(), "{:?}", other.asked());
        let asked: Vec<String> = server.asked().iter().map(|asked| asked.path().to_owned()).collect();
        assert!(asked.len() == 1 && asked[0].starts_with("//"), "{asked:?}");
        let said = ran.texts().concat();
        assert!(said.contains("neither starts with / nor is an http(s) URL"), "{said}");
    }
}

#[test]
fn bodies_are_read_in_their_encoding_and_odd_lines_are_counted() {
    for secure in [false, true] {
        let (ran, _, _) = ran(
            secure,
            "{ get: /mark, expect: { json: { $.a: m } } }, { get: /latin, expect: { body: café } }, \
             { get: /empty, expect: { status: 302 } }, { get: /odd }, { get: /zap }, \
             { get: /zap, name: read, expect: { body: ok } }",
        );
        for name in ["/mark", "/latin", "/empty", "/odd", "/zap"] {
            assert_eq!(ran.failures(name), [], "{name}");
        }
        let unknown = "malformed response: the body has an unknown content-encoding";
        assert_eq!(ran.failures("read"), [(unknown.to_owned(), 1)]);
        let said = out(&ran.output);
        for words in ["2 invalid header lines were ignored: GET /odd 2", "2 responses have an unknown content-encoding"]
        {
            assert!(said.contains(words), "{words}: {said}");
        }
    }
}
