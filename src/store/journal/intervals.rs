//! `intervals.hlog`: histograms in the standard log format of HdrHistogram, microseconds, three significant digits.
//!
//! Format:
//! <https://github.com/HdrHistogram/HdrHistogram/blob/master/src/main/java/org/HdrHistogram/HistogramLogWriter.java>

use std::io;
use std::time::{Duration, SystemTime};

use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializer};

use crate::stats::{RowBucket, Second, Sparse};

/// Maximum of usual response times, in microseconds.
const LONGEST_USUAL: u64 = 60_000_000;

/// Formats the lines of the log.
pub(super) struct Intervals {
    serializer: V2DeflateSerializer,
    /// Wall clock at the start of the run; times in the log are relative to it.
    started: SystemTime,
    /// Times of rows since they were last written, by endpoint.
    rows: Vec<RowBucket>,
    rows_from: Duration,
}

impl Intervals {
    pub fn new(started: SystemTime, rows: usize) -> Self {
        let rows = std::iter::repeat_with(RowBucket::default).take(rows).collect();
        Self { serializer: V2DeflateSerializer::new(), started, rows, rows_from: Duration::ZERO }
    }

    /// Takes the memory that compression needs, half a megabyte, which the allocator keeps for this thread. The first
    /// histogram may be written only after a warm-up, and memory that grows then looks like a leak.
    pub fn take_memory(&mut self) {
        if let Ok(mut histogram) = Histogram::<u32>::new_with_bounds(1, LONGEST_USUAL, 3) {
            histogram.saturating_record(LONGEST_USUAL);
            // Cannot fail: written nowhere.
            // Twice, because memory that is used again is written to from end to end.
            for _ in 0..2 {
                let _ = self.serializer.serialize(&histogram, &mut io::sink());
            }
        }
    }

    /// The header of the file.
    pub fn head(&mut self) -> Vec<u8> {
        let mut lines = Vec::new();
        let mut builder = IntervalLogWriterBuilder::new();
        builder.add_comment("[Histogram log format version 1.3]").add_comment("[katydid: microseconds]");
        builder.with_start_time(self.started).with_base_time(self.started);
        // Cannot fail: writes into memory.
        let _ = builder.begin_log_with(&mut lines, &mut self.serializer);
        lines
    }

    /// The lines of one second; times of rows are collected for [`Self::rows`].
    pub fn second(&mut self, second: &Second) -> Vec<u8> {
        let mut lines = Vec::new();
        if second.is_warm_up {
            return lines;
        }
        let span = Span { from: second.from, length: second.length };
        self.write(&mut lines, span, "response", &second.total.response);
        if let Some(service) = &second.total.service {
            self.write(&mut lines, span, "service", service);
        }
        for (index, bucket) in &second.rows {
            if let Some(row) = self.rows.get_mut(*index as usize) {
                row.merge(bucket);
            }
        }
        lines
    }

    /// The lines of all rows with times since the last call, up to run time `until`.
    pub fn rows(&mut self, until: Duration) -> Vec<u8> {
        let mut lines = Vec::new();
        let span = Span { from: self.rows_from, length: until.saturating_sub(self.rows_from) };
        let rows: Vec<(usize, RowBucket)> = (0..).zip(self.rows.iter_mut().map(std::mem::take)).collect();
        for (index, mut row) in rows.into_iter().filter(|(_, row)| row.sums.requests > 0) {
            row.compact();
            self.write(&mut lines, span, &format!("r{index}.response"), &row.response);
            if let Some(service) = &row.service {
                self.write(&mut lines, span, &format!("r{index}.service"), service);
            }
        }
        self.rows_from = until;
        lines
    }

    fn write(&mut self, lines: &mut Vec<u8>, span: Span, tag: &str, times: &Sparse) {
        let Some(histogram) = histogram(times) else { return };
        let Ok(mut log) = IntervalLogWriterBuilder::new().begin_log_with(lines, &mut self.serializer) else { return };
        // The histogram of all requests has no tag, as tools expect of a log with a single series.
        let tag = if tag == "response" { None } else { Tag::new(tag) };
        // Cannot fail: writes into memory.
        let _ = log.write_histogram(&histogram, span.from, span.length, tag);
    }
}

/// Start and length of an interval, in run time.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: Duration,
    length: Duration,
}

/// A histogram just large enough for its values; `None` without times.
fn histogram(times: &Sparse) -> Option<Histogram<u32>> {
    let longest = times.values().iter().map(|(micros, _)| u64::from(*micros)).max()?;
    let mut histogram = Histogram::new_with_bounds(1, longest.max(2), 3).ok()?;
    for (micros, count) in times.values() {
        histogram.saturating_record_n(u64::from(*micros), *count);
    }
    Some(histogram)
}
