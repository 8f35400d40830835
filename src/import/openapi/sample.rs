//! Creates a value for a schema: its example, or else the simplest valid value.

use std::cell::{Cell, RefCell};

use serde_json::{Map, Value};

use super::reference::resolve;

/// Maximum number of steps from schema to schema: schemas may be recursive.
const DEEPEST: usize = 24;
/// Object levels in which optional fields are created too.
const WHOLE_LEVELS: usize = 2;
/// Maximum number of list items.
const MOST_ITEMS: u64 = 20;
/// Maximum number of values per document.
const MOST: usize = 100_000;
/// Maximum number of fields per object.
const MOST_FIELDS: usize = 100;

/// Creates values.
pub struct Sampler<'a> {
    document: &'a Value,
    left: Cell<usize>,
    /// Objects being created, outermost first.
    inside: RefCell<Vec<&'a Value>>,
}

/// Position of a schema.
#[derive(Debug, Clone, Copy, Default)]
struct Depth {
    /// Number of enclosing objects.
    level: usize,
    /// Number of steps, including `allOf` and lists.
    steps: usize,
}

impl Depth {
    /// A part of the same value, or a list item.
    fn beside(self) -> Self {
        Self { steps: self.steps + 1, ..self }
    }

    /// A field.
    fn below(self) -> Self {
        Self { level: self.level + 1, steps: self.steps + 1 }
    }
}

impl<'a> Sampler<'a> {
    /// Sampler for a document.
    pub fn new(document: &'a Value) -> Self {
        Self { document, left: Cell::new(MOST), inside: RefCell::default() }
    }

    /// A value for a parameter or media type, and whether it is an example from the document.
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
        (self.value(schema, Depth::default()), given)
    }

    fn value(&self, schema: &'a Value, depth: Depth) -> Value {
        let schema = resolve(self.document, schema);
        let left = self.left.get();
        if left == 0 || depth.steps > DEEPEST {
            return Value::Null;
        }
        self.left.set(left - 1);
        let listed = |key: &str| schema[key].as_array().and_then(|all| all.iter().find(|value| !value.is_null()));
        let given = schema.get("example").or_else(|| listed("examples")).or_else(|| schema.get("const"));
        if let Some(value) = given.or_else(|| schema.get("default")).or_else(|| listed("enum")) {
            return value.clone();
        }
        if let Some(all) = schema["allOf"].as_array() {
            let parts = all.iter().map(|part| self.value(part, depth.beside()));
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
                return self.value(part, depth.beside());
            }
        }
        match kind(schema) {
            "object" => Value::Object(self.object(schema, depth)),
            "array" => {
                let item = self.value(&schema["items"], depth.beside());
                let least = schema["minItems"].as_u64().unwrap_or(1).clamp(1, MOST_ITEMS);
                if item.is_null() { Value::Array(Vec::new()) } else { (0..least).map(|_| item.clone()).collect() }
            }
            "integer" => whole(schema),
            "number" => match (schema["minimum"].as_f64(), schema["maximum"].as_f64()) {
                (Some(least), _) => Value::from(least),
                (None, Some(most)) => Value::from(most.min(1.5)),
                (None, None) => Value::from(1.5),
            },
            "boolean" => Value::Bool(true),
            "null" => Value::Null,
            _ => Value::from(string(schema)),
        }
    }

    fn object(&self, schema: &'a Value, depth: Depth) -> Map<String, Value> {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let fields = schema["properties"].as_object().into_iter().flatten().take(MOST_FIELDS);
        // In deep or recursive schemas, only required fields are created.
        let again = self.inside.borrow().iter().any(|outer| std::ptr::eq(*outer, schema));
        let whole = depth.level < WHOLE_LEVELS && !again;
        self.inside.borrow_mut().push(schema);
        let mut map = Map::new();
        for (name, field) in fields {
            let field = resolve(self.document, field);
            let needed = required.contains(&name.as_str());
            if (needed || whole) && field["readOnly"].as_bool() != Some(true) {
                let value = self.value(field, depth.below());
                if !value.is_null() || needed {
                    map.insert(name.clone(), value);
                }
            }
        }
        self.inside.borrow_mut().pop();
        map
    }
}

/// The type; in 3.1 it may be a list.
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
    // A boolean next to the bound in 3.0, a separate bound in 3.1.
    let bound = match &schema["exclusiveMinimum"] {
        Value::Bool(true) => schema["minimum"].as_i64(),
        bound => bound.as_i64(),
    };
    let least = bound.map(|n| n.saturating_add(1)).or_else(|| schema["minimum"].as_i64());
    let value = match (least, schema["maximum"].as_i64()) {
        (Some(least), most) => least.max(1).min(most.unwrap_or(i64::MAX)).max(least),
        (None, Some(most)) => most.min(1),
        (None, None) => 1,
    };
    let step = schema["multipleOf"].as_i64().filter(|step| *step > 1).unwrap_or(1);
    let over = value.rem_euclid(step);
    Value::from(if over == 0 { value } else { value.saturating_add(step - over) })
}

/// A string with the required format and length.
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
    fn values_match_their_schemas() {
        let document = json!({ "s": {
            "Self": { "type": "object", "required": ["next"], "properties": { "next": { "$ref": "#/s/Self" } } },
            "Both": { "allOf": [{ "$ref": "#/s/Both" }, { "$ref": "#/s/Self" }] },
            "Loop": { "$ref": "#/s/Loop" },
            "Tree": { "required": ["name"], "properties": {
                "name": { "$ref": "#/s/Name" },
                "left": { "$ref": "#/s/Tree" },
                "all": { "type": "array", "items": { "allOf": [{ "$ref": "#/s/Tree" }] } },
            } },
            "Name": { "type": "string", "example": "Ada" },
        }});
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
            (json!({ "type": "integer", "minimum": 5, "exclusiveMinimum": true }), json!(6)),
            (json!({ "type": "integer", "minimum": -3, "maximum": 0 }), json!(0)),
            (json!({ "type": "integer", "multipleOf": 10 }), json!(10)),
            (json!({ "type": "number", "maximum": 0.5 }), json!(0.5)),
            (json!({ "type": "array", "minItems": 2, "items": { "const": 7 } }), json!([7, 7])),
            // Also inside `allOf`, `anyOf` and lists.
            (
                json!({ "properties": {
                    "a": { "properties": { "z": { "const": 1 } } },
                    "b": { "allOf": [{ "properties": { "z": { "const": 1 } } }] },
                    "c": { "anyOf": [{ "allOf": [{ "properties": { "z": { "const": 1 } } }] }] },
                    "d": { "items": { "properties": { "z": { "const": 1 } } } },
                } }),
                json!({ "a": { "z": 1 }, "b": { "z": 1 }, "c": { "z": 1 }, "d": [{ "z": 1 }] }),
            ),
            (
                json!({ "$ref": "#/s/Tree" }),
                json!({ "name": "Ada", "left": { "name": "Ada" }, "all": [{ "name": "Ada" }] }),
            ),
        ] {
            let content = json!({ "schema": schema });
            let document = document.clone();
            let sampler = Sampler::new(&document);
            assert_eq!(sampler.of_content(&content).0, wanted, "{content}");
        }
        for endless in ["Self", "Both"] {
            let endless = json!({ "schema": { "$ref": format!("#/s/{endless}") } });
            let sampler = Sampler::new(&document);
            assert!(sampler.of_content(&endless).0.to_string().len() < 1_000);
        }
    }
}
