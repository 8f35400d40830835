//! The JSON Schema of scenario files, made from the table of keys that the builder reads too.

use serde_json::{Map, Value, json};

use super::keys::{self, ACTIONS, ANY_STEP, Key};

/// The schema; `katydid schema` prints it, and editors complete and check files with it.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    let tables: [(&str, &[Key], &[&str]); 25] = [
        ("class", keys::CLASS, &["tasks"]),
        ("task", keys::TASK, &["steps"]),
        ("defaults", keys::CONNECTION, &[]),
        ("operators", keys::OPERATORS, &[]),
        ("expect", keys::EXPECT, &[]),
        ("expect_publish", keys::EXPECT_PUBLISH, &["receivers"]),
        ("expect_redis", keys::EXPECT_REDIS, &[]),
        ("capture_full", keys::CAPTURE, &[]),
        ("shape", keys::SHAPE, &["stages"]),
        ("stage", keys::STAGE, &["duration"]),
        ("arrivals", keys::ARRIVALS, &[]),
        ("search", keys::SEARCH, &["from", "to", "hold", "until"]),
        ("data_file", keys::DATA, &["file"]),
        ("auth_full", keys::AUTH, &[]),
        ("basic", keys::BASIC, &["username", "password"]),
        ("tls", keys::TLS, &[]),
        ("file", keys::FILE, &["file"]),
        ("threshold_full", keys::THRESHOLD, &["check"]),
        ("on_full", keys::ON, &[]),
        ("graphql_settings", keys::GRAPHQL_SETTINGS, &[]),
        ("redis_settings", keys::REDIS_SETTINGS, &["url"]),
        ("report", keys::REPORT, &[]),
        ("baseline", keys::BASELINE, &[]),
        ("scenario", keys::TOP, &[]),
        ("profile", keys::TOP, &[]),
    ];
    // A profile holds neither of these.
    let outside = |name: &str, key: &Key| name == "profile" && ["profiles", "include"].contains(&key.name);
    for (name, table, required) in tables {
        definitions.insert(name.to_owned(), object(table.iter().filter(|key| !outside(name, key)), required));
    }
    for (name, value) in scalars() {
        definitions.insert(name.to_owned(), value);
    }
    for (name, value) in collections() {
        definitions.insert(name.to_owned(), value);
    }
    for (name, rule) in rules() {
        if let Some(Value::Object(definition)) = definitions.get_mut(name) {
            definition.extend(rule.as_object().cloned().unwrap_or_default());
        }
    }
    definitions.insert("step".to_owned(), json!({ "oneOf": ACTIONS.iter().map(step).collect::<Vec<_>>() }));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "katydid scenario",
        "allOf": [
            { "$ref": "#/$defs/scenario" },
            { "anyOf": [{ "required": ["tasks"] }, { "required": ["user_classes"] }] },
            { "not": { "anyOf": excluding(&[
                ("tasks", "user_classes"), ("shape", "users"), ("shape", "spawn_rate"), ("shape", "run_time"),
                ("shape", "arrivals"), ("arrivals", "users"), ("arrivals", "spawn_rate"),
            ]) } }
        ],
        "$defs": definitions
    })
}

fn reference(kind: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{kind}") })
}

fn property(key: &Key) -> (String, Value) {
    let mut value = reference(key.kind);
    // Beside a reference since draft 2019-09 its neighbours count too.
    value["description"] = key.about.into();
    (key.name.to_owned(), value)
}

fn object<'k>(table: impl Iterator<Item = &'k Key>, required: &[&str]) -> Value {
    let properties: Map<String, Value> = table.map(property).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// One way to write a step: its action, what goes with it, and nothing else.
fn step(action: &keys::Action) -> Value {
    let modifiers = action.modifiers.iter().copied().chain([ANY_STEP]).flatten();
    let mut required = vec![action.key.name];
    if ["repeat", "for_each", "while"].contains(&action.key.name) {
        required.push("steps");
    }
    if action.key.name == "for_each" {
        required.push("as");
    }
    let mut step = object([&action.key].into_iter().chain(modifiers), &required);
    if action.key.name == "if" {
        step["anyOf"] = json!([{ "required": ["then"] }, { "required": ["else"] }]);
    }
    if action.modifiers.iter().any(|group| keys::names(group).contains(&"json")) {
        let bodies = [("json", "body"), ("json", "form"), ("body", "form"), ("files", "json"), ("files", "body")];
        step["not"] = json!({ "anyOf": excluding(&bodies) });
    }
    if action.key.name == "graphql" {
        step["not"] = json!({ "anyOf": excluding(&[("operation", "operation_name")]) });
    }
    step
}

/// Pairs of keys that do not stand together.
fn excluding(pairs: &[(&str, &str)]) -> Vec<Value> {
    pairs.iter().map(|(a, b)| json!({ "required": [a, b] })).collect()
}

/// What a table cannot say: keys that need each other, or that do not stand together.
fn rules() -> Vec<(&'static str, Value)> {
    let one_of = |keys: &[&str]| keys.iter().map(|key| json!({ "required": [key] })).collect::<Vec<_>>();
    vec![
        ("expect", json!({ "minProperties": 1 })),
        ("operators", json!({ "minProperties": 1 })),
        (
            "capture_full",
            json!({
                "oneOf": one_of(&["json", "header", "cookie", "regex", "css", "body", "status"]),
                "dependentRequired": { "attribute": ["css"] },
            }),
        ),
        (
            "threshold_full",
            json!({ "not": {
                "required": ["abort", "warn"],
                "properties": { "abort": { "const": true }, "warn": { "const": true } },
            } }),
        ),
        (
            "arrivals",
            json!({ "oneOf": one_of(&["rate", "stages"]), "not": { "anyOf": excluding(&[("stages", "ramp")]) } }),
        ),
        ("stage", json!({ "oneOf": one_of(&["users", "rate"]) })),
        ("class", json!({ "not": { "anyOf": excluding(&[("fixed_count", "users")]) } })),
        ("auth_full", json!({ "oneOf": one_of(&["basic", "bearer"]) })),
        ("tls", json!({ "dependentRequired": { "cert": ["key"], "key": ["cert"] } })),
        ("on_full", json!({ "minProperties": 1 })),
    ]
}

fn scalars() -> Vec<(&'static str, Value)> {
    let words = |all: &[&str]| json!({ "enum": all });
    let scalar = json!({ "type": ["string", "number", "boolean"] });
    let time = r"^\s*(\d+(\.\d+)?|(\d+(\.\d+)?d)?(\d+(\.\d+)?h)?(\d+(\.\d+)?m)?(\d+(\.\d+)?s)?(\d+(\.\d+)?ms)?(\d+(\.\d+)?us)?)\s*$";
    vec![
        // A key holds no template, at any depth.
        (
            "any",
            json!({ "propertyNames": { "not": { "pattern": r"\{\{" } }, "additionalProperties": reference("any"), "items": reference("any") }),
        ),
        ("text", scalar.clone()),
        (
            "expression",
            json!({ "type": ["string", "number", "boolean"], "not": { "type": "string", "pattern": r"\{\{" } }),
        ),
        ("name", json!({ "type": "string", "pattern": r"\S" })),
        ("label", json!({ "type": ["string", "number", "boolean"], "pattern": r"\S" })),
        // Up to the first template, so that what stands inside of one is not judged.
        (
            "address",
            json!({
                "type": "string",
                "pattern": r"^(/|https?://|\{\{)",
                "not": { "pattern": r"^((?!\{\{)[\s\S])*\{[%#]|\{\{(?![\s\S]*\}\})" },
            }),
        ),
        ("host", json!({ "type": "string", "pattern": r"^demo$|\{\{|^\s*[hH][tT][tT][pP][sS]?:[^?#]+$" })),
        (
            "status_one",
            json!({ "anyOf": [
                { "type": "integer", "minimum": 100, "maximum": 599 },
                { "type": "string", "pattern": r"^[1-5]([0-9]{2}|xx)$" },
            ] }),
        ),
        ("header_name", json!({ "pattern": r"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$" })),
        (
            "own_header",
            json!({ "allOf": [reference("header_name"), {
            "not": { "pattern": "^([cC][oO][nN][tT][eE][nN][tT]-[lL][eE][nN][gG][tT][hH]|[tT][rR][aA][nN][sS][fF][eE][rR]-[eE][nN][cC][oO][dD][iI][nN][gG]|[cC][oO][nN][nN][eE][cC][tT][iI][oO][nN])$" },
        }] }),
        ),
        ("row", json!({ "allOf": [reference("label"), { "not": { "type": "string", "pattern": r"\{\{" } }] })),
        ("variable", json!({ "pattern": r"^[A-Za-z_][A-Za-z0-9_]*$" })),
        (
            "place",
            json!({
                "type": "string",
                "pattern": r"^\s*(\$|(json|header|cookie|regex|css|body|status)\s*:)|^(body|status)$",
            }),
        ),
        ("bool", json!({ "type": "boolean" })),
        ("yes", json!({ "const": true })),
        ("ordered", json!({ "type": ["string", "number"] })),
        ("regex", json!({ "type": "string", "not": { "pattern": r"\{\{[\s\S]*\}\}" } })),
        // Users, weights and passes: no more than a million of any.
        (
            "whole",
            json!({ "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": 1_000_000 },
                { "type": "string", "pattern": r"^\s*0*(\d{1,6}|1000000)\s*$" },
            ] }),
        ),
        (
            "some",
            json!({ "allOf": [reference("whole"), { "not": { "const": 0 } }, { "not": { "type": "string", "pattern": r"^[\s0]*$" } }] }),
        ),
        (
            "spawn_rate",
            json!({ "allOf": [reference("rate"), { "not": { "const": 0 } }, { "not": { "type": "string", "pattern": r"^[^1-9]*(/|$)" } }] }),
        ),
        ("items", json!({ "anyOf": [reference("template"), { "type": ["array", "object"] }] })),
        ("list_or_template", json!({ "anyOf": [reference("list"), reference("template")] })),
        (
            "number",
            json!({ "anyOf": [{ "type": "number", "minimum": 0 }, { "type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*$" }] }),
        ),
        ("count", json!({ "anyOf": [reference("whole"), reference("template")] })),
        ("template", json!({ "type": "string", "pattern": r"\{\{" })),
        (
            "events",
            json!({ "anyOf": [
                { "type": "integer", "minimum": 1 },
                { "type": "string", "pattern": r"^\s*0*[1-9]\d*\s*$" },
                reference("template"),
            ] }),
        ),
        ("listen_for", json!({ "anyOf": [reference("length"), reference("template")] })),
        ("duration", json!({ "anyOf": [{ "type": "number", "minimum": 0 }, { "type": "string", "pattern": time }] })),
        // A length of time that cannot be nothing.
        (
            "length",
            json!({ "anyOf": [
                { "type": "number", "exclusiveMinimum": 0 },
                { "type": "string", "pattern": time, "not": { "pattern": r"^[^1-9]*$" } },
            ] }),
        ),
        (
            "rate",
            json!({ "anyOf": [{ "type": "number", "minimum": 0 }, { "type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*(/\s*(s|m|min|h))?\s*$" }] }),
        ),
        (
            "size",
            json!({ "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*([kKmMgG]?[bB]?)\s*$" }] }),
        ),
        (
            "wait",
            json!({ "type": "string", "pattern": r"^\s*(between|constant|constant_pacing|constant_throughput)\s*\(.*\)\s*$" }),
        ),
        (
            "wait_step",
            json!({ "anyOf": [reference("duration"), reference("template"), { "type": "string", "pattern": r"^\s*(between|constant)\s*\(.*\)\s*$" }] }),
        ),
        ("start", words(&["with_others", "before_others"])),
        ("http_version", json!({ "enum": ["any", "1.1", "1", "2", 1, 1.1, 2] })),
        ("connections", words(&["per_user", "per_request"])),
        ("persisted", words(&["apq", "off"])),
        ("graphql_method", words(&["post", "get"])),
        ("measure", words(&["delivery", "nothing"])),
        ("stop", words(&["task", "user", "run"])),
        ("errors_expected", words(&["none", "any"])),
        ("pick", words(&["first", "last", "random", "all"])),
        ("vary", words(&["users", "rate"])),
        ("order", words(&["sequential", "random", "shuffle"])),
        ("bind", words(&["user", "iteration"])),
        ("on_end", words(&["recycle", "stop"])),
        ("error_policy", words(&["fail", "partial_ok", "ignore"])),
        ("redis_protocol", words(&["resp2", "resp3"])),
        ("envelope", words(&["binary", "json", "off"])),
        ("regression", words(&["fail", "warn"])),
    ]
}

/// A map of the operators that look at numbers.
fn numbers(of: &'static str, more: &[&str]) -> Value {
    let properties: Map<String, Value> = keys::OPERATORS
        .iter()
        .filter(|key| ["gt", "gte", "lt", "lte", "not"].contains(&key.name) || more.contains(&key.name))
        .map(|key| property(&Key { kind: if key.name == "not" { of } else { key.kind }, ..*key }))
        .collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1 })
}

fn compared() -> Value {
    json!({ "type": "string", "pattern": r"^\s*[<>=!]|\{\{" })
}

fn either_of(kinds: &[Value]) -> Value {
    json!({ "anyOf": kinds })
}

fn collections() -> Vec<(&'static str, Value)> {
    let list = |of: &str| json!({ "type": "array", "items": reference(of), "minItems": 1 });
    let map = |of: &str| json!({ "type": "object", "additionalProperties": reference(of) });
    let named = |names: &str, of: &str| json!({ "type": "object", "propertyNames": reference(names), "additionalProperties": reference(of) });
    let either = |kinds: &[&str]| json!({ "anyOf": kinds.iter().map(|k| reference(k)).collect::<Vec<_>>() });
    vec![
        ("list", json!({ "type": "array", "minItems": 1 })),
        ("map", json!({ "type": "object", "allOf": [reference("any")] })),
        ("assignments", json!({ "type": "object", "allOf": [reference("any")], "minProperties": 1 })),
        (
            "texts",
            json!({ "anyOf": [reference("text"), { "type": "array", "items": reference("text") }, { "type": "null" }] }),
        ),
        ("auth", json!({ "anyOf": [{ "const": "none" }, reference("auth_full")] })),
        (
            "pair",
            json!({ "anyOf": [reference("header_line"), { "type": "array", "items": reference("header_line") }] }),
        ),
        (
            "pairs",
            json!({
                "type": "object",
                "propertyNames": { "not": { "pattern": r"\{\{" } },
                "additionalProperties": reference("pair"),
            }),
        ),
        ("steps", list("step")),
        // Not all of them may have weight 0: nothing would run.
        (
            "tasks",
            json!({
                "type": "array",
                "items": reference("task"),
                "minItems": 1,
                "not": { "items": { "required": ["weight"], "properties": { "weight": { "const": 0 } } } },
            }),
        ),
        ("classes", json!({ "type": "object", "additionalProperties": reference("class"), "minProperties": 1 })),
        ("flows", map("steps")),
        ("data", map("data_file")),
        ("stages", list("stage")),
        ("profiles", map("profile")),
        (
            "matcher",
            json!({ "anyOf": [reference("operators"), reference("text"), { "type": "null" }, reference("list")] }),
        ),
        // What is a number, and always there.
        (
            "time_matcher",
            json!({ "anyOf": [{ "type": "string", "pattern": r"^\s*[<>]" }, numbers("time_matcher", &[])] }),
        ),
        (
            "size_matcher",
            either_of(&[
                reference("size"),
                compared(),
                reference("list"),
                numbers("size_matcher", &["eq", "ne", "in"]),
            ]),
        ),
        (
            "count_matcher",
            either_of(&[
                json!({ "type": "number" }),
                json!({ "type": "string", "pattern": r"^\s*[<>=!]*\s*-?\d|\{\{" }),
                reference("list"),
                numbers("count_matcher", &["eq", "ne", "in"]),
            ]),
        ),
        ("header_matchers", named("header_name", "matcher")),
        ("header_line", json!({ "type": ["string", "number", "boolean", "null"] })),
        ("header_lines", named("own_header", "header_line")),
        ("path_matchers", named("path", "matcher")),
        ("path", json!({ "pattern": r"^\$" })),
        (
            "status",
            json!({ "anyOf": [
                reference("status_one"),
                { "type": "array", "items": reference("status_one"), "minItems": 1 },
                { "type": "string", "pattern": r"^\s*[<>=!]|\{\{" },
                numbers("status", &["starts_with", "ends_with", "matches", "eq", "ne", "in"]),
            ] }),
        ),
        ("capture_one", either(&["place", "capture_full"])),
        (
            "capture",
            json!({
                "type": "object",
                "propertyNames": reference("variable"),
                "additionalProperties": reference("capture_one"),
                "minProperties": 1,
            }),
        ),
        ("upload", either(&["text", "file"])),
        ("uploads", json!({ "anyOf": [reference("upload"), { "type": "array", "items": reference("upload") }] })),
        ("files", map("uploads")),
        ("threshold", either(&["text", "threshold_full"])),
        ("thresholds", json!({ "type": "array", "items": reference("threshold") })),
        ("on", either(&["texts", "on_full"])),
    ]
}
