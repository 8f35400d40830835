//! The language server that editors use, over its standard input and output.

use std::io::{BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running yaml-language-server with a folder that has the schema in it.
#[derive(Debug)]
pub struct Server {
    process: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    folder: tempfile::TempDir,
    requests: i64,
    documents: usize,
}

/// A message about a place: line and column from 0, and the text.
pub type Said = (u64, u64, String);

impl Server {
    /// Starts the server.
    pub fn start() -> Self {
        let tool = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("target/tools/editor/node_modules/yaml-language-server/bin/yaml-language-server");
        assert!(tool.exists(), "the language server is installed: tests/run does that");
        let folder = tempfile::tempdir().expect("a folder");
        let schema = Command::new(env!("CARGO_BIN_EXE_katydid")).arg("schema").output().expect("the command runs");
        std::fs::write(folder.path().join("katydid.schema.json"), schema.stdout).expect("a writable folder");
        let mut process = Command::new("node")
            .arg(tool)
            .arg("--stdio")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node runs");
        let (sender, messages) = channel();
        let mut output = BufReader::new(process.stdout.take().expect("a pipe"));
        std::thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let input = process.stdin.take().expect("a pipe");
        let mut server = Self { process, input, messages, folder, requests: 0, documents: 0 };
        let root = format!("file://{}", server.folder.path().display());
        let capabilities = json!({
            "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } },
            "workspace": { "configuration": true },
        });
        server.ask("initialize", &json!({ "processId": null, "rootUri": root, "capabilities": capabilities }));
        server.send(&json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
        let settings = json!({ "settings": { "yaml": settings() } });
        server.send(&json!({ "jsonrpc": "2.0", "method": "workspace/didChangeConfiguration", "params": settings }));
        server
    }

    /// Folder of the documents.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Opens a scenario, and returns its address and what the server says about it.
    pub fn open(&mut self, text: &str) -> (String, Vec<Said>) {
        self.documents += 1;
        let path = self.folder.path().join(format!("scenario{}.yaml", self.documents));
        // The line of the modeline is not counted.
        self.open_as(&path, &format!("# yaml-language-server: $schema=katydid.schema.json\n{text}"), 1)
    }

    /// Opens a text as this file; lines are counted from `first`.
    pub fn open_as(&mut self, path: &Path, text: &str, first: u64) -> (String, Vec<Said>) {
        let uri = format!("file://{}", path.display());
        let document = json!({ "uri": uri, "languageId": "yaml", "version": 1, "text": text });
        let params = json!({ "textDocument": document });
        self.send(&json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": params }));
        let said = self.wait(|message| {
            message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri.as_str()
        });
        let all = said["params"]["diagnostics"].as_array().expect("a list").iter();
        let said = all.map(|one| {
            let start = &one["range"]["start"];
            let number = |name: &str| start[name].as_u64().expect("a number");
            (
                number("line").saturating_sub(first),
                number("character"),
                one["message"].as_str().expect("a text").to_owned(),
            )
        });
        (uri, said.collect())
    }

    /// What is shown at a place, as Markdown.
    pub fn hover(&mut self, uri: &str, (line, column): (u64, u64)) -> String {
        let found = self.at("textDocument/hover", uri, line, column);
        found["contents"]["value"].as_str().unwrap_or_default().to_owned()
    }

    /// What is offered at a place: labels and what is inserted.
    pub fn complete(&mut self, uri: &str, (line, column): (u64, u64)) -> Vec<(String, String)> {
        let found = self.at("textDocument/completion", uri, line, column);
        let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
        let items = found["items"].as_array().or(found.as_array()).expect("a list");
        items.iter().map(|item| (text(item, "label"), text(item, "insertText"))).collect()
    }

    fn at(&mut self, method: &str, uri: &str, line: u64, column: u64) -> Value {
        let position = json!({ "line": line + 1, "character": column });
        self.ask(method, &json!({ "textDocument": { "uri": uri }, "position": position }))
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        self.wait(|message| message["id"] == id && message["method"].is_null())["result"].take()
    }

    /// The next such message; requests of the server are answered meanwhile.
    fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.messages.recv_timeout(PATIENCE).expect("an answer of the language server");
            if wanted(&message) {
                return message;
            }
            if message["method"].is_string() && !message["id"].is_null() {
                let items = message["params"]["items"].as_array().cloned().unwrap_or_default();
                let result: Vec<Value> =
                    items.iter().map(|item| if item["section"] == "yaml" { settings() } else { Value::Null }).collect();
                self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }));
            }
        }
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("a running server");
        self.input.flush().expect("a running server");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Nothing is fetched from other machines.
fn settings() -> Value {
    json!({ "validate": true, "hover": true, "completion": true, "schemaStore": { "enable": false }, "schemas": {} })
}

fn read(input: &mut impl std::io::BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        input.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.trim().parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
