//! A job of GitHub Actions, as the runner sets it up.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::api::TOKEN;
use crate::command::{katydid, out};

/// A checkout with a scenario, and the files of the runner.
pub struct Job {
    folder: TempDir,
}

impl Job {
    /// A job of a pull request with this scenario.
    pub fn new(scenario: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let job = Self { folder };
        fs::create_dir_all(job.path("work/load")).expect("a folder");
        fs::write(job.path("work/load/shop.yaml"), scenario).expect("a scenario");
        let event = r#"{"pull_request": {"number": 12, "head": {"sha": "0123456789abcdef0123456789abcdef01234567"}}}"#;
        fs::write(job.path("event.json"), event).expect("an event");
        fs::write(job.path("summary.md"), "").expect("a file");
        fs::write(job.path("output"), "").expect("a file");
        job
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file")
    }

    /// A step of the job.
    pub fn command(&self, api: &str, flags: &str) -> Command {
        let mut args = vec!["-f", "load/shop.yaml", "--headless", "--only-summary", "--csv", "results/run"];
        args.extend(flags.split_whitespace());
        let mut command = katydid(&self.path("work"), &args);
        command
            .envs([("GITHUB_ACTIONS", "true"), ("CI", "true"), ("GITHUB_API_URL", api), ("GITHUB_TOKEN", TOKEN)])
            .envs([("GITHUB_REPOSITORY", "acme/shop"), ("GITHUB_SERVER_URL", "https://github.example")])
            .envs([("GITHUB_RUN_ID", "77"), ("GITHUB_SHA", "fedcba9876543210")])
            .env("GITHUB_WORKSPACE", self.path("work"))
            .env("GITHUB_EVENT_PATH", self.path("event.json"))
            .env("GITHUB_STEP_SUMMARY", self.path("summary.md"))
            .env("GITHUB_OUTPUT", self.path("output"));
        command
    }

    pub fn run(&self, api: &str, flags: &str) -> Output {
        self.command(api, flags).output().expect("the command runs")
    }

    /// Value of an output of the step.
    pub fn output(&self, name: &str) -> String {
        let all = self.read("output");
        let mut found = all.lines().filter_map(|line| line.strip_prefix(&format!("{name}=")));
        found.next_back().unwrap_or_else(|| panic!("no {name} in {all}")).to_owned()
    }

    /// All that the job wrote and printed, to search it for secrets.
    pub fn texts(&self, output: &Output) -> Vec<String> {
        let mut texts = vec![out(output), crate::command::err(output)];
        collect(self.folder.path(), &mut texts);
        texts
    }
}

fn collect(folder: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, texts);
        } else {
            texts.push(String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned());
        }
    }
}

/// The lines that the runner would execute, as in its source: those that start with `::`, and those that contain `##[`.
pub fn commands(output: &Output) -> Vec<String> {
    let text = format!("{}\n{}", out(output), crate::command::err(output));
    let is_command = |line: &&str| line.trim_start().starts_with("::") || line.contains("##[");
    text.split(['\n', '\r']).filter(is_command).map(str::to_owned).collect()
}
