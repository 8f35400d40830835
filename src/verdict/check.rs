//! Evaluates one check: whether it passes, the measured value, and the margin.

use std::time::Duration;

use super::measure::Sums;
use super::period::Period;
use crate::scenario::eval::operator::Operator;
use crate::scenario::plan::{Check, Metric};
use crate::units;

/// Result of a check.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Whether the check passes; the error says why that cannot be decided.
    pub outcome: Result<bool, String>,
    /// Measured value, in the unit of the check's limit.
    pub value: Option<f64>,
    /// Remaining margin as a fraction of the limit; at most 0 if the check fails.
    pub margin: Option<f64>,
}

impl Evaluation {
    fn unknown(why: String, value: Option<f64>) -> Self {
        Self { outcome: Err(why), value, margin: None }
    }
}

/// Evaluates a check. `is_over`: no more data will come.
pub fn evaluate(check: &Check, period: &Period, is_over: bool) -> Evaluation {
    if let Some(length) = period.unfilled_window() {
        let length = units::plain(length);
        let words = if is_over { "less than" } else { "not yet" };
        return Evaluation::unknown(format!("{words} {length} were measured"), None);
    }
    let value = match measured(check.metric, period) {
        Ok(value) => value,
        Err(why) => return Evaluation::unknown(why, None),
    };
    let passes = check.operator.compare(value, check.value);
    if let Some(why) = insufficient(check, period, passes, is_over) {
        return Evaluation::unknown(why, Some(value));
    }
    let margin = margin(check, value).map(|margin| if passes { margin } else { margin.min(0.0) });
    Evaluation { outcome: Ok(passes), value: Some(value), margin }
}

/// The measured value; the error says what is missing.
fn measured(metric: Metric, period: &Period) -> Result<f64, String> {
    let sums = period.sums();
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64()).ok_or_else(|| "no requests".to_owned());
    let exact = |nanos: u64| (sums.exact.count > 0).then_some(Duration::from_nanos(nanos));
    let percentile = |percentile| match sums.is_silent_at(percentile) && sums.requests > 0 {
        true => Ok(f64::INFINITY),
        false => seconds(period.percentile(percentile)),
    };
    match metric {
        Metric::Percentile(of) => percentile(of),
        Metric::Median => percentile(50.0),
        Metric::Mean | Metric::Min | Metric::Max if sums.responses == 0 && sums.requests > 0 => {
            Err("no request got a response".to_owned())
        }
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
        Metric::HitRatio => sums.lookups.hit_ratio().ok_or_else(|| "no key was looked up".to_owned()),
        Metric::Cpu if sums.cpu.1 <= 0.0 => Err("the CPU was not measured yet".to_owned()),
        Metric::Cpu => Ok(sums.cpu.0 / sums.cpu.1),
        Metric::OutputBufferDisconnections => {
            sums.cuts.map(|cuts| cuts as f64).ok_or_else(|| "the Redis server does not report it".to_owned())
        }
    }
}

/// Why there is not enough data to decide.
fn insufficient(check: &Check, period: &Period, passes: bool, is_over: bool) -> Option<String> {
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
    if is_count && passes && sums.requests == 0 {
        return Some("no requests".to_owned());
    }
    // A growing count may still reach the limit.
    let grows = matches!(check.metric, Metric::Requests | Metric::Failures);
    let is_least = matches!(check.operator, Operator::Greater | Operator::AtLeast | Operator::Equal);
    let may_come = (sums.requests as f64) <= check.value || !matches!(check.operator, Operator::Equal);
    (grows && is_least && may_come && !passes && !is_over && !period.is_window()).then(|| progress(check, sums))
}

/// Progress of a count towards its limit: `20 of 25 so far`.
fn progress(check: &Check, sums: &Sums) -> String {
    let found = if check.metric == Metric::Failures { sums.failures } else { sums.requests };
    let needed = format_value(check.metric, check.value);
    let more = if check.operator == Operator::Greater { "more than " } else { "" };
    format!("{} of {more}{needed} so far", units::count(found))
}

/// Minimum number of times needed to evaluate a percentile: with fewer, even the maximum is below the true percentile
/// with a probability of over 5 %. This is Wilks' rule for one-sided distribution-free tolerance limits (S. S. Wilks,
/// Determination of Sample Sizes for Setting Tolerance Limits, 1941): 5 for the median, 59 for p95, 299 for p99, 2,995
/// for p99.9, about 3/(1 − p). Below the median, the minimum takes the role of the maximum.
pub fn samples_needed(percentile: f64) -> u64 {
    let part = (percentile / 100.0).max(1.0 - percentile / 100.0);
    let needed = (0.05_f64.ln() / part.ln()).ceil();
    if needed.is_finite() { needed.max(1.0) as u64 } else { 1 }
}

fn margin(check: &Check, value: f64) -> Option<f64> {
    let limit = check.value;
    if limit <= 0.0 || value.is_infinite() {
        return None;
    }
    match check.operator {
        Operator::Less | Operator::AtMost => Some((limit - value) / limit),
        Operator::Greater | Operator::AtLeast => Some((value - limit) / limit),
        Operator::Equal | Operator::Different => None,
    }
}

/// Maximum additional digits of a value that looks like its limit.
const MOST_DIGITS: usize = 9;

/// Formats a measured value with its unit, with as many digits as are needed to tell it from the limit of the check:
/// `1.2 %` beside a limit of 1 %, which would be `1 %` elsewhere.
pub fn format_beside(check: &Check, value: f64) -> String {
    let (metric, limit) = (check.metric, check.value);
    let usual = format_value(metric, value);
    if value == limit || usual != format_value(metric, limit) {
        return usual;
    }
    let exact = |digits| {
        let [shown, limit] = [value, limit].map(|value| with_decimals(metric, value, limit, digits));
        (shown != limit).then_some(shown).flatten()
    };
    (1..=MOST_DIGITS).find_map(exact).unwrap_or(usual)
}

/// A value with this many decimals in the unit that its limit has; `None` for a count.
fn with_decimals(metric: Metric, value: f64, limit: f64, decimals: usize) -> Option<String> {
    match metric {
        Metric::Percentile(_) | Metric::Mean | Metric::Median | Metric::Min | Metric::Max => {
            let (scale, unit) = match limit {
                limit if limit < 1e-3 => (1e6, "us"),
                limit if limit < 1.0 => (1e3, "ms"),
                _ => (1.0, "s"),
            };
            Some(format!("{:.decimals$}{unit}", value * scale))
        }
        Metric::FailRatio | Metric::LostRatio | Metric::HitRatio | Metric::Cpu => {
            Some(format!("{:.decimals$} %", value * 100.0))
        }
        Metric::Rps => Some(format!("{value:.decimals$}/s")),
        Metric::Requests
        | Metric::Failures
        | Metric::Dropped
        | Metric::Exceptions
        | Metric::OutputBufferDisconnections => None,
    }
}

/// Formats a value with the unit of its metric: `121ms`, `0.42 %`, `1,843/s`.
fn format_value(metric: Metric, value: f64) -> String {
    match metric {
        Metric::Percentile(_) | Metric::Median if value.is_infinite() => "no response".to_owned(),
        Metric::Percentile(_) | Metric::Mean | Metric::Median | Metric::Min | Metric::Max => {
            units::latency(Duration::try_from_secs_f64(value).unwrap_or(Duration::MAX))
        }
        Metric::FailRatio | Metric::LostRatio | Metric::HitRatio => units::percent(value, 2),
        Metric::Cpu => units::percent(value, 0),
        Metric::Rps => format!("{}/s", units::rate(value)),
        Metric::Requests
        | Metric::Failures
        | Metric::Dropped
        | Metric::Exceptions
        | Metric::OutputBufferDisconnections => units::count(value as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::plan::Source;

    #[test]
    fn a_value_does_not_look_like_a_limit_that_it_is_not() {
        for (metric, limit, value, shown) in [
            (Metric::Cpu, 0.01, 0.0123, "1.2 %"),
            (Metric::Cpu, 0.01, 0.010_04, "1.004 %"),
            (Metric::Cpu, 0.01, 0.01, "1 %"),
            (Metric::Cpu, 0.8, 0.0123, "1 %"),
            (Metric::FailRatio, 1.0, 0.999_98, "99.998 %"),
            (Metric::FailRatio, 0.01, 0.010_001, "1.0001 %"),
            (Metric::FailRatio, 0.01, 0.02, "2.00 %"),
            (Metric::LostRatio, 0.0, 0.000_000_04, "0.000004 %"),
            (Metric::Percentile(95.0), 0.4, 0.400_3, "400.3ms"),
            (Metric::Max, 1.2, 1.204, "1.204s"),
            (Metric::Mean, 0.000_5, 0.000_500_4, "500.4us"),
            (Metric::Percentile(95.0), 0.4, f64::INFINITY, "no response"),
            (Metric::Rps, 50.0, 49.97, "49.97/s"),
            (Metric::Rps, 2_000.0, 1_999.6, "1999.6/s"),
            (Metric::Requests, 5.5, 5.0, "5"),
        ] {
            let check = Check { source: Source::All, metric, operator: Operator::Less, value: limit };
            assert_eq!(format_beside(&check, value), shown, "{metric:?} {limit} {value}");
        }
    }
}
