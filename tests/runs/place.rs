//! A folder with recorded runs, and katydid in it.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};

use serde_json::Value;

use super::command::{err, katydid, out};

const SCENARIO: &str =
    "host: demo\nusers: 3\nspawn_rate: 100\nwait_time: constant(20ms)\ntasks: [{ steps: [{ get: /_count }] }]\n";

pub struct Place(tempfile::TempDir);

/// A run that is killed at the latest with the test.
pub struct Started(pub Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("s.yaml"), SCENARIO).expect("a scenario");
        Self(folder)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn runs(&self) -> PathBuf {
        self.path().join("runs")
    }

    fn command(&self, words: &[&str]) -> std::process::Command {
        let mut command = katydid(self.path(), words);
        command.env("KATYDID_RUNS_DIR", "runs");
        command
    }

    /// With another time zone.
    pub fn run_in_zone(&self, line: &str, zone: &str) -> Output {
        let mut command = self.command(&line.split(' ').collect::<Vec<_>>());
        command.env("TZ", zone).output().expect("the command runs")
    }

    pub fn run_words(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("the command runs")
    }

    pub fn run(&self, line: &str) -> Output {
        self.run_words(&line.split(' ').collect::<Vec<_>>())
    }

    /// As a user who may not write what root may; if the test does not run as root, as its own user.
    pub fn run_as_nobody(&self, line: &str) -> Output {
        let mut command = self.command(&line.split(' ').collect::<Vec<_>>());
        if rustix::process::geteuid().is_root() {
            command.uid(65_534);
        }
        command.output().expect("the command runs")
    }

    /// A line of a page, whose quotes a shell reads.
    pub fn shell(&self, line: &str) -> Output {
        let like = self.command(&[]);
        let mut shell = std::process::Command::new("sh");
        let line = line.strip_prefix("katydid ").expect("katydid");
        shell.args(["-c", &format!("\"$0\" {line}")]).arg(env!("CARGO_BIN_EXE_katydid")).current_dir(self.path());
        for (name, value) in like.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        shell.stdin(Stdio::null()).output().expect("a shell")
    }

    pub fn ok(&self, line: &str) -> String {
        let output = self.run(line);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", err(&output));
        out(&output)
    }

    pub fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.ok(line)).expect("JSON")
    }

    pub fn refused(&self, line: &str, code: i32, words: &str) {
        let output = self.run(line);
        assert_eq!(output.status.code(), Some(code), "{line}: {}", err(&output));
        assert!(err(&output).contains(words), "{line}: {}", err(&output));
    }

    /// Starts the scenario.
    pub fn start(&self, flags: &str) -> Started {
        let line = format!("-f s.yaml --headless --only-summary {flags}");
        let mut command = self.command(&line.split(' ').collect::<Vec<_>>());
        Started(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the command runs"))
    }

    /// Starts the scenario, whose complaints are kept.
    pub fn start_loud(&self, flags: &str) -> Child {
        let line = format!("-f s.yaml --headless --only-summary {flags}");
        let mut command = self.command(&line.split(' ').collect::<Vec<_>>());
        command.stdout(Stdio::null()).spawn().expect("the command runs")
    }

    /// The command, which goes on.
    pub fn spawn(&self, line: &str) -> Child {
        self.command(&line.split(' ').collect::<Vec<_>>()).spawn().expect("the command runs")
    }

    /// Runs the scenario, and returns the id of its run.
    pub fn record(&self, flags: &str) -> String {
        self.ok(&format!("-f s.yaml --headless --only-summary {flags}"));
        let runs = self.json("runs --json");
        let last = runs.as_array().and_then(|runs| runs.last()).expect("a run");
        last["id"].as_str().expect("an id").to_owned()
    }

    /// Another run with the same files, but for what is changed of its `meta.json`.
    pub fn copy(&self, id: &str, new: &str, change: impl FnOnce(&mut Value)) {
        let (from, to) = (self.runs().join(id), self.runs().join(new));
        fs::create_dir(&to).expect("a folder");
        for file in fs::read_dir(&from).expect("a run").flatten() {
            fs::copy(file.path(), to.join(file.file_name())).expect("a copy");
        }
        self.change(new, |meta| {
            meta["id"] = new.into();
            change(meta);
        });
    }

    /// Changes the `meta.json` of a run.
    pub fn change(&self, id: &str, change: impl FnOnce(&mut Value)) {
        let path = self.runs().join(id).join("meta.json");
        let text = fs::read_to_string(&path).expect("a file");
        let mut meta: Value = serde_json::from_str(&text).expect("JSON");
        change(&mut meta);
        fs::write(path, meta.to_string()).expect("a file");
    }
}
