//! The files of a prefix: names, contents and replacement.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::cells::{self, Record};
use super::{locust, protocols};
use crate::report::error::ReportError;
use crate::stats::Snapshot;
use crate::system::output;

pub(super) const STATS: &str = "_stats.csv";
pub(super) const HISTORY: &str = "_stats_history.csv";

pub(super) const SUFFIXES: [&str; 7] =
    [STATS, HISTORY, "_failures.csv", "_exceptions.csv", "_graphql.csv", "_redis.csv", "_service_time.csv"];

/// Path of the file with this suffix.
pub(super) fn with_suffix(prefix: &Path, suffix: &str) -> PathBuf {
    let mut path = OsString::from(prefix);
    path.push(suffix);
    path.into()
}

/// All files except the history, by suffix; `None` if it does not apply to the run.
pub(super) fn tables(snapshot: &Snapshot) -> [(&'static str, Option<Vec<Record>>); 6] {
    let [stats, _, failures, exceptions, graphql, redis, service] = SUFFIXES;
    [
        (stats, Some(locust::stats(snapshot))),
        (failures, Some(locust::failures(snapshot))),
        (exceptions, Some(locust::exceptions(snapshot))),
        (graphql, protocols::graphql(snapshot)),
        (redis, protocols::redis(snapshot)),
        (service, locust::service(snapshot)),
    ]
}

/// Writes the tables; `history` is the result of writing the history.
pub(super) fn write_tables(
    prefix: &Path,
    tables: [(&'static str, Option<Vec<Record>>); 6],
    history: Option<(PathBuf, io::Result<()>)>,
) -> Result<Vec<PathBuf>, ReportError> {
    output::sweep(&with_suffix(prefix, STATS));
    let mut result = ReportError { failed: Vec::new(), written: Vec::with_capacity(SUFFIXES.len()), own: Vec::new() };
    for (suffix, records) in tables {
        let path = with_suffix(prefix, suffix);
        let done = match &records {
            Some(records) => {
                output::regular(&path).and_then(|_| output::write(&path, |file| cells::write(file, records)))
            }
            // A file of an earlier run would look like one of this run.
            None if path.exists() => output::regular(&path).and_then(std::fs::remove_file),
            None => continue,
        };
        match done {
            Ok(()) if records.is_some() => result.written.push(path),
            Ok(()) => {}
            Err(why) => result.failed.push((path, why)),
        }
    }
    match history {
        Some((path, Ok(()))) => result.written.insert(result.written.len().min(1), path),
        Some((path, Err(why))) => result.failed.push((path, why)),
        None => {}
    }
    if result.failed.is_empty() { Ok(result.written) } else { Err(result) }
}
