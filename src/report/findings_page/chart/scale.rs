//! Axes with round numbers.

/// The round number from which on an axis has room for `top`, and the step between its lines.
pub(super) fn axis(top: f64) -> (f64, f64) {
    if !top.is_finite() || top <= 0.0 {
        return (1.0, 0.5);
    }
    let rough = top / 4.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(10.0 * power);
    // Floating point may be a little above a whole number.
    ((top / step - 1e-9).ceil() * step, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_round_and_have_room() {
        for (top, wanted) in
            [(1.0, (1.0, 0.25)), (0.087, (0.1, 0.025)), (47.5, (60.0, 20.0)), (4_000.0, (4_000.0, 1_000.0))]
        {
            let (end, step) = axis(top);
            assert!((end - wanted.0).abs() < 1e-9 && (step - wanted.1).abs() < 1e-9, "{top}: {end} {step}");
        }
        for odd in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(axis(odd), (1.0, 0.5));
        }
        for n in 1..2_000 {
            let top = f64::from(n) * 0.37;
            let (end, step) = axis(top);
            assert!(end >= top * 0.999_999 && end / step < 6.0, "{top}: {end} {step}");
        }
    }
}
