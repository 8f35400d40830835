//! Distributions of random whole numbers: which keys are popular, and how large values are.

/// Largest number in a distribution: up to here, each whole number has its own double.
const MAX: i64 = 1 << 53;
/// Largest exponent: with it, practically all numbers drawn are 0.
const MAX_EXPONENT: f64 = 100.0;
/// Exponent of YCSB's Zipf distribution.
pub const YCSB_EXPONENT: f64 = 0.99;

/// Zipf distribution: number `k`, from 0, is drawn with a probability proportional to `1 / (k + 1)^exponent`.
///
/// Rejection-inversion needs neither a table nor the sum of all weights, and on average less than 1.1 attempts for each
/// number. W. Hörmann, G. Derflinger: "Rejection-inversion to generate variates from monotone discrete distributions",
/// ACM Transactions on Modeling and Computer Simulation 6 (1996), pages 169 to 184; names as in
/// `RejectionInversionZipfSampler` of Apache Commons RNG.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zipf {
    count: f64,
    exponent: f64,
    h_integral_x1: f64,
    h_integral_n: f64,
    s: f64,
}

impl Zipf {
    /// A distribution over 0 to `count - 1`.
    ///
    /// # Errors
    /// If a parameter is out of range.
    pub fn new(count: i64, exponent: f64) -> Result<Self, String> {
        if !(1..=MAX).contains(&count) {
            return Err(format!("zipf({count}): expected a number of keys from 1 to {MAX}"));
        }
        // Also rejects NaN.
        if !(0.0..=MAX_EXPONENT).contains(&exponent) {
            return Err(format!("zipf({count}, {exponent}): expected an exponent from 0 to {MAX_EXPONENT}"));
        }
        let count = count as f64;
        Ok(Self {
            count,
            exponent,
            h_integral_x1: h_integral(1.5, exponent) - 1.0,
            h_integral_n: h_integral(count + 0.5, exponent),
            s: 2.0 - h_integral_inverse(h_integral(2.5, exponent) - h(2.0, exponent), exponent),
        })
    }

    /// A number from 0.
    pub fn draw(&self, rng: &mut fastrand::Rng) -> i64 {
        loop {
            let u = self.h_integral_n + rng.f64() * (self.h_integral_x1 - self.h_integral_n);
            let x = h_integral_inverse(u, self.exponent);
            let k = (x + 0.5).floor().clamp(1.0, self.count);
            if k - x <= self.s || u >= h_integral(k + 0.5, self.exponent) - h(k, self.exponent) {
                return k as i64 - 1;
            }
        }
    }
}

/// The weight of `x`, from 1.
fn h(x: f64, exponent: f64) -> f64 {
    (-exponent * x.ln()).exp()
}

/// An antiderivative of [`h`].
fn h_integral(x: f64, exponent: f64) -> f64 {
    let log = x.ln();
    exp_minus_one_by((1.0 - exponent) * log) * log
}

fn h_integral_inverse(x: f64, exponent: f64) -> f64 {
    // Rounding must not lead below the domain of the logarithm.
    let t = (x * (1.0 - exponent)).max(-1.0);
    (log_one_plus_by(t) * x).exp()
}

/// `ln(1 + x) / x`, also near 0.
fn log_one_plus_by(x: f64) -> f64 {
    if x.abs() > 1e-8 { x.ln_1p() / x } else { 1.0 - x * (0.5 - x * (1.0 / 3.0 - 0.25 * x)) }
}

/// `(exp(x) - 1) / x`, also near 0.
fn exp_minus_one_by(x: f64) -> f64 {
    if x.abs() > 1e-8 { x.exp_m1() / x } else { 1.0 + x * 0.5 * (1.0 + x / 3.0 * (1.0 + 0.25 * x)) }
}

/// Normal distribution, rounded, and limited to a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gaussian {
    low: f64,
    high: f64,
    mean: f64,
    deviation: f64,
}

impl Gaussian {
    /// A distribution over `low` to `high`. As in memtier_benchmark, the mean is in the middle of the range, and the
    /// standard deviation is a sixth of its length, unless they are set.
    ///
    /// # Errors
    /// If a parameter is out of range.
    pub fn new(low: i64, high: i64, mean: Option<f64>, deviation: Option<f64>) -> Result<Self, String> {
        if low > high {
            return Err(format!("gaussian({low}, {high}): the first number must not be above the second"));
        }
        if low < -MAX || high > MAX {
            return Err(format!("gaussian({low}, {high}): expected numbers from -{MAX} to {MAX}"));
        }
        let (least, most) = (low as f64, high as f64);
        let mean = mean.unwrap_or((least + most) / 2.0);
        if !(least..=most).contains(&mean) {
            return Err(format!("gaussian({low}, {high}): the mean {mean} is not in this range"));
        }
        let deviation = deviation.unwrap_or((most - least) / 6.0);
        if !(0.0..=f64::MAX).contains(&deviation) {
            return Err(format!("gaussian({low}, {high}): the standard deviation {deviation} is not a number from 0"));
        }
        Ok(Self { low: least, high: most, mean, deviation })
    }

    /// The mean of the unlimited distribution.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The largest number.
    pub fn most(&self) -> f64 {
        self.high
    }

    /// A number of the range.
    pub fn draw(&self, rng: &mut fastrand::Rng) -> i64 {
        // Half a unit more on each side is rounded into the range.
        let (from, to) = (self.low - 0.5, self.high + 0.5);
        let width = to - from;
        loop {
            let value = if self.deviation > width {
                // Few numbers of the distribution would be in the range, where it is nearly flat.
                let value = from + rng.f64() * width;
                let z = (value - self.mean) / self.deviation;
                if rng.f64() > (-0.5 * z * z).exp() {
                    continue;
                }
                value
            } else {
                self.mean + standard_normal(rng) * self.deviation
            };
            if (from..=to).contains(&value) {
                return value.round().clamp(self.low, self.high) as i64;
            }
        }
    }
}

/// Marsaglia's polar method; the second number of each pair is not used, so that a draw has no state.
fn standard_normal(rng: &mut fastrand::Rng) -> f64 {
    loop {
        let (x, y) = (2.0 * rng.f64() - 1.0, 2.0 * rng.f64() - 1.0);
        let square = x * x + y * y;
        if square > 0.0 && square < 1.0 {
            return x * (-2.0 * square.ln() / square).sqrt();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pearson's statistic of counts and expected probabilities; those that expect fewer than 10 are added up.
    fn chi_square(counts: &[u64], probabilities: &[f64]) -> (f64, usize) {
        let draws = counts.iter().sum::<u64>() as f64;
        let (mut statistic, mut cells, mut rest) = (0.0, 0, (0.0, 0.0));
        for (count, probability) in counts.iter().zip(probabilities) {
            rest = (rest.0 + *count as f64, rest.1 + probability * draws);
            if rest.1 >= 10.0 {
                statistic += (rest.0 - rest.1).powi(2) / rest.1;
                (cells, rest) = (cells + 1, (0.0, 0.0));
            }
        }
        (statistic, cells - 1)
    }

    /// An upper limit that a right distribution exceeds once in about 30,000 tests (Wilson and Hilferty, z = 4).
    fn limit(freedom: usize) -> f64 {
        let k = freedom as f64;
        k * (1.0 - 2.0 / (9.0 * k) + 4.0 * (2.0 / (9.0 * k)).sqrt()).powi(3)
    }

    fn counts(size: usize, draws: usize, mut draw: impl FnMut(&mut fastrand::Rng) -> i64) -> Vec<u64> {
        let (mut rng, mut counts) = (fastrand::Rng::with_seed(7), vec![0; size]);
        for _ in 0..draws {
            counts[usize::try_from(draw(&mut rng)).unwrap()] += 1;
        }
        counts
    }

    fn zipf_probabilities(count: usize, exponent: f64) -> Vec<f64> {
        let weights: Vec<f64> = (1..=count).map(|k| (k as f64).powf(-exponent)).collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    }

    #[test]
    fn zipf_has_the_frequencies_of_its_ranks() {
        for (count, exponent) in [(1, 0.99), (2, 0.99), (10, 0.0), (100, 1.0), (1_000, 0.99), (1_000, 0.5), (50, 2.5)] {
            let zipf = Zipf::new(count, exponent).unwrap();
            let size = usize::try_from(count).unwrap();
            let (statistic, freedom) =
                chi_square(&counts(size, 200_000, |rng| zipf.draw(rng)), &zipf_probabilities(size, exponent));
            assert!(freedom == 0 || statistic < limit(freedom), "zipf({count}, {exponent}): {statistic} of {freedom}");
        }
        // Another exponent is recognised, so the test can fail.
        let zipf = Zipf::new(1_000, 1.05).unwrap();
        let (statistic, freedom) =
            chi_square(&counts(1_000, 200_000, |rng| zipf.draw(rng)), &zipf_probabilities(1_000, 0.99));
        assert!(statistic > 2.0 * limit(freedom));
    }

    #[test]
    fn zipf_over_the_largest_range_needs_no_table() {
        let zipf = Zipf::new(MAX, YCSB_EXPONENT).unwrap();
        let mut rng = fastrand::Rng::with_seed(1);
        let drawn: Vec<i64> = (0..10_000).map(|_| zipf.draw(&mut rng)).collect();
        assert!(drawn.iter().all(|k| (0..MAX).contains(k)) && drawn.contains(&0));
        // With an exponent below 1 the tail has most of the weight.
        assert!(drawn.iter().filter(|k| **k > 1_000_000).count() > 5_000);
        // All weight on the first one.
        let steep = Zipf::new(MAX, MAX_EXPONENT).unwrap();
        assert!((0..1_000).all(|_| steep.draw(&mut rng) == 0));
    }

    #[test]
    fn gaussian_has_the_frequencies_of_the_normal_distribution() {
        for (mean, deviation) in [(None, None), (Some(20.0), Some(40.0)), (Some(100.0), Some(5.0)), (None, Some(300.0))]
        {
            let gaussian = Gaussian::new(0, 100, mean, deviation).unwrap();
            let (mean, deviation) = (mean.unwrap_or(50.0), deviation.unwrap_or(100.0 / 6.0));
            // Simpson's rule over each unit.
            let density = |x: f64| (-0.5 * ((x - mean) / deviation).powi(2)).exp();
            let weights: Vec<f64> =
                (0..=100).map(f64::from).map(|k| density(k - 0.5) + 4.0 * density(k) + density(k + 0.5)).collect();
            let sum: f64 = weights.iter().sum();
            let probabilities: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
            let (statistic, freedom) = chi_square(&counts(101, 200_000, |rng| gaussian.draw(rng)), &probabilities);
            assert!(statistic < limit(freedom), "{mean}, {deviation}: {statistic} of {freedom}");
        }
    }

    #[test]
    fn narrow_and_wide_distributions_end() {
        let mut rng = fastrand::Rng::with_seed(1);
        for (low, high, mean, deviation) in [
            (5, 5, None, None),
            (5, 5, None, Some(0.0)),
            (1, 10, None, Some(f64::MAX)),
            (-MAX, MAX, None, None),
            (0, MAX, Some(0.0), Some(1.0)),
            (0, 10, Some(10.0), Some(0.0)),
        ] {
            let gaussian = Gaussian::new(low, high, mean, deviation).unwrap();
            assert!((0..1_000).all(|_| (low..=high).contains(&gaussian.draw(&mut rng))), "{gaussian:?}");
        }
    }

    #[test]
    fn equal_seeds_draw_equal_numbers() {
        let (zipf, gaussian) = (Zipf::new(1_000, 0.99).unwrap(), Gaussian::new(0, 1_000, None, None).unwrap());
        let drawn = |seed| {
            let mut rng = fastrand::Rng::with_seed(seed);
            (0..20).map(|_| (zipf.draw(&mut rng), gaussian.draw(&mut rng))).collect::<Vec<_>>()
        };
        assert!(drawn(1) == drawn(1) && drawn(1) != drawn(2));
    }

    #[test]
    fn parameters_out_of_range_are_errors() {
        for (count, exponent, wanted) in [
            (0, 0.99, "zipf(0): expected a number of keys from 1 to 9007199254740992"),
            (-1, 0.99, "zipf(-1): expected"),
            (i64::MAX, 0.99, "expected a number of keys"),
            (9, -0.5, "zipf(9, -0.5): expected an exponent from 0 to 100"),
            (9, f64::NAN, "expected an exponent"),
            (9, f64::INFINITY, "expected an exponent"),
        ] {
            let error = Zipf::new(count, exponent).unwrap_err();
            assert!(error.starts_with(wanted) || error.contains(wanted), "{error}");
        }
        for (low, high, mean, deviation, wanted) in [
            (2, 1, None, None, "gaussian(2, 1): the first number must not be above the second"),
            (i64::MIN, 1, None, None, "expected numbers from"),
            (1, 9, Some(10.0), None, "gaussian(1, 9): the mean 10 is not in this range"),
            (1, 9, Some(f64::NAN), None, "the mean NaN"),
            (1, 9, None, Some(-1.0), "the standard deviation -1 is not a number from 0"),
            (1, 9, None, Some(f64::INFINITY), "the standard deviation inf"),
        ] {
            let error = Gaussian::new(low, high, mean, deviation).unwrap_err();
            assert!(error.contains(wanted), "{error}");
        }
    }
}
