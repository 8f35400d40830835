//! Words in any spelling: `statusCode`, `status-code`, `status_code`.

/// True if the list, separated by spaces, contains the word in any spelling.
pub(super) fn has(words: &str, word: &str) -> bool {
    let word = folded(word);
    !word.is_empty() && words.split(' ').any(|known| folded(known) == word)
}

/// A word without the differences between `statusCode`, `status-code` and `status_code`.
fn folded(word: &str) -> String {
    word.chars().filter(|c| !"_- .".contains(*c)).flat_map(char::to_lowercase).collect()
}
