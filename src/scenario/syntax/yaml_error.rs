//! Errors of the YAML library in words for users: without its types and options.

use serde_yaml::MessageFormatter as _;
use serde_yaml::budget::BudgetBreach;

/// Starts of messages of the library, and the words for them.
const WORDS: [(&str, &str); 8] = [
    ("Recursive reference", "an alias cannot contain itself"),
    ("expected string scalar", "a key must be a string"),
    ("null is not allowed", "a key or value cannot be null here"),
    ("invalid u64", "expected a whole number"),
    ("invalid i64", "expected a whole number"),
    ("invalid !!binary", "expected base64 after !!binary"),
    ("YAML merge keys", "merge keys (<<) are not supported here"),
    ("while parsing a quoted scalar, found unknown escape", "unknown escape in a quoted value: a backslash is \\\\"),
];

/// The innermost error.
pub(crate) fn inner(error: &serde_yaml::Error) -> &serde_yaml::Error {
    let mut inner = error;
    while let serde_yaml::Error::AliasError { error, .. } | serde_yaml::Error::WithSnippet { error, .. } = inner {
        inner = error;
    }
    inner
}

/// The message, without its position. `most`: the maximum number of values, and of levels.
pub(crate) fn message(error: &serde_yaml::Error, most: (usize, usize)) -> String {
    let inner = inner(error);
    match inner {
        serde_yaml::Error::Budget { breach: BudgetBreach::Documents { .. }, .. } => {
            return "a second document starts here".to_owned();
        }
        serde_yaml::Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => {
            return format!("lists and maps are nested deeper than {} levels", most.1);
        }
        serde_yaml::Error::Budget { .. } => {
            return format!("the file is too large, or its aliases multiply: it has more than {} values", most.0);
        }
        _ => {}
    }
    let text = serde_yaml::UserMessageFormatter.format_message(inner).into_owned();
    if text.starts_with("YAML document too large") {
        return format!("the file is too large, or its aliases multiply: it has more than {} values", most.0);
    }
    if let Some((_, words)) = WORDS.iter().find(|(start, _)| text.starts_with(start)) {
        return (*words).to_owned();
    }
    // `duplicate mapping key `a` is not allowed here`
    text.strip_suffix(" is not allowed here")
        .filter(|text| text.starts_with("duplicate"))
        .map(str::to_owned)
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::super::node::parse;

    #[test]
    fn messages_have_no_words_of_the_library() {
        let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
        let bomb = format!("a: &a [{}]\nb: &b [{}]\nc: [{}]\n", "x,".repeat(300), "*a,".repeat(300), "*b,".repeat(300));
        for (text, wanted) in [
            ("a: 1\na: 2\n", "duplicate mapping key `a`"),
            ("a: &x\n  b: *x\n", "an alias cannot contain itself"),
            ("a: !!binary x\n", "expected base64 after !!binary"),
            ("a: !!int x\n", "expected a whole number"),
            ("? [a]\n: b\n", "a key must be a string"),
            ("null: 1\n", "a key or value cannot be null here"),
            ("a: \"\\q\"\n", "unknown escape"),
            ("a: 1\n---\nb: 1\n", "a second document"),
            (&deep, "nested deeper than 36 levels"),
            (&bomb, "its aliases multiply"),
            ("a: [1\n", "unclosed bracket"),
            ("%YAML 9\n---\na: 1\n", "directive"),
        ] {
            let found = parse(text).expect_err(text);
            assert!(found.message.contains(wanted), "{text}: {}", found.message);
            let words = format!("{} {}", found.message, found.notes.join(" "));
            for word in
                ["Options", "Policy", "policy", "u64", "i64", "f64", "budget", "String", "&str", "serialize", "scalar"]
            {
                assert!(!words.contains(word), "{text}: {words}");
            }
        }
    }
}
