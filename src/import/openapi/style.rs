//! Serializes values of parameters and fields in queries, forms and paths.

use serde_json::Value;

use crate::import::literal::{literal, literal_json};

/// A value as string.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// A query parameter in its declared style.
pub fn in_query(parameter: &Value, name: &str, value: &Value) -> Vec<(String, Value)> {
    let style = parameter["style"].as_str().unwrap_or("form");
    let explode = parameter["explode"].as_bool().unwrap_or(style == "form");
    let one = |value: Value| vec![(name.to_owned(), value)];
    match value {
        // Its media type determines the format.
        _ if parameter.get("content").is_some() && !value.is_string() => one(literal(&value.to_string()).into()),
        Value::Object(fields) if style == "deepObject" => {
            fields.iter().map(|(field, value)| (format!("{name}[{field}]"), flat(value))).collect()
        }
        Value::Object(fields) if explode => fields.iter().map(|(field, value)| (field.clone(), flat(value))).collect(),
        Value::Object(fields) => {
            let words: Vec<String> = fields.iter().flat_map(|(field, value)| [field.clone(), text(value)]).collect();
            one(literal(&words.join(",")).into())
        }
        Value::Array(items) if !explode => {
            let between = match style {
                "spaceDelimited" => " ",
                "pipeDelimited" => "|",
                _ => ",",
            };
            one(literal(&items.iter().map(text).collect::<Vec<_>>().join(between)).into())
        }
        value => one(flat(value)),
    }
}

/// A query value: a string, or a list of strings.
pub fn flat(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().take(50).map(|item| Value::from(literal(&text(item)))).collect(),
        Value::Number(_) => literal_json(value),
        other => Value::from(literal(&text(other))),
    }
}

/// Like `flat`, for templates.
pub fn flat_template(value: &Value) -> Value {
    match value {
        Value::Object(_) => Value::from(literal(&value.to_string())),
        Value::Array(items) => items.iter().take(50).map(|item| Value::from(text(item))).collect(),
        other => Value::from(text(other)),
    }
}

/// A value as a path segment.
pub fn encoded(segment: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~')
        .remove(b':')
        .remove(b',');
    percent_encoding::utf8_percent_encode(segment, KEPT).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn query_parameter_styles() {
        for (parameter, value, wanted) in [
            (json!({}), json!([1, "b"]), json!({ "n": ["1", "b"] })),
            (json!({ "explode": false }), json!([1, 2]), json!({ "n": "1,2" })),
            (json!({ "style": "pipeDelimited" }), json!([1, 2]), json!({ "n": "1|2" })),
            (json!({ "style": "spaceDelimited", "explode": true }), json!([1, 2]), json!({ "n": ["1", "2"] })),
            (
                json!({ "style": "deepObject" }),
                json!({ "x": "{{", "y": 1 }),
                json!({ "n[x]": "{{ '{{' }}", "n[y]": 1 }),
            ),
            (json!({}), json!({ "x": "a" }), json!({ "x": "a" })),
            (json!({ "explode": false }), json!({ "x": "a", "y": 1 }), json!({ "n": "x,a,y,1" })),
            (json!({ "content": { "application/json": {} } }), json!([{ "a": 1 }]), json!({ "n": "[{\"a\":1}]" })),
            (json!({}), json!(true), json!({ "n": "true" })),
        ] {
            let got: serde_json::Map<String, Value> = in_query(&parameter, "n", &value).into_iter().collect();
            assert_eq!(Value::Object(got), wanted, "{parameter}");
        }
    }
}
