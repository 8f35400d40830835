//! Finds scenarios, and the one that `-f` names. Their contents are not read here.

use std::path::{Path, PathBuf};

use crate::scenario::SelectOptions;
use crate::scenario::catalog::{self, Entry, Origin};

/// The launcher's entries: what `-f` names comes first. `select` applies to what `-f` names, else to every scenario
/// that has such a part.
pub(super) fn entries(file: Option<&Path>, select: &SelectOptions) -> Vec<Entry> {
    let found = catalog::discover(Path::new("scenarios"), user_folder().as_deref());
    let Some(file) = file else {
        return found.into_iter().map(|entry| entry.taking(select, false)).collect();
    };
    let mut found = named_first(file, found).into_iter();
    found.next().map(|first| first.taking(select, true)).into_iter().chain(found).collect()
}

/// The entry of a run without a screen: what `-f` names, else the embedded demo, even if a file of the same name hides
/// it in the launcher.
pub(super) fn one(file: Option<&Path>, select: &SelectOptions) -> Entry {
    match file {
        // For an existing file the others need not be searched.
        Some(file) if file.exists() => Entry::file(file, Origin::Named),
        Some(file) => {
            let found = catalog::discover(Path::new("scenarios"), user_folder().as_deref());
            named(file, &found).map_or_else(|| Entry::file(file, Origin::Named), |at| found[at].clone())
        }
        None => catalog::demo(),
    }
    .taking(select, true)
}

fn user_folder() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "katydid").map(|dirs| dirs.config_dir().join("scenarios"))
}

/// The entry of this name, unless a file of that name exists.
fn named(file: &Path, found: &[Entry]) -> Option<usize> {
    let by_name = found.iter().position(|entry| Some(entry.name.as_str()) == file.to_str());
    by_name.filter(|_| !file.exists())
}

fn named_first(file: &Path, mut found: Vec<Entry>) -> Vec<Entry> {
    let first = match named(file, &found) {
        Some(index) => found.remove(index),
        None => {
            // The same file must not be listed twice.
            let same =
                |path: &Path| path == file || path.canonicalize().is_ok_and(|p| Some(p) == file.canonicalize().ok());
            found.retain(|entry| !entry.path().is_some_and(same));
            Entry::file(file, Origin::Named)
        }
    };
    found.insert(0, first);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str) -> Entry {
        Entry::file(Path::new(name), Origin::Folder)
    }

    fn names(entries: &[Entry]) -> Vec<(&str, Origin)> {
        entries.iter().map(|e| (e.name.as_str(), e.origin)).collect()
    }

    #[test]
    fn what_the_flag_names_comes_first_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("b.yaml");
        std::fs::write(&file, "").unwrap();
        let found = || vec![entry("a"), Entry::file(&file, Origin::Folder)];
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
