//! What the pages say about options is what the command has.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("a page")
}

fn help(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_katydid")).args(args).output().expect("the command runs");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Everything in the text that starts so and goes on with letters, `-` and `_`.
fn words(text: &str, start: &str) -> BTreeSet<String> {
    text.match_indices(start)
        // `--` must not begin inside of a longer row of dashes, such as a table's.
        .filter(|(at, _)| !text[..*at].ends_with(['-', '|']))
        .map(|(at, _)| {
            let rest = &text[at + start.len()..];
            let end = rest.find(|c: char| !c.is_ascii_alphabetic() && !"-_".contains(c)).unwrap_or(rest.len());
            format!("{start}{}", &rest[..end])
        })
        .filter(|word| word.len() > start.len())
        .collect()
}

#[test]
fn the_page_of_options_has_every_option_and_no_other() {
    let (help, page) = (help(&["--help"]), read("docs/headless.md"));
    let mut options = words(&help, "--");
    for own in ["--help", "--version"] {
        assert!(options.remove(own), "{own}");
    }
    assert_eq!(words(&page, "--"), options);
    assert_eq!(words(&page, "KATYDID_"), words(&help, "KATYDID_"));
}

#[test]
fn the_readme_and_the_example_name_only_what_exists() {
    let mut known = words(&help(&["--help"]), "--");
    known.extend(words(&help(&["demo-target", "--help"]), "--"));
    // An option of cargo's.
    known.insert("--release".to_owned());
    let bench = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/run"))
        .arg("--help")
        .output()
        .expect("python3");
    known.extend(words(&String::from_utf8_lossy(&bench.stdout), "--"));
    let unknown: Vec<String> = words(&read("README.md"), "--").difference(&known).cloned().collect();
    assert_eq!(unknown, Vec::<String>::new());
    let variables = words(&help(&["--help"]), "KATYDID_");
    let unknown: Vec<String> = words(&read(".env.example"), "KATYDID_").difference(&variables).cloned().collect();
    assert_eq!(unknown, Vec::<String>::new());
}

#[test]
fn the_page_of_graphql_names_only_options_of_check() {
    let known = words(&help(&["check", "--help"]), "--");
    let named = words(&read("docs/graphql.md"), "--");
    assert!(named.contains("--schema") && named.contains("--introspect"), "{named:?}");
    assert_eq!(named.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn the_scenario_in_the_readme_is_right() {
    let readme = read("README.md");
    let (_, after) = readme.split_once("```yaml\n").expect("a scenario");
    let (yaml, _) = after.split_once("```").expect("its end");
    let scenario = katydid::scenario::Scenario::parse("README.md", yaml).expect("a scenario that loads");
    scenario.plan(&katydid::scenario::Overrides::default()).expect("a scenario that can be run");
}
