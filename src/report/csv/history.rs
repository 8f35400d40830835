//! Writes `_stats_history.csv` during the run: one row per second, without duplicates.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::cells::{Record, bytes};
use super::locust;
use crate::stats::snapshot::Cumulative;
use crate::stats::{Second, Snapshot};
use crate::system::output;

/// Maximum difference between the wall clock and the start time plus run time. Beyond it, timestamps follow the clock.
const DRIFT: Duration = Duration::from_millis(500);
/// Maximum bytes buffered while the disk is full; later rows are lost.
const WAITING_LIMIT: usize = 16 << 20;

/// The file and the bytes not yet written.
#[derive(Debug)]
pub(super) struct History {
    pub path: PathBuf,
    file: File,
    /// Length of the file in bytes, without partly written rows.
    written: u64,
    /// Bytes to append.
    waiting: Vec<u8>,
    /// Offset of the rows of the last second.
    last_at: u64,
    /// Timestamp of the last second.
    last: Option<u64>,
    /// End of the last second: wall clock at the start, and run time.
    clock: Duration,
    /// [`Second::number`] of the last second written.
    number: u64,
    /// Also write rows of endpoints.
    every_row: bool,
    lost: bool,
}

impl History {
    /// Creates the file with the first row. An existing file is replaced.
    pub fn create(path: PathBuf, every_row: bool, snapshot: &Snapshot) -> io::Result<Self> {
        let head = bytes(&[locust::history_head()])?;
        let file = output::create(&path, |file| file.write_all(&head))?;
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

    /// Appends the seconds that ended since the last call.
    ///
    /// # Errors
    /// When they cannot be written; the next call tries again.
    pub fn follow(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        let seconds: Vec<Arc<Second>> = snapshot.seconds.iter().filter(|s| s.number > self.number).cloned().collect();
        for second in seconds {
            self.number = second.number;
            // A warm-up is not counted.
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

    /// Writes everything that is still buffered.
    ///
    /// # Errors
    /// The write error.
    pub fn finish(&mut self) -> io::Result<()> {
        self.flush()?;
        let (there, ours) = (fs::metadata(&self.path)?, self.file.metadata()?);
        if (there.dev(), there.ino()) != (ours.dev(), ours.ino()) {
            return Err(io::Error::other("another file was put in its place while the run went on"));
        }
        if self.lost { Err(io::Error::other("rows are missing: there was no room for them")) } else { Ok(()) }
    }

    /// Wall-clock second in which a second of the run ends. The two clocks differ by microseconds; rounding must not
    /// put two seconds of the run into the same one.
    fn stamp(&mut self, at: SystemTime, length: Duration) -> u64 {
        let (expected, at) = (self.clock + length, since_epoch(at));
        self.clock = if at.abs_diff(expected) < DRIFT { expected } else { at };
        self.clock.as_secs()
    }

    /// Adds the rows of one second. Rows of the same second are replaced; timestamps do not go back if the clock is set
    /// back.
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

    /// Puts the file back, whole, where it was removed while the run went on.
    fn restore(&mut self) -> io::Result<()> {
        match fs::metadata(&self.path) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                let removed = &mut self.file;
                removed.seek(SeekFrom::Start(0))?;
                let written = self.written;
                let copy = |new: &mut File| io::copy(&mut removed.take(written), new).map(drop);
                let file = output::create(&self.path, copy)?;
                self.file = file;
                Ok(())
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.restore()?;
        // What an earlier try has left of a row goes first.
        self.file.set_len(self.written)?;
        self.file.seek(SeekFrom::Start(self.written))?;
        self.file.write_all(&self.waiting)?;
        self.written += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }
}

/// Totals at the end of a second. The last fraction of a run is merged into the second before it.
fn totals(snapshot: &Snapshot, second: &Second) -> Cumulative {
    let end = second.from + second.length;
    let later = snapshot.series.fine.iter().rev().take_while(|bucket| bucket.from + bucket.length >= end);
    later.last().map(|bucket| bucket.cumulative).unwrap_or_default()
}

fn since_epoch(at: SystemTime) -> Duration {
    at.duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::snapshot::{Health, RunInfo, RunState};
    use crate::stats::{Aggregator, Moment};

    #[test]
    fn a_clock_that_is_set_back_makes_no_second_twice() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let run = RunInfo {
            scenario: "x".into(),
            host: "h".into(),
            started: at(100),
            is_insecure: false,
            run_time: None,
            classes: Vec::new(),
            seed: 0,
            operations: Vec::new(),
            trace_url: None,
        };
        let mut aggregator = Aggregator::new(run, Vec::new(), 1);
        let mut snapshot = |elapsed, seconds| {
            aggregator.snapshot(Moment {
                elapsed: Duration::from_secs(elapsed),
                at: at(seconds),
                state: RunState::Running,
                target: 0,
                spawn_rate: 1.0,
                vu_hours: 0.0,
                health: Health::default(),
            })
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.csv");
        let mut history = History::create(path.clone(), false, &snapshot(0, 100)).unwrap();
        for (elapsed, seconds) in [(1, 101), (2, 102), (3, 90), (4, 91), (5, 110)] {
            history.follow(&snapshot(elapsed, seconds)).unwrap();
        }
        let text = std::fs::read_to_string(path).unwrap();
        let times: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
        assert_eq!(times, ["100", "101", "102", "103", "104", "110"]);
    }
}
