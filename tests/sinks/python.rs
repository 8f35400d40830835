//! The definitions that vendors publish, in Python.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// The JSON that a script in `tests/sinks/vendors` prints for this input.
pub fn json(script: &str, arguments: &[&str], input: &[u8]) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/tools/vendors/bin/python");
    assert!(python.exists(), "run tests/run once: it installs the definitions of vendors");
    let mut child = Command::new(python)
        .arg(root.join("tests/sinks/vendors").join(script))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    child.stdin.take().expect("a pipe").write_all(input).expect("Python reads");
    let output = child.wait_with_output().expect("Python ends");
    assert!(output.status.success(), "{script} failed for {}", String::from_utf8_lossy(input));
    serde_json::from_slice(&output.stdout).expect("JSON")
}
