//! Decides what is written when: seconds and new kinds of failures at once, rows and counts of failures in batches, the
//! latest snapshot as a whole.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::append::Appender;
use super::failures::Failures;
use super::intervals::Intervals;
use super::redis;
use crate::clean;
use crate::stats::Snapshot;
use crate::stats::snapshot::{LogView, RunEvent, Series};
use crate::store::line::{EventLine, SecondLine, SeriesLine};
use crate::store::meta::{Meta, Outcome};
use crate::store::open::is_full;
use crate::store::{folder, meta, read_meta};

/// Minimum time between two batches.
const BATCH: Duration = Duration::from_secs(10);
/// Maximum time between two batches.
const LONGEST_BATCH: Duration = Duration::from_secs(300);
/// Average bytes per second for rows: 40 MB a day.
const BYTES_PER_SECOND: f64 = 460.0;
/// Minimum time between two writes of the snapshot, also as a multiple of the time that a write takes.
const SNAPSHOT: (Duration, u32) = (Duration::from_millis(900), 100);
/// Maximum bytes of histograms that wait for space on disk.
const WAITING: usize = 8 << 20;

/// Bytes that `meta.json` may grow by until the end of a run.
const RESERVE: usize = 2_048;

/// The open files of a run, and how far each has come.
pub(super) struct Writer {
    folder: PathBuf,
    meta: Meta,
    /// The folder has `meta.json`, and so is a run.
    is_begun: bool,
    hlog: Appender,
    series: Appender,
    events: Appender,
    failures_file: Appender,
    intervals: Intervals,
    failures: Failures,
    /// Lines of histograms that are not on disk yet, and the number of the last second in them.
    waiting: (Vec<u8>, u64),
    /// Run time of the last second written, and number of resets at that time.
    series_until: (Duration, u32),
    last_event: Option<RunEvent>,
    /// Seconds without histograms that no event reports yet.
    missing: u64,
    batch_at: Duration,
    snapshot_at: Option<Instant>,
}

impl Writer {
    pub fn create(folder: &Path, meta: Meta) -> io::Result<Self> {
        let started = meta.started.into();
        let mut intervals = Intervals::new(started, meta.rows.len());
        let hlog = Appender::create(&folder.join(folder::INTERVALS))?;
        hlog.lock();
        let head = intervals.head();
        let mut writer = Self {
            is_begun: false,
            hlog,
            series: Appender::create(&folder.join(folder::SERIES))?,
            events: Appender::create(&folder.join(folder::EVENTS))?,
            failures_file: Appender::create(&folder.join(folder::FAILURES))?,
            intervals,
            failures: Failures::default(),
            waiting: (head, 0),
            series_until: (Duration::ZERO, 0),
            last_event: None,
            missing: 0,
            batch_at: BATCH,
            snapshot_at: None,
            folder: folder.to_owned(),
            meta,
        };
        // Last: a folder with this file is a run.
        match writer.begin() {
            // There may be room later.
            Err(why) if !is_full(&why) => Err(why),
            _ => Ok(writer),
        }
    }

    /// Writes the first `meta.json`, unless that was done.
    fn begin(&mut self) -> io::Result<()> {
        if !self.is_begun {
            replace(&self.folder.join(folder::META), &self.meta, true)?;
            self.is_begun = true;
            self.reserve();
        }
        Ok(())
    }

    /// Takes the memory that writing needs, on the thread that will write.
    pub fn take_memory(&mut self) {
        self.intervals.take_memory();
    }

    /// Keeps room for the last `meta.json` on a disk that may be full by then.
    fn reserve(&self) {
        let size = serde_json::to_vec(&self.meta).map_or(0, |text| text.len()) + RESERVE;
        let path = new_name(&self.folder.join(folder::META));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        // Where there is no room even now, the end takes what was left of it.
        let _ = file.and_then(|mut file| file.write_all(&vec![b' '; size]));
    }

    /// Writes what is new; all that is left with an `outcome`, which is that of a run that is over. What fails is tried
    /// again next time.
    pub fn write(&mut self, snapshot: &Snapshot, outcome: Option<Outcome>) -> io::Result<()> {
        let is_last = outcome.is_some();
        let is_batch = is_last || snapshot.elapsed >= self.batch_at;
        let results = [
            self.begin(),
            self.histograms(snapshot, is_batch),
            self.seconds(snapshot, is_last),
            self.events(snapshot),
            self.failures(snapshot, is_batch),
            self.snapshot(snapshot, is_last),
        ];
        let written = results.into_iter().collect::<io::Result<()>>();
        match outcome {
            Some(outcome) => {
                self.meta.ended = Some(meta::timestamp(snapshot.at));
                self.meta.outcome = Some(outcome);
                self.meta.incomplete = written.as_ref().err().map(clean::cause);
                // Its user may have given it a tag or a note meanwhile.
                if let Ok(now) = read_meta(&self.folder) {
                    (self.meta.tags, self.meta.note) = (now.tags, now.note);
                }
                let ended = replace(&self.folder.join(folder::META), &self.meta, true);
                if ended.is_err() && !self.is_begun {
                    // Nothing was recorded: what is left would be a run that cannot be read.
                    let _ = fs::remove_dir_all(&self.folder);
                }
                ended.and(written)
            }
            None => written,
        }
    }

    fn histograms(&mut self, snapshot: &Snapshot, is_batch: bool) -> io::Result<()> {
        let (mut lines, seen) = std::mem::take(&mut self.waiting);
        let mut last = seen;
        for second in snapshot.seconds.iter().filter(|second| second.number > seen) {
            let new = self.intervals.second(second);
            // A snapshot has only the latest seconds; earlier ones are lost if the disk was blocked for longer.
            self.missing += second.number - last - 1;
            // Without space for a long time, the newest are lost; other files still have their counts.
            if lines.len() < WAITING {
                lines.extend(new);
            } else {
                self.missing += 1;
            }
            last = second.number;
        }
        if is_batch && lines.len() < WAITING {
            let rows = self.intervals.rows(snapshot.elapsed);
            let pause = Duration::from_secs_f64(rows.len() as f64 / BYTES_PER_SECOND);
            self.batch_at = snapshot.elapsed + pause.clamp(BATCH, LONGEST_BATCH);
            lines.extend(rows);
        }
        let written = self.hlog.append(&lines);
        if written.is_ok() {
            lines.clear();
        }
        self.waiting = (lines, last);
        written
    }

    fn seconds(&mut self, snapshot: &Snapshot, is_last: bool) -> io::Result<()> {
        let mut lines = Vec::new();
        let (mut until, resets) = self.series_until;
        if snapshot.resets != resets {
            push(&mut lines, &SeriesLine::Reset { reset: snapshot.elapsed.as_secs_f64() });
        }
        let margins: Vec<Option<f64>> = snapshot.judgements.iter().map(|judgement| judgement.margin).collect();
        let from = until;
        let mut buckets = snapshot.series.iter().filter(|bucket| bucket.from >= from).peekable();
        // The last second of a run may have grown since it was written.
        let grown = snapshot.series.iter().next_back().filter(|_| is_last && buckets.peek().is_none());
        for bucket in buckets.chain(grown) {
            let line = SecondLine::new(&bucket, snapshot.health.cpu, margins.clone(), redis::at(&bucket, snapshot));
            push(&mut lines, &SeriesLine::Second(Box::new(line)));
            until = bucket.from + bucket.length;
        }
        self.series.append(&lines)?;
        self.series_until = (until, snapshot.resets);
        Ok(())
    }

    fn events(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        let events = snapshot.events.as_slice();
        let known = events.iter().rposition(|event| Some(event) == self.last_event.as_ref());
        let new = &events[known.map_or(0, |at| at + 1)..];
        let mut lines = Vec::new();
        new.iter().for_each(|event| push(&mut lines, &EventLine::new(event)));
        // Reported when writing works again.
        let is_gap = self.missing > 0 && self.waiting.0.is_empty();
        if is_gap {
            let text = format!("the disk was full or slow: {} s have no histograms", self.missing).into();
            let gap = RunEvent { elapsed: snapshot.elapsed, at: snapshot.at, text, is_load_change: false };
            push(&mut lines, &EventLine::new(&gap));
        }
        self.events.append(&lines)?;
        if is_gap {
            self.missing = 0;
        }
        if let Some(last) = new.last() {
            self.last_event = Some(last.clone());
        }
        Ok(())
    }

    fn failures(&mut self, snapshot: &Snapshot, counts: bool) -> io::Result<()> {
        self.failures_file.append(&self.failures.lines(snapshot, counts))?;
        self.failures.written(snapshot, counts);
        Ok(())
    }

    fn snapshot(&mut self, snapshot: &Snapshot, is_last: bool) -> io::Result<()> {
        let begun = Instant::now();
        if !is_last && self.snapshot_at.is_some_and(|at| begun < at) {
            return Ok(());
        }
        // Skips what has its own file, and what is not needed afterwards.
        let log = LogView { lines: Default::default(), ..snapshot.log };
        let bare = Snapshot {
            series: Series::default(),
            seconds: Default::default(),
            blocks: Default::default(),
            log,
            ..snapshot.clone()
        };
        let written = replace(&self.folder.join(folder::SNAPSHOT), &bare, is_last);
        let pause = SNAPSHOT.0.max(begun.elapsed() * SNAPSHOT.1);
        // A failed write is retried with the next snapshot.
        self.snapshot_at = written.is_ok().then(|| Instant::now() + pause);
        written
    }
}

fn push(lines: &mut Vec<u8>, line: &impl Serialize) {
    // Cannot fail: only numbers and strings in structs.
    if serde_json::to_writer(&mut *lines, line).is_ok() {
        lines.push(b'\n');
    }
}

/// Writes a file to a temporary name and renames it, so that it is always complete; after a power failure too if it
/// `is_synced`, which takes a while.
fn replace(path: &Path, value: &impl Serialize, is_synced: bool) -> io::Result<()> {
    let new = new_name(path);
    let text = serde_json::to_vec(value)?;
    // What is there already keeps its room: it may be all that is left on the disk.
    let mut file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&new)?;
    let written = file.write_all(&text).and_then(|()| file.set_len(text.len() as u64));
    let written = written.and_then(|()| if is_synced { file.sync_data() } else { Ok(()) });
    if let Err(why) = written.and_then(|()| fs::rename(&new, path)) {
        // A part of a file is in the way of others.
        let _ = fs::remove_file(&new);
        return Err(why);
    }
    Ok(())
}

/// Where a file is written before it is renamed.
fn new_name(path: &Path) -> PathBuf {
    path.with_extension("json.new")
}
