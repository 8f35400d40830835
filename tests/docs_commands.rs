//! Every command on the pages about runs without a screen, and on the one for those who come from Locust, does what it
//! is there for. The other pages are run by the tests of what they are about.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const SHOP: &str = "name: shop\nhost: demo\nusers: 2\nspawn_rate: 50\ntasks: [{ steps: [{ get: / }] }]\n";
/// What a person has copied.
const CURL: &str = "echo \"curl -X POST https://shop.example.com/cart -d '{}'\"";

/// The commands of the blocks of a page, without those of others.
fn commands(page: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    let text = fs::read_to_string(path).expect("a page");
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).filter(|line| line.contains("katydid")).map(str::to_owned).collect()
}

/// A folder in which the names on the pages mean something.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import");
    fs::copy(fixtures.join("shop.har"), folder.path().join("recording.har")).expect("a recording");
    fs::copy(fixtures.join("pets.json"), folder.path().join("api.json")).expect("a document");
    fs::write(folder.path().join("shop.yaml"), SHOP).expect("a scenario");
    fs::create_dir(folder.path().join("bin")).expect("a folder");
    symlink(env!("CARGO_BIN_EXE_katydid"), folder.path().join("bin/katydid")).expect("a link");
    folder
}

/// Runs a command as it is on the page, but against the demo and for a second.
fn run(folder: &Path, line: &str) -> Output {
    let mut line = line.replace("FILE", "shop.yaml").replace("https://shop.example.com", "demo").replace("URL", "demo");
    for time in ["-t 30s", "-t 10m"] {
        line = line.replace(time, "-t 1s");
    }
    if line.starts_with("katydid quick") {
        line += " -t 1s";
    }
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("pbpaste() {{ {CURL}; }}; {line}")]).current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("KATYDID_") || text.starts_with("LOCUST_") || text == "GITHUB_ACTIONS" {
            shell.env_remove(name);
        }
    }
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").expect("a path"));
    shell.env("PATH", path).env("HOME", folder).env_remove("XDG_DATA_HOME").env("XDG_CONFIG_HOME", folder);
    shell.output().expect("a shell")
}

fn succeeds(folder: &Path, line: &str) -> String {
    let output = run(folder, line);
    let error = String::from_utf8_lossy(&output.stderr);
    // The demo shop fails some of the requests of a run, by design.
    let is_run = line.contains("--headless") || line.contains("-t 30s") || line.starts_with("katydid quick");
    let code = output.status.code();
    assert!(code == Some(0) || is_run && code == Some(1), "{line}: {code:?} {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_commands_on_the_page_about_runs_without_a_screen() {
    let folder = folder();
    let all = commands("headless.md");
    assert!(all.len() >= 5, "{all:?}");
    for line in &all {
        let printed = succeeds(folder.path(), line);
        let words = match line {
            line if line.contains("--json") => {
                assert!(serde_json::from_str::<Vec<serde_json::Value>>(&printed).is_ok_and(|rows| rows.len() == 1));
                continue;
            }
            line if line.contains("--headless") => "Aggregated",
            line if line.contains("quick") => "wrote results/report.html",
            line if line.contains("list") => "demo",
            line if line.contains("validate") => "until stopped",
            other => panic!("a command that is not expected: {other}"),
        };
        assert!(printed.contains(words), "{line}: {printed}");
    }
    for file in ["report.html", "stats_stats.csv", "stats_stats_history.csv"] {
        assert!(folder.path().join("results").join(file).is_file(), "{file}");
    }
}

#[test]
fn the_commands_on_the_page_for_those_who_come_from_locust() {
    let folder = folder();
    let all = commands("from-locust.md");
    assert!(all.len() >= 5, "{all:?}");
    for line in &all {
        let is_import = line.contains("import");
        if is_import {
            let _ = fs::remove_file(folder.path().join("shop.yaml"));
        } else {
            fs::write(folder.path().join("shop.yaml"), SHOP).expect("a scenario");
        }
        let printed = succeeds(folder.path(), line);
        match line.split("--out ").nth(1).and_then(|rest| rest.split_whitespace().next()) {
            Some(file) if is_import => {
                let scenario = fs::read_to_string(folder.path().join(file)).expect("a scenario");
                assert!(scenario.contains("steps:"), "{line}: {scenario}");
            }
            _ if line.contains("--csv out/shop") => assert!(folder.path().join("out/shop_stats.csv").is_file()),
            _ => assert!(printed.contains("✓ 1 request, 0 failed"), "{line}: {printed}"),
        }
    }
}
