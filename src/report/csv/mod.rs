//! Locust's four CSV files, with exactly its column names, and one more each for GraphQL and Redis. Each is written
//! beside its place and renamed, so that it is complete or absent.

mod file;
mod protocols;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::{Timestamp, tz::TimeZone};

use super::ReportError;
use crate::clean;
use crate::stats::Snapshot;
use crate::stats::snapshot::{Figures, Latency, PERCENTILE_LABELS, Row};

const SUFFIXES: [&str; 7] = [
    "_stats.csv",
    "_stats_history.csv",
    "_failures.csv",
    "_exceptions.csv",
    "_graphql.csv",
    "_redis.csv",
    "_service_time.csv",
];
type Record = Vec<String>;

/// Where the snapshot key writes: `<folder>/<scenario>_<local time>`, file-name safe.
pub fn prefix(folder: &Path, snapshot: &Snapshot) -> PathBuf {
    let time = Timestamp::try_from(snapshot.at).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::system());
    let name = format!("{}_{}", slug(&snapshot.run.scenario), time.strftime("%Y-%m-%d_%H%M%S"));
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

fn slug(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    let text: String = name.chars().take(60).map(safe).collect();
    let text = text.trim_matches('-');
    if text.is_empty() { "run".to_owned() } else { text.to_owned() }
}

fn with_suffix(prefix: &Path, suffix: &str) -> PathBuf {
    let mut path = OsString::from(prefix);
    path.push(suffix);
    path.into()
}

/// Finds out before a run whether [`write`] will be able to write: makes the folder, and a file in it that goes again.
/// Nothing that is there is touched.
///
/// # Errors
/// Names the first file that could not be written.
pub fn check(prefix: &Path) -> Result<(), ReportError> {
    let paths = SUFFIXES.map(|suffix| with_suffix(prefix, suffix));
    let taken = |path: &PathBuf| file::can_replace(path).err().map(|why| ReportError::one(path, why));
    if let Some(error) = paths.iter().find_map(taken) {
        return Err(error);
    }
    file::sweep(&paths[0]);
    file::try_folder(&paths[0]).map_err(|why| ReportError::one(&paths[0], why))
}

/// Writes `PREFIX_stats.csv`, `_stats_history.csv`, `_failures.csv` and `_exceptions.csv`, in runs with GraphQL and
/// Redis also `_graphql.csv` and `_redis.csv`, where requests have due times `_service_time.csv`, and returns their
/// paths.
///
/// # Errors
/// When a file cannot be written; the others are written all the same, and the error names both.
pub fn write(prefix: &Path, snapshot: &Snapshot) -> Result<Vec<PathBuf>, ReportError> {
    let [stats, history] = [stats(snapshot), history(snapshot)].map(Some);
    let [failures, exceptions] = [failures(snapshot), exceptions(snapshot)].map(Some);
    let [graphql, redis] = [protocols::graphql(snapshot), protocols::redis(snapshot)];
    let contents = [stats, history, failures, exceptions, graphql, redis, service(snapshot)];
    file::sweep(&with_suffix(prefix, SUFFIXES[0]));
    let mut result = ReportError { failed: Vec::new(), written: Vec::with_capacity(SUFFIXES.len()) };
    for (suffix, records) in SUFFIXES.iter().zip(contents) {
        let path = with_suffix(prefix, suffix);
        let done = match &records {
            Some(records) => file::write(&path, records),
            // What an earlier run has left there would be taken for a part of this one.
            None if path.exists() => std::fs::remove_file(&path),
            None => continue,
        };
        match done {
            Ok(()) if records.is_some() => result.written.push(path),
            Ok(()) => {}
            Err(why) => result.failed.push((path, why)),
        }
    }
    if result.failed.is_empty() { Ok(result.written) } else { Err(result) }
}

fn header(before: &str, percentiles: bool, after: &str) -> Record {
    let labels: &[&str] = if percentiles { &PERCENTILE_LABELS } else { &[] };
    let after = after.split(',').filter(|name| !name.is_empty());
    before.split(',').chain(labels.iter().copied()).chain(after).map(str::to_owned).collect()
}

fn stats(snapshot: &Snapshot) -> Vec<Record> {
    let columns = "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,\
                   Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s";
    let line = |row: &Row| {
        let Figures { rps, fps, response, .. } = &row.total;
        let mut record = vec![text(&row.method), text(&row.name)];
        record.extend(totals((row.total.requests, row.total.failures, row.total.bytes), response));
        record.extend([format!("{rps:?}"), format!("{fps:?}")]);
        record.extend(percentiles(response));
        record
    };
    let rows = by_name(snapshot).into_iter().chain([&snapshot.total]).map(line);
    std::iter::once(header(columns, true, "")).chain(rows).collect()
}

/// Times from the real send, beside the response times of `_stats.csv`, which count from when a request was due; `None`
/// where no request had a due time.
fn service(snapshot: &Snapshot) -> Option<Vec<Record>> {
    let columns = "Type,Name,Request Count,Median Service Time,Average Service Time,Min Service Time,Max Service Time";
    let times = |row: &Row| row.total.service.unwrap_or(row.total.response);
    snapshot.total.total.service.as_ref()?;
    let line = |row: &Row| {
        let (figures, times) = (&row.total, times(row));
        let [requests, _, median, mean, min, max, _] =
            totals((figures.requests, figures.failures, figures.bytes), &times);
        let mut record = vec![text(&row.method), text(&row.name), requests, median, mean, min, max];
        record.extend(percentiles(&times));
        record
    };
    let rows = by_name(snapshot).into_iter().chain([&snapshot.total]).map(line);
    Some(std::iter::once(header(columns, true, "")).chain(rows).collect())
}

/// Endpoints in the order of Locust's files.
fn by_name(snapshot: &Snapshot) -> Vec<&Row> {
    let mut rows: Vec<&Row> = snapshot.endpoints.iter().collect();
    rows.sort_by(|a, b| (&a.name, &a.method).cmp(&(&b.name, &b.method)));
    rows
}

fn history(snapshot: &Snapshot) -> Vec<Record> {
    let head = header(
        "Timestamp,User Count,Type,Name,Requests/s,Failures/s",
        true,
        "Total Request Count,Total Failure Count,Total Median Response Time,Total Average Response Time,\
         Total Min Response Time,Total Max Response Time,Total Average Content Size",
    );
    let start = (snapshot.run.started, 0, crate::stats::snapshot::SoFar::default());
    let rows = snapshot.series.iter().map(|bucket| (bucket.at, bucket.users, bucket.so_far));
    let mut records = vec![head];
    let mut last = None;
    for (at, users, s) in std::iter::once(start).chain(rows) {
        let at = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        // Each second has one row, the latest; a clock that is set back does not take the rows back with it.
        if last == Some(at) {
            records.pop();
        }
        let seconds = last.filter(|before| *before > at).map_or(at, |before| before + 1);
        last = Some(seconds);
        let mut record = vec![seconds.to_string(), users.to_string(), String::new(), "Aggregated".to_owned()];
        record.extend([format!("{:.6}", s.rps), format!("{:.6}", s.fps)]);
        record.extend(percentiles(&s.response));
        record.extend(totals((s.requests, s.failures, s.bytes), &s.response));
        records.push(record);
    }
    records
}

fn failures(snapshot: &Snapshot) -> Vec<Record> {
    let view = &snapshot.failures;
    let rows = view.rows.iter().map(|row| {
        let times = [utc(row.first), utc(row.last)];
        let [first, last] = times;
        vec![text(&row.method), text(&row.name), text(&row.reason), row.count.to_string(), first, last]
    });
    let more = (view.more_count > 0).then(|| {
        let words = format!("{} more kinds of failures", view.more_kinds);
        vec![String::new(), String::new(), words, view.more_count.to_string(), String::new(), String::new()]
    });
    let head = header("Method,Name,Error,Occurrences,First Seen,Last Seen", false, "");
    std::iter::once(head).chain(rows).chain(more).collect()
}

fn exceptions(snapshot: &Snapshot) -> Vec<Record> {
    let rows = snapshot.exceptions.iter();
    let rows = rows.map(|row| vec![row.count.to_string(), text(&row.message), text(&row.place), "local".to_owned()]);
    std::iter::once(header("Count,Message,Traceback,Nodes", false, "")).chain(rows).collect()
}

/// Counts, median, average, min, max in ms and the average size, with Locust's zeros where there is nothing.
fn totals((requests, failures, bytes): (u64, u64, u64), times: &Latency) -> [String; 7] {
    let counts = [requests.to_string(), failures.to_string()];
    let [n, f] = counts;
    if requests == 0 {
        return [n, f, "0".into(), "0.0".into(), "0".into(), "0".into(), "0".into()];
    }
    // Locust has a decimal in these also where it is 0.
    let float = |time: Duration| format!("{:?}", millis(time));
    let size = bytes as f64 / requests as f64;
    let median = millis(times.median()).to_string();
    [n, f, median, float(times.mean), float(times.min), float(times.max), format!("{size:?}")]
}

/// To the microsecond, so that at most three decimals are written.
fn millis(time: Duration) -> f64 {
    (time.as_nanos() as f64 / 1e3).round() / 1e3
}

fn percentiles(times: &Latency) -> [String; 11] {
    times.percentiles.map(|p| if times.count == 0 { "N/A".to_owned() } else { millis(p).to_string() })
}

fn utc(at: SystemTime) -> String {
    Timestamp::try_from(at).map(|t| t.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}

/// Text from outside: one line, and nothing that a spreadsheet would run as a formula.
fn text(cell: &str) -> String {
    let cell = clean::line(cell);
    if cell.trim_start().starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_neutralised_and_names_are_safe() {
        for (raw, safe) in [("=1+1", "'=1+1"), ("\t@x", "' @x"), ("a=b", "a=b"), ("-1", "'-1"), ("+1", "'+1")] {
            assert_eq!(text(raw), safe);
        }
        assert_eq!(slug("../../etc/passwd"), "etc-passwd");
        assert_eq!(slug("///"), "run");
    }

    #[test]
    fn headers_are_locusts() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b.csv");
        let head = header("Type,Name", true, "Total");
        file::write(&path, &[head, vec!["a,b".into(); 14]]).unwrap();
        let written = std::fs::read_to_string(&path).unwrap();
        assert!(written.starts_with("Type,Name,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%,Total\r\n\"a,b\","));
        assert_eq!(std::fs::read_dir(dir.path().join("a")).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn whole_header_lines() {
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
        let s = Aggregator::new(run, vec![("GET".into(), "=a,b".into())], 1).snapshot(moment);
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
