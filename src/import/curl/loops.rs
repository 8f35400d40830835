//! Loops around commands: the body of `for NAME in …` is repeated with each value.

use std::sync::LazyLock;

use regex::Regex;

use super::globs;

/// Maximum number of passes of a loop.
const MOST: usize = 50;

static FOR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?ms)(?:^|[;&|]|\bdo\b)[ \t]*for\s+(\w+)\s+in\s+([^;\n]*?)\s*[;\n]\s*do\b(.*?)[;\n][ \t]*done\b").ok()
});

/// The text with its loops expanded, and notes about what could not be.
pub fn expand(text: &str) -> (String, Vec<String>) {
    let mut notes = Vec::new();
    let Some(pattern) = FOR.as_ref() else { return (text.to_owned(), notes) };
    let expanded = pattern.replace_all(text, |found: &regex::Captures<'_>| {
        let (name, body) = (&found[1], &found[3]);
        let values = values(&found[2]);
        if values.len() > MOST {
            notes.push(format!(
                "only the first {MOST} of {} passes of the loop over {name} were imported",
                values.len()
            ));
        }
        let pass = |value: &String| format!("{name}='{}'\n{}\n", value.replace('\'', "'\\''"), body.trim());
        format!("\n{}", values.iter().take(MOST).map(pass).collect::<String>())
    });
    let expanded = expanded.into_owned();
    let starts = |word: &str| expanded.lines().any(|line| line.trim_start().starts_with(word));
    if ["for ((", "for((", "while ", "until "].iter().any(|word| starts(word)) {
        notes.push("the body of a loop was imported once: a run repeats its tasks".to_owned());
    }
    (expanded, notes)
}

/// Values of a list: words, `{1..5}` and `$(seq 1 5)`.
fn values(list: &str) -> Vec<String> {
    let seq = list.trim().trim_matches('`').trim_start_matches("$(").trim_end_matches(')');
    if let Some(numbers) = seq.strip_prefix("seq ") {
        let numbers: Vec<i64> = numbers.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        let range = |first: i64, step: i64, last: i64| {
            let count = if step == 0 { 0 } else { ((last - first) / step + 1).clamp(0, 10_000) };
            (0..count).map(|n| (first + n * step).to_string()).collect()
        };
        return match numbers.as_slice() {
            [last] => range(1, 1, *last),
            [first, last] => range(*first, 1, *last),
            [first, step, last] => range(*first, *step, *last),
            _ => Vec::new(),
        };
    }
    let unquoted = |word: &str| word.trim_matches(['"', '\'']).to_owned();
    list.split_whitespace().flat_map(|word| braces(word).unwrap_or_else(|| vec![unquoted(word)])).collect()
}

/// `{1..5}` and `{a,b}`.
fn braces(word: &str) -> Option<Vec<String>> {
    let inner = word.strip_prefix('{')?.strip_suffix('}')?;
    let pattern = match inner.split_once("..") {
        Some((first, last)) => format!("[{first}-{last}]"),
        None => word.to_owned(),
    };
    Some(globs::expand(&pattern, MOST * 2).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_repeated() {
        for (text, wanted) in [
            ("for i in 1 2; do curl h/$i; done", "\ni='1'\ncurl h/$i\ni='2'\ncurl h/$i\n"),
            ("for i in {1..2}\ndo\n  curl h/$i\ndone", "\ni='1'\ncurl h/$i\ni='2'\ncurl h/$i\n"),
            ("for i in $(seq 2 3); do curl $i; done; x", "\ni='2'\ncurl $i\ni='3'\ncurl $i\n; x"),
            ("for p in \"a\" 'b'; do curl $p; done", "\np='a'\ncurl $p\np='b'\ncurl $p\n"),
            ("curl -d 'for x in y' h", "curl -d 'for x in y' h"),
        ] {
            assert_eq!(expand(text), (wanted.to_owned(), Vec::new()), "{text}");
        }
        assert_eq!(expand("for ((i=0;i<3;i++)); do curl h; done").1.len(), 1);
        assert!(expand("for i in $(seq 100); do curl h; done").1[0].contains("50 of 100"));
    }
}
