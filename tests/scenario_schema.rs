//! The JSON Schema for editors accepts what the loader accepts, and rejects what it can.

use std::path::{Path, PathBuf};

use katydid::scenario::grammar::schema;
use katydid::scenario::{Overrides, Scenario};
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
fn samples_and_examples_are_valid() {
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

/// Files with mistakes that a schema cannot detect: expressions, files, environment, undefined or duplicate names.
const BEYOND: &[&str] = &[
    "bad_css",
    "bad_expression",
    "bad_jsonpath",
    "bad_regex",
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
    "template_fails",
    "undefined_name",
    "undefined_var",
    "unknown_fake",
    "unknown_filter",
    "unknown_flow",
    "unknown_stage",
    "user_field",
    "var_varies",
];

#[test]
fn the_schema_rejects_what_it_can() {
    let validator = jsonschema::validator_for(&schema::schema()).unwrap();
    let mut refused = 0;
    let (mut missed, mut needless) = (Vec::new(), Vec::new());
    for path in files("tests/fixtures/broken") {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let ok = yaml(&path).is_ok_and(|file| validator.is_valid(&file));
        if !ok {
            refused += 1;
            needless.extend(BEYOND.contains(&name.as_str()).then_some(name));
        } else if !BEYOND.contains(&name.as_str()) {
            missed.push(name);
        }
    }
    assert_eq!((missed, needless), (Vec::<String>::new(), Vec::<String>::new()));
    assert!(refused >= 49, "only {refused} refused");
}

/// Thresholds, and whether they are valid.
const THRESHOLDS: [(&str, bool); 44] = [
    ("p95 < 400ms", true),
    ("p99.9<=2s", true),
    ("p5 > 1us", true),
    ("median < 1", true),
    ("mean != 1.5s", true),
    ("max < 1h2m3s4ms5us", true),
    ("fail_ratio < 1%", true),
    ("fail_ratio <= 1 %", true),
    ("error_ratio < 0.05", true),
    ("error_ratio < 99.9%", true),
    ("http.p95 < 300ms", true),
    ("generator.cpu < 80%", true),
    ("generator.schedule_delay.p99 < 10ms", true),
    ("p95 < 400 ms", true),
    ("p95 < 1m 30s", true),
    ("rps >= 50/s", true),
    ("requests > 5", true),
    ("dropped == 0", true),
    ("lost_ratio < 0.1%", true),
    ("p95 < 1s and rps > 5 and fail_ratio < 1%", true),
    ("", false),
    ("p95", false),
    ("p95 < ", false),
    ("p95 < 1%", false),
    ("p95 < 30m1h", false),
    ("p0 < 1s", false),
    ("p100 < 1s", false),
    ("fail_ratio < 2", false),
    ("fail_ratio < 101%", false),
    ("p95 < 4 00ms", false),
    ("p95 =< 1s", false),
    ("p95 = 1s", false),
    ("rps > fast", false),
    ("rps > -1", false),
    ("speed < 1s", false),
    ("< 1s", false),
    ("p(95)<500", false),
    ("cpu < 80%", false),
    ("http.cpu < 80%", false),
    ("http.lost_ratio < 1%", false),
    ("redis.dropped == 0", false),
    ("generator.p95 < 1s", false),
    ("p95 < 1s or rps > 5", false),
    ("p95 < 1s && rps > 5", false),
];

#[test]
fn times_with_blanks_are_the_same_for_schema_and_loader() {
    let validator = jsonschema::validator_for(&schema::schema()).unwrap();
    for (time, ok) in [
        ("400 ms", true),
        ("1h 30m", true),
        (" 1 m 30 s ", true),
        ("1.5 s", true),
        ("4 00ms", false),
        ("1 2s", false),
        ("30m 1h", false),
        ("ms 400", false),
    ] {
        for text in [
            format!("run_time: '{time}'\ntasks: [{{ steps: [{{ get: / }}] }}]"),
            format!("tasks: [{{ steps: [{{ get: /, expect: {{ time: '< {time}' }} }}, {{ wait: '{time}' }}] }}]"),
            format!("wait_time: 'between({time}, 2 h)'\ntasks: [{{ steps: [{{ get: / }}] }}]"),
            format!("arrivals: {{ rate: 5, ramp: '{time}', max_users: 9 }}\ntasks: [{{ steps: [{{ get: / }}] }}]"),
            format!("thresholds: [{{ check: 'p95 < {time}', over: '{time}' }}]\ntasks: [{{ steps: [{{ get: / }}] }}]"),
        ] {
            let text = format!("host: http://h\n{text}\n");
            let loaded = Scenario::parse("t.yaml", &text).and_then(|scenario| scenario.plan(&Overrides::default()));
            assert_eq!(loaded.is_ok(), ok, "{text}: {:?}", loaded.err().map(|error| error.to_string()));
            // The schema does not look into the arguments of calls and of comparisons.
            let document: Value = serde_yaml::from_str(&text).unwrap();
            if ok || text.contains("run_time") || text.contains("ramp") || text.contains("check") {
                assert_eq!(validator.is_valid(&document), ok, "{text}");
            }
        }
    }
}

/// All subschemas that are properties.
fn properties<'s>(schema: &'s Value, found: &mut Vec<&'s Value>) {
    match schema {
        Value::Object(map) => {
            found.extend(map.get("properties").and_then(Value::as_object).into_iter().flat_map(|all| all.values()));
            map.values().for_each(|inner| properties(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| properties(inner, found)),
        _ => {}
    }
}

/// What editors show as an example is valid.
#[test]
fn examples_are_valid() {
    let schema = schema::schema();
    let mut found = Vec::new();
    properties(&schema, &mut found);
    let mut seen = 0;
    for property in found {
        let mut whole = property.clone();
        whole["$defs"] = schema["$defs"].clone();
        let mut examples: Vec<Value> = property["examples"].as_array().cloned().unwrap_or_default();
        let shown = property["markdownDescription"].as_str().unwrap_or_default();
        for block in shown.split("```yaml\n").skip(1).filter_map(|rest| rest.split("\n```").next()) {
            let map: Value = serde_yaml::from_str(block).unwrap_or_else(|e| panic!("{block}: {e}"));
            examples.extend(map.as_object().expect("a map").values().cloned());
        }
        examples.extend(property.get("default").cloned());
        if examples.is_empty() {
            continue;
        }
        let validator = jsonschema::validator_for(&whole).expect("a schema");
        for example in examples {
            assert!(validator.is_valid(&example), "{}: {example}", property["title"]);
            seen += 1;
        }
    }
    assert!(seen > 300, "{seen}");
}

/// Values of keys, and whether they are valid: both must agree.
#[test]
fn the_schema_and_the_loader_agree() {
    let validator = jsonschema::validator_for(&schema::schema()).unwrap();
    let step = |more: &str| format!("host: http://h\ntasks: [{{ steps: [{{ get: /, {more} }}] }}]\n");
    let listen = |more: &str| {
        format!("host: http://h\ntasks: [{{ steps: [{{ graphql: 'subscription S {{ a }}', {more} }}] }}]\n")
    };
    let other = |more: &str| format!("tasks: [{{ steps: [{{ get: http://h/ }}, {{ {more} }}] }}]\n");
    let top = |more: &str| format!("{more}\ntasks: [{{ steps: [{{ get: http://h/ }}] }}]\n");
    let get = |address: &str| format!("host: http://h\ntasks: [{{ steps: [{{ get: {address} }}] }}]\n");
    let flow = "flows: { f: [{ get: http://h/ }] }";
    let cases: Vec<(String, bool)> = [
        ("200", true),
        ("2xx", true),
        ("'204'", true),
        ("[200, 3xx]", true),
        ("'< 500'", true),
        ("{ gte: 200 }", true),
        ("2x", false),
        ("999", false),
        ("[]", false),
        ("[200, 6xx]", false),
        ("{}", false),
    ]
    .into_iter()
    .map(|(status, right)| (step(&format!("expect: {{ status: {status} }}")), right))
    .chain([
        (step("expect: {}"), false),
        (step("name: ''"), false),
        (step("name: 7"), true),
        (step("when: '{{ user.id }} > 1'"), false),
        (step("when: user.id > 1"), true),
        (listen("events: 3, listen_for: 10s"), true),
        (listen("events: '{{ user.id }}', listen_for: '{{ user.id }}s'"), true),
        (listen("events: '07', listen_for: 1.5"), true),
        (listen("events: 0"), false),
        (listen("events: some"), false),
        (listen("listen_for: 0s"), false),
        (listen("listen_for: soon"), false),
        (step("events: 3"), false),
        (top("graphql: { subscriptions: 'wss://h/s', connection_params: { a: { b: 1 } } }"), true),
        (top("graphql: { connection_params: [1] }"), false),
        (step("when: true"), true),
        (step("expect: { json: { $.a: { in: '{{ [1, 2] }}' } } }"), true),
        (step("expect: { json: { $.a: { in: a } } }"), false),
        (step("capture: { a: { header: x, attribute: b } }"), false),
        (step("query: { 'a{{ user.id }}': b }"), false),
        (step("json: [{ a: { '{{ user.id }}': b } }]"), false),
        (other("if: user.id > 1"), false),
        (other("if: user.id > 1, else: [{ log: a }]"), true),
        (other("for_each: 5, as: x, steps: [{ log: a }]"), false),
        (other("for_each: [5], as: x, steps: [{ log: a }]"), true),
        (other("for_each: '{{ [5] }}', as: x, steps: [{ log: a }]"), true),
        (other("repeat: 1000001, steps: [{ log: a }]"), false),
        (other("repeat: '1000000', steps: [{ log: a }]"), true),
        (other("set: {}"), false),
        (top("users: 1000001"), false),
        (top("users: '1000001'"), false),
        (top("spawn_rate: 0"), false),
        (top("spawn_rate: '0.0/s'"), false),
        (top("spawn_rate: 0.1"), true),
        (top("spawn_rate: 10/m"), true),
        (top("arrivals: { rate: 1, max_users: 0 }"), false),
        (top("arrivals: { rate: 1, max_users: 10 }"), true),
        (top("thresholds: [{ check: p95 < 1s, abort: true, warn: true }]"), false),
        (top("thresholds: [{ check: p95 < 1s, abort: true, warn: false }]"), true),
        (top("profiles: { p: { include: a.yaml } }"), false),
        (top("profiles: { p: { users: 3 } }"), true),
        (step("headers: { X-A: b, 'c_d': 1 }"), true),
        (step("headers: { 'a b': c }"), false),
        (step("expect: { header: { 'Content Type': json } }"), false),
        (step("expect: { json: { '$.a': 1 } }"), true),
        (step("expect: { json: { a: 1 } }"), false),
        (step("capture: { a: $.a, b: 'header: X', c: body, d: { css: p, attribute: id } }"), true),
        (step("capture: { a: { json: $.a, header: b } }"), false),
        (step("capture: { a: { pick: first } }"), false),
        (step("capture: { a: token }"), false),
        (step("capture: { a b: $.a }"), false),
        (step("auth: { bearer: a }"), true),
        (step("expect: { time: 1s }"), false),
        (step("expect: { time: '< 1s' }"), true),
        (step("expect: { time: { lt: 1s, not: { gt: 2 } } }"), true),
        (step("expect: { time: { not: { eq: 1s } } }"), false),
        (step("expect: { time: [1s] }"), false),
        (step("expect: { time: { matches: x } }"), false),
        (step("expect: { size: { exists: true } }"), false),
        (step("expect: { size: { lt: 1KB } }"), true),
        (step("expect: { size: 1KB }"), true),
        (step("expect: { status: { exists: true } }"), false),
        (step("expect: { status: { matches: '^2', not: 204 } }"), true),
        (step("expect: { json: { $.a: { length: x } } }"), false),
        (step("expect: { json: { $.a: { length: { gte: 1 } } } }"), true),
        (step("expect: { json: { $.a: { length: '> 1' } } }"), true),
        (step("expect: { json: { $.a: { gt: [1] } } }"), false),
        (step("expect: { body: { matches: 5 } }"), false),
        (step("expect: { body: { matches: '^{{ user.id }}' } }"), false),
        (step("capture: { a: { body: false } }"), false),
        (step("auth: {}"), false),
        (step("auth: none"), true),
        (step("auth: some"), false),
        (step("name: 'a {{ user.id }}'"), false),
        (step("headers: { X-A: null }"), true),
        (step("headers: { Content-length: 3 }"), false),
        (step("query: { a: null, b: [1, null] }"), true),
        (step("tls: { cert: a.pem }"), false),
        (get("x"), false),
        (get("'x/{{ user.id }}'"), false),
        (get("'/{% if a %}'"), false),
        (get("'/{{ user.id'"), false),
        (get("\"/{{ '{%' }}\""), true),
        (get("'/a/{b}'"), true),
        (get("'{{ choice([1, 2]) }}'"), true),
        (get("https://h/a"), true),
        (top("host: ftp://h"), false),
        (top("host: https://h/a"), true),
        (top("host: http://h?a"), false),
        (top("host: demo"), true),
        (top("users: '10'"), true),
        (top("users: ten"), false),
        (top("spawn_rate: 60/m"), true),
        (top("spawn_rate: 60/d"), false),
        (top("arrivals: { rate: 600/m }"), true),
        (top("arrivals: { max_users: 5 }"), false),
        (top("arrivals: { rate: 1, stages: [{ duration: 1s, rate: 1 }] }"), false),
        (top("shape: { stages: [{ duration: 1s, users: 1, rate: 1 }] }"), false),
        (top("shape: { stages: [{ duration: 1s, users: '1' }] }"), true),
        (top("run_time: 0.5s"), true),
        (top("run_time: 0s"), false),
        (top("run_time: 0"), false),
        (top(flow), true),
        // Names.
        (top("vars: { a: 1, b_2: x }"), true),
        (top("vars: { a b: 1 }"), false),
        (top("vars: { 1a: 1 }"), false),
        (top("vars: { user: 1 }"), false),
        (top("vars: { uuid: 1 }"), false),
        (other("set: { a: 1 }"), true),
        (other("set: { 1x: 2 }"), false),
        (other("set: { loop: 2 }"), false),
        (step("capture: { env: $.a }"), false),
        (other("for_each: [5], as: 'a b', steps: [{ log: a }]"), false),
        (other("repeat: 2, as: item, steps: [{ log: a }]"), true),
        (other("call: '{{ user.id }}'"), false),
        (top("flows: { 'a{{ user.id }}': [{ get: http://h/ }] }"), false),
        // Several actions, and keys of other tools.
        (other("log: a, wait: 1s"), false),
        (other("name: a"), false),
        (step("post: /"), false),
        (step("data: { a: 1 }"), false),
        (step("expect: 200"), false),
        (step("expect: { statusCode: 200 }"), false),
        (step("expect: { json: { $.items.length(): 3 } }"), false),
        (step("capture: $.a"), false),
        (top("vus: 10"), false),
        (top("headers: { a: b }"), false),
        (top("expect: { status: 200 }"), false),
    ])
    .chain(THRESHOLDS.into_iter().map(|(text, right)| (top(&format!("thresholds: ['{text}']")), right)))
    .chain(THRESHOLDS.into_iter().map(|(text, right)| (top(&format!("thresholds: [{{ check: '{text}' }}]")), right)))
    .collect();
    for (text, right) in cases {
        let file: Value = serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
        let loaded = Scenario::parse("a.yaml", &text);
        assert_eq!(loaded.is_ok(), right, "the loader: {text}{loaded:?}");
        assert_eq!(validator.is_valid(&file), right, "the schema: {text}");
    }
}
