//! Reads the folder of a run, even while it is recorded, or after the process was killed.

use std::fs::TryLockError;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::error::Category;

use super::line::{EventLine, SecondLine, SeriesLine, seconds};
use super::run::{RedisPoint, State};
use super::{Meta, Run, folder, open};
use crate::stats::Snapshot;
use crate::stats::snapshot::{Bucket, Series};
use crate::units;

/// Times in seconds are written with fewer digits than they have.
const ROUNDING: Duration = Duration::from_millis(1);
/// A run that was measured for longer has lines of its seconds.
const SECOND: Duration = Duration::from_secs(1);

/// Why a folder cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file is missing or cannot be read.
    #[error("cannot read {}: {why}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// A file has unexpected contents.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Recorded by a newer version.
    #[error("{} was recorded by a newer version of katydid ({version}): update this one to read it", path.display())]
    Newer {
        /// The folder.
        path: PathBuf,
        /// That version.
        version: String,
    },
    /// Only `meta.json` is left.
    #[error("the figures of {} were removed; only its {} is left, from which usage is counted", path.display(), folder::META)]
    Removed {
        /// The folder.
        path: PathBuf,
    },
    /// Its figures could not be written.
    #[error("{} is missing{why}: there are no figures of this run", path.display())]
    Incomplete {
        /// The file of the figures.
        path: PathBuf,
        /// Why, after a comma.
        why: String,
    },
    /// Nothing was measured before the process was killed.
    #[error("{} has no figures: the run ended before its first second", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
}

/// Reads only `meta.json`.
///
/// # Errors
/// When it is missing, damaged, or newer than this version.
pub fn read_meta(folder: &Path) -> Result<Meta, ReadError> {
    let path = folder.join(folder::META);
    let text = text(&path, open::LARGEST_META)?;
    #[derive(serde::Deserialize)]
    struct Head {
        format: u32,
        version: String,
    }
    let damaged = |why: serde_json::Error| ReadError::Damaged { path: path.clone(), why: fault(&why) };
    let head: Head = serde_json::from_str(&text).map_err(damaged)?;
    if head.format > Meta::FORMAT {
        return Err(ReadError::Newer { path: folder.to_owned(), version: head.version });
    }
    let meta: Meta = serde_json::from_str(&text).map_err(damaged)?;
    match meta.outcome.as_ref().and_then(|outcome| outcome.totals.error()) {
        Some(why) => Err(ReadError::Damaged { path, why }),
        None => Ok(meta),
    }
}

/// Whether the run in a folder is over.
pub fn state(folder: &Path, meta: &Meta) -> State {
    if meta.ended.is_some() {
        return State::Ended;
    }
    // Its writer holds a lock on this file.
    match open::regular(&folder.join(folder::INTERVALS)).map(|file| file.try_lock_shared()) {
        Ok(Err(TryLockError::WouldBlock)) => State::Running,
        Ok(Ok(()) | Err(TryLockError::Error(_))) | Err(_) => State::CutShort,
    }
}

/// What was run, and whether it is over.
pub(super) fn standing(folder: &Path) -> Result<(Meta, State), ReadError> {
    let meta = read_meta(folder)?;
    match state(folder, &meta) {
        // It may have ended since it was read.
        State::CutShort => read_meta(folder).map(|meta| {
            let state = if meta.ended.is_some() { State::Ended } else { State::CutShort };
            (meta, state)
        }),
        state => Ok((meta, state)),
    }
}

/// Reads all that reports need. Of a run that goes on, all figures are those of its latest snapshot.
///
/// # Errors
/// When the folder is not that of a run, is damaged, or was recorded by a newer version.
pub fn read(folder: &Path) -> Result<Run, ReadError> {
    let (meta, state) = standing(folder)?;
    let mut last = snapshot(folder, &meta)?;
    // The other files are written before the snapshot that goes with them, and read after it.
    let is_live = state == State::Running && !last.state.is_done();
    let until = if is_live { last.elapsed + ROUNDING } else { Duration::MAX };
    let (seconds, margins, redis) = series(&folder.join(folder::SERIES), until)?;
    let is_whole = state == State::Ended && meta.incomplete.is_none();
    if is_whole && seconds.is_empty() && last.measured >= SECOND && last.total.total.requests > 0 {
        let why = format!("it has no seconds of {}", units::clock(last.measured));
        return Err(ReadError::Damaged { path: folder.join(folder::SERIES), why });
    }
    let events = lines::<EventLine>(&folder.join(folder::EVENTS))?;
    let events = events.iter().map(EventLine::event).filter(|event| event.elapsed <= until);
    last.events = Arc::new(events.collect());
    last.series = Series { fine: seconds.iter().copied().collect(), ..Series::default() };
    if !is_live {
        catch_up(&mut last, seconds.last());
    }
    Ok(Run { meta: Arc::new(meta), last: Arc::new(last), seconds, margins, redis, state })
}

fn snapshot(folder: &Path, meta: &Meta) -> Result<Snapshot, ReadError> {
    let path = folder.join(folder::SNAPSHOT);
    match text(&path, open::LARGEST) {
        Ok(text) => serde_json::from_str(&text).map_err(|why| ReadError::Damaged { path, why: fault(&why) }),
        Err(ReadError::Io { why, .. }) if why.kind() == io::ErrorKind::NotFound => {
            if !folder::has_figures(folder) {
                return Err(ReadError::Removed { path: folder.to_owned() });
            }
            if meta.ended.is_some() {
                let why = meta.incomplete.as_ref().map(|why| format!(", it could not be written ({why})"));
                return Err(ReadError::Incomplete { path, why: why.unwrap_or_default() });
            }
            Err(ReadError::Empty { path: folder.to_owned() })
        }
        Err(error) => Err(error),
    }
}

/// Updates the totals from the last second: the snapshot of a large run is written less often than its seconds.
fn catch_up(last: &mut Snapshot, second: Option<&Bucket>) {
    let Some(second) = second else { return };
    let end = second.from + second.length;
    if end <= last.elapsed || second.cumulative.requests < last.total.total.requests {
        return;
    }
    let later = end - last.elapsed;
    last.load.vu_hours += f64::from(second.users) * later.as_secs_f64() / 3_600.0;
    last.measured += later;
    last.elapsed = end;
    last.at = second.at;
    last.load.users = second.users;
    let total = &mut last.total.total;
    (total.requests, total.failures) = (second.cumulative.requests, second.cumulative.failures);
    (total.bytes, total.response) = (second.cumulative.bytes, second.cumulative.response);
    let rate = |n: u64| if last.measured.is_zero() { 0.0 } else { n as f64 / last.measured.as_secs_f64() };
    (total.rps, total.fps) = (rate(total.requests), rate(total.failures));
}

type Margins = Vec<(Duration, Vec<Option<f64>>)>;
type Redis = Vec<(Duration, RedisPoint)>;

/// The seconds that were over at the run time `until`, what was left of the limits of thresholds, and Redis.
fn series(path: &Path, until: Duration) -> Result<(Vec<Bucket>, Margins, Redis), ReadError> {
    let mut kept: Vec<SecondLine> = Vec::new();
    for line in lines::<SeriesLine>(path)? {
        match line {
            SeriesLine::Reset { reset } if seconds(reset) > until => break,
            SeriesLine::Reset { .. } => kept.clear(),
            SeriesLine::Second(second) if seconds(second.t) + seconds(second.length) > until => break,
            SeriesLine::Second(second) => {
                while kept.last().is_some_and(|last| last.t >= second.t) {
                    kept.pop();
                }
                kept.push(*second);
            }
        }
    }
    let buckets = kept.iter().map(SecondLine::bucket).collect();
    let redis = kept.iter().filter_map(|second| Some((seconds(second.t), second.redis?))).collect();
    let judged = kept.into_iter().filter(|second| !second.margins.is_empty());
    Ok((buckets, judged.map(|second| (seconds(second.t), second.margins)).collect(), redis))
}

/// The lines of an append-only file; an incomplete last line is ignored.
fn lines<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>, ReadError> {
    let text = text(path, open::LARGEST)?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let parse = |(at, line): (usize, &str)| {
        let parsed = serde_json::from_str(line);
        parsed.map_err(|why| ReadError::Damaged { path: path.to_owned(), why: fault_in(at + 1, &why) })
    };
    whole.lines().enumerate().map(parse).collect()
}

/// What is wrong with a JSON document, without the names of our types.
fn fault(why: &serde_json::Error) -> String {
    fault_in(why.line(), why)
}

fn fault_in(line: usize, why: &serde_json::Error) -> String {
    let column = why.column();
    match why.classify() {
        Category::Eof => format!("it ends in the middle of a value, in line {line}"),
        Category::Data => format!("a value is missing or not as expected, in line {line} before column {column}"),
        Category::Syntax | Category::Io => format!("it is not valid JSON, in line {line} at column {column}"),
    }
}

fn text(path: &Path, largest: u64) -> Result<String, ReadError> {
    open::text(path, largest).map_err(|why| ReadError::Io { path: path.to_owned(), why })
}
