//! Formats Redis commands as typed in `redis-cli`, without passwords.

use std::borrow::Cow;

/// A word, in quotes if it is empty or contains white space.
pub fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |c: char| !c.is_whitespace() && !matches!(c, '"' | '\'' | '\\');
    if !word.is_empty() && word.chars().all(plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(serde_json::Value::from(word).to_string())
}

/// The words of a command as text, with credentials masked.
pub fn without_passwords<W: AsRef<[u8]>>(words: &[W]) -> Vec<Cow<'_, str>> {
    let text = |word: &W| String::from_utf8_lossy(word.as_ref()).to_ascii_lowercase();
    let first = words.first().map(text).unwrap_or_default();
    let is_secret = |at: usize| {
        let before = at.checked_sub(1).and_then(|at| words.get(at)).map(text).unwrap_or_default();
        let two_before = at.checked_sub(2).and_then(|at| words.get(at)).map(text).unwrap_or_default();
        let rule = words.get(at).and_then(|word| word.as_ref().first()).is_some_and(|c| b"<>#!".contains(c));
        (first == "auth" && at > 0)
            || ["auth", "auth2", "requirepass", "masterauth"].contains(&&*before)
            // Preceded by a user name.
            || (at > 2 && (two_before == "auth2" || (first == "hello" && two_before == "auth")))
            || (first == "acl" && at > 2 && rule)
    };
    words
        .iter()
        .enumerate()
        .map(|(at, word)| if is_secret(at) { Cow::Borrowed("***") } else { String::from_utf8_lossy(word.as_ref()) })
        .collect()
}
