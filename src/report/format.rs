//! The trait of report formats.

use std::path::{Path, PathBuf};

use super::error::ReportError;
use crate::store::Run;

/// A report format.
pub trait Format: Sync {
    /// Name of its flag, and of its key in `report`.
    fn name(&self) -> &'static str;

    /// Alias of its flag.
    fn alias(&self) -> Option<&'static str> {
        None
    }

    /// Placeholder of its path in `--help`: `FILE`, or `PREFIX` for several files.
    fn place(&self) -> &'static str;

    /// Description for `--help`.
    fn help(&self) -> &'static str;

    /// The files that may be written there.
    fn files(&self, place: &Path) -> Vec<PathBuf> {
        vec![place.to_owned()]
    }

    /// Finds out before a run whether it will be possible to write there. Nothing that is there is touched.
    ///
    /// # Errors
    /// Names the file that cannot be written.
    fn check(&self, place: &Path) -> Result<(), ReportError>;

    /// Writes a run, and returns the paths of its files. Each file is complete or absent.
    ///
    /// # Errors
    /// When a file cannot be written.
    fn write(&self, place: &Path, run: &Run) -> Result<Vec<PathBuf>, ReportError>;
}
