//! Where scenarios are found: embedded in the binary, in `./scenarios`, in the user's folder.

use std::path::{Path, PathBuf};

use super::{Scenario, ScenarioError};

/// Where an [`Entry`] comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// In the binary.
    Embedded,
    /// `./scenarios`.
    Folder,
    /// The user's configuration folder.
    User,
    /// Named on the command line.
    Named,
}

/// One line of the launcher. A broken file is listed with its error.
#[derive(Debug, Clone)]
pub struct Entry {
    /// File stem.
    pub name: String,
    /// Where from.
    pub origin: Origin,
    /// The file, unless embedded.
    pub path: Option<PathBuf>,
    /// The scenario or what is wrong with it.
    pub scenario: Result<Scenario, ScenarioError>,
}

/// All scenarios: the embedded ones (demo first), then `folder`, then `user`; a file hides an embedded one of its name.
pub fn discover(_folder: &Path, _user: Option<&Path>) -> Vec<Entry> {
    Vec::new()
}

/// The scenario that runs against the embedded demo target.
///
/// # Errors
/// Never, as a test loads it.
pub fn embedded_demo() -> Result<Scenario, ScenarioError> {
    Scenario::parse("demo.yaml", "")
}
