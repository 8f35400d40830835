//! The documented options are those of the command, and the paths named in documentation exist.

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

/// All words in the text that start with `start` and continue with letters, `-` and `_`.
fn words(text: &str, start: &str) -> BTreeSet<String> {
    text.match_indices(start)
        // `--` must not be inside a longer row of dashes, such as that of a table.
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
fn all_options_are_documented() {
    let (help, page) = (help(&["--help"]), read("docs/headless.md"));
    let mut options = words(&help, "--");
    for own in ["--help", "--version"] {
        assert!(options.remove(own), "{own}");
    }
    assert_eq!(words(&page, "--"), options);
    assert_eq!(words(&page, "KATYDID_"), words(&help, "KATYDID_"));
}

#[test]
fn readme_and_example_name_only_existing_options() {
    let mut known = words(&help(&["--help"]), "--");
    known.extend(words(&help(&["demo-target", "--help"]), "--"));
    // An option of cargo.
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
fn the_graphql_page_names_only_options_of_check() {
    let known = words(&help(&["check", "--help"]), "--");
    let named = words(&read("docs/graphql.md"), "--");
    assert!(named.contains("--schema") && named.contains("--introspect"), "{named:?}");
    assert_eq!(named.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn the_scenario_in_the_readme_is_valid() {
    let readme = read("README.md");
    let (_, after) = readme.split_once("```yaml\n").expect("a scenario");
    let (yaml, _) = after.split_once("```").expect("its end");
    let scenario = katydid::scenario::Scenario::parse("README.md", yaml).expect("a scenario that loads");
    scenario.plan(&katydid::scenario::Overrides::default()).expect("a scenario that can be run");
}

/// Files and folders that a page names: paths in backticks or code blocks that start with a folder of this repository,
/// and link targets without anchors.
fn paths(page: &str) -> BTreeSet<String> {
    const ROOTS: [&str; 7] = ["assets/", "src/", "tests/", "benches/", "docs/", ".ci/", "Cargo.toml"];
    let code = page.split('`').skip(1).step_by(2).flat_map(str::split_whitespace);
    let code = code.filter(|word| ROOTS.iter().any(|root| word.starts_with(root)));
    let links = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let links = links.filter(|link| !link.contains("://")).filter_map(|link| link.split('#').next());
    code.chain(links).filter(|path| !path.is_empty()).map(str::to_owned).collect()
}

#[test]
fn paths_in_documentation_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::fs::read_dir(root.join("docs")).expect("the pages").flatten();
    let docs = folder.map(|page| format!("docs/{}", page.file_name().to_string_lossy()));
    for page in ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"].map(str::to_owned).into_iter().chain(docs) {
        let found = paths(&read(&page));
        assert!(!found.is_empty(), "{page} links to no other page");
        for path in found {
            // Paths in code are relative to the repository, links to their page.
            let is_there = root.join(&path).exists() || root.join(&page).with_file_name(&path).exists();
            assert!(is_there, "{page} names {path}");
        }
    }
}
