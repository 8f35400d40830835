//! `_stats_history.csv` while the run goes on: appended each second, one row a second and no second twice.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::cells::{Record, bytes};
use super::locust;
use crate::report::file;
use crate::stats::snapshot::Cumulative;
use crate::stats::{Second, Snapshot};

/// By how much the wall clock may differ from the time of the run before the rows follow it.
const DRIFT: Duration = Duration::from_millis(500);
/// Most bytes that wait for a disk to have room again; later rows are lost.
const WAITING_LIMIT: usize = 16 << 20;

/// The file, and what it still lacks.
#[derive(Debug)]
pub(super) struct History {
    pub path: PathBuf,
    file: File,
    /// Bytes of the file that count.
    written: u64,
    /// What comes after them.
    waiting: Vec<u8>,
    /// Where the rows of the last second begin.
    last_at: u64,
    /// The time stamp of that second.
    last: Option<u64>,
    /// The end of that second: wall clock at the start, and the time of the run.
    clock: Duration,
    /// [`Second::number`] of the latest second in it.
    number: u64,
    /// Rows of endpoints too.
    every_row: bool,
    lost: bool,
}

impl History {
    /// Replaces the file of an earlier run by one with the row of the start.
    pub fn create(path: PathBuf, every_row: bool, snapshot: &Snapshot) -> io::Result<Self> {
        let head = bytes(&[locust::history_head()])?;
        let file = file::create(&path, |file| file.write_all(&head))?;
        let clock = since_epoch(snapshot.run.started);
        let written = head.len() as u64;
        let mut history = Self {
            path,
            file,
            written,
            waiting: Vec::new(),
            last_at: written,
            last: None,
            clock,
            number: 0,
            every_row,
            lost: false,
        };
        let start = |at| vec![locust::history_total(at, 0, &Cumulative::default())];
        history.add(clock.as_secs(), start)?;
        Ok(history)
    }

    /// Appends the seconds that are over since the last call.
    ///
    /// # Errors
    /// When they cannot be written now; the next call tries again.
    pub fn follow(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        let seconds: Vec<Arc<Second>> = snapshot.seconds.iter().filter(|s| s.number > self.number).cloned().collect();
        for second in seconds {
            self.number = second.number;
            // A warm-up counts for nothing.
            if second.is_warm_up {
                continue;
            }
            let at = self.stamp(second.at.unwrap_or(snapshot.at), second.length);
            let every_row = self.every_row;
            self.add(at, |at| {
                if every_row {
                    locust::history_rows(at, second.users, snapshot)
                } else {
                    vec![locust::history_total(at, second.users, &totals(snapshot, &second))]
                }
            })?;
        }
        self.flush()
    }

    /// Nothing is missing in the file.
    ///
    /// # Errors
    /// Says why something is.
    pub fn finish(&mut self) -> io::Result<()> {
        self.flush()?;
        if self.lost { Err(io::Error::other("rows are missing: there was no room for them")) } else { Ok(()) }
    }

    /// The second of the wall clock in which a second of the run ends. Both clocks differ by microseconds, which must not
    /// put two seconds of the run into one.
    fn stamp(&mut self, at: SystemTime, length: Duration) -> u64 {
        let (expected, at) = (self.clock + length, since_epoch(at));
        self.clock = if at.abs_diff(expected) < DRIFT { expected } else { at };
        self.clock.as_secs()
    }

    /// Rows of one second. Those of the same second replace the earlier ones; a clock that is set back does not take the
    /// rows back with it.
    fn add(&mut self, at: u64, rows: impl FnOnce(u64) -> Vec<Record>) -> io::Result<()> {
        let at = match self.last {
            Some(last) if last == at => {
                self.cut(self.last_at);
                at
            }
            Some(last) => at.max(last + 1),
            None => at,
        };
        self.last = Some(at);
        self.last_at = self.written + self.waiting.len() as u64;
        if self.waiting.len() > WAITING_LIMIT {
            self.lost = true;
        } else {
            self.waiting.extend(bytes(&rows(at))?);
        }
        Ok(())
    }

    fn cut(&mut self, to: u64) {
        let kept = to.saturating_sub(self.written);
        self.waiting.truncate(usize::try_from(kept).unwrap_or(usize::MAX));
        self.written = self.written.min(to);
    }

    fn flush(&mut self) -> io::Result<()> {
        // What an earlier try has left of a row goes first.
        self.file.set_len(self.written)?;
        self.file.seek(SeekFrom::Start(self.written))?;
        self.file.write_all(&self.waiting)?;
        self.written += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }
}

/// The totals at the end of a second. The last part of a run has been joined to the second before it.
fn totals(snapshot: &Snapshot, second: &Second) -> Cumulative {
    let end = second.from + second.length;
    let later = snapshot.series.fine.iter().rev().take_while(|bucket| bucket.from + bucket.length >= end);
    later.last().map(|bucket| bucket.cumulative).unwrap_or_default()
}

fn since_epoch(at: SystemTime) -> Duration {
    at.duration_since(UNIX_EPOCH).unwrap_or_default()
}
