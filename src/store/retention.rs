//! Retention: if there are more runs than configured, or they are too large, the oldest lose everything except their
//! `meta.json`, from which usage is counted.

use std::fs::{self, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::catalog::{Catalog, Entry, Known};
use super::change::{REMOVED, TRASH, open_lock, settled, write_meta};
use super::{State, folder};

/// Number of months for which usage can be counted.
const MONTHS: i64 = 13;
/// Minimum time since the last write to a run that was cut short: without file locks, an active run looks the same.
const QUIET: Duration = Duration::from_secs(600);

/// Limits of what is kept, in addition to runs with tags, members of baselines, and active runs.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Number of runs; `None` keeps all.
    pub runs: Option<u64>,
    /// Bytes of all their files; `None` keeps all.
    pub bytes: Option<u64>,
}

/// Removes the figures of runs beyond the limits, except `newest`, and returns their ids. Does nothing while another
/// process changes runs.
///
/// # Errors
/// The first error; other runs are removed nevertheless.
pub fn prune(root: &Path, limits: &Limits, newest: &str, now: Timestamp) -> io::Result<Vec<String>> {
    let lock = open_lock(root)?;
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => return Ok(Vec::new()),
        locked => locked?,
    }
    let mut results = vec![sweep(root)];
    let catalog = Catalog::load(root)?;
    let (mut runs, mut bytes, mut removed) = (0, 0, Vec::new());
    for entry in catalog.entries.iter().rev() {
        let Some(run) = disposable(entry) else { continue };
        runs += 1;
        bytes += entry.size();
        let is_over = limits.runs.is_some_and(|most| runs > most) || limits.bytes.is_some_and(|most| bytes > most);
        if is_over && entry.id != newest {
            let done = drop_figures(entry, run);
            removed.extend(done.is_ok().then(|| entry.id.clone()));
            results.push(done);
        }
    }
    let horizon = now.to_zoned(TimeZone::UTC).checked_sub(MONTHS.months()).map(|time| time.timestamp());
    if let Ok(horizon) = horizon {
        let gone = Catalog::load(&root.join(REMOVED))?;
        let old = catalog.entries.iter().filter(|entry| !removed.contains(&entry.id)).chain(&gone.entries);
        results.extend(old.filter(|entry| is_bare(entry, horizon)).map(|entry| fs::remove_dir_all(&entry.folder)));
    }
    results.into_iter().collect::<io::Result<()>>().map(|()| removed)
}

/// A run whose figures may be removed.
fn disposable(entry: &Entry) -> Option<&Known> {
    let run = entry.run.as_ref().ok()?;
    let is_over = match run.state {
        State::Ended => true,
        State::Running => false,
        State::CutShort => is_quiet(&entry.folder),
    };
    // A symbolic link does not point to a run of this folder.
    let is_here = entry.folder.symlink_metadata().is_ok_and(|found| found.is_dir());
    (run.has_figures && run.meta.tags.is_empty() && is_over && is_here).then_some(run)
}

fn is_quiet(folder: &Path) -> bool {
    let changed = fs::metadata(folder.join(folder::SERIES)).and_then(|file| file.modified());
    changed.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|since| since >= QUIET))
}

/// Only usage is left of it, and it is too old to be counted.
fn is_bare(entry: &Entry, horizon: Timestamp) -> bool {
    let is_old = |run: &Known| !run.has_figures && run.meta.tags.is_empty() && run.meta.started < horizon;
    entry.run.as_ref().is_ok_and(is_old) && entry.folder.symlink_metadata().is_ok_and(|found| found.is_dir())
}

fn drop_figures(entry: &Entry, run: &Known) -> io::Result<()> {
    if run.meta.outcome.is_none() {
        write_meta(&entry.folder, &settled(run))?;
    }
    let half_written = [folder::META, folder::SNAPSHOT].map(|file| format!("{file}.new"));
    let figures = folder::FILES.iter().copied().filter(|file| *file != folder::META);
    for file in figures.chain(half_written.iter().map(String::as_str)) {
        match fs::remove_file(entry.folder.join(file)) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
            _ => {}
        }
    }
    Ok(())
}

/// Completes removals of a process that was killed.
fn sweep(root: &Path) -> io::Result<()> {
    let entries = fs::read_dir(root)?.flatten();
    let mut trash = entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(TRASH.as_bytes()));
    trash.try_for_each(|entry| fs::remove_dir_all(entry.path()))
}
