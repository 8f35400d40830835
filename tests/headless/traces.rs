//! Trace headers: what the server gets, and where the traces of slow and failed requests are shown.

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use crate::command::{err, katydid, out, prepared, run};
use crate::nginx::Nginx;
use crate::raw::{Asked, Raw};

/// Fast, slow, failing and redirecting paths.
fn server() -> Raw {
    Raw::start(false, |wire, reader| {
        while let Some(asked) = reader.next(wire) {
            let head = match asked.path() {
                "/slow" => {
                    std::thread::sleep(Duration::from_millis(80));
                    "200 OK"
                }
                "/bad" => "500 Internal Server Error",
                "/moved" => "302 Found\r\nlocation: /fast",
                _ => "200 OK",
            };
            let _ = write!(wire, "HTTP/1.1 {head}\r\ncontent-length: 2\r\n\r\nok");
            let _ = wire.flush();
        }
    })
}

fn scenario(url: &str, steps: &str) -> String {
    format!("host: {url}\nusers: 2\nspawn_rate: 100\ntasks: [{{ steps: [{steps}] }}]\n")
}

/// Trace id and parent id of a request.
fn ids(asked: &Asked) -> (String, String) {
    let value = asked.header("traceparent").unwrap_or_else(|| panic!("no traceparent: {}", asked.head));
    let parts: Vec<&str> = value.split('-').collect();
    let is_hex = |text: &str, digits| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(parts.len() == 4 && parts[0] == "00" && parts[3] == "01", "{value}");
    assert!(is_hex(parts[1], 32) && is_hex(parts[2], 16), "{value}");
    (parts[1].to_owned(), parts[2].to_owned())
}

/// Trace ids of all requests for a path.
fn traces(server: &Raw, path: &str) -> Vec<String> {
    server.asked().iter().filter(|asked| asked.path() == path).map(|asked| ids(asked).0).collect()
}

/// The first 32 hexadecimal digits after a text.
fn after<'a>(text: &'a str, mark: &str) -> &'a str {
    let (_, rest) = text.split_once(mark).unwrap_or_else(|| panic!("no {mark:?} in {text}"));
    &rest[..32]
}

#[test]
fn slow_and_failed_requests_lead_to_their_traces() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let steps = "{ get: /fast }, { get: /slow }, { get: /bad }, { get: /moved }";
    let flags = "-t 2s -s 10s --trace-headers --trace-url https://apm.test/t/{trace_id}?x=1 --html r.html --markdown r.md \
                 --runs-dir runs";
    let output = prepared(folder.path(), &scenario(&server.url(), steps), flags).output().unwrap();
    let printed = out(&output) + &err(&output);
    assert_eq!(output.status.code(), Some(1), "{printed}");

    let (slow, bad, moved) = (traces(&server, "/slow"), traces(&server, "/bad"), traces(&server, "/moved"));
    assert!(slow.len() > 5 && bad.len() > 5, "{printed}");
    let fast = traces(&server, "/fast");
    assert!(moved.iter().all(|trace| fast.contains(trace)), "the request after a redirect is of the same trace");
    let asked = server.asked();
    let parents: HashSet<String> = asked.iter().map(|asked| ids(asked).1).collect();
    let all: HashSet<String> = asked.iter().map(|asked| ids(asked).0).collect();
    assert_eq!((all.len(), parents.len()), (asked.len() - moved.len(), asked.len() - moved.len()));

    // The five slowest, with links; in the summary too, where links are not truncated.
    let summary = out(&run(folder.path(), &["report", "latest", "--runs-dir", "runs"]));
    assert_eq!(summary.matches("?x=1").count(), 5, "{summary}");
    let (_, listed) = printed.split_once("Slowest requests, with their traces:\n").expect("a list");
    let listed: Vec<&str> = listed.lines().take(5).collect();
    assert!(listed.iter().all(|line| line.contains("GET /slow  https://apm.test/t/")), "{listed:?}");
    assert!(listed.iter().all(|line| slow.iter().any(|trace| *trace == after(line, "/t/"))), "{listed:?}");
    assert_eq!(listed.iter().map(|line| after(line, "/t/")).collect::<HashSet<_>>().len(), 5);

    let html = fs::read_to_string(folder.path().join("r.html")).unwrap().replace("&#x2f;", "/");
    assert_eq!(html.matches("<a href=\"https://apm.test/t/").count(), 10 + 1, "ten slow requests and an example");
    let example = &html[html.find("id=\"failures\"").expect("failures")..];
    assert!(bad.contains(&after(example, "https://apm.test/t/").to_owned()));
    let (_, table) = html.split_once("id=\"slowest\"").expect("a table");
    assert!(slow.contains(&after(table, "https://apm.test/t/").to_owned()));

    let markdown = fs::read_to_string(folder.path().join("r.md")).unwrap();
    let (_, table) = markdown.split_once("Slowest requests, with their traces").expect("a table");
    assert!(slow.contains(&after(table, "](https://apm.test/t/").to_owned()), "{table}");
    let (_, examples) = markdown.split_once("Examples of failures").expect("examples");
    assert!(bad.contains(&after(examples, "trace https://apm.test/t/").to_owned()), "{examples}");

    let report = run(folder.path(), &["report", "latest", "--runs-dir", "runs", "--json", "r.json"]);
    assert_eq!(report.status.code(), Some(0), "{}", err(&report));
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("r.json")).unwrap()).unwrap();
    let id = |value: &serde_json::Value| value["trace_id"].as_str().expect("an id").to_owned();
    let first = &json["slowest"][0];
    assert!(slow.contains(&id(first)) && first["response_time_ms"].as_f64().unwrap() >= 80.0, "{first}");
    assert_eq!(first["trace_url"], format!("https://apm.test/t/{}?x=1", id(first)));
    let example = &json["failures"]["kinds"][0]["example"];
    assert!(bad.contains(&id(example)), "{example}");
    assert!(example["request"]["headers"].as_str().unwrap().contains(&format!("traceparent: 00-{}-", id(example))));
}

#[test]
fn without_the_flag_nothing_is_sent_and_shown() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let output = prepared(folder.path(), &scenario(&server.url(), "{ get: /fast }"), "-t 300ms --markdown r.md")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(!server.asked().is_empty() && server.asked().iter().all(|asked| asked.header("traceparent").is_none()));
    let texts = out(&output) + &err(&output) + &fs::read_to_string(folder.path().join("r.md")).unwrap();
    assert!(!texts.contains("race"), "{texts}");
}

#[test]
fn a_traceparent_of_the_scenario_is_sent_and_shown() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    let own = "4bf92f3577b34da6a3ce929d0e0e4736";
    let header =
        format!("{{ get: /slow, headers: {{ traceparent: 00-{own}-00f067aa0ba902b7-00 }} }}, {{ get: /fast }}");
    let output = prepared(folder.path(), &scenario(&server.url(), &header), "-t 500ms -s 10s --trace-headers").output();
    let printed = out(&output.unwrap());
    for asked in server.asked() {
        assert_eq!(asked.head.matches("traceparent: ").count(), 1, "{}", asked.head);
        assert_eq!(asked.path() == "/slow", asked.head.contains(own), "{}", asked.head);
    }
    assert!(printed.contains(&format!("GET /slow  {own}")), "{printed}");
}

#[test]
fn http_2_requests_and_websockets_start_traces_too() {
    let nginx = Nginx::secure(true, "location / { return 200 $http_traceparent; }");
    let folder = tempfile::tempdir().unwrap();
    let expect = "expect: { body: { matches: '^00-[0-9a-f]{32}-[0-9a-f]{16}-01$' } }";
    let text =
        format!("defaults: {{ http_version: 2 }}\n{}", scenario(&nginx.url(), &format!("{{ get: /, {expect} }}")));
    let mut command = prepared(folder.path(), &text, "-t 300ms -s 10s --trace-headers");
    let output = command.env("SSL_CERT_FILE", nginx.file("ca.pem")).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", out(&output) + &err(&output));

    let server = server();
    let steps = "{ graphql: 'subscription S { s }', events: 1 }";
    let scenario = format!("graphql: {{ endpoint: /g }}\n{}", scenario(&server.url(), steps));
    prepared(folder.path(), &scenario, "-t 300ms -s 10s --trace-headers").output().unwrap();
    let asked = server.asked();
    assert!(asked.iter().any(|asked| asked.header("upgrade") == Some("websocket")), "{asked:?}");
    asked.iter().for_each(|asked| drop(ids(asked)));
}

#[test]
fn a_trial_starts_traces_and_shows_them() {
    let server = server();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("s.yaml"), scenario(&server.url(), "{ get: /fast }")).unwrap();
    for (args, is_traced) in [(&["try", "s.yaml"][..], false), (&["try", "s.yaml", "--trace-headers"], true)] {
        let before = server.asked().len();
        let output = run(folder.path(), args);
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        let asked = server.asked();
        let [asked] = &asked[before..] else { panic!("{asked:?}") };
        assert_eq!(asked.header("traceparent").is_some(), is_traced, "{asked:?}");
        if is_traced {
            let printed = out(&output);
            assert!(printed.contains(&format!("traceparent: 00-{}-", ids(asked).0)), "{printed}");
        }
    }
}

#[test]
fn links_contain_no_secret_of_the_scenario() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("secrets: [MYSECRET]\n{}", scenario("http://127.0.0.1:1", "{ get: '/{{ env.MYSECRET }}' }"));
    let flags = "-t 1s --trace-headers --trace-url https://a.test/{trace_id}?k=hushhush";
    let output = prepared(folder.path(), &text, flags).env("MYSECRET", "hushhush").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    assert!(err(&output).contains("trace_url contains a secret") && !err(&output).contains("hush"), "{}", err(&output));
}

#[test]
fn settings_that_lead_to_nothing_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (flags, words) in [
        (&["--trace-url", "https://a.test/{trace_id}"][..], "--trace-url has no effect without --trace-headers"),
        (
            &["--trace-headers", "--trace-url", "https://a.test/"],
            "expected a URL with {trace_id} in place of the id of a trace",
        ),
        (
            &["--trace-headers", "--trace-url", "a.test/{trace_id}"],
            "expected a URL that starts with http:// or https://",
        ),
        (
            &["--trace-headers", "--trace-url", "https://u:s3cret@a.test/{trace_id}"],
            "expected a URL without user and password",
        ),
    ] {
        let output = katydid(folder.path(), &["--headless"]).args(flags).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        let text = err(&output);
        assert!(text.contains(words) && !text.contains("s3cret"), "{flags:?}: {text}");
    }
    // In a file it waits for the runs that use it.
    fs::write(folder.path().join("c.yaml"), "trace_url: https://a.test/{trace_id}\n").unwrap();
    let output = run(folder.path(), &["--headless", "--config", "c.yaml", "-t", "200ms", "--only-summary"]);
    assert!(!err(&output).contains("trace"), "{}", err(&output));
}
