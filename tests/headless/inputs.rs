//! What is not an ordinary file is refused at once, wherever a file can be named; and JSON that is too deep is said to be
//! that.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use crate::command::{err, katydid, out};

/// What a command prints, and its exit code. A test that waits for ever shows that the command does.
fn told(folder: &Path, args: &[&str]) -> (String, Option<i32>) {
    let output = katydid(folder, args).output().expect("the command runs");
    (out(&output) + &err(&output), output.status.code())
}

/// A folder with one of each kind: its name, and the words for it.
fn odd_files(folder: &Path) -> (UnixListener, [(&'static str, &'static str); 4]) {
    assert!(Command::new("mkfifo").arg(folder.join("fifo")).status().expect("mkfifo is there").success());
    fs::create_dir(folder.join("dir")).expect("a file of the test");
    std::os::unix::fs::symlink("/dev/zero", folder.join("zero")).expect("a file of the test");
    let socket = UnixListener::bind(folder.join("socket")).expect("a file of the test");
    (socket, [("fifo", "a pipe"), ("dir", "a directory"), ("zero", "a device"), ("socket", "a socket")])
}

/// A server that answers everything with this body.
fn answering(body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 8_192]);
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all((head + &body).as_bytes());
        }
    });
    url
}

#[test]
fn only_ordinary_files_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let (_socket, kinds) = odd_files(folder.path());
    let step = "tasks: [{ steps: [{ get: / }] }]";
    for (name, words) in kinds {
        let refused = |what: &str, args: &[&str]| {
            let (text, code) = told(folder.path(), args);
            assert!(text.contains(&format!("it is {words}, not a file")), "{what} {name}: {text}");
            assert_eq!(code, Some(2), "{what} {name}: {text}");
        };
        refused("a scenario", &["check", name]);
        refused("a scenario", &["try", name]);
        refused("a scenario", &["--headless", "-f", name, "-H", "http://127.0.0.1:1"]);
        refused("an import", &["import", name]);
        fs::write(folder.path().join("s.yaml"), format!("host: http://h\n{step}\n")).unwrap();
        // A folder is the schema files in it.
        if name != "dir" {
            refused("a schema", &["check", "s.yaml", "--schema", name]);
        }
        if name == "zero" {
            // It lies outside of the folder, which is said first.
            continue;
        }
        for text in [
            format!("host: http://h\ninclude: {name}\n{step}\n"),
            format!("host: http://h\ndata: {{ d: {{ file: {name} }} }}\n{step}\n"),
            format!("host: http://h\ntasks: [{{ steps: [{{ post: /, body: '@{name}' }}] }}]\n"),
            format!("host: http://h\ntasks: [{{ steps: [{{ post: /, json: '@{name}' }}] }}]\n"),
            format!("host: http://h\ntasks: [{{ steps: [{{ graphql: '@{name}' }}] }}]\n"),
            format!("host: http://h\ndefaults: {{ tls: {{ ca: {name} }} }}\n{step}\n"),
        ] {
            fs::write(folder.path().join("s.yaml"), &text).unwrap();
            refused(&text, &["check", "s.yaml"]);
        }
        let other = tempfile::tempdir().unwrap();
        fs::rename(folder.path().join(name), other.path().join(".env")).unwrap();
        fs::write(other.path().join("s.yaml"), format!("host: http://h\n{step}\n")).unwrap();
        let inside = told(other.path(), &["check", "s.yaml"]);
        let beside = told(folder.path(), &["check", &other.path().join("s.yaml").display().to_string()]);
        for (text, code) in [inside, beside] {
            // It may belong to another tool: a Python environment is a directory.
            let silent = words.contains("directory") && !text.contains("warning");
            let warned = text.contains("warning: ") && text.contains(&format!("it is {words}, not a file"));
            assert!((silent || warned) && code == Some(0), "{text}");
        }
        fs::rename(other.path().join(".env"), folder.path().join(name)).unwrap();
    }
}

#[test]
fn json_that_is_too_deep_is_said_to_be_that() {
    let folder = tempfile::tempdir().unwrap();
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("deep.json", &format!("{{\"log\":{}}}", nested(200)));
    let kind = r#"{"kind":"LIST","ofType":"#.repeat(200) + r#"{"kind":"SCALAR","name":"Int"}"# + &"}".repeat(200);
    let fields = format!(r#"[{{"name":"a","args":[],"type":{kind}}}]"#);
    let types = format!(r#"[{{"kind":"OBJECT","name":"Q","fields":{fields}}}]"#);
    write("schema.json", &format!(r#"{{"__schema":{{"queryType":{{"name":"Q"}},"types":{types}}}}}"#));
    write("s.yaml", "host: http://h\ntasks: [{ steps: [{ post: /, json: '@deep.json' }] }]\n");
    write("plain.yaml", "host: http://h\ntasks: [{ steps: [{ graphql: 'query { a }' }] }]\n");
    for args in
        [&["check", "s.yaml"][..], &["import", "deep.json"], &["check", "plain.yaml", "--schema", "schema.json"]]
    {
        let (text, code) = told(folder.path(), args);
        assert!(text.contains("nested 128 levels or deeper") && code == Some(2), "{args:?}: {text}");
    }
    write("deep.yaml", &format!("openapi: 3.0.0\npaths: {}\n", nested(200)));
    let (text, code) = told(folder.path(), &["import", "deep.yaml"]);
    assert!(text.contains("lists and maps are nested deeper than 60 levels") && code == Some(2), "{text}");
    write("s.yaml", &format!("host: http://h\nvars: {{ a: {} }}\ntasks: [{{ steps: [{{ get: / }}] }}]\n", nested(200)));
    let (text, code) = told(folder.path(), &["check", "s.yaml"]);
    assert!(text.contains("nested deeper than 36 levels") && text.contains("s.yaml:2:") && code == Some(2), "{text}");

    // In a response: GraphQL reads over it, and whoever must look inside says why it cannot.
    let url = answering(format!("{{\"data\":{{\"a\":{}}}}}", nested(200)));
    let steps = "tasks: [{ steps: [{ get: /, expect: { json: { $.a: 1 } } }, { get: /, capture: { a: $.a } }, \
                 { graphql: 'query A { a }' }, { graphql: 'query B { a }', business_errors: $.data.*.errors }] }]";
    write("r.yaml", &format!("host: {url}\n{steps}\n"));
    let (text, code) = told(folder.path(), &["try", "r.yaml"]);
    assert_eq!(text.matches("nested 128 levels or deeper").count(), 3, "{text}");
    assert!(text.contains("4 requests, 3 failed") && code == Some(1), "{text}");
}
