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
            // A template of another tool, which is an error in a scenario.
            None if out.ends_with(['$', '#']) && is_name_in_braces(&rest[at..]) => {
                let sign = out.pop().unwrap_or('$');
                out.extend(["{{ '", sign.encode_utf8(&mut [0; 4]), "{' }}"]);
                rest = &rest[at + 1..];
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

/// True for `{name}`, `{name.member}` and `{name(…)}`.
fn is_name_in_braces(text: &str) -> bool {
    let inside = text.strip_prefix('{').and_then(|text| text.split_once('}')).map_or("", |(inside, _)| inside.trim());
    inside.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// A template that is put together of literal text and expressions.
#[derive(Debug, Default)]
pub struct Assembled {
    out: String,
    /// Literal text at the end, not escaped yet: escapes depend on what follows.
    pending: String,
}

impl Assembled {
    /// Adds literal text.
    pub fn literal(&mut self, text: &str) {
        self.pending.push_str(text);
    }

    /// Adds a template.
    pub fn template(&mut self, template: &str) {
        self.flush();
        if self.out.ends_with('{') {
            // Followed by the braces of the template, it would be one of them.
            self.out.pop();
            self.out.push_str("{{ '{' }}");
        }
        self.out.push_str(template);
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.pending);
        // Only at the start, `@` names a file.
        match text.strip_prefix('@').filter(|_| !self.out.is_empty()) {
            Some(rest) => self.out.extend(["@", &literal(rest)]),
            None => self.out.push_str(&literal(&text)),
        }
    }

    /// The template.
    pub fn into_text(mut self) -> String {
        self.flush();
        self.out
    }
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
    let out = snake_case(text);
    let is_taken = words::is_reserved(&out) || words::is_function(&out);
    if out.is_empty() || is_taken || out.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("a_{out}").trim_end_matches('_').to_owned();
    }
    out
}

/// A valid name of an environment variable.
pub fn variable(text: &str) -> String {
    let out = snake_case(text).to_ascii_uppercase();
    if out.starts_with(|c: char| c.is_ascii_alphabetic()) {
        out
    } else {
        format!("SECRET_{out}").trim_end_matches('_').to_owned()
    }
}

fn snake_case(text: &str) -> String {
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
    out.trim_end_matches('_').to_owned()
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
            ("${TOKEN} #{a.b} ${", "{{ '${' }}TOKEN} {{ '#{' }}a.b} ${"),
        ] {
            assert_eq!(literal(text), wanted);
        }
    }

    #[test]
    fn literals_and_templates_are_assembled() {
        let mut out = Assembled::default();
        out.literal("@a");
        out.literal("{");
        out.template("{{ x }}");
        out.literal("@}{{");
        assert_eq!(out.into_text(), "{{ '@' }}a{{ '{' }}{{ x }}@}{{ '{{' }}");
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
