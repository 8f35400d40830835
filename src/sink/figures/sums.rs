//! Sums of the whole run so far.

use std::sync::Arc;
use std::time::Duration;

use super::histogram::Histogram;
use super::row::{RowFigures, rows};
use crate::sink::interval::Interval;
use crate::stats::snapshot::Arrivals;
use crate::stats::{Second, Snapshot};

/// Sums and histograms of closed seconds, and the latest snapshot. Warm-ups are not included, and a reset of the
/// statistics discards what was before it, so that the sums are those of the reports.
#[derive(Debug)]
pub struct Figures<H> {
    pub(super) latest: Arc<Snapshot>,
    /// Run time of the latest reset; earlier seconds are not included.
    since: Duration,
    /// Rows with different labels.
    pub(super) rows: Vec<RowFigures<H>>,
    /// Index into `rows` of each endpoint.
    row_of: Vec<usize>,
    /// Some requests had due times, so that service times differ from response times.
    pub(super) has_service: bool,
    pub(super) arrivals: Arrivals,
    pub(super) exceptions: u64,
    pub(super) schedule_delay: H,
}

impl<H: Histogram> Figures<H> {
    /// Creates figures without requests, as of the start of a run.
    pub fn new(latest: Arc<Snapshot>) -> Self {
        let (rows, row_of) = rows(&latest.endpoints);
        Self {
            latest,
            since: Duration::ZERO,
            rows,
            row_of,
            has_service: false,
            arrivals: Arrivals::default(),
            exceptions: 0,
            schedule_delay: H::default(),
        }
    }

    /// Updates everything that is not a sum.
    pub fn update(&mut self, latest: &Arc<Snapshot>) {
        if latest.resets != self.latest.resets {
            self.since = latest.elapsed.saturating_sub(latest.measured);
            self.clear();
        }
        self.latest = Arc::clone(latest);
    }

    /// Adds the seconds of an interval.
    pub fn add(&mut self, interval: &Interval) {
        self.update(&interval.snapshot);
        let since = self.since;
        let counted = interval.seconds.iter().filter(|second| !second.is_warm_up && second.from >= since);
        counted.for_each(|second| self.add_second(second));
    }

    fn add_second(&mut self, second: &Second) {
        for (endpoint, bucket) in &second.rows {
            self.has_service |= bucket.service.is_some();
            if let Some(row) = self.row(*endpoint) {
                row.add(bucket);
            }
        }
        for (endpoint, tally) in &second.deliveries {
            if let Some(row) = self.row(*endpoint) {
                row.add_messages(tally);
            }
        }
        self.arrivals.merge(second.arrivals);
        self.exceptions += second.exceptions;
        self.schedule_delay.add(&second.schedule_delay);
    }

    fn row(&mut self, endpoint: u32) -> Option<&mut RowFigures<H>> {
        let row = *self.row_of.get(endpoint as usize)?;
        self.rows.get_mut(row)
    }

    /// Sets all sums to 0 and empties the histograms.
    pub fn clear(&mut self) {
        self.rows.iter_mut().for_each(RowFigures::clear);
        (self.arrivals, self.exceptions, self.schedule_delay) = (Arrivals::default(), 0, H::default());
    }
}
