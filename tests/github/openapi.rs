//! Checks calls against the definition that GitHub publishes.

use std::path::Path;
use std::sync::LazyLock;

use serde_json::Value;

use crate::api::Call;

static DEFINITION: LazyLock<Value> = LazyLock::new(|| {
    let file = "target/tools/vendors/node_modules/@octokit/openapi/generated/api.github.com.json";
    let text = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("tests/run installs it");
    serde_json::from_slice(&text).expect("JSON")
});

/// Every call is an operation of the API, with the parameters and the body that it accepts.
pub fn check(calls: &[Call]) {
    assert!(!calls.is_empty());
    for call in calls {
        let (path, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
        let paths = DEFINITION["paths"].as_object().expect("paths");
        let operation = paths.iter().filter(|(template, _)| fits(template, path)).find_map(|(_, item)| {
            let operation = &item[call.method.as_str().to_lowercase()];
            operation.is_object().then_some(operation)
        });
        let operation = operation.unwrap_or_else(|| panic!("no operation: {} {path}", call.method));
        let all = operation["parameters"].as_array().into_iter().flatten();
        let names: Vec<&str> = all.filter_map(|parameter| resolved(parameter)["name"].as_str()).collect();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let name = pair.split('=').next().unwrap_or_default();
            assert!(names.contains(&name), "{name} in {} {}", call.method, call.path);
        }
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        if schema.is_null() {
            assert_eq!(call.body, "", "{} {path}", call.method);
            continue;
        }
        let body: Value = serde_json::from_str(&call.body).expect("JSON");
        let validator = jsonschema::validator_for(schema).expect("a schema");
        let errors: Vec<String> = validator.iter_errors(&body).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{} {path}: {errors:?}", call.method);
        let known = schema["properties"].as_object().expect("properties");
        assert!(body.as_object().is_some_and(|body| body.keys().all(|key| known.contains_key(key))), "{body}");
    }
}

fn resolved(parameter: &'static Value) -> &'static Value {
    let target = parameter["$ref"].as_str().and_then(|at| DEFINITION.pointer(at.trim_start_matches('#')));
    target.unwrap_or(parameter)
}

fn fits(template: &str, path: &str) -> bool {
    let (mut parts, mut found) = (template.split('/'), path.split('/'));
    loop {
        match (parts.next(), found.next()) {
            (None, None) => return true,
            (Some(part), Some(found)) if part == found || part.starts_with('{') && !found.is_empty() => {}
            _ => return false,
        }
    }
}
