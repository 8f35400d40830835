//! Converts Swagger 2.0 to OpenAPI 3: servers, parameters, bodies and security. Definitions stay where references expect
//! them.

use serde_json::{Map, Value, json};

use super::reference::resolve;

/// Keys of a parameter that are those of its schema.
const OF_SCHEMA: [&str; 17] = [
    "type",
    "format",
    "items",
    "default",
    "enum",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "multipleOf",
    "pattern",
    "uniqueItems",
    "example",
];
/// Methods of a path item.
const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

/// The document as OpenAPI 3.
pub fn converted(document: &Value) -> Value {
    let mut out = document.clone();
    out["openapi"] = "3.0.3".into();
    out["servers"] = servers(document);
    let schemes = document["securityDefinitions"].as_object().into_iter().flatten();
    let schemes: Map<String, Value> = schemes
        .map(|(name, scheme)| {
            let basic = scheme["type"] == "basic";
            (name.clone(), if basic { json!({ "type": "http", "scheme": "basic" }) } else { scheme.clone() })
        })
        .collect();
    out["components"] = json!({ "securitySchemes": schemes });
    let paths = document["paths"].as_object().into_iter().flatten();
    let paths: Map<String, Value> = paths.map(|(path, item)| (path.clone(), path_item(document, item))).collect();
    if document["paths"].is_object() {
        out["paths"] = Value::Object(paths);
    }
    out
}

/// The address from `schemes`, `host` and `basePath`.
fn servers(document: &Value) -> Value {
    let path = document["basePath"].as_str().unwrap_or_default().trim_end_matches('/');
    let Some(host) = document["host"].as_str().filter(|host| !host.is_empty()) else {
        return json!([{ "url": path }]);
    };
    let schemes = document["schemes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let scheme = match schemes.iter().any(|scheme| scheme == "https") {
        true => "https",
        false => schemes.iter().find_map(Value::as_str).unwrap_or("http"),
    };
    json!([{ "url": format!("{scheme}://{host}{path}") }])
}

fn path_item(document: &Value, item: &Value) -> Value {
    let item = if item["$ref"].as_str().is_some_and(|target| target.starts_with('#')) {
        resolve(document, item)
    } else {
        item
    };
    let mut out = item.clone();
    let shared = list(document, &item["parameters"]);
    let Some(fields) = out.as_object_mut() else { return out };
    // A body of all operations belongs to each of them.
    fields.remove("parameters");
    for method in METHODS {
        let Some(operation) = fields.get_mut(method).filter(|operation| operation.is_object()) else { continue };
        let mut own = list(document, &operation["parameters"]);
        let same = |one: &Value, other: &Value| one["name"] == other["name"] && one["in"] == other["in"];
        let inherited = shared.iter().filter(|shared| !own.iter().any(|own| same(own, shared))).cloned();
        let inherited: Vec<Value> = inherited.collect();
        own.extend(inherited);
        let consumes = operation.get("consumes").unwrap_or(&document["consumes"]).clone();
        let (body, rest): (Vec<Value>, Vec<Value>) = own.into_iter().partition(is_body);
        operation["parameters"] = rest.iter().map(parameter).collect();
        if let Some(content) = request_body(&body, &consumes) {
            operation["requestBody"] = content;
        }
    }
    out
}

/// Parameters, with references within the document resolved.
fn list(document: &Value, parameters: &Value) -> Vec<Value> {
    let all = parameters.as_array().into_iter().flatten();
    let known = |parameter: &Value| {
        let target = resolve(document, parameter);
        if target.is_null() { parameter.clone() } else { target.clone() }
    };
    all.map(known).collect()
}

fn is_body(parameter: &Value) -> bool {
    parameter["in"] == "body" || parameter["in"] == "formData"
}

/// A parameter with a schema.
fn parameter(parameter: &Value) -> Value {
    let mut out = parameter.clone();
    if parameter.get("$ref").is_some() {
        return out;
    }
    out["schema"] = schema(parameter);
    if let Some(example) = parameter.get("x-example") {
        out["example"] = example.clone();
    }
    if parameter["type"] == "array" {
        let (style, explode) = match parameter["collectionFormat"].as_str().unwrap_or("csv") {
            "multi" => ("form", true),
            "ssv" => ("spaceDelimited", false),
            "pipes" => ("pipeDelimited", false),
            _ => ("form", false),
        };
        if parameter["in"] == "query" {
            out["style"] = style.into();
        }
        out["explode"] = explode.into();
    }
    out
}

fn schema(parameter: &Value) -> Value {
    let fields = parameter.as_object().into_iter().flatten();
    fields
        .filter(|(key, _)| OF_SCHEMA.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// `requestBody` of the parameters that are in the body.
fn request_body(parameters: &[Value], consumes: &Value) -> Option<Value> {
    let consumes: Vec<&str> = consumes.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if let Some(body) = parameters.iter().find(|parameter| parameter["in"] == "body") {
        let media = if consumes.is_empty() { vec!["application/json"] } else { consumes };
        let content: Map<String, Value> =
            media.iter().map(|media| ((*media).to_owned(), json!({ "schema": body["schema"] }))).collect();
        return Some(json!({ "required": body["required"], "content": content }));
    }
    if parameters.is_empty() {
        return None;
    }
    let mut properties = Map::new();
    for field in parameters {
        let Some(name) = field["name"].as_str() else { continue };
        let mut own = schema(field);
        if field["type"] == "file" {
            own = json!({ "type": "string", "format": "binary" });
        } else if let Some(example) = field.get("x-example") {
            own["example"] = example.clone();
        }
        properties.insert(name.to_owned(), own);
    }
    let required: Vec<&Value> =
        parameters.iter().filter(|field| field["required"] == true).map(|field| &field["name"]).collect();
    let multipart = parameters.iter().any(|field| field["type"] == "file") || consumes.contains(&"multipart/form-data");
    let media = if multipart { "multipart/form-data" } else { "application/x-www-form-urlencoded" };
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    Some(json!({ "content": { media: { "schema": schema } } }))
}
