//! Location of the recorded runs.

use std::path::PathBuf;

use crate::clean;
use crate::settings::Settings;
use crate::store::catalog::Catalog;
use crate::store::folder;

/// The folder from `--runs-dir`; by default it is in the user's data folder.
pub(super) fn of(settings: &Settings) -> Result<PathBuf, String> {
    let root = settings.runs_dir.clone().or_else(folder::default_root);
    root.ok_or_else(|| "there is no data folder; --runs-dir DIR names one".to_owned())
}

/// Folder of recorded runs, unless the run is not recorded.
pub(super) fn recorded_to(settings: &Settings) -> Option<PathBuf> {
    if settings.no_record { None } else { of(settings).ok() }
}

/// Reads the recorded runs.
pub(super) fn catalog(settings: &Settings) -> Result<Catalog, String> {
    let root = of(settings)?;
    Catalog::load(&root).map_err(|why| format!("cannot read {}: {}", root.display(), clean::cause(&why)))
}
