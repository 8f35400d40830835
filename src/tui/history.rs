//! History of a run as columns of a chart: buckets of the time series are merged until the span fits.
//!
//! Columns start at multiples of their length, so that a finished column keeps its height and the chart moves by whole
//! columns.

use std::time::Duration;

use crate::stats::Snapshot;
use crate::stats::snapshot::Bucket;

/// Possible lengths of a column, in seconds.
const LENGTHS: [u64; 17] = [1, 2, 3, 4, 6, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400, 43_200];
/// Span shown by default: the whole run at first, then the last 90 seconds.
const GLANCE: Duration = Duration::from_secs(90);

/// The span of time that charts show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    /// The whole run at first, then [`GLANCE`].
    Auto,
    Last(Duration),
    Whole,
}

impl Span {
    pub const ALL: [Span; 7] = [
        Span::Auto,
        Span::Last(Duration::from_secs(30)),
        Span::Last(Duration::from_secs(60)),
        Span::Last(Duration::from_secs(300)),
        Span::Last(Duration::from_secs(900)),
        Span::Last(Duration::from_secs(3_600)),
        Span::Whole,
    ];

    pub fn words(self) -> String {
        match self {
            Span::Auto => "the last minutes".to_owned(),
            Span::Last(d) => format!("the last {}", crate::units::plain(d)),
            Span::Whole => "the whole run".to_owned(),
        }
    }

    /// The span `by` positions further in the list, which wraps around.
    pub fn turned(self, by: usize) -> Span {
        let here = Self::ALL.iter().position(|s| *s == self).unwrap_or(0);
        Self::ALL[(here + by) % Self::ALL.len()]
    }
}

/// The statistics of one column.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Column {
    /// Users at its end.
    pub users: f64,
    /// Requests per second.
    pub rps: f64,
    /// Failures per second.
    pub fps: f64,
    /// Of the slowest bucket: percentiles cannot be averaged.
    pub p50: Option<f64>,
    pub p95: Option<f64>,
}

/// Columns, oldest first; `None` without data.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct History {
    pub columns: Vec<Option<Column>>,
    /// Seconds in a column.
    pub seconds: u64,
    /// Number of the last column, counted from the start of the run.
    last: u64,
}

impl History {
    /// At most `cells` columns from the time series of `snapshot`.
    pub fn new(snapshot: &Snapshot, span: Span, cells: usize) -> Self {
        let first = snapshot.series.iter().next().map_or(snapshot.elapsed, |b| b.from);
        let age = snapshot.elapsed.saturating_sub(first);
        let wanted = match span {
            Span::Auto => age.min(GLANCE),
            Span::Last(d) => d,
            Span::Whole => age,
        };
        let cells = cells.max(1);
        let fits = |length: &&u64| length.saturating_mul(cells as u64) >= wanted.as_secs();
        let seconds = *LENGTHS.iter().find(fits).unwrap_or(&LENGTHS[LENGTHS.len() - 1]);
        let newest = snapshot.series.iter().next_back();
        // The last moment of the bucket, not the first one after it.
        let last = newest.map_or(0, |b| last_second(&b) / seconds);
        let oldest = first.as_secs() / seconds;
        let shown = usize::try_from(last.saturating_sub(oldest)).unwrap_or(usize::MAX).saturating_add(1).min(cells);
        let mut groups = vec![Group::default(); shown];
        let begin = last.saturating_sub(shown as u64 - 1);
        for bucket in snapshot.series.iter().rev() {
            let (from, to) = (bucket.from.as_secs() / seconds, last_second(&bucket) / seconds);
            if to < begin {
                break;
            }
            for number in from.max(begin)..=to.min(last) {
                if let Some(group) = groups.get_mut((number - begin) as usize) {
                    group.add(&bucket);
                }
            }
        }
        let mut columns: Vec<Option<Column>> = groups.iter().map(Group::column).collect();
        // The current second is in no bucket yet, but its number of users is known.
        if let Some(column) = columns.last_mut() {
            column.get_or_insert_default().users = f64::from(snapshot.load.users);
        }
        Self { columns, seconds, last }
    }

    /// The column that contains a moment of the run.
    pub fn column_at(&self, elapsed: Duration) -> Option<usize> {
        let number = (elapsed.as_secs() / self.seconds).min(self.last);
        let back = usize::try_from(self.last - number).ok()?;
        self.columns.len().checked_sub(back.saturating_add(1))
    }

    /// Duration of `cells` columns.
    pub fn length(&self, cells: usize) -> Duration {
        Duration::from_secs(self.seconds.saturating_mul(cells as u64))
    }
}

fn last_second(bucket: &Bucket) -> u64 {
    let end = bucket.from + bucket.length;
    end.saturating_sub(Duration::from_nanos(1)).max(bucket.from).as_secs()
}

#[derive(Debug, Clone, Default)]
struct Group {
    length: f64,
    requests: f64,
    failures: f64,
    /// Of the newest bucket, which is added first.
    users: Option<u32>,
    p50: Option<Duration>,
    p95: Option<Duration>,
}

impl Group {
    fn add(&mut self, bucket: &Bucket) {
        self.length += bucket.length.as_secs_f64();
        self.requests += bucket.requests as f64;
        self.failures += bucket.failures as f64;
        self.users.get_or_insert(bucket.users);
        self.p50 = self.p50.max(bucket.p50);
        self.p95 = self.p95.max(bucket.p95);
    }

    fn column(&self) -> Option<Column> {
        let users = f64::from(self.users?);
        let length = self.length.max(1e-3);
        Some(Column {
            users,
            rps: self.requests / length,
            fps: self.failures / length,
            p50: self.p50.map(|d| d.as_secs_f64()),
            p95: self.p95.map(|d| d.as_secs_f64()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fixture;

    #[test]
    fn the_default_span_is_limited() {
        for (second, cells, span, seconds, columns) in [
            (10, 15, Span::Auto, 1, 10),
            (16, 15, Span::Auto, 2, 8),
            (134, 15, Span::Auto, 6, 15),
            (134, 60, Span::Auto, 2, 60),
            (134, 30, Span::Auto, 3, 30),
            (134, 15, Span::Last(Duration::from_secs(30)), 2, 15),
            (134, 15, Span::Whole, 10, 14),
            (134, 0, Span::Whole, 300, 1),
        ] {
            let history = History::new(&fixture::snapshot(second), span, cells);
            assert_eq!((history.seconds, history.columns.len()), (seconds, columns), "{second} {cells} {span:?}");
        }
    }

    #[test]
    fn columns_have_rates_and_the_slowest_second() {
        let mut snapshot = fixture::snapshot(20);
        let changed = |(i, bucket): (u64, Bucket)| Bucket {
            requests: 10 * (i % 2),
            failures: 1,
            p95: Some(Duration::from_millis(100 + i)),
            ..bucket
        };
        snapshot.series.fine = (0..).zip(snapshot.series.fine.iter()).map(changed).collect();
        let history = History::new(&snapshot, Span::Last(Duration::from_secs(20)), 10);
        let first = history.columns[0].unwrap();
        assert_eq!((first.rps, first.fps, first.p95), (5.0, 1.0, Some(0.101)));
        assert_eq!(history.columns[9].unwrap().users, f64::from(snapshot.load.users));
    }

    #[test]
    fn changes_in_the_current_second_belong_to_the_last_column() {
        let history = History::new(&fixture::snapshot(134), Span::Auto, 15);
        assert_eq!(history.column_at(Duration::from_secs(134)), Some(14));
        assert_eq!(history.column_at(Duration::from_secs(100)), Some(8));
        let short = History::new(&fixture::snapshot(134), Span::Last(Duration::from_secs(30)), 15);
        assert_eq!(short.column_at(Duration::from_secs(100)), None);
    }

    #[test]
    fn a_new_run_has_one_empty_column() {
        let history = History::new(&fixture::snapshot(0), Span::Auto, 15);
        assert_eq!((history.columns.len(), history.seconds), (1, 1));
    }

    #[test]
    fn spans_wrap_around() {
        assert_eq!(Span::Auto.turned(1), Span::Last(Duration::from_secs(30)));
        assert_eq!(Span::Auto.turned(Span::ALL.len() - 1), Span::Whole);
    }
}
