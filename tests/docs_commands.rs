//! Runs the documented commands for headless runs and for migration from Locust. Commands on other pages are run by the
//! tests of their subject.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const SHOP: &str = "name: shop\nhost: demo\nusers: 2\nspawn_rate: 50\ntasks: [{ steps: [{ get: / }] }]\n";
/// Output of `pbpaste`: a copied curl command.
const CURL: &str = "echo \"curl -X POST https://shop.example.com/cart -d '{}'\"";

/// The `katydid` commands in the shell blocks of a page.
fn commands(page: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    let text = fs::read_to_string(path).expect("a page");
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).filter(|line| line.contains("katydid")).map(str::to_owned).collect()
}

/// A folder with the files that the pages refer to.
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

/// Runs a documented command, with the demo as its target and a run time of one second.
fn run(folder: &Path, line: &str) -> Output {
    let mut line =
        line.replace("FILE", "shop.yaml").replace("https://shop.example.com", "demo").replace(" URL", " demo");
    for time in ["-t 30s", "-t 10m"] {
        line = line.replace(time, "-t 1s");
    }
    if line.starts_with("katydid quick") {
        line += " -t 1s";
    }
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("pbpaste() {{ {CURL}; }}; {line}")]).current_dir(folder).stdin(Stdio::null());
    // A developer's own settings, or those of a CI system, would change what katydid does.
    shell.env_clear();
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").expect("a path"));
    shell.env("PATH", path).env("HOME", folder).env_remove("XDG_DATA_HOME").env("XDG_CONFIG_HOME", folder);
    shell.output().expect("a shell")
}

fn succeeds(folder: &Path, line: &str) -> String {
    let output = run(folder, line);
    let error = String::from_utf8_lossy(&output.stderr);
    // The demo server fails some requests by design, so that runs exit with 1.
    let is_run = line.contains("--headless") || line.contains("-t 30s") || line.starts_with("katydid quick");
    let code = output.status.code();
    assert!(code == Some(0) || is_run && code == Some(1), "{line}: {code:?} {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn documented_commands_for_headless_runs() {
    let folder = folder();
    let all = commands("headless.md");
    assert!(all.len() >= 5, "{all:?}");
    for line in &all {
        let stdout = succeeds(folder.path(), line);
        let expected = match line {
            line if line.contains("--json") => {
                assert!(serde_json::from_str::<Vec<serde_json::Value>>(&stdout).is_ok_and(|rows| rows.len() == 1));
                continue;
            }
            line if line.contains("--headless") => "Aggregated",
            line if line.contains("quick") => "wrote results/report.html",
            line if line.contains("list") => "demo",
            line if line.contains("validate") => "until stopped",
            other => panic!("unexpected command: {other}"),
        };
        assert!(stdout.contains(expected), "{line}: {stdout}");
    }
    for file in ["report.html", "stats_stats.csv", "stats_stats_history.csv"] {
        assert!(folder.path().join("results").join(file).is_file(), "{file}");
    }
}

#[test]
fn documented_commands_for_migration_from_locust() {
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
        let stdout = succeeds(folder.path(), line);
        match line.split("--out ").nth(1).and_then(|rest| rest.split_whitespace().next()) {
            Some(file) if is_import => {
                let scenario = fs::read_to_string(folder.path().join(file)).expect("a scenario");
                assert!(scenario.contains("steps:"), "{line}: {scenario}");
            }
            _ if line.contains("--csv out/shop") => assert!(folder.path().join("out/shop_stats.csv").is_file()),
            _ => assert!(stdout.contains("✓ 1 request, 0 failed"), "{line}: {stdout}"),
        }
    }
}

#[test]
fn documented_commands_for_other_systems() {
    let folder = folder();
    for page in ["datadog.md", "opentelemetry.md", "prometheus.md", "slack.md", "webhook.md"] {
        let all = commands(page);
        assert!(!all.is_empty(), "{page}");
        for line in &all {
            // Nobody listens there: what is sent is lost at once, and the run does not change.
            let mut line =
                line.replace("datadoghq.eu", "http://127.0.0.1:9").replace(":9090", ":0").replace(":4318", ":9");
            for (text, other) in
                [("https://hooks.", "http://127.0.0.1:9/"), ("--run-time 30s", "-t 1s"), ("--run-time 1m", "-t 1s")]
            {
                line = line.replace(text, other);
            }
            let output = run(folder.path(), &line);
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(matches!(output.status.code(), Some(0 | 1)), "{line}: {error}");
            assert!(error.contains("sends to ") || error.contains("serves metrics "), "{line}: {error}");
        }
    }
}

/// The `katydid` commands of the snippets for other CI systems.
fn commands_of_ci_systems() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/github-actions.md");
    let text = fs::read_to_string(path).expect("a page");
    let from_katydid = |line: &str| line.find("katydid -f ").map(|at| line[at..].trim_end_matches('\'').to_owned());
    text.lines().filter_map(from_katydid).collect()
}

#[test]
fn documented_commands_for_ci_systems() {
    let folder = folder();
    fs::create_dir(folder.path().join("scenarios")).expect("a folder");
    let shop = format!("{SHOP}run_time: 1s\n");
    fs::write(folder.path().join("scenarios/shop.yaml"), shop).expect("a scenario");
    assert_eq!(commands("github-actions.md"), ["katydid init --github"]);
    succeeds(folder.path(), "katydid init --github");
    let all = commands_of_ci_systems();
    assert_eq!(all.len(), 2, "{all:?}");
    for line in &all {
        let _ = fs::remove_dir_all(folder.path().join("results"));
        assert!(succeeds(folder.path(), line).contains("Aggregated"), "{line}");
        for file in ["report.html", "junit.xml", "run_stats.csv"] {
            assert!(folder.path().join("results").join(file).is_file(), "{line}: {file}");
        }
    }
}

#[test]
fn documented_commands_for_an_evaluation() {
    let folder = folder();
    for page in ["troubleshooting.md", "poc-guide.md"] {
        for line in commands(page) {
            // Two hours are long.
            let line = line.replace("-f soak-2h-50-users", "-f demo -t 1s");
            succeeds(folder.path(), &line);
        }
    }
    for file in ["first.html", "shop.html", "shop_stats.csv", "junit.xml", "summary.md", "findings.html", "findings.md"]
    {
        assert!(folder.path().join("results").join(file).is_file(), "{file}");
    }
    assert!(folder.path().join(".github/workflows/load-test.yml").is_file());
}
