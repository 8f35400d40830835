//! Tests a figure for drift: Theil–Sen slope, and Mann–Kendall test corrected for autocorrelation.
//!
//! Successive values are correlated, so the uncorrected test finds drift in far more than 5 % of the runs without any.
//! Sources: Sen, "Estimates of the regression coefficient based on Kendall's tau", JASA 63 (1968); Hamed and Rao, "A
//! modified Mann–Kendall trend test for autocorrelated data", Journal of Hydrology 204 (1998).

/// Minimum number of values: ten minutes of 10 s blocks.
pub(super) const MIN_VALUES: usize = 60;
/// With more values than this, means of two, three, … successive ones are used: time and memory grow with the square of
/// their number.
const MAX_VALUES: usize = 128;
/// 97.5 % quantile of the standard normal distribution: 95 % of it lies within ±Z.
const Z_95: f64 = 1.959_964;
/// 80 % quantile of the standard normal distribution: a drift larger by this much is found in four of five runs.
const Z_POWER: f64 = 0.841_621;

/// Drift of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Trend {
    /// Change per unit of time: the median of the slopes between all pairs of values.
    pub slope: f64,
    /// 95 % confidence interval of the slope.
    pub interval: (f64, f64),
    /// Probability of a result at least this extreme without drift.
    pub p_value: f64,
    /// Smallest slope that would have been significant in four of five such runs.
    pub detectable: f64,
}

impl Trend {
    /// True if the values drift at a 95 % confidence level.
    pub fn is_significant(&self) -> bool {
        self.p_value < 0.05 && (self.interval.0 > 0.0 || self.interval.1 < 0.0)
    }
}

/// Drift of `values`, pairs of time and value; `None` with fewer than [`MIN_VALUES`] finite pairs.
pub(super) fn trend(values: impl IntoIterator<Item = (f64, f64)>) -> Option<Trend> {
    let values: Vec<(f64, f64)> = values.into_iter().filter(|(t, v)| t.is_finite() && v.is_finite()).collect();
    if values.len() < MIN_VALUES {
        return None;
    }
    let values = averaged(&values, values.len().div_ceil(MAX_VALUES));
    let mut slopes = slopes(&values);
    slopes.sort_unstable_by(f64::total_cmp);
    let slope = median(&slopes)?;
    let figures: Vec<f64> = values.iter().map(|(_, v)| *v).collect();
    let deviation = (variance(&figures) * inflation(&values, slope)).sqrt();
    let s = kendall_s(&figures);
    // Continuity correction: the sum of signs changes in steps of two.
    let z = if deviation > 0.0 { (s.abs() - 1.0).max(0.0) / deviation } else { 0.0 };
    let width = Z_95 * deviation;
    let pairs = slopes.len() as f64;
    let at = |rank: f64| slopes[(rank.round().max(0.0) as usize).min(slopes.len() - 1)];
    let interval = (at((pairs - width) / 2.0 - 1.0), at((pairs + width) / 2.0));
    let half = (interval.1 - interval.0) / 2.0;
    Some(Trend { slope, interval, p_value: two_sided(z), detectable: half * (1.0 + Z_POWER / Z_95) })
}

/// Means of `size` successive values; an incomplete rest at the end is left out.
fn averaged(values: &[(f64, f64)], size: usize) -> Vec<(f64, f64)> {
    let sum = |part: &[(f64, f64)]| part.iter().fold((0.0, 0.0), |(t, v), (time, value)| (t + time, v + value));
    let mean = |part: &[(f64, f64)]| {
        let (t, v) = sum(part);
        (t / size as f64, v / size as f64)
    };
    values.chunks_exact(size).map(mean).collect()
}

fn slopes(values: &[(f64, f64)]) -> Vec<f64> {
    let mut slopes = Vec::with_capacity(values.len() * values.len() / 2);
    for (at, (t, v)) in values.iter().enumerate() {
        let later = values[at + 1..].iter().filter(|(later, _)| later > t);
        slopes.extend(later.map(|(later, w)| (w - v) / (later - t)));
    }
    slopes
}

fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        _ if sorted.is_empty() => None,
        0 => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
        _ => Some(sorted[middle]),
    }
}

/// Kendall's S: rising pairs minus falling pairs.
fn kendall_s(values: &[f64]) -> f64 {
    let pairs = values.iter().enumerate().flat_map(|(at, v)| values[at + 1..].iter().map(move |w| (v, w)));
    pairs.map(|(v, w)| f64::from(i8::from(w > v) - i8::from(w < v))).sum()
}

/// Variance of S for independent values, corrected for ties.
fn variance(values: &[f64]) -> f64 {
    let term = |n: f64| n * (n - 1.0) * (2.0 * n + 5.0);
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let ties: f64 = sorted.chunk_by(|a, b| a == b).map(|equal| term(equal.len() as f64)).sum();
    (term(values.len() as f64) - ties) / 18.0
}

/// Factor by which autocorrelation increases the variance (Hamed and Rao, equation 10), from the ranks of the detrended
/// values; at least 1.
fn inflation(values: &[(f64, f64)], slope: f64) -> f64 {
    let rest: Vec<f64> = values.iter().map(|(t, v)| v - slope * t).collect();
    let ranks = ranks(&rest);
    let n = ranks.len() as f64;
    let mean = ranks.iter().sum::<f64>() / n;
    let squares: f64 = ranks.iter().map(|rank| (rank - mean).powi(2)).sum();
    if squares == 0.0 {
        return 1.0;
    }
    let mut sum = 0.0;
    // Lags above a quarter of the run are noise.
    for lag in 1..ranks.len() / 4 {
        let pairs = ranks.iter().zip(&ranks[lag..]);
        let correlation = pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / squares;
        // Stop at the first lag without significant correlation: later ones are noise.
        if correlation.abs() <= Z_95 / n.sqrt() {
            break;
        }
        let k = lag as f64;
        sum += (n - k) * (n - k - 1.0) * (n - k - 2.0) * correlation;
    }
    (1.0 + 2.0 / (n * (n - 1.0) * (n - 2.0)) * sum).max(1.0)
}

/// Ranks of the values; ties share the mean of their ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for equal in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = before as f64 + (equal.len() as f64 + 1.0) / 2.0;
        equal.iter().for_each(|at| ranks[*at] = rank);
        before += equal.len();
    }
    ranks
}

/// Probability that a standard normal value is beyond `z` on either side: Abramowitz and Stegun 7.1.26, error below 1.5
/// × 10⁻⁷.
fn two_sided(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let polynomial = series.iter().fold(0.0, |sum, term| (sum + term) * t);
    (polynomial * (-x * x).exp()).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AR(1) process around 100, `hours` long, one value every ten seconds, plus a slope.
    fn wander(seed: u64, rho: f64, slope: f64, hours: f64) -> Vec<(f64, f64)> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut normal = || (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0;
        let mut level = normal();
        let n = (hours * 360.0) as usize;
        let values = (0..n).map(|at| {
            let t = at as f64 / 360.0;
            level = rho * level + (1.0 - rho * rho).sqrt() * normal();
            (t, 100.0 + 3.0 * level + slope * t)
        });
        values.collect()
    }

    fn found(rho: f64, slope: f64) -> usize {
        (0..40).filter(|seed| trend(wander(*seed, rho, slope, 2.0)).unwrap().is_significant()).count()
    }

    #[test]
    fn autocorrelated_noise_has_no_trend() {
        // 2 of 40 by the definition of the test; the correction is not exact.
        for (rho, most) in [(0.0, 4), (0.5, 5), (0.8, 6)] {
            let alarms = found(rho, 0.0);
            assert!(alarms <= most, "{alarms} of 40 at {rho}");
        }
    }

    #[test]
    fn trend_is_found_and_is_within_its_interval() {
        assert!(found(0.5, 5.0) >= 38);
        let is_within = |seed: &u64| {
            let trend = trend(wander(*seed, 0.5, 5.0, 2.0)).unwrap();
            (trend.interval.0..=trend.interval.1).contains(&5.0)
        };
        assert!((0..40).filter(is_within).count() >= 34);
        let falling = trend(wander(1, 0.0, -20.0, 1.0)).unwrap();
        assert!(
            falling.is_significant() && falling.interval.1 < 0.0 && (falling.slope + 20.0).abs() < 3.0,
            "{falling:?}"
        );
    }

    #[test]
    fn detectable_slope_is_found() {
        let quiet = trend(wander(7, 0.5, 0.0, 2.0)).unwrap();
        let seen = found(0.5, quiet.detectable * 1.2);
        assert!((26..=40).contains(&seen), "{seen} of 40 with a slope of {}", quiet.detectable);
    }

    #[test]
    fn known_values() {
        // Strictly rising: S is 1,770 of 1,770 pairs.
        let rising: Vec<(f64, f64)> = (0..60).map(|at| (f64::from(at), f64::from(at) * 2.0 + 1.0)).collect();
        let trend_of = trend(rising.clone()).unwrap();
        assert_eq!((kendall_s(&rising.iter().map(|(_, v)| *v).collect::<Vec<_>>()), trend_of.slope), (1_770.0, 2.0));
        assert!(trend_of.is_significant() && trend_of.p_value < 1e-6);
        // Hollander and Wolfe: var of n = 10 without ties is 125; with one pair equal 124.
        let ten: Vec<f64> = (0..10).map(f64::from).collect();
        assert!((variance(&ten) - 125.0).abs() < 1e-9);
        assert!((variance(&[0.0, 0.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]) - 124.0).abs() < 1e-9);
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        for (z, p) in [(0.0, 1.0), (1.0, 0.317_310_5), (1.959_964, 0.05), (3.0, 0.002_699_8)] {
            assert!((two_sided(z) - p).abs() < 1e-6, "{z}: {}", two_sided(z));
        }
        assert_eq!(
            trend((0..60).map(|at| (f64::from(at), 7.0))).map(|t| (t.slope, t.is_significant())),
            Some((0.0, false))
        );
        assert_eq!(trend(rising.into_iter().take(MIN_VALUES - 1)), None);
        assert!(trend((0..100_000).map(|at| (f64::from(at), f64::NAN))).is_none());
    }
}
