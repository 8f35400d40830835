//! The schema that editors use accepts what the loader accepts, and refuses what it can refuse.

use std::path::{Path, PathBuf};

use katydid::scenario::{Overrides, Scenario, schema};
use serde_json::Value;

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a readable file").map(|e| e.expect("a readable file").path()).collect();
    all.retain(|path| path.extension().is_some_and(|e| e == "yaml"));
    all.sort();
    all
}

fn yaml(path: &Path) -> Result<Value, String> {
    let text = std::fs::read_to_string(path).expect("a readable file");
    serde_yaml::from_str(&text).map_err(|e| e.to_string())
}

#[test]
fn every_sample_and_every_example_is_accepted_by_both() {
    let validator = jsonschema::validator_for(&schema::schema()).unwrap();
    let all = [files("scenarios"), files("tests/fixtures/examples")].concat();
    assert!(all.len() >= 9, "{all:?}");
    for path in all {
        let file = yaml(&path).unwrap();
        let errors: Vec<String> = validator.iter_errors(&file).map(|e| format!("{} {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
        let scenario = Scenario::load(&path).unwrap_or_else(|e| panic!("{e}"));
        scenario.plan(&Overrides::default()).unwrap_or_else(|e| panic!("{e}"));
    }
}

/// Files whose mistake a schema cannot see: names, templates, files, numbers that do not go together.
const BEYOND: &[&str] = &[
    "bad_capture",
    "bad_css",
    "bad_expression",
    "bad_header",
    "bad_host",
    "bad_jsonpath",
    "bad_regex",
    "bad_status",
    "condition_braces",
    "data_without_rows",
    "duplicate_stages",
    "duplicate_tasks",
    "flow_cycle",
    "function_alone",
    "graphql_unclosed",
    "include_cycle",
    "include_has_tasks",
    "include_missing",
    "include_outside",
    "missing_column",
    "missing_data_file",
    "missing_env",
    "missing_secret",
    "redis_without_target",
    "relative_path",
    "relative_template",
    "statement",
    "template_fails",
    "templated_key",
    "unclosed_template",
    "undefined_name",
    "undefined_var",
    "unknown_fake",
    "unknown_filter",
    "unknown_flow",
    "unknown_stage",
    "user_field",
    "var_varies",
    "zero_weights",
];

#[test]
fn what_a_schema_can_refuse_is_refused() {
    let validator = jsonschema::validator_for(&schema::schema()).unwrap();
    let mut refused = 0;
    let mut missed = Vec::new();
    for path in files("tests/fixtures/broken") {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let ok = yaml(&path).is_ok_and(|file| validator.is_valid(&file));
        if !ok {
            refused += 1;
        } else if !BEYOND.contains(&name.as_str()) {
            missed.push(name);
        }
    }
    assert_eq!(missed, Vec::<String>::new());
    assert!(refused >= 35, "only {refused} refused");
}
