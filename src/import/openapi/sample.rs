//! A value for a schema: its example where there is one, else the plainest value that fits.

use std::cell::Cell;

use serde_json::{Map, Value};

use super::resolve;

/// Levels of a schema that are gone into: schemas may contain themselves.
const DEEPEST: usize = 8;
/// Values made for one document.
const MOST: usize = 100_000;
/// Fields of one object.
const MOST_FIELDS: usize = 100;

/// Makes values.
pub struct Sampler<'a> {
    document: &'a Value,
    left: Cell<usize>,
}

impl<'a> Sampler<'a> {
    /// For one document.
    pub fn new(document: &'a Value) -> Self {
        Self { document, left: Cell::new(MOST) }
    }

    /// A value for a parameter or a media type, and whether the document itself gives it.
    pub fn of_content(&self, content: &'a Value) -> (Value, bool) {
        if let Some(example) = content.get("example") {
            return (example.clone(), true);
        }
        let examples = content["examples"].as_object().and_then(|all| all.values().next());
        if let Some(example) = examples.and_then(|example| resolve(self.document, example).get("value")) {
            return (example.clone(), true);
        }
        // A parameter may describe its value by a media type.
        let inner = content["content"].as_object().and_then(|all| all.values().next());
        let schema = content.get("schema").or_else(|| inner.and_then(|inner| inner.get("schema")));
        let schema = resolve(self.document, schema.unwrap_or(&Value::Null));
        let given = ["example", "examples", "const"].iter().any(|key| schema.get(*key).is_some());
        (self.value(schema, 0), given)
    }

    fn value(&self, schema: &'a Value, depth: usize) -> Value {
        let schema = resolve(self.document, schema);
        let left = self.left.get();
        if left == 0 || depth > DEEPEST {
            return Value::Null;
        }
        self.left.set(left - 1);
        let listed = |key: &str| schema[key].as_array().and_then(|all| all.iter().find(|value| !value.is_null()));
        let given = schema.get("example").or_else(|| listed("examples")).or_else(|| schema.get("const"));
        if let Some(value) = given.or_else(|| schema.get("default")).or_else(|| listed("enum")) {
            return value.clone();
        }
        if let Some(all) = schema["allOf"].as_array() {
            let parts = all.iter().map(|part| self.value(part, depth + 1));
            let mut own = self.object(schema, depth);
            for part in parts {
                match part {
                    Value::Object(map) => own.extend(map),
                    other if own.is_empty() && all.len() == 1 => return other,
                    _ => {}
                }
            }
            return Value::Object(own);
        }
        for key in ["oneOf", "anyOf"] {
            let not_null = |part: &&Value| resolve(self.document, part)["type"] != "null";
            if let Some(part) = schema[key].as_array().and_then(|all| all.iter().find(not_null)) {
                return self.value(part, depth + 1);
            }
        }
        match kind(schema) {
            "object" => Value::Object(self.object(schema, depth)),
            "array" => {
                let item = self.value(&schema["items"], depth + 1);
                if item.is_null() { Value::Array(Vec::new()) } else { Value::Array(vec![item]) }
            }
            "integer" => whole(schema),
            "number" => schema["minimum"].as_f64().map_or_else(|| Value::from(1.5), Value::from),
            "boolean" => Value::Bool(true),
            "null" => Value::Null,
            _ => Value::from(string(schema)),
        }
    }

    fn object(&self, schema: &'a Value, depth: usize) -> Map<String, Value> {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let fields = schema["properties"].as_object().into_iter().flatten().take(MOST_FIELDS);
        let mut map = Map::new();
        for (name, field) in fields {
            let field = resolve(self.document, field);
            // Where a schema goes on and on, only what must be there is made.
            let wanted = required.contains(&name.as_str()) || depth < 2;
            if wanted && field["readOnly"].as_bool() != Some(true) {
                let value = self.value(field, depth + 1);
                if !value.is_null() || required.contains(&name.as_str()) {
                    map.insert(name.clone(), value);
                }
            }
        }
        map
    }
}

/// The type: in 3.1 it may be a list.
fn kind(schema: &Value) -> &str {
    let named = match &schema["type"] {
        Value::String(kind) => Some(kind.as_str()),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        _ => None,
    };
    match named {
        Some(kind) => kind,
        None if schema.get("properties").is_some() => "object",
        None if schema.get("items").is_some() => "array",
        None => "string",
    }
}

fn whole(schema: &Value) -> Value {
    let above = schema["exclusiveMinimum"].as_i64().map(|n| n.saturating_add(1));
    let least = above.or_else(|| schema["minimum"].as_i64());
    match (least, schema["maximum"].as_i64()) {
        (Some(least), _) => Value::from(least.max(1)),
        (None, Some(most)) => Value::from(most.min(1)),
        (None, None) => Value::from(1),
    }
}

/// A text of the format and of the length that is wanted.
fn string(schema: &Value) -> String {
    let text = match schema["format"].as_str().unwrap_or_default() {
        "date" => "2026-01-31",
        "date-time" => "2026-01-31T12:00:00Z",
        "time" => "12:00:00Z",
        "email" => "ada@example.com",
        "uuid" => "00000000-0000-4000-8000-000000000000",
        "uri" | "url" => "https://example.com/",
        "hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "byte" => "dGV4dA==",
        "password" => "password",
        _ => "text",
    };
    let most = schema["maxLength"].as_u64().map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    let least = schema["minLength"].as_u64().map_or(0, |n| usize::try_from(n).unwrap_or(usize::MAX)).min(200);
    let mut out: String = text.chars().take(most).collect();
    while out.chars().count() < least {
        out.push('x');
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_fit_their_schemas() {
        let document = json!({ "s": {
            "Self": { "type": "object", "required": ["next"], "properties": { "next": { "$ref": "#/s/Self" } } },
            "Loop": { "$ref": "#/s/Loop" },
            "Name": { "type": "string", "example": "Ada" },
        }});
        let sampler = Sampler::new(&document);
        for (schema, wanted) in [
            (json!({ "type": "integer", "minimum": 5 }), json!(5)),
            (json!({ "type": "integer", "exclusiveMinimum": 5 }), json!(6)),
            (json!({ "type": ["null", "boolean"] }), json!(true)),
            (json!({ "enum": ["b", "a"] }), json!("b")),
            (json!({ "type": "string", "minLength": 6 }), json!("textxx")),
            (json!({ "type": "string", "maxLength": 2 }), json!("te")),
            (json!({ "$ref": "#/s/Name" }), json!("Ada")),
            (json!({ "$ref": "#/s/Loop" }), json!("text")),
            (json!({ "type": "array", "items": { "type": "number" } }), json!([1.5])),
            (json!({ "properties": { "a": { "readOnly": true }, "b": { "default": 7 } } }), json!({ "b": 7 })),
            (
                json!({ "allOf": [{ "properties": { "a": { "const": 1 } } }, { "properties": { "b": { "const": 2 } } }] }),
                json!({ "a": 1, "b": 2 }),
            ),
            (json!({ "oneOf": [{ "type": "null" }, { "type": "integer" }] }), json!(1)),
        ] {
            let content = json!({ "schema": schema });
            let document = document.clone();
            let sampler = Sampler::new(&document);
            assert_eq!(sampler.of_content(&content).0, wanted, "{content}");
        }
        let endless = json!({ "schema": { "$ref": "#/s/Self" } });
        assert!(sampler.of_content(&endless).0.to_string().len() < 1_000);
    }
}
