//! The files that a run is to write: those of flags, and those of the scenario's `report`.

use std::fmt;
use std::path::PathBuf;

use super::panics;
use crate::headless::console;
use crate::report::{FORMATS, Format};
use crate::scenario::plan::Reports;
use crate::settings::{Settings, Shape};
use crate::store::Run;

/// Where each format goes.
pub(super) struct Wanted(Vec<(&'static dyn Format, PathBuf)>);

impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(format, path)| (format.name(), path))).finish()
    }
}

impl Wanted {
    /// A flag overrides the scenario.
    pub(super) fn new(settings: &Settings, reports: &Reports) -> Self {
        let place = |format: &'static dyn Format| {
            let flag = path_of(settings, format.name());
            flag.or_else(|| reports.get(format.name()).cloned()).map(|path| (format, path))
        };
        Self(FORMATS.iter().copied().filter_map(place).collect())
    }

    /// Says before a run that one of them cannot be written.
    pub(super) fn can_be_written(&self) -> bool {
        let errors = self.0.iter().filter_map(|(format, place)| format.check(place).err());
        let errors: Vec<String> = errors.map(|error| panics::masked(&error.to_string())).collect();
        errors.iter().for_each(|error| console::warn(error));
        errors.is_empty()
    }

    /// Writes them all; returns a line for each file, and the errors.
    pub(super) fn write(&self, run: &Run) -> (Vec<String>, Vec<String>) {
        let (mut written, mut errors) = (Vec::new(), Vec::new());
        for (format, place) in &self.0 {
            match format.write(place, run) {
                Ok(paths) => written.extend(paths.iter().map(|path| format!("wrote {}", path.display()))),
                Err(error) => errors.push(error.to_string()),
            }
        }
        (written, errors)
    }
}

/// What the flag of a format says. Not every flag with the name of a format takes a path: `--json` is Locust's.
fn path_of(settings: &Settings, name: &str) -> Option<PathBuf> {
    let setting = Settings::TABLE.iter().find(|setting| setting.key == name && setting.shape() == Shape::One)?;
    settings.given.get(setting.key).map(|given| PathBuf::from(&given.text))
}
