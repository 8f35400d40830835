//! Elements shared by all charts: dimensions, colours, labels.

use super::super::normal::Unit;

/// Width of the view box, in user units.
pub(super) const WIDTH: f64 = 720.0;
/// Line colours, distinguishable on white and on black.
pub(super) const COLOURS: [&str; 3] = ["#2563eb", "#c2410c", "#7c3aed"];

/// Wraps `elements` in an `svg` element of this height, with `title` as its accessible name.
pub(super) fn framed(title: &str, height: f64, elements: &[String]) -> String {
    let label = minijinja::HtmlEscape(title);
    let open = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" width=\"100%\" role=\"img\" \
         aria-label=\"{label}\">"
    );
    format!("{open}\n{}\n</svg>", elements.join("\n"))
}

/// A label; `anchor` is a value of `text-anchor`.
pub(super) fn text(x: f64, y: f64, anchor: &str, label: &str) -> String {
    let label = minijinja::HtmlEscape(label);
    format!(
        "<text class=\"label\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" font-size=\"12\" fill=\"#5b6472\">{label}</text>"
    )
}

/// Formats a value for an axis label. Times are in seconds.
pub(super) fn shown(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Time if value >= 1.0 => format!("{}s", tidy(value)),
        Unit::Time => format!("{}ms", tidy(value * 1e3)),
        Unit::Rate => tidy(value),
        Unit::Ratio => format!("{} %", tidy(value * 100.0)),
    }
}

/// Formats with up to three decimals, without trailing zeros.
fn tidy(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
