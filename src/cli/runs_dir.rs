//! Where recorded runs are.

use std::path::PathBuf;

use crate::settings::Settings;
use crate::store::catalog::Catalog;
use crate::store::folder;

/// The folder of `--runs-dir`, else that of the user's data.
pub(super) fn of(settings: &Settings) -> Result<PathBuf, String> {
    let root = settings.runs_dir.clone().or_else(folder::default_root);
    root.ok_or_else(|| "there is no data folder; --runs-dir DIR names one".to_owned())
}

/// The runs in it.
pub(super) fn catalog(settings: &Settings) -> Result<Catalog, String> {
    let root = of(settings)?;
    Catalog::load(&root).map_err(|why| format!("cannot read {}: {why}", root.display()))
}
