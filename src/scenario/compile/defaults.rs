//! Tests that the compiler uses the defaults of the grammar.

use crate::scenario::grammar::actions::{CONNECTION, PUBLISH, REDIS, SUBSCRIBE, WHILE};
use crate::scenario::grammar::keys;
use crate::scenario::grammar::table::{DefaultValue, Key};
use crate::scenario::plan::ClientOptions;
use crate::scenario::{Overrides, Scenario};

/// YAML entries with the default of each of these keys.
fn written(keys: &[Key]) -> String {
    let entries = keys.iter().filter_map(|key| {
        let value = match key.default? {
            DefaultValue::Text(text) => format!("{text:?}"),
            default => default.to_string(),
        };
        Some(format!("{}: {value}", key.name))
    });
    entries.collect::<Vec<_>>().join(", ")
}

fn plan(text: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.csv"), "name\nada\n").expect("a data file");
    let scenario = Scenario::parse_in("t.yaml", text, Some(folder.path())).unwrap_or_else(|e| panic!("{e}\n{text}"));
    let plan = scenario.plan(&Overrides::default()).unwrap_or_else(|e| panic!("{e}\n{text}"));
    format!("{plan:#?}").replace(&folder.path().display().to_string(), "")
}

#[test]
fn explicit_defaults_compile_to_the_same_plan() {
    let tasks = "tasks: [{ steps: [{ get: / }, { graphql: '{ a }' }] }]";
    let step =
        |step: &str| format!("{{ host: http://h, redis: {{ url: redis://h }}, tasks: [{{ steps: [{step}] }}] }}");
    for (text, keys) in [
        (format!("{{ host: http://h, {tasks}, <> }}"), keys::SCENARIO.keys),
        (format!("{{ host: http://h, {tasks}, graphql: {{ <> }} }}"), keys::GRAPHQL_SETTINGS.keys),
        (format!("{{ host: http://h, {tasks}, defaults: {{ <> }} }}"), keys::DEFAULTS.keys),
        (format!("{{ host: http://h, {tasks}, defaults: {{ tls: {{ <> }} }} }}"), keys::TLS.keys),
        (format!("{{ host: http://h, {tasks}, run_time: 1m, arrivals: {{ rate: 1/s, <> }} }}"), keys::ARRIVALS.keys),
        (
            format!("{{ host: http://h, {tasks}, shape: {{ stages: [{{ rate: 1/s, duration: 1m }}], <> }} }}"),
            keys::SHAPE.keys,
        ),
        (
            format!("{{ host: http://h, {tasks}, shape: {{ stages: [{{ users: 1, duration: 1m, <> }}] }} }}"),
            keys::STAGE.keys,
        ),
        (
            format!("{{ host: http://h, {tasks}, search: {{ from: 1, to: 2, hold: 1s, until: p95 < 1s, <> }} }}"),
            keys::SEARCH.keys,
        ),
        (format!("{{ host: http://h, {tasks}, thresholds: [{{ check: p95 < 1s, <> }}] }}"), keys::THRESHOLD.keys),
        (format!("{{ host: http://h, {tasks}, baseline: {{ <> }} }}"), keys::BASELINE.keys),
        (format!("{{ host: http://h, {tasks}, data: {{ d: {{ file: a.csv, <> }} }} }}"), keys::DATA.keys),
        ("{ host: http://h, user_classes: { A: { tasks: [{ steps: [{ get: / }] }], <> } } }".into(), keys::CLASS.keys),
        ("{ host: http://h, tasks: [{ steps: [{ get: / }], <> }] }".into(), keys::TASK.keys),
        ("{ redis: { url: redis://h, <> }, tasks: [{ steps: [{ redis: PING }] }] }".into(), keys::REDIS_SETTINGS.keys),
        (step("{ get: /, <> }"), CONNECTION),
        (step("{ get: /, capture: { a: { json: $.a, <> } } }"), keys::CAPTURE.keys),
        (step("{ publish: a, <> }"), PUBLISH),
        (step("{ subscribe: a, <> }"), SUBSCRIBE),
        (step("{ redis: PING, <> }"), REDIS),
        (step("{ while: 'user.id > 1', steps: [{ get: / }], <> }"), WHILE),
    ] {
        let defaults = written(keys);
        assert!(!defaults.is_empty(), "no default: {text}");
        let unwritten = plan(&text.replace(", <>", "").replace("<>", ""));
        assert_eq!(plan(&text.replace("<>", &defaults)), unwritten, "{text}: {defaults}");
    }
}

#[test]
fn default_client_options_equal_the_grammar_defaults() {
    let text = "host: http://h\ntasks: [{ steps: [{ get: / }] }]";
    let plan = Scenario::parse("t.yaml", text).unwrap().plan(&Overrides::default()).unwrap();
    assert_eq!(plan.clients, [ClientOptions::default()]);
}
