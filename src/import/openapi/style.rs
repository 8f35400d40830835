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

/// A path parameter in its declared style, encoded, and whether its form depends on the style.
pub fn in_path(parameter: &Value, name: &str, value: &Value) -> (String, bool) {
    let style = parameter["style"].as_str().unwrap_or("simple");
    let explode = parameter["explode"].as_bool().unwrap_or(false);
    if parameter.get("content").is_some() && !value.is_string() {
        return (encoded(&value.to_string()), true);
    }
    let one = |value: &Value| encoded(&text(value));
    let (prefix, between) = match (style, explode) {
        ("label", true) => (".", "."),
        ("label", false) => (".", ","),
        ("matrix", true) => (";", ";"),
        ("matrix", false) => (";", ","),
        _ => ("", ","),
    };
    let named = |value: String| format!("{}={value}", encoded(name));
    let parts: Vec<String> = match value {
        Value::Array(items) if style == "matrix" && explode => items.iter().map(|item| named(one(item))).collect(),
        Value::Array(items) => items.iter().map(one).collect(),
        Value::Object(fields) if explode => {
            fields.iter().map(|(field, value)| format!("{}={}", encoded(field), one(value))).collect()
        }
        Value::Object(fields) => fields.iter().flat_map(|(field, value)| [encoded(field), one(value)]).collect(),
        value if style == "matrix" => vec![named(one(value))],
        value => vec![one(value)],
    };
    let joined = parts.join(between);
    let joined =
        if style == "matrix" && !explode && (value.is_array() || value.is_object()) { named(joined) } else { joined };
    (format!("{prefix}{joined}"), style != "simple" || value.is_array() || value.is_object())
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
    fn path_parameter_styles() {
        // The examples of RFC 6570 that the specification has.
        let list = json!(["blue", "black", "brown"]);
        let object = json!({ "R": 100, "G": 200, "B": 150 });
        for (style, explode, value, wanted) in [
            ("simple", false, &json!("a/b"), "a%2Fb"),
            ("simple", false, &list, "blue,black,brown"),
            ("simple", false, &object, "R,100,G,200,B,150"),
            ("simple", true, &object, "R=100,G=200,B=150"),
            ("label", false, &json!("blue"), ".blue"),
            ("label", false, &list, ".blue,black,brown"),
            ("label", true, &list, ".blue.black.brown"),
            ("label", false, &object, ".R,100,G,200,B,150"),
            ("label", true, &object, ".R=100.G=200.B=150"),
            ("matrix", false, &json!("blue"), ";color=blue"),
            ("matrix", true, &json!("blue"), ";color=blue"),
            ("matrix", false, &list, ";color=blue,black,brown"),
            ("matrix", true, &list, ";color=blue;color=black;color=brown"),
            ("matrix", false, &object, ";color=R,100,G,200,B,150"),
            ("matrix", true, &object, ";R=100;G=200;B=150"),
        ] {
            let parameter = json!({ "style": style, "explode": explode });
            assert_eq!(in_path(&parameter, "color", value).0, wanted, "{parameter}: {value}");
        }
    }

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
