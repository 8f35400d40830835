//! Words that mean something in the language: for those who read scenarios, and for those who write one and must not
//! use such a word for something else.

use super::actions::{ACTIONS, ActionKind};

/// Values that every expression has.
pub(crate) const VALUES: [&str; 4] = ["vars", "env", "user", "iteration"];
/// Functions whose value differs from call to call.
pub(crate) const RANDOM: [&str; 7] = ["random_int", "random_float", "random_string", "uuid", "choice", "now", "fake"];
/// Functions that always give the same.
pub(crate) const PURE: [&str; 2] = ["range", "dict"];
/// Words that the template library reads as syntax, and `fake`, which is called only with a dot: `fake.name()`.
const SYNTAX: [&str; 12] = ["fake", "loop", "true", "false", "none", "not", "and", "or", "in", "is", "if", "else"];

/// Whether no variable can be called so: templates use the word otherwise.
pub fn is_reserved(word: &str) -> bool {
    VALUES.contains(&word) || SYNTAX.contains(&word)
}

/// Whether it is a function, which a variable of that name would hide.
pub fn is_function(word: &str) -> bool {
    RANDOM.contains(&word) || PURE.contains(&word)
}

/// Whether a step can send a request with this verb, in small letters as the step has it.
pub fn is_verb(word: &str) -> bool {
    ACTIONS.iter().any(|action| action.kind == ActionKind::Http && action.key.name == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_their_meanings() {
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
