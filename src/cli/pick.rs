//! Which scenarios there are, and which one `-f` means.

use std::path::{Path, PathBuf};

use crate::scenario::catalog::{self, Entry, Origin};
use crate::scenario::{Scenario, SelectOptions};

/// The launcher's entries: what `-f` names comes first. The part that is asked for is taken of what `-f` names, else of
/// every scenario that has it.
pub(super) fn entries(file: Option<&Path>, select: &SelectOptions) -> Vec<Entry> {
    let found = catalog::discover(Path::new("scenarios"), user_folder().as_deref());
    let Some(file) = file else {
        return found.into_iter().map(|entry| part(entry, select, false)).collect();
    };
    let mut found = named_first(file, found).into_iter();
    found.next().map(|first| part(first, select, true)).into_iter().chain(found).collect()
}

/// The entry with a part of its scenario; one that has no such part is an error where it `must` have it.
fn part(mut entry: Entry, select: &SelectOptions, must: bool) -> Entry {
    if *select != SelectOptions::default()
        && let Ok(scenario) = &entry.scenario
    {
        match scenario.select(select) {
            Err(_) if !must => {}
            chosen => entry.scenario = chosen,
        }
    }
    entry
}

/// The one entry of a headless run: what `-f` names, else the embedded demo, also where a file of that name hides it from
/// the launcher: nobody has named that file.
pub(super) fn one(file: Option<&Path>, select: &SelectOptions) -> Option<Entry> {
    let entry = match file {
        Some(_) => entries(file, &SelectOptions::default()).into_iter().next(),
        None => Some(catalog::demo()),
    };
    entry.map(|entry| part(entry, select, true))
}

fn user_folder() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "katydid").map(|dirs| dirs.config_dir().join("scenarios"))
}

/// A file wins over an entry of that name: what is on disk is what the user can see.
fn named_first(file: &Path, mut found: Vec<Entry>) -> Vec<Entry> {
    let by_name = found.iter().position(|entry| Some(entry.name.as_str()) == file.to_str());
    let first = match by_name {
        Some(index) if !file.exists() => found.remove(index),
        _ => {
            // The same file must not be listed twice.
            let same =
                |path: &Path| path == file || path.canonicalize().is_ok_and(|p| Some(p) == file.canonicalize().ok());
            found.retain(|entry| !entry.path.as_deref().is_some_and(same));
            Entry {
                name: file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy().into_owned(),
                origin: Origin::Named,
                path: Some(file.to_owned()),
                scenario: Scenario::load(file),
            }
        }
    };
    found.insert(0, first);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::ScenarioError;

    fn entry(name: &str, path: Option<&Path>) -> Entry {
        let error = ScenarioError { text: String::new(), brief: String::new() };
        Entry { name: name.to_owned(), origin: Origin::Folder, path: path.map(Path::to_owned), scenario: Err(error) }
    }

    fn names(entries: &[Entry]) -> Vec<(&str, Origin)> {
        entries.iter().map(|e| (e.name.as_str(), e.origin)).collect()
    }

    #[test]
    fn a_part_must_be_there_where_it_was_asked_for() {
        let scenario = Scenario::parse(
            "s.yaml",
            "host: http://h\nprofiles: { small: { users: 1 } }\ntasks: [{ steps: [{ get: / }] }]",
        );
        let whole = Entry { scenario, ..entry("s", None) };
        let profile = |name: &str| SelectOptions { profile: Some(name.to_owned()), ..SelectOptions::default() };
        for (name, must, ok) in [("small", true, true), ("large", true, false), ("large", false, true)] {
            assert_eq!(part(whole.clone(), &profile(name), must).scenario.is_ok(), ok, "{name} {must}");
        }
    }

    #[test]
    fn what_the_flag_names_comes_first_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("b.yaml");
        std::fs::write(&file, "").unwrap();
        let found = || vec![entry("a", None), entry("b", Some(&file))];
        assert_eq!(names(&named_first(&file, found())), [("b", Origin::Named), ("a", Origin::Folder)]);
        // A name without a file of that name is looked up.
        let by_name = named_first(Path::new("b"), found());
        assert_eq!(names(&by_name), [("b", Origin::Folder), ("a", Origin::Folder)]);
        // A file that does not exist is listed with its error.
        let missing = named_first(Path::new("missing.yaml"), found());
        assert_eq!(missing.len(), 3);
        assert_eq!(names(&missing)[0], ("missing", Origin::Named));
    }
}
