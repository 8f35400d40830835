//! Folders and files of runs.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::tz::TimeZone;

use super::meta::timestamp;
use crate::clean;

/// What was run, and how it ended.
pub const META: &str = "meta.json";
/// The latest snapshot.
pub const SNAPSHOT: &str = "snapshot.json";
/// Histograms.
pub const INTERVALS: &str = "intervals.hlog";
/// Seconds.
pub const SERIES: &str = "series.jsonl";
/// Changes of load.
pub const EVENTS: &str = "events.jsonl";
/// Kinds of failures.
pub const FAILURES: &str = "failures.jsonl";

/// Every file of a run.
pub const FILES: [&str; 6] = [META, SNAPSHOT, INTERVALS, SERIES, EVENTS, FAILURES];

/// The folder of runs without `--runs-dir`: `runs` in the user's data directory. `None` without a home directory.
pub fn default_root() -> Option<PathBuf> {
    Some(directories::ProjectDirs::from("", "", "katydid")?.data_dir().join("runs"))
}

/// Creates a private folder for a run that starts now; returns it with its name.
///
/// # Errors
/// When it cannot be made.
pub fn create(root: &Path, scenario: &str, started: SystemTime) -> io::Result<(PathBuf, String)> {
    DirBuilder::new().recursive(true).mode(0o700).create(root)?;
    let time = timestamp(started).to_zoned(TimeZone::system()).strftime("%Y-%m-%d_%H%M%S");
    let name = format!("{time}_{}", clean::file_name(scenario));
    let mut n = 1;
    loop {
        let id = if n == 1 { name.clone() } else { format!("{name}-{n}") };
        let path = root.join(&id);
        match DirBuilder::new().mode(0o700).create(&path) {
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists && n < 10_000 => n += 1,
            Err(why) => return Err(why),
            Ok(()) => return Ok((path, id)),
        }
    }
}

/// The folders of all runs in `root`, by name, including those that have lost files; none if `root` does not exist.
/// Names that start with a dot are not runs.
///
/// # Errors
/// When the folder cannot be read.
pub fn all(root: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(root) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    // Whatever it is: what cannot be read is listed with its reason.
    let is_run = |path: &PathBuf| FILES.iter().any(|file| path.join(file).symlink_metadata().is_ok());
    let shown = entries.flatten().filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
    let mut runs: Vec<PathBuf> = shown.map(|entry| entry.path()).filter(is_run).collect();
    runs.sort();
    Ok(runs)
}

/// Whether the folder has more than `meta.json`.
pub fn has_figures(folder: &Path) -> bool {
    FILES.iter().any(|file| *file != META && folder.join(file).exists())
}
