//! Words without an option: user classes, as in Locust, and a base URL.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::CommandFactory as _;

use super::args::Cli;
use crate::scenario::syntax::diagnostic::nearest;

/// Adds the words to the values of options.
///
/// # Errors
/// For a second URL, or one beside `--host`.
pub(super) fn add(words: &[String], flags: &mut BTreeMap<&'static str, OsString>) -> Result<(), String> {
    let (urls, classes): (Vec<&String>, Vec<&String>) = words.iter().partition(|word| word.contains("://"));
    match urls.as_slice() {
        [] => {}
        [url] if !flags.contains_key("host") => {
            flags.insert("host", url.into());
        }
        _ => return Err("more than one base URL is given: a run has one".to_owned()),
    }
    if !classes.is_empty() {
        let given = flags.get("classes").map(|given| given.to_string_lossy().into_owned());
        let all: Vec<&str> = given.as_deref().into_iter().chain(classes.iter().map(|class| class.as_str())).collect();
        flags.insert("classes", all.join(",").into());
    }
    Ok(())
}

/// The error for words that are neither a command nor, without a scenario file, user classes; `None` if all is well.
pub(super) fn unknown(words: &[String], has_file: bool) -> Option<String> {
    let word = words.iter().find(|word| !word.contains("://")).filter(|_| !has_file)?;
    if [".yaml", ".yml"].iter().any(|ending| word.ends_with(ending)) {
        return Some(format!("{word:?} is no command; a scenario file needs -f: did you mean -f {word}?"));
    }
    let command = Cli::command();
    let commands: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let meant = match nearest(word, commands.iter().copied()) {
        Some(near) => format!("did you mean `katydid {near}`?"),
        None => format!("commands are {}", commands.join(", ")),
    };
    Some(format!("{word:?} is no command, and a user class needs a scenario file (-f FILE): {meant}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(words: &[&str], flags: &[(&'static str, &str)]) -> Result<Vec<(&'static str, String)>, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let mut flags = flags.iter().map(|(key, value)| (*key, OsString::from(value))).collect();
        add(&words, &mut flags)?;
        Ok(flags.into_iter().map(|(key, value)| (key, value.to_string_lossy().into_owned())).collect())
    }

    #[test]
    fn words_are_classes_and_a_host() {
        let host = || ("host", "http://h".to_owned());
        assert_eq!(added(&["http://h"], &[]), Ok(vec![host()]));
        assert_eq!(added(&["A", "http://h", "B"], &[]), Ok(vec![("classes", "A,B".to_owned()), host()]));
        assert_eq!(added(&["B"], &[("classes", "A")]), Ok(vec![("classes", "A,B".to_owned())]));
        assert!(added(&["http://h"], &[("host", "http://i")]).is_err() && added(&["a://b", "c://d"], &[]).is_err());
    }

    #[test]
    fn a_word_that_is_no_command_is_named() {
        let unknown = |word: &str| unknown(&[word.to_owned()], false);
        assert!(unknown("chekc").is_some_and(|text| text.contains("did you mean `katydid check`?")));
        assert!(unknown("Shopper").is_some_and(|text| text.contains("commands are demo-target, ")));
        assert!(unknown("shop.yaml").is_some_and(|text| text.ends_with("did you mean -f shop.yaml?")));
        assert_eq!(unknown("http://h"), None);
    }
}
