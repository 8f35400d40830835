//! The command as a script starts it, and the files it leaves.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A row of a CSV file, by the names in its first line.
pub type Record = HashMap<String, String>;

/// Environment variables that tests inherit. Others, such as those of a CI system, would change what katydid does.
pub const INHERITED: [&str; 4] = ["PATH", "TMPDIR", "TERM", "LANG"];

/// The command in this folder, independent of the environment of the tests.
pub fn katydid(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_katydid"));
    command
        .env_clear()
        .envs(INHERITED.iter().filter_map(|name| std::env::var_os(name).map(|value| (name, value))))
        .current_dir(folder)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // The user's own scenarios have no part in this.
    command.env("XDG_CONFIG_HOME", folder).env("HOME", folder);
    command
}

pub fn run(folder: &Path, args: &[&str]) -> Output {
    katydid(folder, args).output().expect("the command runs")
}

pub fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Rows of a CSV file.
pub fn rows(path: PathBuf) -> Vec<Record> {
    let mut reader = csv::Reader::from_path(path).expect("a CSV file");
    reader.deserialize().map(|row| row.expect("a row as wide as the header")).collect()
}

pub fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args(["-s", name, &pid.to_string()]).status().expect("kill runs").success());
}

/// A run that has ended, with the files it wrote.
pub struct Ran {
    pub output: Output,
    folder: tempfile::TempDir,
}

impl Ran {
    /// Runs the text of a scenario with the flags of one string, and `--csv`.
    pub fn new(scenario: &str, flags: &str) -> Self {
        Self::with(scenario, flags, |_| {})
    }

    /// The same, with more of an environment.
    pub fn with(scenario: &str, flags: &str, more: impl FnOnce(&mut Command)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = prepared(folder.path(), scenario, flags);
        more(&mut command);
        let output = command.output().expect("the command runs");
        Self { output, folder }
    }

    /// What a child left that was [`prepared`] in this folder.
    pub fn of(output: Output, folder: tempfile::TempDir) -> Self {
        Self { output, folder }
    }

    /// The rows of a file.
    pub fn file(&self, name: &str) -> Vec<Record> {
        rows(self.folder.path().join(format!("run_{name}.csv")))
    }

    /// The row of an endpoint, or `Aggregated`.
    pub fn row(&self, name: &str) -> Record {
        let rows = self.file("stats");
        let found = rows.iter().find(|row| row["Name"] == name);
        found.unwrap_or_else(|| panic!("no row {name}: {rows:?}\n{}", err(&self.output))).clone()
    }

    /// A whole number of the row of an endpoint.
    pub fn number(&self, name: &str, column: &str) -> u64 {
        self.row(name)[column].parse::<f64>().expect("a number") as u64
    }

    pub fn requests(&self, name: &str) -> u64 {
        self.number(name, "Request Count")
    }

    pub fn failed(&self, name: &str) -> u64 {
        self.number(name, "Failure Count")
    }

    /// Reason and count of an endpoint's failures, most frequent first.
    pub fn failures(&self, name: &str) -> Vec<(String, u64)> {
        let rows = self.file("failures").into_iter().filter(|row| row["Name"] == name);
        rows.map(|row| (row["Error"].clone(), row["Occurrences"].parse().expect("a count"))).collect()
    }

    /// Everything it printed and wrote.
    pub fn texts(&self) -> Vec<String> {
        let mut texts = vec![out(&self.output), err(&self.output)];
        for name in ["stats", "stats_history", "failures", "exceptions"] {
            texts.push(fs::read_to_string(self.folder.path().join(format!("run_{name}.csv"))).expect("a file"));
        }
        texts
    }
}

/// The command for a scenario, yet to be started.
pub fn prepared(folder: &Path, scenario: &str, flags: &str) -> Command {
    fs::write(folder.join("run.yaml"), scenario).expect("a written scenario");
    let mut args = vec!["-f", "run.yaml", "--headless", "--csv", "run", "--only-summary"];
    args.extend(flags.split_whitespace());
    katydid(folder, &args)
}
