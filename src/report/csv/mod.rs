//! Locust's four CSV files with its exact column names, and one file each for GraphQL and Redis. Files are written to a
//! temporary file and renamed, so each is complete or absent.

mod cells;
mod history;
mod live;
mod locust;
mod protocols;
mod tables;

use std::path::{Path, PathBuf};

use jiff::{Timestamp, tz::TimeZone};

pub use self::live::LiveCsv;
use self::tables::{HISTORY, SUFFIXES, tables, with_suffix, write_tables};
use super::error::ReportError;
use super::format::Format;
use crate::clean;
use crate::stats::Snapshot;
use crate::store::Run;
use crate::system::output;

/// Prefix of files written by the snapshot key: `<folder>/<scenario>_<local time>`, safe as a file name.
pub fn prefix(folder: &Path, snapshot: &Snapshot) -> PathBuf {
    let time = Timestamp::try_from(snapshot.at).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::system());
    let name = format!("{}_{}", clean::file_name(&snapshot.run.scenario), time.strftime("%Y-%m-%d_%H%M%S"));
    let taken = |prefix: &Path| SUFFIXES.iter().any(|suffix| with_suffix(prefix, suffix).exists());
    let mut prefix = folder.join(&name);
    for n in 2..10_000 {
        if !taken(&prefix) {
            break;
        }
        prefix = folder.join(format!("{name}-{n}"));
    }
    prefix
}

/// The format of Locust's CSV files.
#[derive(Debug)]
pub struct Csv;

impl Format for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn place(&self) -> &'static str {
        "PREFIX"
    }

    fn help(&self) -> &'static str {
        "Locust's files PREFIX_stats.csv, _stats_history.csv, _failures.csv and _exceptions.csv; where they apply, also \
         _service_time.csv, _graphql.csv and _redis.csv"
    }

    fn files(&self, prefix: &Path) -> Vec<PathBuf> {
        SUFFIXES.iter().map(|suffix| with_suffix(prefix, suffix)).collect()
    }

    fn check(&self, prefix: &Path) -> Result<(), ReportError> {
        check(prefix)
    }

    fn write(&self, prefix: &Path, run: &Run) -> Result<Vec<PathBuf>, ReportError> {
        write(prefix, &run.last)
    }
}

/// Checks before a run that [`write`] can write: creates the folder, and a test file in it that is removed again.
/// Existing files are not changed.
///
/// # Errors
/// Names the first file that cannot be written.
pub fn check(prefix: &Path) -> Result<(), ReportError> {
    let paths = SUFFIXES.map(|suffix| with_suffix(prefix, suffix));
    let taken = |path: &PathBuf| output::regular(path).err().map(|why| ReportError::one(path, why));
    if let Some(error) = paths.iter().find_map(taken) {
        return Err(error);
    }
    output::sweep(&paths[0]);
    output::check(&paths[0]).map_err(|why| ReportError::one(&paths[0], why))
}

/// Writes `PREFIX_stats.csv`, `_stats_history.csv`, `_failures.csv` and `_exceptions.csv`, and returns their paths.
/// Also writes `_graphql.csv` and `_redis.csv` if the run used them, and `_service_time.csv` if requests have due
/// times.
///
/// # Errors
/// When a file cannot be written. The other files are still written; the error names both.
pub fn write(prefix: &Path, snapshot: &Snapshot) -> Result<Vec<PathBuf>, ReportError> {
    let path = with_suffix(prefix, HISTORY);
    let history = output::create(&path, |file| cells::write(file, &locust::history(snapshot))).map(drop);
    write_tables(prefix, tables(snapshot), Some((path, history)))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::cells::{self, header};
    use super::*;
    use crate::row_kind::RowKind;

    #[test]
    fn headers_match_locust() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b.csv");
        let head = header("Type,Name", true, "Total");
        output::write(&path, |file| cells::write(file, &[head, vec!["a,b".into(); 14]])).unwrap();
        let written = std::fs::read_to_string(&path).unwrap();
        assert!(written.starts_with("Type,Name,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%,Total\r\n\"a,b\","));
        assert_eq!(std::fs::read_dir(dir.path().join("a")).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn complete_header_lines() {
        use crate::stats::snapshot::{RunInfo, RunState};
        use crate::stats::{Aggregator, Moment};
        let names: [std::sync::Arc<str>; 2] = ["x".into(), "h".into()];
        let [scenario, host] = names;
        let run = RunInfo {
            scenario,
            host,
            started: UNIX_EPOCH,
            is_insecure: false,
            run_time: None,
            classes: Vec::new(),
            seed: 0,
            operations: Vec::new(),
            trace_url: None,
        };
        let moment = Moment {
            elapsed: Duration::ZERO,
            at: UNIX_EPOCH,
            state: RunState::Running,
            target: 0,
            spawn_rate: 1.0,
            vu_hours: 0.0,
            health: Default::default(),
        };
        let s = Aggregator::new(run, vec![(RowKind::http("GET"), "=a,b".into())], 1).snapshot(moment);
        let dir = tempfile::tempdir().unwrap();
        let first = prefix(dir.path(), &s);
        let files = write(&first, &s).unwrap();
        assert_eq!(prefix(dir.path(), &s), with_suffix(&first, "-2"));
        let all = files.iter().map(|f| std::fs::read_to_string(f).unwrap());
        let p = "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%";
        let na = "N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A";
        let expected = [
            format!(
                "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,\
                 Max Response Time,Average Content Size,Requests/s,Failures/s,{p}\r\n\
                 GET,\"'=a,b\",0,0,0,0.0,0,0,0,0.0,0.0,{na}\r\n,Aggregated,0,0,0,0.0,0,0,0,0.0,0.0,{na}\r\n"
            ),
            format!(
                "Timestamp,User Count,Type,Name,Requests/s,Failures/s,{p},Total Request Count,Total Failure Count,\
                 Total Median Response Time,Total Average Response Time,Total Min Response Time,\
                 Total Max Response Time,Total Average Content Size\r\n\
                 0,0,,Aggregated,0.000000,0.000000,{na},0,0,0,0.0,0,0,0\r\n"
            ),
            "Method,Name,Error,Occurrences,First Seen,Last Seen\r\n".to_owned(),
            "Count,Message,Traceback,Nodes\r\n".to_owned(),
        ];
        assert_eq!(all.collect::<Vec<_>>(), expected);
    }
}
