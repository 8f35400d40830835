//! The places of reports: whether they can be written, and whether one would overwrite another.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::ReportError;
use crate::system::output::{self, Target};

/// Whether a file can be written there.
pub(super) fn check(path: &Path) -> Result<(), ReportError> {
    output::check(path).map_err(|why| ReportError::one(path, why))
}

/// Says which of the files `written` would overwrite each other, or one of those that are `read`.
pub fn conflicts(written: &[PathBuf], read: &[PathBuf]) -> Vec<String> {
    let mut errors = Vec::new();
    let sources: Vec<Target> = read.iter().filter_map(|path| place(path)).collect();
    let mut known: Vec<Target> = Vec::new();
    for path in written {
        let Some(place) = place(path) else { continue };
        if sources.contains(&place) {
            errors.push(format!("{} is read by this command: it would be overwritten", path.display()));
        } else if known.contains(&place) && place == Target::Stdout {
            // Not a name that was given twice: `--json` prints too.
            errors.push(
                "two reports would be written to standard output: write all but one of them to a file".to_owned(),
            );
        } else if known.contains(&place) {
            errors.push(format!("{} is named twice: one file would overwrite the other", path.display()));
        }
        known.push(place);
    }
    errors
}

/// The same for all names of one file; `None` where nothing can be overwritten.
fn place(path: &Path) -> Option<Target> {
    match output::target(path).ok()? {
        Target::Device => None,
        Target::Stdout => Some(Target::Stdout),
        Target::File(path) => {
            let whole = std::path::absolute(&path).unwrap_or(path);
            let in_folder = || Some(fs::canonicalize(whole.parent()?).ok()?.join(whole.file_name()?));
            Some(Target::File(fs::canonicalize(&whole).ok().or_else(in_folder).unwrap_or(whole)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_with_two_names_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("s.yaml"), "").unwrap();
        std::os::unix::fs::symlink("s.yaml", at("link")).unwrap();
        let found = |written: &[&str], read: &[&str]| {
            let paths = |names: &[&str]| names.iter().map(|name| at(name)).collect::<Vec<_>>();
            conflicts(&paths(written), &paths(read)).len()
        };
        assert_eq!(found(&["a", "b", "new/a"], &["s.yaml"]), 0);
        assert_eq!(found(&["a", "./a"], &[]), 1);
        assert_eq!(found(&["new/a", "new/../new/a"], &[]), 0, "a folder that does not exist yet may become a link");
        assert_eq!(found(&["link"], &["s.yaml"]), 1);
        let both = conflicts(&["-".into(), "-".into()], &[]);
        assert_eq!(both, ["two reports would be written to standard output: write all but one of them to a file"]);
        assert_eq!(conflicts(&["/dev/null".into(), "/dev/null".into()], &[]), Vec::<String>::new());
    }
}
