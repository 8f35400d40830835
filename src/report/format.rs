//! What a format of reports is.

use std::path::{Path, PathBuf};

use super::error::ReportError;
use crate::store::Run;

/// A way to write a run.
pub trait Format: Sync {
    /// Its name: that of its flag, and of its key in `report`.
    fn name(&self) -> &'static str;

    /// A second name of its flag.
    fn alias(&self) -> Option<&'static str> {
        None
    }

    /// What a path given to it names: a `FILE`, or the `PREFIX` of several.
    fn place(&self) -> &'static str;

    /// What is written, for `--help`.
    fn help(&self) -> &'static str;

    /// Finds out before a run whether it will be possible to write there. Nothing that is there is touched.
    ///
    /// # Errors
    /// Names the file that could not be written.
    fn check(&self, place: &Path) -> Result<(), ReportError>;

    /// Writes a run, and returns the paths of its files. Each file is complete or absent.
    ///
    /// # Errors
    /// When a file cannot be written.
    fn write(&self, place: &Path, run: &Run) -> Result<Vec<PathBuf>, ReportError>;
}
