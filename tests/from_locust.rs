//! The page for users of Locust: all its scenarios load, and all its options exist.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use katydid::scenario::{Overrides, Scenario};

fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/from-locust.md")).expect("the page")
}

/// The code blocks of this language.
fn blocks<'a>(page: &'a str, kind: &str) -> Vec<&'a str> {
    page.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix(kind)?.strip_prefix('\n')).collect()
}

/// Completes the excerpt of a block to a scenario.
fn whole(block: &str) -> String {
    if block.starts_with("- ") {
        let steps: String = block.lines().map(|line| format!("      {line}\n")).collect();
        return format!("tasks:\n  - steps:\n{steps}");
    }
    let has = |key: &str| block.lines().any(|line| line.starts_with(key));
    let tasks = if has("tasks:") || has("user_classes:") { "" } else { "tasks: [{ steps: [{ get: / }] }]\n" };
    format!("{block}{tasks}")
}

#[test]
fn every_scenario_loads() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/examples");
    let page = page();
    let blocks = blocks(&page, "yaml");
    assert!(blocks.len() >= 13, "only {}", blocks.len());
    for block in blocks {
        let text = whole(block);
        let scenario = Scenario::parse_in("page.yaml", &text, Some(&folder)).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let overrides = Overrides { host: Some("http://h".to_owned()), ..Overrides::default() };
        scenario.plan(&overrides).unwrap_or_else(|e| panic!("{e}\n{text}"));
    }
}

#[test]
fn scenarios_match_their_python_source() {
    let page = page();
    for section in page.split("\n## ").skip(1).filter(|section| section.contains("```python")) {
        let (python, yaml) = (section.find("```python"), section.find("```yaml"));
        assert!(python < yaml, "{}", section.lines().next().unwrap_or_default());
    }
    for concept in [
        "HttpUser",
        "FastHttpUser",
        "between",
        "constant_pacing",
        "constant_throughput",
        "@task",
        "tasks =",
        "TaskSet",
        "SequentialTaskSet",
        "on_start",
        "on_stop",
        "name=",
        "catch_response",
        "rename_request",
        "@tag",
        "fixed_count",
        "weight =",
        "LoadTestShape",
        "test_start",
        "StopUser",
        "RescheduleTask",
        "self.client.options",
    ] {
        assert!(page.contains(concept), "{concept}");
    }
}

fn help(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_katydid"))
        .env("KATYDID_RUNS_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/runs"))
        .args(args)
        .output()
        .expect("the command runs");
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// All words in the text that start with `start` and continue with letters, `-` and `_`.
fn words(text: &str, start: &str) -> BTreeSet<String> {
    let ends = |c: char| !c.is_ascii_alphabetic() && !"-_".contains(c);
    text.match_indices(start)
        .filter(|(at, _)| !text[..*at].ends_with(['-', '|']))
        .map(|(at, _)| text[at..].split(ends).next().unwrap_or_default().to_owned())
        .filter(|word| word.len() > start.len())
        .collect()
}

#[test]
fn commands_and_options_exist() {
    let commands = help(&["--help"]);
    let all = ["try", "import", "check", "init", "schema", "demo-target"].map(|command| help(&[command, "--help"]));
    let known = words(&format!("{commands}{}", all.concat()), "--");
    let page = page();
    // Ours are in the second column, and on lines that start with our name.
    let rows = page.lines().filter(|line| line.starts_with("| ")).filter_map(|line| line.split('|').nth(2));
    let lines = blocks(&page, "sh").into_iter().flat_map(str::lines).filter(|line| line.starts_with("katydid"));
    let ours: String = rows.chain(lines).map(|text| format!("{text}\n")).collect();
    let named = words(&ours, "--");
    assert!(named.len() >= 10, "{named:?}");
    assert_eq!(named.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(words(&page, "KATYDID_").difference(&words(&commands, "KATYDID_")).count(), 0);
    for code in page.split('`').filter_map(|code| code.strip_prefix("katydid ")) {
        let command = code.split_whitespace().next().unwrap_or_default();
        assert!(command.starts_with('-') || commands.contains(&format!("  {command}")), "{command}");
    }
}
