//! Reads the folder of a run, even while it is recorded, or after the process was killed.

use std::fs::TryLockError;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::error::Category;

use super::error::ReadError;
use super::history::{History, user_hours};
use super::line::{EventLine, seconds};
use super::meta::{Meta, Totals};
use super::run::State;
use super::{Run, folder, lines, open, rebuild};
use crate::stats::Snapshot;
use crate::stats::snapshot::{Bucket, Series};
use crate::units;

/// Times in seconds are written with fewer digits than they have.
const ROUNDING: Duration = Duration::from_millis(1);
/// A run that was measured for longer has lines of its seconds.
const SECOND: Duration = Duration::from_secs(1);

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

/// Reads all that reports need. Of a run that goes on, all figures are those of its latest snapshot. What is damaged is
/// left out, and named in [`Run::gaps`].
///
/// # Errors
/// When the folder is not that of a run, has no figures that can be read, or was recorded by a newer version.
pub fn read(folder: &Path) -> Result<Run, ReadError> {
    let (meta, state) = standing(folder)?;
    let stored = snapshot(folder, &meta);
    // The other files are written before the snapshot that goes with them, and read after it.
    let live = stored.as_ref().ok().filter(|last| state == State::Running && !last.state.is_done());
    let until = live.map_or(Duration::MAX, |last| last.elapsed.saturating_add(ROUNDING));
    let (is_live, path) = (live.is_some(), folder.join(folder::SERIES));
    let mut history = History::read(&path, until)?;
    let mut gaps: Vec<String> = history.gap.take().into_iter().collect();
    let is_rebuilt = stored.is_err();
    let mut last = match stored {
        Ok(last) => last,
        Err(lost) => {
            // Without seconds, nothing is left of the figures.
            let Some(why) = lost.gap().filter(|_| !history.seconds.is_empty()) else { return Err(lost) };
            let (last, missing) = rebuild::snapshot(&history.known(folder, &meta))?;
            // There are no thresholds that they could belong to.
            history.margins.clear();
            gaps.push(why);
            gaps.extend(missing);
            last
        }
    };
    let is_whole = state == State::Ended && meta.incomplete.is_none();
    if is_whole && history.seconds.is_empty() && last.measured >= SECOND && last.total.total.requests > 0 {
        gaps.push(format!("{} has no seconds of {}", folder::SERIES, units::clock(last.measured)));
    }
    let events = lines::read::<EventLine>(&folder.join(folder::EVENTS))?;
    gaps.extend(events.gap);
    let events = events.lines.iter().map(EventLine::event).filter(|event| event.elapsed <= until);
    last.events = Arc::new(events.collect());
    let History { seconds, margins, redis, .. } = history;
    last.series = Series { fine: seconds.iter().copied().collect(), ..Series::default() };
    if !is_live {
        catch_up(&mut last, &seconds);
    }
    if let Some(outcome) =
        meta.outcome.as_ref().filter(|_| state == State::Ended && (is_rebuilt || !last.state.is_done()))
    {
        gaps.extend(settle(&mut last, &outcome.totals));
    }
    Ok(Run { meta: Arc::new(meta), last: Arc::new(last), seconds, margins, redis, state, gaps })
}

fn snapshot(folder: &Path, meta: &Meta) -> Result<Snapshot, ReadError> {
    let path = folder.join(folder::SNAPSHOT);
    match text(&path, open::LARGEST) {
        Ok(text) => serde_json::from_str(&text).map_err(|why| {
            let why = if text.is_empty() { "it is empty".to_owned() } else { fault(&why) };
            ReadError::Damaged { path, why }
        }),
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
        Err(ReadError::Io { why, .. }) if why.kind() == io::ErrorKind::InvalidData => {
            Err(ReadError::Damaged { path, why: why.to_string() })
        }
        Err(error) => Err(error),
    }
}

/// Updates the totals from the seconds after it: the snapshot of a large run is written less often than its seconds.
fn catch_up(last: &mut Snapshot, seconds: &[Bucket]) {
    let Some(second) = seconds.last() else { return };
    let end = second.from.saturating_add(second.length);
    if end <= last.elapsed || second.cumulative.requests < last.total.total.requests {
        return;
    }
    last.load.vu_hours += seconds.iter().rev().map_while(|second| user_hours(second, last.elapsed)).sum::<f64>();
    last.measured += end - last.elapsed;
    last.elapsed = end;
    last.at = second.at;
    last.load.users = second.users;
    let total = &mut last.total.total;
    (total.requests, total.failures) = (second.cumulative.requests, second.cumulative.failures);
    (total.bytes, total.response) = (second.cumulative.bytes, second.cumulative.response);
    rate(last);
}

/// Takes over the totals that were recorded with the verdict: the rest was written until some time before. Returns what
/// that means for the tables, if anything.
fn settle(last: &mut Snapshot, totals: &Totals) -> Option<String> {
    let (before, end) = (last.elapsed, seconds(totals.seconds));
    last.load.vu_hours = totals.vu_hours;
    last.measured = last.measured.saturating_add(end.saturating_sub(before));
    last.elapsed = before.max(end);
    let total = &mut last.total.total;
    let is_behind = total.requests < totals.requests;
    if is_behind {
        (total.requests, total.failures) = (totals.requests, totals.failures);
    }
    rate(last);
    let until = units::clock(before);
    (is_behind || end > before.saturating_add(SECOND))
        .then(|| format!("rows, response times and charts end at {until}"))
}

fn rate(last: &mut Snapshot) {
    let measured = last.measured.as_secs_f64();
    let total = &mut last.total.total;
    let rate = |n: u64| if measured == 0.0 { 0.0 } else { n as f64 / measured };
    (total.rps, total.fps) = (rate(total.requests), rate(total.failures));
}

/// What is wrong with a JSON document, without the names of our types.
fn fault(why: &serde_json::Error) -> String {
    let (line, column) = (why.line(), why.column());
    match why.classify() {
        Category::Eof => format!("it ends in the middle of a value, in line {line}"),
        Category::Data => format!("a value is missing or not as expected, in line {line} before column {column}"),
        Category::Syntax | Category::Io => format!("it is not valid JSON, in line {line} at column {column}"),
    }
}

fn text(path: &Path, largest: u64) -> Result<String, ReadError> {
    open::text(path, largest).map_err(|why| ReadError::Io { path: path.to_owned(), why })
}
