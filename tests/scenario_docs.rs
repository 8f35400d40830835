//! All examples in the documentation of scenarios load, and all keys of the language are documented.

use std::collections::BTreeSet;
use std::path::Path;

use katydid::scenario::grammar::schema;
use katydid::scenario::{Overrides, Scenario};

fn page(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).expect("the page")
}

/// Completes an example to a scenario.
fn whole(example: &str) -> String {
    if example.starts_with("- ") {
        let steps: String = example.lines().map(|line| format!("      {line}\n")).collect();
        return format!("host: http://h\ntasks:\n  - steps:\n{steps}");
    }
    let has = |key: &str| example.lines().any(|line| line.starts_with(key));
    let mut text = example.to_owned();
    if !has("tasks:") && !has("user_classes:") {
        text.push_str("tasks: [{ steps: [{ get: / }] }]\n");
    }
    text
}

#[test]
fn every_example_loads() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/examples");
    let pages =
        [("editors.md", 2), ("scenario-language.md", 20), ("graphql.md", 3), ("reports.md", 1), ("thresholds.md", 3)];
    for (name, least) in pages {
        let seen = load_all(&page(name), &folder);
        assert!(seen >= least, "only {seen} examples on {name}");
    }
}

fn load_all(page: &str, folder: &Path) -> usize {
    let mut seen = 0;
    for (index, block) in page.split("```").enumerate() {
        let Some(example) = block.strip_prefix("yaml\n").filter(|_| index % 2 == 1) else { continue };
        let text = whole(example);
        let scenario =
            Scenario::parse_in("example.yaml", &text, Some(folder)).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let overrides = Overrides { host: Some("http://h".to_owned()), ..Overrides::default() };
        scenario.plan(&overrides).unwrap_or_else(|e| panic!("{e}\n{text}"));
        seen += 1;
    }
    seen
}

/// The definition in the JSON Schema that each table of keys describes, by the line that introduces the table.
const TABLES: [(&str, &str); 9] = [
    ("## The file", "/$defs/scenario"),
    ("## Tasks", "/$defs/task"),
    ("## User classes", "/$defs/class"),
    ("### HTTP", "/$defs/step_get"),
    ("The top-level key `graphql`", "/$defs/graphql_settings"),
    ("The top-level key `redis`", "/$defs/redis_settings"),
    ("## Data", "/$defs/data_file"),
    ("`shape.stages` replaces", "/$defs/stage"),
    ("### Arrivals", "/$defs/arrivals"),
];

#[test]
fn documented_defaults_match_the_schema() {
    let (page, schema) = (page("scenario-language.md"), schema::schema());
    let (mut compared, mut properties) = (0, None);
    for line in page.lines() {
        if let Some((_, pointer)) = TABLES.iter().find(|(start, _)| line.starts_with(start)) {
            properties = Some(&schema.pointer(pointer).expect("a definition")["properties"]);
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, keys, _, shown, _, _] = cells[..] else { continue };
        for key in keys.split('`').skip(1).step_by(2) {
            let Some(default) = properties.and_then(|all| all.get(key)?.get("default")) else { continue };
            let default = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
            assert_eq!(shown.trim_matches('`'), default, "{line}");
            compared += 1;
        }
    }
    assert!(compared >= 27, "only {compared} defaults");
}

#[test]
fn all_keys_are_documented() {
    let page = page("scenario-language.md");
    let mut keys = BTreeSet::new();
    for (_, definition) in schema::schema()["$defs"].as_object().expect("definitions") {
        keys.extend(definition["properties"].as_object().into_iter().flatten().map(|(key, _)| key.clone()));
    }
    assert!(keys.len() > 100, "{}", keys.len());
    // In code: `key`, `key: …`, `report.key`, `{ key`, or in a list of keys.
    let words: BTreeSet<&str> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .flat_map(|code| code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'))
        .collect();
    let missing: Vec<&String> = keys.iter().filter(|key| !words.contains(key.as_str())).collect();
    assert_eq!(missing, Vec::<&String>::new());
}
