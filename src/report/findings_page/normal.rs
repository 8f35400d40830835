//! The normal range of a metric in a run: its values in the seconds of the steady part, without the extremes.

use std::time::Duration;

use crate::stats::snapshot::Bucket;

/// A metric, computed for each second.
pub(super) struct Figure {
    pub name: &'static str,
    /// Its value in a second; `None` if nothing was measured.
    pub of: fn(&Bucket) -> Option<f64>,
    pub unit: Unit,
}

/// Unit of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Seconds.
    Time,
    /// Per second.
    Rate,
    /// From 0 to 1, shown as a percentage.
    Ratio,
}

/// Metrics on the page.
pub(super) const FIGURES: [Figure; 5] = [
    Figure { name: "p50", of: |second| second.p50.map(|time| time.as_secs_f64()), unit: Unit::Time },
    Figure { name: "p95", of: |second| second.p95.map(|time| time.as_secs_f64()), unit: Unit::Time },
    Figure { name: "p99", of: |second| second.p99.map(|time| time.as_secs_f64()), unit: Unit::Time },
    Figure { name: "requests/s", of: rate, unit: Unit::Rate },
    Figure { name: "failure ratio", of: failures, unit: Unit::Ratio },
];

/// Minimum length of a steady part, in seconds. Without one, the whole run is used.
const MIN_STEADY: usize = 10;

/// The range of a metric in 80 % of the seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Band {
    /// 10th percentile of the seconds.
    pub low: f64,
    pub median: f64,
    /// 90th percentile of the seconds.
    pub high: f64,
}

fn rate(second: &Bucket) -> Option<f64> {
    let length = second.length.as_secs_f64();
    (length > 0.0).then(|| second.requests as f64 / length)
}

fn failures(second: &Bucket) -> Option<f64> {
    (second.requests > 0).then(|| second.failures as f64 / second.requests as f64)
}

/// The longest period with a constant number of users. Returns all seconds if it is shorter than [`MIN_STEADY`], or in
/// an open model (`is_open`), in which the number of users depends on the responses.
pub(super) fn steady(seconds: &[Bucket], is_open: bool) -> &[Bucket] {
    if is_open {
        return seconds;
    }
    // The last of equally long periods: the target may have been warming up in the earlier ones.
    let parts = seconds.chunk_by(|a, b| a.users == b.users).filter(|part| part[0].users > 0);
    parts.max_by_key(|part| part.len()).filter(|part| part.len() >= MIN_STEADY).unwrap_or(seconds)
}

/// Start and end of the seconds, in run time.
pub(super) fn range(seconds: &[Bucket]) -> Option<(Duration, Duration)> {
    let (first, last) = (seconds.first()?, seconds.last()?);
    Some((first.from, last.from + last.length))
}

/// The band of a metric; `None` if it was never measured.
pub(super) fn band(seconds: &[Bucket], figure: &Figure) -> Option<Band> {
    let mut values: Vec<f64> = seconds.iter().filter_map(figure.of).collect();
    values.sort_by(f64::total_cmp);
    let at = |ratio: f64| {
        // The nearest rank, without interpolation: bounds are measured values.
        let rank = ((values.len().saturating_sub(1)) as f64 * ratio).round() as usize;
        values.get(rank).copied()
    };
    Some(Band { low: at(0.1)?, median: at(0.5)?, high: at(0.9)? })
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::stats::snapshot::Cumulative;

    fn seconds(users: impl Iterator<Item = u32>) -> Vec<Bucket> {
        let second = |(at, users): (usize, u32)| Bucket {
            from: Duration::from_secs(at as u64),
            length: Duration::from_secs(1),
            at: SystemTime::UNIX_EPOCH,
            users,
            requests: at as u64,
            failures: 0,
            p50: (at > 0).then(|| Duration::from_millis(at as u64)),
            p95: None,
            p99: None,
            cumulative: Cumulative::default(),
        };
        users.enumerate().map(second).collect()
    }

    #[test]
    fn steady_part_is_the_longest_period_with_constant_users() {
        let all = seconds((0..5).chain([50; 20]).chain([10; 12]));
        let part = steady(&all, false);
        assert_eq!(range(part), Some((Duration::from_secs(5), Duration::from_secs(25))));
        assert_eq!(steady(&all, true).len(), 37);
        assert_eq!(steady(&all[..9], false).len(), 9, "too short");
        assert_eq!((steady(&[], false).len(), range(&[])), (0, None));
    }

    #[test]
    fn band_covers_eight_of_ten_seconds() {
        let all = seconds([1; 101].into_iter());
        let rate = band(&all, &FIGURES[3]).unwrap();
        assert_eq!(rate, Band { low: 10.0, median: 50.0, high: 90.0 });
        assert_eq!(band(&all, &FIGURES[1]), None);
        assert_eq!(band(&all[1..2], &FIGURES[0]).unwrap().high, 0.001);
        assert_eq!(band(&all[..1], &FIGURES[4]), None, "no request, no ratio");
    }
}
