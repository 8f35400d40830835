//! One check against what was measured: whether it holds, what was found, and what is left of the limit.

use std::time::Duration;

use super::measure::Sums;
use super::period::Period;
use crate::scenario::eval::operator::Operator;
use crate::scenario::plan::{Check, Metric};
use crate::units;

/// How a check stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Whether it holds; else why that cannot be told.
    pub told: Result<bool, String>,
    /// What was measured, in the unit of the check's own value.
    pub value: Option<f64>,
    /// What is left of the limit, as a part of it; never above 0 where the check does not hold.
    pub margin: Option<f64>,
}

impl Reading {
    fn unknown(why: String, value: Option<f64>) -> Self {
        Self { told: Err(why), value, margin: None }
    }
}

/// Reads off a check. `is_over` says that nothing more will come.
pub fn read(check: &Check, period: &Period, is_over: bool) -> Reading {
    if let Some(length) = period.is_short_of() {
        let length = units::plain(length);
        let words = if is_over { "less than" } else { "not yet" };
        return Reading::unknown(format!("{words} {length} were measured"), None);
    }
    let value = match measured(check.metric, period) {
        Ok(value) => value,
        Err(why) => return Reading::unknown(why, None),
    };
    let holds = check.operator.compare(value, check.value);
    if let Some(why) = doubt(check, period, holds, is_over) {
        return Reading::unknown(why, Some(value));
    }
    let margin = margin(check, value).map(|margin| if holds { margin } else { margin.min(0.0) });
    Reading { told: Ok(holds), value: Some(value), margin }
}

/// What was measured; an error says what is missing.
fn measured(metric: Metric, period: &Period) -> Result<f64, String> {
    let sums = period.sums();
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64()).ok_or_else(|| "no requests".to_owned());
    let exact = |nanos: u64| (sums.exact.count > 0).then_some(Duration::from_nanos(nanos));
    match metric {
        Metric::Percentile(percentile) => seconds(period.percentile(percentile)),
        Metric::Median => seconds(period.percentile(50.0)),
        Metric::Mean => seconds(sums.mean()),
        Metric::Min => seconds(exact(sums.exact.min)),
        Metric::Max => seconds(exact(sums.exact.max)),
        Metric::Rps if sums.covered.is_zero() => Err("no time has passed".to_owned()),
        Metric::Rps => Ok(sums.requests as f64 / sums.covered.as_secs_f64()),
        Metric::Requests => Ok(sums.requests as f64),
        Metric::Failures => Ok(sums.failures as f64),
        Metric::FailRatio if sums.requests == 0 => Err("no requests".to_owned()),
        Metric::FailRatio => Ok(sums.failures as f64 / sums.requests as f64),
        Metric::Dropped => Ok(sums.arrivals.dropped as f64),
        Metric::Exceptions => Ok(sums.exceptions as f64),
        Metric::LostRatio if sums.tally.lost() + sums.tally.delivered() == 0 => Err("no messages".to_owned()),
        Metric::LostRatio => Ok(sums.tally.lost_ratio()),
        Metric::Cpu if sums.cpu.1 <= 0.0 => Err("the CPU was not measured yet".to_owned()),
        Metric::Cpu => Ok(sums.cpu.0 / sums.cpu.1),
        Metric::OutputBufferDisconnections => {
            sums.cuts.map(|cuts| cuts as f64).ok_or_else(|| "the Redis server does not say".to_owned())
        }
    }
}

/// Why a figure is not enough to judge by.
fn doubt(check: &Check, period: &Period, holds: bool, is_over: bool) -> Option<String> {
    let sums = period.sums();
    let percentile = match check.metric {
        Metric::Percentile(percentile) => Some(percentile),
        Metric::Median => Some(50.0),
        _ => None,
    };
    if let Some(needed) = percentile.map(samples_needed).filter(|needed| sums.exact.count < *needed) {
        let (found, needed) = (units::count(sums.exact.count), units::count(needed));
        return Some(format!("{found} of at least {needed} requests"));
    }
    let is_count = matches!(check.metric, Metric::Rps | Metric::Failures | Metric::Dropped | Metric::Exceptions);
    if is_count && holds && sums.requests == 0 {
        return Some("no requests".to_owned());
    }
    // A count that grows may still reach what it must.
    let grows = matches!(check.metric, Metric::Requests | Metric::Failures);
    let is_least = matches!(check.operator, Operator::Greater | Operator::AtLeast | Operator::Equal);
    let may_come = (sums.requests as f64) <= check.value || !matches!(check.operator, Operator::Equal);
    (grows && is_least && may_come && !holds && !is_over && !period.is_window()).then(|| so_far(check, sums))
}

/// How far a count has come on its way to what it must reach.
fn so_far(check: &Check, sums: &Sums) -> String {
    let found = if check.metric == Metric::Failures { sums.failures } else { sums.requests };
    let needed = words(check.metric, check.value);
    let more = if check.operator == Operator::Greater { "more than " } else { "" };
    format!("{} of {more}{needed} so far", units::count(found))
}

/// The fewest times by which a percentile can be judged: with fewer, the probability that even the longest of them is
/// below the true percentile is over 5 %. This is Wilks' rule for one-sided distribution-free limits (S. S. Wilks,
/// Determination of Sample Sizes for Setting Tolerance Limits, 1941): 5 for the median, 59 for p95, 299 for p99, 2,995
/// for p99.9, about 3/(1 − p). Below the median the shortest and the true percentile change places.
pub fn samples_needed(percentile: f64) -> u64 {
    let part = (percentile / 100.0).max(1.0 - percentile / 100.0);
    let needed = (0.05_f64.ln() / part.ln()).ceil();
    if needed.is_finite() { needed.max(1.0) as u64 } else { 1 }
}

fn margin(check: &Check, value: f64) -> Option<f64> {
    let limit = check.value;
    if limit <= 0.0 {
        return None;
    }
    match check.operator {
        Operator::Less | Operator::AtMost => Some((limit - value) / limit),
        Operator::Greater | Operator::AtLeast => Some((value - limit) / limit),
        Operator::Equal | Operator::Different => None,
    }
}

/// A figure with the unit of its metric: `121ms`, `0.42 %`, `1,843/s`.
pub fn words(metric: Metric, value: f64) -> String {
    let percent = |ratio: f64| {
        let percent = ratio * 100.0;
        if percent > 0.0 && percent < 0.01 { format!("{percent:.4} %") } else { format!("{percent:.2} %") }
    };
    match metric {
        Metric::Percentile(_) | Metric::Mean | Metric::Median | Metric::Min | Metric::Max => {
            units::latency(Duration::try_from_secs_f64(value).unwrap_or(Duration::MAX))
        }
        Metric::FailRatio | Metric::LostRatio => percent(value),
        Metric::Cpu => format!("{:.0} %", value * 100.0),
        Metric::Rps => format!("{}/s", units::rate(value)),
        Metric::Requests
        | Metric::Failures
        | Metric::Dropped
        | Metric::Exceptions
        | Metric::OutputBufferDisconnections => units::count(value as u64),
    }
}
