//! Recordings of journeys, in the shapes that seven recorders write, are imported and replayed against a server that plays
//! the recording: method, path, query, body, cookies and headers arrive as recorded.

#[path = "replay/exchange.rs"]
mod exchange;
#[path = "replay/journeys.rs"]
mod journeys;
#[path = "replay/server.rs"]
mod server;
#[path = "replay/shapes.rs"]
mod shapes;

use std::process::Command;

use katydid::import::{ImportOptions, Imported, import};
use serde_json::Value;

use self::exchange::Exchange;
use self::journeys::Journey;
use self::server::{Received, Server};
use self::shapes::Recorder;

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    // Fields with the same name are grouped in a step.
    let mut pairs: Vec<_> = url::form_urlencoded::parse(text).into_owned().collect();
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    pairs
}

/// Parts of a multipart body without their boundary: headers and content.
fn parts(body: &[u8], media: &str) -> Vec<String> {
    let boundary = media.split("boundary=").nth(1).unwrap_or_default().trim_matches('"');
    let text = String::from_utf8_lossy(body).into_owned();
    let mark = format!("--{boundary}");
    let parts = text.split(&mark).map(|part| part.trim_matches(['\r', '\n', '-']).to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

/// A body in a form that can be compared.
fn comparable(body: &[u8], media: &str) -> Value {
    if media.starts_with("multipart/") {
        return Value::from(parts(body, media));
    }
    if media == "application/x-www-form-urlencoded" {
        return Value::from(format!("{:?}", pairs(body)));
    }
    match serde_json::from_slice::<Value>(body) {
        // A client may send the name of the only operation of a document, and no variables as an empty object.
        Ok(Value::Object(mut json)) if json.contains_key("query") => {
            json.remove("operationName");
            json.retain(|key, value| key != "variables" || value != &serde_json::json!({}));
            Value::Object(json)
        }
        Ok(json) => json,
        Err(_) => Value::from(format!("{:?}", String::from_utf8_lossy(body))),
    }
}

fn compare(what: &str, sent: &Exchange, received: &Received) {
    let url = url::Url::parse(&sent.url).expect("a URL");
    let (path, query) = received.target.split_once('?').unwrap_or((&received.target, ""));
    assert_eq!(received.method, sent.method, "{what}");
    assert_eq!(path, url.path(), "{what}");
    assert_eq!(pairs(query.as_bytes()), pairs(url.query().unwrap_or_default().as_bytes()), "{what}");
    let media = received.header("content-type").unwrap_or_default();
    assert_eq!(comparable(&received.body, media), comparable(&sent.body, sent.media), "{what}");
    if !sent.body.is_empty() {
        let kind = |media: &str| media.split(';').next().unwrap_or_default().to_owned();
        assert_eq!(kind(media), kind(sent.media), "{what}");
    }
    let cookies = received.header("cookie").unwrap_or_default().split("; ").filter(|pair| !pair.is_empty());
    let mut cookies: Vec<String> = cookies.map(str::to_owned).collect();
    let mut wanted: Vec<String> = sent.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    cookies.sort();
    wanted.sort();
    assert_eq!(cookies, wanted, "{what}");
    for (name, value) in &sent.headers {
        assert_eq!(received.header(name), Some(value.as_str()), "{what}: {name}");
    }
    for name in ["sec-fetch-dest", "postman-token", "origin", "referer"] {
        assert_eq!(received.header(name), None, "{what}: {name}");
    }
}

fn imported(recorder: Recorder, journey: &Journey) -> Imported {
    let har = shapes::har(recorder, &journey.exchanges);
    import(&har.to_string(), "made", &ImportOptions::default()).unwrap_or_else(|why| panic!("{recorder:?}: {why}"))
}

/// Runs the scenario once, with all hosts of the journey moved to the server.
fn replay(made: &Imported, journey: &Journey, server: &Server) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let base = format!("http://{}", server.address);
    let text = made.text.replace("https://api.example.co.uk", &base);
    std::fs::write(folder.path().join("made.yaml"), text).expect("a file");
    for (name, content) in &made.files {
        std::fs::write(folder.path().join(name), content).expect("a file");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_katydid"));
    command.args(["try", "made.yaml", "--host", &base]).current_dir(folder.path());
    command.envs(journey.environment.iter().copied());
    let output = command.output().expect("the command runs");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{text}\n{}", made.text);
    text
}

#[test]
fn recordings_are_replayed_as_they_were_recorded() {
    let mut count = 0;
    for journey in journeys::all() {
        for recorder in shapes::ALL {
            let made = imported(recorder, &journey);
            let sent: Vec<Exchange> = journey.exchanges.iter().filter(|one| !one.left_out).cloned().collect();
            let server = Server::start(sent.clone());
            let output = replay(&made, &journey, &server);
            let received = server.received();
            let what = format!("{} of {recorder:?}\n{}\n{output}", journey.name, made.text);
            let lines: Vec<&str> = received.iter().map(|one| one.target.as_str()).collect();
            assert_eq!(received.len(), sent.len(), "{lines:?}\n{what}");
            for (sent, received) in sent.iter().zip(&received) {
                compare(&format!("{} {}: {what}", sent.method, sent.url), sent, received);
            }
            for (_, value) in journey.environment {
                assert!(!made.text.contains(value), "{what}");
            }
            count += 1;
        }
    }
    assert!(count >= 20, "{count} recordings");
}
