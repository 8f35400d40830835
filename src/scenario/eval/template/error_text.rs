//! Rewords error messages of the template library, and suggests replacements for syntax of other languages.
//!
//! In: an error of the library, or an expression that does not parse. Out: a message in terms of the scenario language.

use minijinja::{Error, ErrorKind};

use super::lexer::without_strings;
use super::vocabulary::FILTERS;
use crate::scenario::grammar::hints;

/// The message for an error of an evaluation.
pub(super) fn of(error: &Error) -> String {
    if error.kind() == ErrorKind::OutOfFuel {
        return "template evaluation limit exceeded".to_owned();
    }
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    crate::clean::line(&plain(&detail)).into_owned()
}

fn plain(detail: &str) -> String {
    if let Some((from, to)) = detail.strip_prefix("cannot convert ").and_then(|rest| rest.split_once(" to ")) {
        return format!("expected {}, found {}", wanted(to), kind(from));
    }
    if let Some((from, method)) = detail.split_once(" has no method named ") {
        return format!("{} has no method {method}: {}", kind(from), instead_of_method(method));
    }
    if let Some(rest) = detail.strip_prefix("tried to use ")
        && let Some((operator, kinds)) = rest.split_once(" operator on unsupported types ")
        && let Some((left, right)) = kinds.split_once(" and ")
    {
        let advice = if operator == "+" { "; `~` concatenates" } else { "" };
        return format!("cannot apply `{operator}` to {} and {}{advice}", kind(left), kind(right));
    }
    if let Some(rest) = detail.strip_prefix("value of type ") {
        let (from, what) = rest.split_once(' ').unwrap_or((rest, "is not allowed here"));
        return format!("{} {what}", kind(from));
    }
    match detail {
        "invalid float literal" | "invalid digit found in string" | "invalid integer literal" => {
            "the string is not a number".to_owned()
        }
        other => other.to_owned(),
    }
}

/// The name of a type in the documentation.
pub(super) fn kind(name: &str) -> &str {
    match name {
        "string" => "a string",
        "number" => "a number",
        "bool" => "true or false",
        "sequence" | "iterator" => "a list",
        "map" => "a map",
        "none" => "none",
        "undefined" => "an undefined value",
        other => other,
    }
}

fn wanted(rust: &str) -> &str {
    match rust {
        "usize" | "u8" | "u16" | "u32" | "u64" | "u128" => "a non-negative integer",
        "isize" | "i8" | "i16" | "i32" | "i64" | "i128" => "an integer",
        "f32" | "f64" => "a number",
        "bool" => "true or false",
        "char" => "one character",
        "&str" | "str" | "String" | "string" => "a string",
        other => other,
    }
}

/// Values have no methods: the filter or test to use instead of a common method of other languages.
pub(super) fn instead_of_method(method: &str) -> String {
    match hints::method(method) {
        Some(note) => note.to_owned(),
        None if FILTERS.contains(&method) => format!("write value | {method}"),
        None => "use a filter instead: write value | upper".to_owned(),
    }
}

/// An operator of another language in an expression that does not parse, and its replacement.
pub(super) fn foreign(code: &str) -> Option<(&'static str, &'static str)> {
    let bare = without_strings(code);
    if let Some(found) = hints::sign(&bare) {
        return Some(found);
    }
    let lone = |sign: char, but: fn(Option<char>, Option<char>) -> bool| {
        let all: Vec<char> = bare.chars().collect();
        (0..all.len()).any(|i| all[i] == sign && !but(i.checked_sub(1).map(|i| all[i]), all.get(i + 1).copied()))
    };
    if lone('!', |_, after| after == Some('=')) {
        return Some(("!", "write not instead of !"));
    }
    if bare.contains('?') {
        return Some(("?", "write a if condition else b"));
    }
    let compares =
        |before: Option<char>, after: Option<char>| before.is_some_and(|c| "=!<>".contains(c)) || after == Some('=');
    lone('=', compares).then_some(("=", "write == to compare"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_of_other_languages_are_recognized() {
        for (code, sign) in [
            ("a = 1", Some("=")),
            ("a && b", Some("&&")),
            ("a || b", Some("||")),
            ("!a", Some("!")),
            ("a === 1", Some("===")),
            ("a !== 1", Some("!==")),
            ("a <> 1", Some("<>")),
            ("a ? 1 : 2", Some("?")),
            ("a == '=' and b != \"&&\" and c >= 1", None),
            ("a >", None),
        ] {
            assert_eq!(foreign(code).map(|(sign, _)| sign), sign, "{code}");
        }
    }

    #[test]
    fn messages_do_not_use_rust_types() {
        for (detail, wanted) in [
            ("cannot convert number to usize", "expected a non-negative integer, found a number"),
            ("string has no method named upper", "a string has no method upper: write value | upper"),
            (
                "tried to use + operator on unsupported types number and string",
                "cannot apply `+` to a number and a string; `~` concatenates",
            ),
            ("value of type number cannot be sliced", "a number cannot be sliced"),
            ("invalid float literal", "the string is not a number"),
            ("undefined value", "undefined value"),
        ] {
            assert_eq!(plain(detail), wanted);
        }
    }
}
