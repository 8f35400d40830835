//! Compares the requests of imported steps with those of the real curl.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use katydid::import::{ImportOptions, import};

/// A request as received.
#[derive(Debug)]
struct Seen {
    line: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// Responds to everything with 200, and passes on the requests.
fn server() -> (SocketAddr, Receiver<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            let mut lines = Vec::new();
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim_end().is_empty() {
                    break;
                }
                lines.push(line.trim_end().to_owned());
            }
            let Some((first, rest)) = lines.split_first() else { continue };
            let pairs = rest.iter().filter_map(|line| line.split_once(':'));
            let headers: BTreeMap<String, String> =
                pairs.map(|(k, v)| (k.to_lowercase(), v.trim().to_owned())).collect();
            let length = headers.get("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
            let mut body = vec![0; length];
            if reader.read_exact(&mut body).is_err() {
                continue;
            }
            // Sent before the response, because the client may read it at once.
            let _ = send.send(Seen { line: first.clone(), headers, body });
            let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
            let _ = reader.into_inner().write_all(reply);
        }
    });
    (address, receive)
}

fn decoded(text: &[u8]) -> Vec<(String, String)> {
    // Fields with the same name are grouped in a step.
    let mut pairs: Vec<_> = url::form_urlencoded::parse(text).into_owned().collect();
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    pairs
}

/// A normalized form of a request: requests that mean the same have the same text.
fn meaning(seen: &Seen) -> String {
    let mut headers = seen.headers.clone();
    let is_default = |name: &str, value: &str| match name {
        "accept" => value == "*/*",
        "user-agent" => value.starts_with("curl/") || value.starts_with("katydid/"),
        name => ["host", "content-length", "accept-encoding", "connection", "expect"].contains(&name),
    };
    let media = headers.get("content-type").cloned().unwrap_or_default();
    let body = if let Some((_, boundary)) = media.split_once("boundary=") {
        headers.insert("content-type".to_owned(), "multipart/form-data".to_owned());
        let text = String::from_utf8_lossy(&seen.body).into_owned();
        let boundary = format!("--{}", boundary.trim_matches('"'));
        let mut parts: Vec<String> = text.split(&boundary).map(str::to_lowercase).collect();
        parts.sort();
        format!("{parts:#?}")
    } else if media == "application/x-www-form-urlencoded" && !seen.body.starts_with(b"{") {
        format!("{:?}", decoded(&seen.body))
    } else if let Ok(json) = serde_json::from_slice::<serde_json::Value>(&seen.body) {
        json.to_string()
    } else {
        format!("{:?}", String::from_utf8_lossy(&seen.body))
    };
    headers.retain(|name, value| !is_default(name, value));
    let (path, query) = seen.line.split_once('?').unwrap_or((&seen.line, " HTTP/1.1"));
    let query = query.trim_end_matches(" HTTP/1.1");
    let bare = query.split('&').any(|part| !part.contains('='));
    let query = if bare { query.to_owned() } else { format!("{:?}", decoded(query.as_bytes())) };
    format!("{} ? {query}\n{headers:#?}\n{body}", path.trim_end_matches(" HTTP/1.1"))
}

fn run(mut command: Command, folder: &Path, seen: &Receiver<Seen>) -> String {
    let output =
        command.current_dir(folder).env("NO_PROXY", "*").output().expect("it is installed: tests/run does that");
    let text = [output.stdout, output.stderr].concat();
    match seen.recv_timeout(Duration::from_secs(20)) {
        Ok(seen) => meaning(&seen),
        Err(_) => panic!("{command:?} sent nothing: {}", String::from_utf8_lossy(&text)),
    }
}

#[test]
fn steps_send_the_same_as_curl() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("body.json"), r#"{"from": "a file"}"#).unwrap();
    std::fs::write(folder.join("pic.png"), b"\x89PNG\r\n\x1a\n\xff\x00").unwrap();
    let (address, seen) = server();
    for options in [
        "'HOST/a?b=1&c=%20d&b=2'",
        "'HOST/flags?debug&a=b'",
        "-X DELETE HOST/a",
        "-I HOST/a",
        "-d @body.json HOST/a",
        "-d @body.json -H 'Content-Type: application/json' HOST/a",
        "--data-binary @pic.png -H 'Content-Type: image/png' HOST/a",
        "--data-binary @./pic.png HOST/a",
        "-T pic.png HOST/put",
        "-T body.json HOST/folder/",
        "-A 'probe/1.0' -e http://before.example/ HOST/a",
        "-H 'User-Agent: probe/2' -H 'Referer: http://r/' -H 'Accept-Language: de' -H 'X-Empty;' -H 'Host: other.example' HOST/a",
        "-F 'f=@pic.png' -F 'note=it is; cut off' HOST/upload",
        "-F 'f=@pic.png;type=image/webp;filename=other.webp' HOST/upload",
        "-F a=1 -F 'b=x=y' HOST/fields",
        "--form-string 'a=@x;type=y' HOST/fields",
        "-d a=1 -d 'b=2 3' --data-urlencode 'c=d&e f' --data-raw '&g=@h' HOST/form",
        "-d $'x=1\\ny' HOST/form",
        "-d plain HOST/text",
        "-d '{\"a\":1}' HOST/json",
        "-d '{\"a\":1}' -H 'Content-Type: application/json; charset=utf-8' HOST/json",
        "--json '{\"a\": [1, 2.5, null]}' HOST/json",
        "--json '{\"a\":' --json '1}' HOST/json",
        "--json @body.json -H 'Accept: text/plain' HOST/json",
        "-G -d q=lamp --data-urlencode 'r=a b' HOST/search",
        "-r 0-9 HOST/range",
        "-C 5 HOST/range",
        "-b 'a=1; b=2; c=3' HOST/cookies",
        "-u 'ada:p:w é' --basic HOST/user",
        "--limit-rate 10k --interface 127.0.0.1 --max-filesize 9999 --keepalive-time 3 HOST/quiet",
        "--url-query 'a=b c' --url-query +d=%20 HOST/a",
        "-g 'HOST/a[1]?x[y]={z}'",
        "'HOST/a?x[]=1'",
        "-d '{\"a\": \"[1-3]\"}' --no-location 'HOST/\\[a\\]'",
        "--json @- HOST/json <<END 2>/dev/null\n{\"a\":\n1}\nEND",
        "-d @- HOST/text <<'END' > /dev/null\nfirst\nsecond\nEND",
        "--data-urlencode n@- HOST/form <<< 'a b'",
        "--data-binary @- HOST/file -H 'Content-Type: image/png' < pic.png",
        "--header 'X-A: b' --user-ag probe/1 HOST/prefix",
    ] {
        let command = format!("curl {}", options.replace("HOST", &format!("http://{address}")));
        let mut curl = Command::new("bash");
        curl.arg("-c").arg(command.replacen("curl", "curl -sS", 1));
        let wanted = run(curl, folder, &seen);
        let made = import(&command, "made", &ImportOptions::default()).unwrap_or_else(|e| panic!("{command}: {e}"));
        std::fs::write(folder.join("made.yaml"), &made.text).unwrap();
        let mut katydid = Command::new(env!("CARGO_BIN_EXE_katydid"));
        katydid.args(["try", "made.yaml"]).env_remove("KATYDID_HOST");
        katydid.envs([("COOKIE", "a=1; b=2; c=3"), ("BASIC_USERNAME", "ada"), ("BASIC_PASSWORD", "p:w é")]);
        let got = run(katydid, folder, &seen);
        assert_eq!(got, wanted, "{command}\n{}", made.text);
    }
}

/// The options of the installed curl, and whether they take a value.
fn options() -> Vec<(String, bool)> {
    let output = Command::new("curl").args(["--help", "all"]).output().expect("it is installed: tests/run does that");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let options = text.lines().filter_map(|line| {
        let (_, rest) = line.split_once("--")?;
        let (name, after) = rest.split_once(' ')?;
        Some((name.to_owned(), after.starts_with(['<', '['])))
    });
    options.collect()
}

#[test]
fn all_options_of_curl_are_known() {
    let all = options();
    assert!(all.len() > 200, "{all:?}");
    // These send nothing.
    let no_transfer = ["help", "manual", "version"];
    for (name, takes_value) in all.iter().filter(|(name, _)| !no_transfer.contains(&name.as_str())) {
        let value = match name.as_str() {
            "request" => " PUT",
            "form" | "form-string" => " a=b",
            "proto-default" => " https",
            // This is the URL itself.
            "url" => "",
            _ if *takes_value => " 10k",
            _ => "",
        };
        let command = format!("curl --{name}{value} http://h.example/a");
        let made = import(&command, "made", &ImportOptions::default()).unwrap_or_else(|e| panic!("{command}: {e}"));
        let steps = made.text.lines().filter(|line| line.trim_start().starts_with("- ") && line.contains("/a"));
        assert_eq!(steps.count(), 1, "{command}\n{}", made.text);
        assert!(!made.text.contains("10k/") && made.text.contains("host: \"http://h.example\""), "{}", made.text);
        assert!(!made.text.contains("is not known here"), "{command}\n{}", made.text);
    }
}

#[test]
fn a_pattern_becomes_a_step_for_each_address() {
    let folder = tempfile::tempdir().unwrap();
    let (address, seen) = server();
    let command = format!("curl 'http://{address}/{{a,b}}/[08-10:2]' --next -d x=1 http://{address}/last");
    let mut curl = Command::new("bash");
    let output = curl.arg("-c").arg(command.replacen("curl", "curl -sS", 1)).env("NO_PROXY", "*").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let lines = || -> Vec<String> { seen.try_iter().map(|seen| seen.line).collect() };
    let wanted = lines();
    assert_eq!(wanted.len(), 5, "{wanted:?}");
    let made = import(&command, "made", &ImportOptions::default()).unwrap();
    std::fs::write(folder.path().join("made.yaml"), &made.text).unwrap();
    let mut katydid = Command::new(env!("CARGO_BIN_EXE_katydid"));
    katydid.args(["try", "made.yaml"]).current_dir(folder.path()).env_remove("KATYDID_HOST");
    assert!(katydid.output().unwrap().status.success(), "{}", made.text);
    assert_eq!(lines(), wanted, "{}", made.text);
    let many = import("curl 'http://h/[1-500]'", "made", &ImportOptions::default()).unwrap();
    assert_eq!(many.text.matches("- get:").count(), 50);
    assert!(many.notes.join(" ").contains("first 50 of 500"), "{:?}", many.notes);
}
