//! Secrets of every shape in every place where one can be: no output shows a part of one.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::command::{katydid, out};

const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ+FAASC/7BKcw\n\
                   q8Zr1VJTUt9Us8cKjMzEfYyjiWA4R4\n-----END PRIVATE KEY-----";

/// Digits alone, digits among letters, blanks, quotes and what markup escapes, a path, several lines.
const SHAPES: [&str; 6] =
    ["48151623421087", "tok-9f8e7d6c-0042", "blue cat 77 sky", "q\"u'o\\te<e>&{77", "hooks/T0A1/B2+c3=d4", PEM];

/// Parts of a secret that give it away, as it is and as encoders write it.
fn traces(secret: &str) -> Vec<String> {
    let percent: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let forms = [
        secret.to_owned(),
        percent.replace('+', "%20"),
        percent,
        serde_json::to_string(secret).expect("JSON"),
        hex,
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
    ];
    let part = |form: &String| {
        let all: Vec<char> = form.to_lowercase().chars().collect();
        // Longer than what is in other words, too: half a line.
        all.windows(7).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>()
    };
    forms.iter().flat_map(part).filter(|part| !part.contains(['\n', '\\'])).collect()
}

#[track_caller]
fn nothing_of(secret: &str, shown: &str, what: &str) {
    let lower = shown.to_lowercase();
    for trace in traces(secret) {
        assert!(!lower.contains(&trace), "{what}: {trace:?} of {secret:?} in\n{shown}");
    }
}

/// All that a command prints and writes with `S` in its environment.
fn said(folder: &Path, secret: &str, text: &str, args: &[&str]) -> String {
    fs::write(folder.join("s.yaml"), text).expect("a file of the test");
    let output = katydid(folder, args).env("S", secret).output().expect("the command runs");
    let mut all = out(&output) + &String::from_utf8_lossy(&output.stderr);
    for entry in fs::read_dir(folder).expect("a file of the test").flatten() {
        if entry.path().extension().is_some_and(|kind| kind == "csv") {
            all += &fs::read_to_string(entry.path()).expect("a file of the test");
            fs::remove_file(entry.path()).expect("a file of the test");
        }
    }
    all
}

#[test]
fn errors_of_a_file_do_not_show_secrets() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("inc.yaml"), "vars: { a: '{{ env.S | int + nope }}' }\n").unwrap();
    let task = |step: &str| format!("secrets: [S]\nhost: http://h\ntasks: [{{ steps: [{step}] }}]\n");
    for secret in SHAPES {
        for text in [
            "secrets: [S]\nhost: '{{ env.S }}'\ntasks: [{ steps: [{ get: / }] }]\n".to_owned(),
            "secrets: [S]\nhost: 'http://x y/{{ env.S }}'\ntasks: [{ steps: [{ get: / }] }]\n".to_owned(),
            "host: '{{ env.S }}'\nprofiles: { a: { secrets: [S] } }\ntasks: [{ steps: [{ get: / }] }]\n".to_owned(),
            "secrets: [S]\nhost: h\nredis: { url: '{{ env.S }}' }\ntasks: [{ steps: [{ publish: c }] }]\n".to_owned(),
            "secrets: [S]\nhost: http://h\ndata: { d: { file: '{{ env.S }}.csv' } }\ntasks: [{ steps: [{ get: / }] }]\n"
                .to_owned(),
            "secrets: [S]\nhost: http://h\ngraphql: { endpoint: '{{ env.S }}' }\n\
             tasks: [{ steps: [{ graphql: 'query A { a }' }] }]\n"
                .to_owned(),
            "secrets: [S]\nhost: http://h\nvars: { v: '{{ env.S }}', w: '{{ v | jsonpath(v) }}' }\n\
             tasks: [{ steps: [{ get: '/{{ w }}' }] }]\n"
                .to_owned(),
            "secrets: [S]\nhost: http://h\ndefaults: { proxy: '{{ env.S }}' }\ntasks: [{ steps: [{ get: / }] }]\n"
                .to_owned(),
            "secrets: [S]\ninclude: inc.yaml\nhost: http://h\ntasks: [{ steps: [{ get: '/{{ a }}' }] }]\n".to_owned(),
            "secrets: [S]\nhost: 'http://h/{{ env.S | urlencode }}'\ntasks: [{ steps: [{ get: / }] }]\n".to_owned(),
            task("{ get: '{{ env.S }}' }"),
            task("{ get: 'http://{{ env.S }}:x/' }"),
            task("{ get: /, headers: { '{{ env.S }}': 1 } }"),
            task("{ get: /, headers: { a: \"{{ env.S ~ '\\n' }}\" } }"),
            task("{ get: /, expect: { time: '{{ env.S }}' } }"),
            task("{ get: /, expect: { size: '{{ env.S }}' } }"),
            task("{ get: /, expect: { status: '{{ env.S }}' } }"),
            task("{ get: /, expect: { body: { matches: '[{{ env.S }}' } } }"),
            task("{ get: /, capture: { a: '$.{{ env.S }}[' } }"),
            task("{ get: /, auth: { basic: '{{ env.S }}' } }"),
            task("{ get: \"/{{ 'x' | jsonpath(env.S) }}\" }"),
            task("{ wait: '{{ env.S }}' }"),
            task("{ repeat: '{{ env.S }}', steps: [{ get: / }] }"),
            task("{ for_each: '{{ env.S }}', as: x, steps: [{ get: / }] }"),
            task("{ get: /, multipart: { f: '@{{ env.S }}' } }"),
            task("{ get: /, body: '@{{ env.S }}' }"),
            task("{ get: '/{{ env.S | b64decode }}' }"),
            // Somebody has written it out, and the file cannot even be read.
            format!("secrets: [S]\nhost: {:?}\ntasks: [\n", secret),
            format!("secrets: [S]\nhost: {:?}\ntasks: [{{ steps: [{{ gett: / }}] }}]\n", secret),
        ] {
            let all = said(folder.path(), secret, &text, &["check", "s.yaml"]);
            nothing_of(secret, &all, &text);
        }
        let text = "secrets: [S]\nhost: '{{ env.S }}'\ntasks: [{ steps: [{ get: / }] }]\n";
        for args in [&["--headless", "-f", "s.yaml", "-t", "1s"], &["try", "s.yaml"][..]] {
            let all = said(folder.path(), secret, text, args);
            assert!(all.contains("s.yaml:2:"), "{all}");
            nothing_of(secret, &all, &format!("{args:?}"));
        }
        let text = "secrets: [S]\ntasks: [{ steps: [{ get: / }] }]\n";
        for host in [secret.to_owned(), format!("http://h/?{secret}"), format!("http://{secret}")] {
            let all = said(folder.path(), secret, text, &["check", "s.yaml", &format!("--host={host}")]);
            nothing_of(secret, &all, &format!("-H {host}"));
        }
    }
}

/// A server that repeats what it was sent, in the ways in which servers do, at the places where texts are cut.
fn echoing(secret: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let (secret, line) = (secret.to_owned(), secret.replace('\n', " "));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = vec![0; 64 * 1024];
            let Ok(length @ 1..) = stream.read(&mut request) else { continue };
            let head = String::from_utf8_lossy(&request[..length]).into_owned();
            let path = head.split(' ').nth(1).unwrap_or_default().split('?').next().unwrap_or_default().to_owned();
            if !head.contains("HTTP/1.1") {
                let _ = stream.write_all(format!("-ERR no such user '{line}' in 12 tries\r\n").as_bytes());
                continue;
            }
            let json = serde_json::Value::from(secret.as_str()).to_string();
            let (status, body) = match path.as_str() {
                "/cut" => ("500 No", format!("{}{secret}{}", "x".repeat(4_096 - secret.len() / 2), "y".repeat(9_000))),
                "/graphql" if head.contains("query A") => {
                    let message = serde_json::Value::from(format!("{}{secret} is no user", "z".repeat(70)));
                    ("200 OK", format!("{{\"errors\":[{{\"message\":{message}}}]}}"))
                }
                "/graphql" => {
                    ("200 OK", format!("{{\"errors\":[{{\"message\":\"m\",\"extensions\":{{\"code\":{json}}}}}]}}"))
                }
                "/json" => ("200 OK", format!("{{\"a\":{json},\"b\":\"{}\"}}", "w".repeat(195))),
                "/long" => ("200 OK", format!("{{\"a\":\"{}{}\"}}", "w".repeat(195), &json[1..json.len() - 1])),
                _ => ("500 No", format!("<p>{head}</p>{secret}")),
            };
            let encoded = STANDARD.encode(&secret);
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nx-pad: {}\r\nx-echo: {line}\r\nx-b64: {encoded}\r\n\
                 set-cookie: sid={line}; Path=/\r\nconnection: close\r\n\r\n{body}",
                body.len(),
                "p".repeat(1_990),
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

/// All that is kept of the only run, and all reports of it.
fn recorded(folder: &Path) -> String {
    let files = ["r.html", "r.json", "r.md", "r.xml"];
    let [html, json, md, xml] = files;
    let args = ["report", "latest", "--runs-dir", "runs", "--html", html, "--json", json, "--md", md, "--junit", xml];
    let output = katydid(folder, &args).output().expect("the command runs");
    let mut all = out(&output) + &String::from_utf8_lossy(&output.stderr);
    let run = fs::read_dir(folder.join("runs")).expect("a folder").flatten().map(|entry| entry.path());
    let run = run.into_iter().find(|path| path.is_dir()).expect("a run");
    let kept = fs::read_dir(run).expect("files").flatten().map(|entry| entry.path());
    for file in kept.chain(files.map(|name| folder.join(name))) {
        all += &fs::read_to_string(file).expect("a text");
    }
    fs::remove_dir_all(folder.join("runs")).expect("a folder");
    all
}

const STEPS: &str = r#"
secrets: [S]
redis: { url: 'redis://:{{ env.S | urlencode | replace("/", "%2F") }}@ADDRESS' }
vars: { copy: "{{ env.S }}" }
run_time: 3s
tasks:
  - name: all
    steps:
      - get: "/a/{{ env.S | urlencode }}"
        query: { k: "{{ env.S }}", b: "{{ env.S | b64encode }}" }
      - post: /b
        auth: { bearer: "{{ env.S | b64encode }}" }
        headers: { cookie: "c={{ env.S | urlencode }}; d=1" }
        json: { k: "{{ copy }}", n: { deep: ["{{ env.S }}"] } }
      - post: /c
        auth: { basic: { username: someone, password: "{{ copy }}" } }
        form: { k: "{{ copy }}" }
      - post: /d
        body: "k={{ copy }}"
      - post: /e
        body: "PAD{{ copy }}"
      - get: /cut
      - get: /json
        expect: { json: { $.a: nothing like it } }
      - get: /json
        expect: { json: { $.b: "{{ env.S }}" } }
      - get: /long
        expect: { json: { $.a: short } }
      - get: /json
        expect: { header: { x-echo: other } }
      - get: /json
        capture: { got: $.a, missed: "regex:(none)" }
      - log: "it is {{ got }}, and {{ env.S | tojson }}"
      - set: { v: "{{ got }}{{ env.S }}" }
      - graphql: "query A { a }"
        variables: { v: "{{ env.S }}" }
      - graphql: "query B { a }"
      - wait: "{{ v }}"
      - set: { w: "{{ v.nope.nope }}" }
      - set: { w: "{{ '{' ~ v | jsonpath('$') }}" }
      - repeat: "{{ v }}"
        steps: [{ log: never }]
      - get: "http://{{ v }}.invalid/"
      - get: /x
        headers: { a: "{{ v }}\n{{ v }}" }
      - redis: [AUTH, someone, "{{ v }}"]
      - publish: "c{{ v }}"
        payload: "{{ v }}"
      - stop: run
"#;

#[test]
fn what_comes_back_in_a_run_is_masked_before_it_is_folded_and_cut() {
    let folder = tempfile::tempdir().unwrap();
    for secret in SHAPES {
        let address = echoing(secret);
        let text = STEPS.replace("ADDRESS", &address).replace("PAD", &"x".repeat(4_096 - secret.len() / 2));
        let host = format!("http://{address}");
        let check = said(folder.path(), secret, &text, &["check", "s.yaml", "-H", &host]);
        nothing_of(secret, &check, "check");
        assert!(check.contains("VU-hours"), "{check}");
        let flags = ["--headless", "-f", "s.yaml", "-H", &host, "--csv", "x", "-u", "1", "--runs-dir", "runs"];
        let run = said(folder.path(), secret, &text, &flags);
        nothing_of(secret, &run, "a run");
        assert!(run.contains("***") && run.contains("GraphQL request error"), "{run}");
        let recorded = recorded(folder.path());
        nothing_of(secret, &recorded, "a recorded run");
        for sent in ["POST http://", "AUTH *** ***", "PUBLISH ", "query A { a }"] {
            assert!(recorded.contains(sent), "{sent}: {recorded}");
        }
        let trial = said(folder.path(), secret, &text, &["try", "s.yaml", "-H", &host]);
        nothing_of(secret, &trial, "a trial");
        assert!(trial.contains("***") && trial.contains("expectation"), "{trial}");
    }
}

#[test]
fn a_path_of_a_written_file_does_not_show_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "tok-9f8e7d6c-0042";
    let text = "secrets: [S]\ntasks: [{ steps: [{ get: / }] }]\n";
    let prefix = format!("o/{secret}");
    let args = ["--headless", "-f", "s.yaml", "-t", "1s", "--host", "http://127.0.0.1:1", "--csv", &prefix];
    let all = said(folder.path(), secret, text, &args);
    assert!(all.contains("wrote o/***_stats.csv"), "{all}");
    nothing_of(secret, &all, "the paths");
    assert!(folder.path().join(format!("{prefix}_stats.csv")).is_file());
    fs::write(folder.path().join("file"), "no folder").unwrap();
    let prefix = format!("file/{secret}");
    for flags in [&["--headless", "-f", "s.yaml", "-t", "1s", "--host", "http://127.0.0.1:1"][..], &["-f", "s.yaml"]] {
        let all = said(folder.path(), secret, text, &[flags, &["--csv", &prefix]].concat());
        assert!(all.contains("cannot write file/***_stats.csv"), "{all}");
        nothing_of(secret, &all, "the error of writing");
    }
}
