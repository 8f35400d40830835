//! Axes that end at round numbers.

/// The end of an axis that includes `top`, and the distance between its grid lines; both are round numbers.
pub(super) fn axis(top: f64) -> (f64, f64) {
    if !top.is_finite() || top <= 0.0 {
        return (1.0, 0.5);
    }
    let rough = top / 4.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(10.0 * power);
    // The quotient may exceed an integer by a rounding error.
    ((top / step - 1e-9).ceil() * step, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers_and_include_the_maximum() {
        for (top, wanted) in
            [(1.0, (1.0, 0.25)), (0.087, (0.1, 0.025)), (47.5, (60.0, 20.0)), (4_000.0, (4_000.0, 1_000.0))]
        {
            let (end, step) = axis(top);
            assert!((end - wanted.0).abs() < 1e-9 && (step - wanted.1).abs() < 1e-9, "{top}: {end} {step}");
        }
        for invalid in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(axis(invalid), (1.0, 0.5));
        }
        for n in 1..2_000 {
            let top = f64::from(n) * 0.37;
            let (end, step) = axis(top);
            assert!(end >= top * 0.999_999 && end / step < 6.0, "{top}: {end} {step}");
        }
    }
}
