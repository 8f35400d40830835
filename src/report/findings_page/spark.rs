//! Sparklines: charts of one line of characters.

/// Maximum number of characters.
const WIDTH: usize = 24;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Renders values over time on a scale from 0 to their maximum, and a dot for a gap. Long series are split into
/// buckets; each shows its maximum, so that peaks are kept. Empty without values.
pub(super) fn spark(values: &[Option<f64>]) -> String {
    let known = || values.iter().flatten().copied().filter(|value| value.is_finite());
    let Some(top) = known().max_by(f64::total_cmp) else { return String::new() };
    let bar = |value: f64| {
        let ratio = if top > 0.0 { (value / top).clamp(0.0, 1.0) } else { 0.0 };
        BARS[((ratio * 8.0).ceil() as usize).clamp(1, 8) - 1]
    };
    let step = values.len().div_ceil(WIDTH).max(1);
    let maximum = |bucket: &[Option<f64>]| bucket.iter().flatten().copied().max_by(f64::total_cmp);
    values.chunks(step).map(|bucket| maximum(bucket).map_or('·', bar)).collect()
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
