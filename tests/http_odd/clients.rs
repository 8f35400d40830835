//! The two clients.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::process::{Command, Stdio};

use crate::Outcome;
use crate::server::{Server, Wire};

/// katydid's outcomes of all rows, from one run of one user. Failed rows are missing.
pub fn katydid(server: &Server, rows: usize) -> HashMap<usize, Outcome> {
    let folder = tempfile::tempdir().expect("a folder");
    let version = if server.wire == Wire::H2 { "2" } else { "1.1" };
    let mut text = format!(
        "host: {}\ndefaults: {{ tls: {{ insecure: true }}, http_version: \"{version}\", timeout: 10s }}\ntasks:\n  - steps:\n",
        server.url("127.0.0.1", "")
    );
    for row in 0..rows {
        let (start, after) = (server.row(row, "/r/start"), server.row(row, "/r/after"));
        let report = server.url("127.0.0.1", &format!("/report/{row}"));
        let _ = write!(
            text,
            "      - {{ get: '{start}', expect: {{ status: [2xx, 3xx, 4xx, 5xx] }}, capture: {{ s{row}: status, b{row}: body }} }}\n\
             \x20     - {{ get: '{after}', capture: {{ c{row}: body }} }}\n\
             \x20     - {{ post: '{report}', form: {{ s: '{{{{ s{row} }}}}', b: '{{{{ b{row} }}}}', c: '{{{{ c{row} }}}}' }} }}\n",
        );
    }
    text.push_str("      - stop: run\n");
    std::fs::write(folder.path().join("run.yaml"), text).expect("a written scenario");
    let output = Command::new(env!("CARGO_BIN_EXE_katydid"))
        .env("KATYDID_RUNS_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/runs"))
        .args(["-f", "run.yaml", "--headless", "--only-summary", "-u", "1", "-t", "5m", "-s", "60s"])
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("the command runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1)) && !printed.contains("panicked"), "{printed}");
    let reports = server.reports();
    assert!(!reports.is_empty(), "{printed}");
    reports
}

/// curl's outcome of a row.
pub fn curl(server: &Server, row: usize) -> Outcome {
    let folder = tempfile::tempdir().expect("a folder");
    let version = match server.wire {
        Wire::Plain | Wire::Tls => "--http1.1",
        Wire::H2 => "--http2",
    };
    let output = Command::new("curl")
        .args(["-q", "-sk", version, "--compressed", "-L", "--max-redirs", "30", "-m", "10", "-b", "", "-o", "start"])
        .args(["-w", "%{exitcode} %{http_code}\n", &server.row(row, "/r/start")])
        .args(["-o", "after", &server.row(row, "/r/after")])
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .env_remove("http_proxy")
        .env_remove("https_proxy")
        .env_remove("all_proxy")
        .env_remove("ALL_PROXY")
        .output()
        .expect("curl is installed: tests/run does that");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = printed.lines().next().unwrap_or_default();
    let read = |name: &str| {
        let bytes = std::fs::read(folder.path().join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    match first.split_once(' ') {
        Some(("0", status)) => Outcome::new(status, &read("start"), &read("after")),
        _ => Outcome::Failed,
    }
}
