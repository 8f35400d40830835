//! Columns of block glyphs, one a value: a sparkline when one row high, a chart when higher.

use crate::tui::theme::Theme;

/// Rows from the top, each exactly `width` cells; the newest value stands at the right. `None` is a gap.
pub(crate) fn columns(values: &[Option<f64>], width: usize, height: usize, top: f64, theme: &Theme) -> Vec<String> {
    let levels = theme.levels();
    let shown = &values[values.len().saturating_sub(width)..];
    let gap = " ".repeat(width.saturating_sub(shown.len()));
    (0..height)
        .map(|row| {
            let below = (height - 1 - row) * 8;
            let cells = shown.iter().map(|value| {
                let Some(value) = value.filter(|v| v.is_finite() && *v > 0.0 && top > 0.0) else { return " " };
                // Something is never drawn as nothing: at least one eighth.
                let eighths = ((value / top * (height * 8) as f64).round() as usize).clamp(1, height * 8);
                match eighths.saturating_sub(below) {
                    0 => " ",
                    n => levels[n.min(8) - 1],
                }
            });
            format!("{gap}{}", cells.collect::<String>())
        })
        .collect()
}

/// A bar of `width` cells, filled to `part` of 1.
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
    use crate::tui::ThemeName;

    #[test]
    fn values_stand_at_the_right_and_gaps_stay_empty() {
        let theme = Theme::new(ThemeName::Mono, false);
        assert_eq!(columns(&[Some(1.0), None, Some(8.0), Some(0.01)], 6, 1, 8.0, &theme), ["  ▁ █▁"]);
        assert_eq!(columns(&[Some(8.0), Some(4.0)], 2, 2, 8.0, &theme), ["█ ", "██"]);
        assert_eq!(columns(&[], 3, 1, 0.0, &theme), ["   "]);
    }

    #[test]
    fn a_meter_is_as_wide_as_asked() {
        let theme = Theme::new(ThemeName::Mono, false);
        assert_eq!(meter(0.5, 4, &theme), "██  ");
        assert_eq!(meter(f64::NAN, 3, &theme), "   ");
        assert_eq!(meter(2.0, 3, &theme), "███");
    }
}
