//! Reserved words and functions of the language.

use super::actions::{ACTIONS, ActionKind};

/// Values available in every expression.
pub(crate) const VALUES: [&str; 4] = ["vars", "env", "user", "iteration"];
/// Functions that return different values in each call.
pub(crate) const RANDOM: [&str; 10] =
    ["random_int", "random_float", "random_string", "zipf", "gaussian", "sequence", "uuid", "choice", "now", "fake"];
/// Functions without side effects or randomness.
pub(crate) const PURE: [&str; 2] = ["range", "dict"];
/// Words that are syntax in templates, and `fake`, which is only used with a dot: `fake.name()`.
const SYNTAX: [&str; 12] = ["fake", "loop", "true", "false", "none", "not", "and", "or", "in", "is", "if", "else"];

/// All words that cannot be names of variables.
pub(crate) fn reserved() -> impl Iterator<Item = &'static str> {
    let all = VALUES.iter().chain(&SYNTAX).chain(&RANDOM).chain(&PURE).copied();
    all.enumerate().filter(|(at, word)| *word != "fake" || *at < VALUES.len() + SYNTAX.len()).map(|(_, word)| word)
}

/// True if the word cannot be a variable name.
pub fn is_reserved(word: &str) -> bool {
    VALUES.contains(&word) || SYNTAX.contains(&word)
}

/// True for functions, which a variable with the same name would hide.
pub fn is_function(word: &str) -> bool {
    RANDOM.contains(&word) || PURE.contains(&word)
}

/// True if the word, in lower case, is an HTTP method of a step.
pub fn is_verb(word: &str) -> bool {
    ACTIONS.iter().any(|action| action.kind == ActionKind::Http && action.key.name == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_classified() {
        for (word, reserved, function, verb) in [
            ("env", true, false, false),
            ("if", true, false, false),
            ("fake", true, true, false),
            ("uuid", false, true, false),
            ("range", false, true, false),
            ("options", false, false, true),
            ("graphql", false, false, false),
            ("GET", false, false, false),
            ("token", false, false, false),
        ] {
            assert_eq!((is_reserved(word), is_function(word), is_verb(word)), (reserved, function, verb), "{word}");
        }
    }
}
