//! A capture that finds nothing unsets its variable, for all sources and all kinds of failures.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use crate::{common, log_lines, to_the_end};

/// Responds to `/good` with something for each capture, and to other paths with the ways of having nothing. Also
/// returns the requested paths.
fn server() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let recorded = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 8_192];
            let Ok(length @ 1..) = stream.read(&mut request) else { continue };
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
            recorded.lock().expect("no panic").push(path.clone());
            let (status, headers, body) = match path.as_str() {
                "/good" => (200, "x-id: one\r\nset-cookie: sid=one\r\n", r#"{"t":"one","l":["one"],"p":"<p>one</p>"}"#),
                "/failed" => {
                    (500, "x-id: two\r\nset-cookie: sid=two\r\n", r#"{"t":"two","l":["two"],"p":"<p>two</p>"}"#)
                }
                "/gone" => continue,
                "/text" => (200, "", "nothing of the kind"),
                "/graphql" => (200, "", r#"{"errors":[{"message":"no"}]}"#),
                _ => (200, "", "{}"),
            };
            let length = body.len();
            let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all((head + body).as_bytes());
        }
    });
    (url, asked)
}

#[tokio::test]
async fn a_miss_unsets_the_variable() {
    let (url, asked) = server();
    let captures = r#"{ j: $.t, a: { json: "$.l[*]", pick: all }, r: { json: "$.l[*]", pick: random }, h: "header: x-id", c: "cookie: sid", x: "regex:(one)", s: "css: p", d: { json: $.t, default: none yet }, n: { json: $.t, default: null } }"#;
    let state = "- log: \"{{ j is defined }} {{ a is defined }} {{ r is defined }} {{ h is defined }} {{ c is defined }} \
                 {{ x is defined }} {{ s is defined }} {{ d }} {{ n is none }}\"\n";
    let again = format!("{{ get: /good, capture: {captures} }}\n");
    let mut steps = String::new();
    for bad in [
        format!("{{ get: /bare, capture: {captures} }}"),
        format!("{{ get: /text, capture: {captures} }}"),
        format!("{{ get: /failed, capture: {captures} }}"),
        format!("{{ get: /gone, capture: {captures} }}"),
        format!("{{ get: 'http://127.0.0.1:1/', capture: {captures} }}"),
        format!("{{ get: '/{{{{ never.set }}}}', capture: {captures} }}"),
        "{ graphql: 'query Q { q }', capture: { j: $.data.t, a: $.l, r: $.l, h: $.l, c: $.l, x: $.l, s: $.l, \
           d: { json: $.t, default: none yet }, n: { json: $.t, default: null } } }"
            .to_owned(),
    ] {
        steps += &format!("      - {again}      {state}      - {bad}\n      {state}");
    }
    let text = format!(
        "tasks:\n  - steps:\n      - set: {{ never: 1 }}\n{steps}      - get: '/sent/{{{{ j }}}}'\n      - {{ stop: run, when: j is not defined }}\n"
    );
    let last = to_the_end(common::run_at(url, &text)).await;
    let good = "true true true true true true true one false";
    let none = "false false false false false false false none yet true";
    let wanted: Vec<&str> = (0..7).flat_map(|_| [good, none]).collect();
    assert_eq!(log_lines(&last), wanted, "{:?} {:?}", last.exceptions, last.failures);
    let asked = asked.lock().expect("no panic");
    assert!(!asked.iter().any(|path| path.starts_with("/sent")), "{asked:?}");
}

#[tokio::test]
async fn captures_are_set_even_if_an_expectation_fails() {
    let (url, _) = server();
    let text = "tasks: [{ steps: [{ set: { j: old } }, { get: /good, expect: { json: { $.t: two } }, capture: { j: $.t } }, \
                { log: '{{ j }}' }, { stop: run }] }]";
    let last = to_the_end(common::run_at(url, text)).await;
    assert_eq!(log_lines(&last), ["one"]);
    assert_eq!(last.failures.rows.len(), 1);
}

#[tokio::test]
async fn values_that_grow_too_large_are_exceptions() {
    let (url, _) = server();
    let text = "tasks: [{ steps: [{ set: { a: x, l: [1] } }, { repeat: 40, steps: [{ set: { a: '{{ a + a }}' } }, \
                { set: { l: ['{{ l }}', '{{ l }}'] } }] }, { log: '{{ a | length }}' }, { stop: run }] }]";
    let last = to_the_end(common::run_at(url, text)).await;
    // The last value within the limit is kept.
    assert_eq!(log_lines(&last), [(1 << 21).to_string()]);
    let errors: Vec<_> = last.exceptions.iter().map(|error| format!("{error:?}")).collect();
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors.iter().any(|error| error.contains("set a")) && errors.iter().any(|error| error.contains("set l")));
}
