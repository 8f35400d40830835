//! Formats with a single file.

use std::fmt;
use std::path::{Path, PathBuf};

use super::error::ReportError;
use super::file;
use super::format::Format;
use crate::store::Run;
use crate::system::output;

/// A format that writes one file with the output of `render`.
pub struct OneFile {
    pub(super) name: &'static str,
    pub(super) alias: Option<&'static str>,
    pub(super) help: &'static str,
    pub(super) render: fn(&Run) -> String,
}

impl fmt::Debug for OneFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneFile").field("name", &self.name).finish_non_exhaustive()
    }
}

impl OneFile {
    /// Content of the file.
    pub fn render(&self, run: &Run) -> String {
        (self.render)(run)
    }
}

impl Format for OneFile {
    fn name(&self) -> &'static str {
        self.name
    }

    fn alias(&self) -> Option<&'static str> {
        self.alias
    }

    fn place(&self) -> &'static str {
        "FILE"
    }

    fn help(&self) -> &'static str {
        self.help
    }

    fn check(&self, path: &Path) -> Result<(), ReportError> {
        output::sweep(path);
        file::check(path)
    }

    fn write(&self, path: &Path, run: &Run) -> Result<Vec<PathBuf>, ReportError> {
        let text = self.render(run);
        output::sweep(path);
        output::write(path, |file| file.write_all(text.as_bytes())).map_err(|why| ReportError::one(path, why))?;
        Ok(vec![path.to_owned()])
    }
}
