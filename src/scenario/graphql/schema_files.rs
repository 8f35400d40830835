//! The files of a schema that is kept in several.

use std::path::{Path, PathBuf};

use crate::clean;

/// Extensions of SDL files.
const EXTENSIONS: [&str; 3] = ["graphql", "graphqls", "gql"];
/// Maximum number of files, and depth of folders: a folder that was named by mistake is refused soon.
const MOST_FILES: usize = 2_000;
const MOST_LEVELS: usize = 16;

/// The named files, and the SDL files in the named folders and below, sorted.
///
/// # Errors
/// If a folder cannot be read, or has no such file or too many.
pub(super) fn list(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for path in paths {
        let mut found = Vec::new();
        if path.is_dir() {
            add(path, 0, &mut found).map_err(|why| format!("{}: {why}", path.display()))?;
            if found.is_empty() {
                return Err(format!("{}: no .graphql, .graphqls or .gql files in this folder", path.display()));
            }
            found.sort();
        } else {
            found.push(path.clone());
        }
        // A file may be named beside its folder.
        found.retain(|path| !files.contains(path));
        files.extend(found);
    }
    Ok(files)
}

fn add(folder: &Path, level: usize, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let listing = std::fs::read_dir(folder).map_err(|error| clean::cause(&error))?;
    for entry in listing {
        let entry = entry.map_err(|error| clean::cause(&error))?;
        let path = entry.path();
        // Links to folders are not followed, because they may lead back here.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if level < MOST_LEVELS {
                add(&path, level + 1, found)?;
            }
        } else if path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known)) {
            found.push(path);
        }
        if found.len() > MOST_FILES {
            return Err(format!("more than {MOST_FILES} schema files"));
        }
    }
    Ok(())
}
