//! Line charts of values over run time.

use std::time::Duration;

use super::super::normal::Unit;
use super::frame::{COLOURS, WIDTH, framed, shown, text};
use super::scale::axis;
use crate::units;

/// Maximum number of points in a line. Longer series are split into buckets; the minimum and the maximum of each are
/// drawn.
const MAX_POINTS: usize = 360;
const HEIGHT: f64 = 210.0;
/// Padding for labels: left, right, top, bottom.
const PADDING: (f64, f64, f64, f64) = (62.0, 8.0, 26.0, 22.0);
/// Names of [`COLOURS`] in the legend.
const COLOUR_NAMES: [&str; 3] = ["blue", "orange", "violet"];

/// A chart with run time on the x axis.
pub(crate) struct Lines {
    pub title: String,
    pub unit: Unit,
    /// Start and end of the x axis, in seconds of run time.
    pub time: (f64, f64),
    pub series: Vec<Series>,
    /// Start and end of the steady part of the run, in seconds; highlighted.
    pub steady: Option<(f64, f64)>,
}

/// A line of the chart. Series beyond the number of [`COLOURS`] are not drawn.
pub(crate) struct Series {
    pub name: &'static str,
    /// Run time in seconds and value; `None` leaves a gap.
    pub points: Vec<(f64, Option<f64>)>,
}

impl Lines {
    fn maximum(&self) -> f64 {
        let values = self.series.iter().flat_map(|line| line.points.iter().filter_map(|(_, value)| *value));
        values.filter(|value| value.is_finite()).fold(0.0, f64::max)
    }

    /// Series with their colours, and the ranges of both axes.
    pub fn legend(&self) -> String {
        let lines = self.series.iter().zip(COLOUR_NAMES).map(|(line, colour)| format!("{} {colour}", line.name));
        let lines: Vec<String> = lines.collect();
        let (end, _) = axis(self.maximum());
        let [from, to] = [self.time.0, self.time.1].map(clock);
        format!("{}; up to {}, from {from} to {to}", lines.join(", "), shown(end, self.unit))
    }

    /// The `svg` element, with or without text.
    pub fn svg(&self, labels: bool) -> String {
        let (left, right, top, bottom) = if labels { PADDING } else { (2.0, 2.0, 6.0, 6.0) };
        let (end, step) = axis(self.maximum());
        let length = (self.time.1 - self.time.0).max(1e-9);
        let x = |at: f64| left + (at - self.time.0) / length * (WIDTH - left - right);
        let y = |value: f64| HEIGHT - bottom - value / end * (HEIGHT - top - bottom);
        let mut elements = Vec::new();
        if let Some((from, to)) = self.steady {
            let (from, to) = (x(from), x(to));
            elements.push(format!(
                "<rect class=\"steady\" x=\"{from:.1}\" y=\"{top}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"#15803d\" fill-opacity=\"0.08\"/>",
                (to - from).max(0.0),
                HEIGHT - top - bottom
            ));
        }
        for n in 0..=(end / step).round() as usize {
            let value = n as f64 * step;
            let at = y(value);
            elements.push(format!(
                "<line class=\"grid\" x1=\"{left}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#c5cad1\" stroke-width=\"1\"/>",
                WIDTH - right
            ));
            if labels {
                elements.push(text(left - 6.0, at + 4.0, "end", &shown(value, self.unit)));
            }
        }
        for (at, (line, colour)) in self.series.iter().zip(COLOURS).enumerate() {
            elements.extend(paths(&line.points).iter().map(|points| {
                let points = points.iter().map(|(at, value)| format!("{:.1},{:.1}", x(*at), y(*value)));
                let points = points.collect::<Vec<_>>().join(" ");
                format!(
                    "<polyline class=\"line c{}\" points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\" stroke-linejoin=\"round\" stroke-linecap=\"round\"/>",
                    at + 1
                )
            }));
            if labels {
                let from = left + at as f64 * 130.0;
                elements.push(format!(
                    "<rect class=\"swatch c{}\" x=\"{from:.1}\" y=\"8\" width=\"12\" height=\"4\" fill=\"{colour}\"/>",
                    at + 1
                ));
                elements.push(text(from + 18.0, 14.0, "start", line.name));
            }
        }
        if labels {
            elements.extend([
                text(left, HEIGHT - 5.0, "start", &clock(self.time.0)),
                text(x((self.time.0 + self.time.1) / 2.0), HEIGHT - 5.0, "middle", "run time"),
                text(WIDTH - right, HEIGHT - 5.0, "end", &clock(self.time.1)),
            ]);
        }
        framed(&self.title, HEIGHT, &elements)
    }
}

/// Formats seconds of run time as a clock.
fn clock(seconds: f64) -> String {
    units::clock(Duration::try_from_secs_f64(seconds.round()).unwrap_or_default())
}

/// Splits the points at gaps, and thins them to about [`MAX_POINTS`].
fn paths(points: &[(f64, Option<f64>)]) -> Vec<Vec<(f64, f64)>> {
    let step = points.len().div_ceil(MAX_POINTS / 2).max(1);
    let mut paths: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for bucket in points.chunks(if points.len() <= MAX_POINTS { 1 } else { step }) {
        let known = || {
            bucket.iter().filter_map(|(at, value)| value.filter(|value| value.is_finite()).map(|value| (*at, value)))
        };
        let low = known().min_by(|a, b| a.1.total_cmp(&b.1));
        let high = known().max_by(|a, b| a.1.total_cmp(&b.1));
        match (low, high, paths.last_mut()) {
            (Some(low), Some(high), Some(path)) => {
                let (first, second) = if low.0 <= high.0 { (low, high) } else { (high, low) };
                path.push(first);
                path.extend((second != first).then_some(second));
            }
            (_, _, Some(path)) if !path.is_empty() => paths.push(Vec::new()),
            _ => {}
        }
    }
    // A polyline with a single point is invisible: extend it to a short line.
    let extended = paths.into_iter().filter(|path| !path.is_empty()).map(|mut path| {
        if let [(at, value)] = path[..] {
            path.push((at + 0.01, value));
        }
        path
    });
    extended.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_series_are_thinned_and_keep_peaks() {
        let mut points: Vec<(f64, Option<f64>)> = (0..7_200).map(|at| (f64::from(at), Some(1.0))).collect();
        points[5_000].1 = Some(9.0);
        points[100].1 = None;
        let thinned = paths(&points);
        assert_eq!(thinned.len(), 1, "a gap of one second is smaller than a point");
        assert!(thinned[0].len() <= MAX_POINTS && thinned[0].contains(&(5_000.0, 9.0)), "{}", thinned[0].len());
        let short = paths(&[(0.0, Some(1.0)), (1.0, None), (2.0, Some(f64::NAN)), (3.0, Some(2.0)), (4.0, Some(2.0))]);
        assert_eq!(short, [vec![(0.0, 1.0), (0.01, 1.0)], vec![(3.0, 2.0), (4.0, 2.0)]]);
        assert!(paths(&[]).is_empty());
    }

    #[test]
    fn charts_without_labels_contain_no_text() {
        let line = Series { name: "p95", points: vec![(0.0, Some(0.02)), (1.0, Some(0.08))] };
        let chart = Lines {
            title: "<a> & \"b\"".to_owned(),
            unit: Unit::Time,
            time: (0.0, 1.0),
            series: vec![line],
            steady: Some((0.0, 1.0)),
        };
        let unlabelled = chart.svg(false);
        assert!(
            !unlabelled.contains("<text")
                && !unlabelled.contains("\n\n")
                && unlabelled.contains("&lt;a&gt; &amp; &quot;b&quot;"),
            "{unlabelled}"
        );
        let labelled = chart.svg(true);
        assert!(
            labelled.contains(">80ms</text>") && labelled.contains(">00:01</text>") && labelled.contains(">p95</text>"),
            "{labelled}"
        );
        assert_eq!(chart.legend(), "p95 blue; up to 80ms, from 00:00 to 00:01");
        let empty = Lines { time: (0.0, 0.0), series: Vec::new(), steady: None, ..chart };
        assert!(!empty.svg(true).contains("NaN"));
    }
}
