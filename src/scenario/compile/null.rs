//! Words for null in other languages, which are strings in YAML.

use super::builder::Builder;
use crate::scenario::syntax::node::{Kind, Node};

const WORDS: [&str; 4] = ["none", "nil", "undefined", "null"];

impl Builder<'_> {
    /// Warns of an unquoted `None` or `nil`, which is a string and was probably meant as null.
    pub(super) fn meant_as_null(&mut self, node: &Node) {
        let Kind::Text(text) = &node.kind else { return };
        if WORDS.iter().any(|word| text.eq_ignore_ascii_case(word)) && self.sources.at(node.at.clone()) == text {
            let message = format!("`{text}` is the string {text:?}");
            self.warn(
                node.at.clone(),
                message,
                format!("write null for no value, or {text:?} in quotes for the string"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::Scenario;

    #[test]
    fn unquoted_null_of_other_languages_causes_a_warning() {
        let warned = |step: &str| {
            let text =
                format!("host: http://h\nvars: {{ v: x }}\ntasks: [{{ steps: [{step}, {{ log: '{{{{ v }}}}' }}] }}]\n");
            Scenario::parse("s.yaml", &text).unwrap_or_else(|e| panic!("{e}")).warnings().contains("write null")
        };
        for word in ["none", "None", "nil", "undefined"] {
            assert!(warned(&format!("{{ get: /, capture: {{ a: {{ json: $.a, default: {word} }} }} }}")), "{word}");
            assert!(warned(&format!("{{ set: {{ a: {word} }} }}")), "{word}");
            assert!(warned(&format!("{{ get: /, expect: {{ json: {{ $.a: {word} }} }} }}")), "{word}");
            assert!(!warned(&format!("{{ set: {{ a: '{word}' }} }}")), "{word} in quotes");
            assert!(
                !warned(&format!("{{ post: /, json: {{ payment: {word} }} }}")),
                "{word} is a value like any other"
            );
        }
        for word in ["null", "~", "Null", "NULL", "nothing", "'{{ none }}'"] {
            assert!(!warned(&format!("{{ get: /, capture: {{ a: {{ json: $.a, default: {word} }} }} }}")), "{word}");
        }
    }
}
