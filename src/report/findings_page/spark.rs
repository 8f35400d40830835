//! A line of a chart as characters, for where no picture can be.

/// Characters of a line.
const WIDTH: usize = 24;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Values over time, from 0 at the bottom to the highest; a dot where there is none. Of each stretch the highest is
/// shown, so that no peak is lost. Empty without values.
pub(super) fn spark(values: &[Option<f64>]) -> String {
    let known = || values.iter().flatten().copied().filter(|value| value.is_finite());
    let Some(top) = known().max_by(f64::total_cmp) else { return String::new() };
    let bar = |value: f64| {
        let part = if top > 0.0 { (value / top).clamp(0.0, 1.0) } else { 0.0 };
        BARS[((part * 8.0).ceil() as usize).clamp(1, 8) - 1]
    };
    let step = values.len().div_ceil(WIDTH).max(1);
    let highest = |stretch: &[Option<f64>]| stretch.iter().flatten().copied().max_by(f64::total_cmp);
    values.chunks(step).map(|stretch| highest(stretch).map_or('·', bar)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_are_kept_and_gaps_are_dots() {
        assert_eq!(spark(&[Some(0.0), Some(1.0), None, Some(8.0)]), "▁▁·█");
        assert_eq!((spark(&[]), spark(&[None])), (String::new(), String::new()));
        let mut long = vec![Some(1.0); 7_200];
        long[4_000] = Some(2.0);
        let line = spark(&long);
        assert_eq!((line.chars().count(), line.matches('█').count()), (24, 1));
        assert_eq!(spark(&[Some(0.0), Some(0.0)]), "▁▁");
    }
}
