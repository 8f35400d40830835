//! Converts untrusted text to scenario text: escapes templates, and creates names.

use serde_json::Value;

use crate::scenario::grammar::words;

/// A literal string in a scenario: template syntax and `@file` are escaped.
pub fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    if rest.starts_with('@') {
        out.push_str("{{ '@' }}");
        rest = &rest[1..];
    }
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        let mark = rest[at..].get(..2).filter(|mark| ["{{", "{%", "{#"].contains(mark));
        match mark {
            Some(mark) => {
                out.extend(["{{ '", mark, "' }}"]);
                rest = &rest[at + 2..];
            }
            None => {
                out.push('{');
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Like `literal`, for all strings of a value; keys are never templates.
pub fn literal_json(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(literal(text)),
        Value::Array(items) => items.iter().map(literal_json).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), literal_json(value))).collect(),
        other => other.clone(),
    }
}

/// A valid variable name: letters, digits and `_`, not starting with a digit, and not reserved.
pub fn identifier(text: &str) -> String {
    let mut out = String::new();
    let mut before = None;
    for c in text.chars().take(60) {
        if c.is_ascii_alphanumeric() {
            if c.is_ascii_uppercase() && before.is_some_and(|b: char| b.is_ascii_lowercase() || b.is_ascii_digit()) {
                out.push('_');
            }
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        before = Some(c);
    }
    let out = out.trim_end_matches('_');
    let is_taken = words::is_reserved(out) || words::is_function(out);
    if out.is_empty() || is_taken || out.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("a_{out}").trim_end_matches('_').to_owned();
    }
    out.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_escaped() {
        for (text, wanted) in [
            ("plain {a}", "plain {a}"),
            ("{{ x }}", "{{ '{{' }} x }}"),
            ("a{%b{#c{", "a{{ '{%' }}b{{ '{#' }}c{"),
            ("@file", "{{ '@' }}file"),
            ("{é", "{é"),
            ("{{{", "{{ '{{' }}{"),
        ] {
            assert_eq!(literal(text), wanted);
        }
    }

    #[test]
    fn identifiers_are_valid_variable_names() {
        for (text, wanted) in [
            ("petId", "pet_id"),
            ("X-CSRF-Token", "x_csrf_token"),
            ("user", "a_user"),
            ("UUID", "a_uuid"),
            ("if", "a_if"),
            ("", "a"),
            ("1st", "a_1st"),
            ("é", "a"),
            ("page[size]", "page_size"),
        ] {
            assert_eq!(identifier(text), wanted);
        }
    }
}
