//! Reports that could not be written.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::clean;

/// Some or all files could not be written.
#[derive(Debug, thiserror::Error)]
pub struct ReportError {
    /// The failed files and the errors.
    pub(super) failed: Vec<(PathBuf, io::Error)>,
    /// The complete files.
    pub(super) written: Vec<PathBuf>,
    /// Those that this run has written before.
    pub(super) own: Vec<PathBuf>,
}

impl ReportError {
    pub(super) fn one(path: &Path, why: io::Error) -> Self {
        Self { failed: vec![(path.to_owned(), why)], written: Vec::new(), own: Vec::new() }
    }

    /// Of a run that has written these files before.
    pub(super) fn after(self, own: &[PathBuf]) -> Self {
        Self { own: own.to_vec(), ..self }
    }
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, why) in &self.failed {
            // What an earlier run has left is complete, and not of this run.
            let old = match path.is_file() {
                true if self.own.contains(path) => " (the existing file is incomplete)",
                true => " (the existing file is from an earlier run)",
                false => "",
            };
            // Without the number, and without the name of the temporary file.
            write!(f, "cannot write {}: {}{old}; ", path.display(), clean::cause(why))?;
        }
        let written: Vec<String> = self.written.iter().map(|path| path.display().to_string()).collect();
        if written.is_empty() {
            f.write_str("nothing was written")
        } else {
            write!(f, "written: {}", written.join(", "))
        }
    }
}
