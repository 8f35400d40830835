//! The seconds of a run: `series.jsonl`.

use std::path::Path;
use std::time::Duration;

use super::error::ReadError;
use super::line::{SecondLine, SeriesLine, seconds};
use super::rebuild::Known;
use super::run::RedisPoint;
use super::{Meta, lines};
use crate::stats::snapshot::Bucket;

/// VU-hours of a second, as far as it is after the run time `from`; `None` if it is not.
pub(super) fn user_hours(second: &Bucket, from: Duration) -> Option<f64> {
    let end = second.from.saturating_add(second.length);
    let length = end.checked_sub(from.max(second.from)).filter(|length| !length.is_zero())?;
    Some(f64::from(second.users) * length.as_secs_f64() / 3_600.0)
}

/// What `series.jsonl` has.
#[derive(Debug, Default)]
pub(super) struct History {
    /// The seconds since the last reset.
    pub seconds: Vec<Bucket>,
    /// What was left of the limits of thresholds.
    pub margins: Vec<(Duration, Vec<Option<f64>>)>,
    pub redis: Vec<(Duration, RedisPoint)>,
    /// Run time of the last reset.
    reset: Duration,
    /// VU-hours of all seconds, also of those before a reset.
    vu_hours: f64,
    /// What the file lacks.
    pub gap: Option<String>,
}

impl History {
    /// The seconds that were over at the run time `until`.
    pub fn read(path: &Path, until: Duration) -> Result<Self, ReadError> {
        let file = lines::read::<SeriesLine>(path)?;
        let mut history = Self { gap: file.gap, ..Self::default() };
        let mut kept: Vec<SecondLine> = Vec::new();
        let hours = |kept: &[SecondLine]| -> f64 {
            kept.iter().filter_map(|second| user_hours(&second.bucket(), Duration::ZERO)).sum()
        };
        for line in file.lines {
            match line {
                SeriesLine::Reset { reset } if seconds(reset) > until => break,
                SeriesLine::Reset { reset } => {
                    history.vu_hours += hours(&kept);
                    history.reset = seconds(reset);
                    kept.clear();
                }
                SeriesLine::Second(second) if seconds(second.t) + seconds(second.length) > until => break,
                SeriesLine::Second(second) => {
                    while kept.last().is_some_and(|last| last.t >= second.t) {
                        kept.pop();
                    }
                    kept.push(*second);
                }
            }
        }
        history.vu_hours += hours(&kept);
        history.seconds = kept.iter().map(SecondLine::bucket).collect();
        history.redis = kept.iter().filter_map(|second| Some((seconds(second.t), second.redis?))).collect();
        let judged = kept.into_iter().filter(|second| !second.margins.is_empty());
        history.margins = judged.map(|second| (seconds(second.t), second.margins)).collect();
        Ok(history)
    }

    pub fn known<'a>(&'a self, folder: &'a Path, meta: &'a Meta) -> Known<'a> {
        Known { folder, meta, seconds: &self.seconds, reset: self.reset, vu_hours: self.vu_hours }
    }
}
