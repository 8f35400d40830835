//! Columns of block glyphs, one for each value: a sparkline if one row high, a chart if higher.

use ratatui::style::Style;
use ratatui::text::Span;

use crate::tui::theme::Theme;

/// The area of a drawing.
#[derive(Clone, Copy)]
pub(crate) struct Plot {
    /// Width in columns.
    pub width: usize,
    /// Height in rows.
    pub height: usize,
    /// The value that fills the whole height.
    pub top: f64,
}

/// A series with its style and glyphs.
#[derive(Clone, Copy)]
pub(crate) struct Layer<'a> {
    pub values: &'a [Option<f64>],
    pub style: Style,
}

/// Rows from the top, each as wide as the plot; the newest value is on the right. `None` is a gap.
pub(crate) fn columns(values: &[Option<f64>], plot: Plot, theme: &Theme) -> Vec<String> {
    let Plot { width, height, top } = plot;
    let levels = theme.levels();
    let shown = &values[values.len().saturating_sub(width)..];
    let gap = " ".repeat(width.saturating_sub(shown.len()));
    (0..height)
        .map(|row| {
            let below = (height - 1 - row) * 8;
            let cells = shown.iter().map(|value| match eighths(*value, top, height).saturating_sub(below) {
                0 => " ",
                n => levels[n.min(8) - 1],
            });
            format!("{gap}{}", cells.collect::<String>())
        })
        .collect()
}

/// Two series in one chart, the lower in front of the higher. With colours, the higher one is visible behind the edge
/// of the lower; without, it is a shade.
pub(crate) fn layered(high: Layer<'_>, low: Layer<'_>, plot: Plot, theme: &Theme) -> Vec<Vec<Span<'static>>> {
    let Plot { width, height, top } = plot;
    let (behind, front) = (high.style, low.style);
    let (high, low) = (high.values, low.values);
    let levels = theme.levels();
    let count = high.len().min(low.len()).min(width);
    let (high, low) = (&high[high.len() - count..], &low[low.len() - count..]);
    let shade = theme.glyph("░", ":");
    (0..height)
        .map(|row| {
            let below = (height - 1 - row) * 8;
            let part = |value: Option<f64>| eighths(value, top, height).saturating_sub(below).min(8);
            let mut spans = vec![Span::raw(" ".repeat(width - count))];
            let mut add = |glyph: &'static str, style: Style| match spans.last_mut() {
                Some(span) if span.style == style => span.content.to_mut().push_str(glyph),
                _ => spans.push(Span::styled(glyph, style)),
            };
            for (high, low) in high.iter().zip(low) {
                match (part(*high), part(*low), behind.fg) {
                    (0, 0, _) => add(" ", Style::new()),
                    (8, low @ 1..8, Some(colour)) => add(levels[low - 1], front.bg(colour)),
                    (high, 0, Some(_)) => add(levels[high - 1], behind),
                    // A shade fills whole cells: half a cell or more is rounded up.
                    (high, 0, None) => add(if high >= 4 || below == 0 { shade } else { " " }, behind),
                    (_, low, _) => add(levels[low - 1], front),
                }
            }
            spans
        })
        .collect()
}

/// Height in eighths of a cell; at least one for values above 0.
fn eighths(value: Option<f64>, top: f64, height: usize) -> usize {
    match value.filter(|v| v.is_finite() && *v > 0.0 && top > 0.0) {
        Some(value) => ((value / top * (height * 8) as f64).round() as usize).clamp(1, height * 8),
        None => 0,
    }
}

/// A bar of `width` columns, filled to the ratio `part` (0 to 1).
pub(crate) fn meter(part: f64, width: usize, theme: &Theme) -> String {
    let part = if part.is_finite() { part.clamp(0.0, 1.0) } else { 0.0 };
    let eighths = (part * (width * 8) as f64).round() as usize;
    let (full, rest) = (eighths / 8, eighths % 8);
    if theme.ascii {
        return format!("{}{}", "#".repeat(full), " ".repeat(width.saturating_sub(full)));
    }
    let edge = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][rest];
    let used = full + usize::from(rest > 0);
    format!("{}{edge}{}", "█".repeat(full), " ".repeat(width.saturating_sub(used)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::ThemeName;

    #[test]
    fn values_are_right_aligned_and_gaps_stay_empty() {
        let theme = Theme::new(ThemeName::Mono, false);
        assert_eq!(
            columns(&[Some(1.0), None, Some(8.0), Some(0.01)], Plot { width: 6, height: 1, top: 8.0 }, &theme),
            ["  ▁ █▁"]
        );
        assert_eq!(columns(&[Some(8.0), Some(4.0)], Plot { width: 2, height: 2, top: 8.0 }, &theme), ["█ ", "██"]);
        assert_eq!(columns(&[], Plot { width: 3, height: 1, top: 0.0 }, &theme), ["   "]);
    }

    #[test]
    fn the_lower_series_is_in_front() {
        let both = |name, ascii| {
            let theme = Theme::new(name, ascii);
            let data = ([Some(16.0), Some(8.0)], [Some(4.0), None]);
            let high = Layer { values: &data.0, style: theme.warn };
            let low = Layer { values: &data.1, style: theme.accent };
            let rows = layered(high, low, Plot { width: 3, height: 2, top: 16.0 }, &theme);
            let text = |row: &Vec<Span<'_>>| row.iter().map(|s| s.content.as_ref()).collect::<String>();
            (rows.iter().map(text).collect::<Vec<_>>(), rows)
        };
        let (text, rows) = both(ThemeName::Auto, false);
        assert_eq!(text, [" █ ", " ▄█"]);
        assert_eq!(rows[1][1].style.bg, Theme::new(ThemeName::Auto, false).warn.fg);
        assert_eq!(both(ThemeName::Mono, false).0, [" ░ ", " ▄░"]);
        assert_eq!(both(ThemeName::Mono, true).0, [" : ", " -:"]);
    }

    #[test]
    fn meters_have_the_requested_width() {
        let theme = Theme::new(ThemeName::Mono, false);
        assert_eq!(meter(0.5, 4, &theme), "██  ");
        assert_eq!(meter(f64::NAN, 3, &theme), "   ");
        assert_eq!(meter(2.0, 3, &theme), "███");
    }
}
