//! Reports that could not be written.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Files that could not be written, or not all of them.
#[derive(Debug, thiserror::Error)]
pub struct ReportError {
    /// Which, and why.
    pub(super) failed: Vec<(PathBuf, io::Error)>,
    /// Those that are complete.
    pub(super) written: Vec<PathBuf>,
}

impl ReportError {
    pub(super) fn one(path: &Path, why: io::Error) -> Self {
        Self { failed: vec![(path.to_owned(), why)], written: Vec::new() }
    }
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, why) in &self.failed {
            // What an earlier run has left is complete, and not of this run.
            let old = if path.is_file() { " (the existing file is from an earlier run)" } else { "" };
            write!(f, "cannot write {}: {why}{old}; ", path.display())?;
        }
        let written: Vec<String> = self.written.iter().map(|path| path.display().to_string()).collect();
        if written.is_empty() {
            f.write_str("nothing was written")
        } else {
            write!(f, "written: {}", written.join(", "))
        }
    }
}
