//! What all pictures have.

use super::super::normal::Unit;

/// Units of the picture.
pub(super) const WIDTH: f64 = 720.0;
/// Colours of lines: to be told apart on white and on black.
pub(super) const COLOURS: [&str; 3] = ["#2563eb", "#c2410c", "#7c3aed"];

/// The element around a picture.
pub(super) fn framed(title: &str, height: f64, parts: &[String]) -> String {
    let label = minijinja::HtmlEscape(title);
    let open = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" width=\"100%\" role=\"img\" \
         aria-label=\"{label}\">"
    );
    format!("{open}\n{}\n</svg>", parts.join("\n"))
}

/// A text of a picture.
pub(super) fn text(x: f64, y: f64, anchor: &str, words: &str) -> String {
    let words = minijinja::HtmlEscape(words);
    format!(
        "<text class=\"label\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" font-size=\"12\" fill=\"#5b6472\">{words}</text>"
    )
}

/// A value of an axis.
pub(super) fn shown(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Time if value >= 1.0 => format!("{}s", tidy(value)),
        Unit::Time => format!("{}ms", tidy(value * 1e3)),
        Unit::Rate => tidy(value),
        Unit::Ratio => format!("{} %", tidy(value * 100.0)),
    }
}

/// Without digits that say nothing.
fn tidy(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
