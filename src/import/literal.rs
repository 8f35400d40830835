//! Text from elsewhere as text of a scenario: templates in it are quoted, and names are made from it.

use serde_json::Value;

use crate::scenario::grammar::words;

/// A literal string of a scenario: what would begin a template, or name a file, is escaped.
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

/// The same for every text of a value; keys are never templates.
pub fn literal_json(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(literal(text)),
        Value::Array(items) => items.iter().map(literal_json).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), literal_json(value))).collect(),
        other => other.clone(),
    }
}

/// A word that can name a variable: letters, digits and `_`, no digit first, and none that templates use.
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
    fn literals_are_neither_templates_nor_files() {
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
    fn identifiers_can_name_variables() {
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
