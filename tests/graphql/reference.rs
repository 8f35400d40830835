//! Documents as GraphQL.js, the reference implementation, treats them: what it executes must be valid here, and what it
//! refuses must be refused too.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use katydid::scenario::Scenario;
use katydid::scenario::graphql::schema::GraphqlSchema;
use serde_json::{Value, json};

/// Documents that only GraphQL.js refuses: a string as a block and in quotes counts as two arguments there, and a default
/// of null does not make a variable fit an argument that must not be null.
const STRICTER: &[&str] =
    &["{ echo(text: \"a\") echo(text: \"\"\"a\"\"\") }", "query ($t: String = null) { required(text: $t, list: []) }"];

/// What GraphQL.js says of each case: the reason of its refusal, or null.
fn reference(schema: &Path, cases: &str) -> Vec<Option<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut child = Command::new("node")
        .args([root.join("tests/graphql/reference.mjs"), root.join("target/tools/graphql"), schema.to_owned()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node, which tests/run looks for");
    child.stdin.take().expect("a pipe").write_all(cases.as_bytes()).expect("a running server");
    let output = child.wait_with_output().expect("its end");
    assert!(output.status.success(), "tests/run installs the package");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Why katydid refuses a case.
fn refusal(schema: &GraphqlSchema, document: &str, variables: &Value, operation: Option<&str>) -> Option<String> {
    let mut step = json!({ "graphql": document });
    for (key, value) in [("variables", variables.clone()), ("operation", json!(operation))] {
        if !value.is_null() {
            step[key] = value;
        }
    }
    let text = json!({ "host": "http://h", "tasks": [{ "steps": [step] }] }).to_string();
    let scenario = match Scenario::parse("s.yaml", &text) {
        Ok(scenario) => scenario,
        Err(error) => return Some(error.text),
    };
    scenario.check_graphql(schema).err().map(|error| error.text)
}

#[test]
fn what_graphql_js_executes_is_valid_and_what_it_refuses_is_not() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/graphql");
    let schema = folder.join("reference.graphql");
    let cases = std::fs::read_to_string(folder.join("reference.json")).expect("the cases");
    let expected = reference(&schema, &cases);
    let cases: Vec<Vec<Value>> = serde_json::from_str(&cases).expect("the cases");
    assert_eq!(cases.len(), expected.len());
    let schema = GraphqlSchema::load(&[schema]).expect("a schema");
    let mut wrong = Vec::new();
    for (case, expected) in cases.iter().zip(&expected) {
        let document = case[0].as_str().expect("a document");
        let found =
            refusal(&schema, document, case.get(1).unwrap_or(&Value::Null), case.get(2).and_then(Value::as_str));
        match (expected, found) {
            (None, Some(why)) => wrong.push(format!("executed, but refused: {case:?}\n{why}")),
            (Some(why), None) if !STRICTER.contains(&document) => {
                wrong.push(format!("refused, but valid: {case:?}\n{why}"));
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
    let executed = expected.iter().filter(|refusal| refusal.is_none()).count();
    assert!(executed > 100 && cases.len() - executed > 100, "{executed} of {}", cases.len());
}
