//! Response times of several runs, side by side.

use super::super::normal::Unit;
use super::frame::{COLOURS, WIDTH, framed, shown, text};
use super::scale::axis;

/// Height of a run.
const ROW: f64 = 34.0;
/// Padding for labels: left, right, top, bottom.
const PADDING: (f64, f64, f64, f64) = (70.0, 20.0, 30.0, 24.0);

/// One bar per run, from p50 to p99, with a mark at p95.
pub(crate) struct Ranges {
    pub title: String,
    pub runs: Vec<Range>,
}

/// The bar of a run.
pub(crate) struct Range {
    pub name: String,
    /// p50, p95 and p99, in seconds.
    pub times: [f64; 3],
}

impl Ranges {
    pub fn svg(&self, labels: bool) -> String {
        let (left, right, top, bottom) = PADDING;
        let maximum = self.runs.iter().flat_map(|run| run.times).fold(0.0, f64::max);
        let (end, step) = axis(maximum);
        let height = top + bottom + ROW * self.runs.len() as f64;
        let x = |value: f64| left + value / end * (WIDTH - left - right);
        let mut elements = Vec::new();
        for n in 0..=(end / step).round() as usize {
            let value = n as f64 * step;
            let at = x(value);
            elements.push(format!(
                "<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{top}\" y2=\"{:.1}\" stroke=\"#c5cad1\" stroke-width=\"1\"/>",
                height - bottom
            ));
            if labels {
                // Centred, the last label would exceed the right edge.
                let anchor = if value + step / 2.0 > end { "end" } else { "middle" };
                elements.push(text(at, height - 7.0, anchor, &shown(value, Unit::Time)));
            }
        }
        for (at, Range { name, times: [p50, p95, p99] }) in self.runs.iter().enumerate() {
            let middle = top + ROW * (at as f64 + 0.5);
            let (from, mark, to) = (x(*p50), x(*p95), x(*p99));
            elements.push(format!(
                "<line class=\"line c1\" x1=\"{from:.1}\" x2=\"{to:.1}\" y1=\"{middle:.1}\" y2=\"{middle:.1}\" stroke=\"{}\" stroke-width=\"3\"/>",
                COLOURS[0]
            ));
            for (n, at) in [from, mark, to].into_iter().enumerate() {
                elements.push(format!(
                    "<circle class=\"dot c{}\" cx=\"{at:.1}\" cy=\"{middle:.1}\" r=\"6\" fill=\"{}\"/>",
                    n + 1,
                    COLOURS[n]
                ));
            }
            if labels {
                elements.push(text(left - 10.0, middle + 4.0, "end", name));
            }
        }
        if labels {
            for (n, name) in ["p50", "p95", "p99"].into_iter().enumerate() {
                let from = left + n as f64 * 70.0;
                elements.push(format!(
                    "<circle class=\"dot c{}\" cx=\"{:.1}\" cy=\"12\" r=\"5\" fill=\"{}\"/>",
                    n + 1,
                    from + 5.0,
                    COLOURS[n]
                ));
                elements.push(text(from + 16.0, 16.0, "start", name));
            }
        }
        framed(&self.title, height, &elements)
    }
}
