//! Histogram of response times with a logarithmic axis.

use std::time::Duration;

use ratatui::text::Line;

use crate::stats::Snapshot;
use crate::stats::snapshot::Bin;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widget::{Plot, columns};
use crate::units::latency;

/// The histogram of a run. Requests without response are not in it.
pub(super) fn of(snapshot: &Snapshot, size: (usize, usize), theme: &Theme) -> Vec<Line<'static>> {
    let bins = if snapshot.total.total.responses == 0 { &[] } else { &*snapshot.distribution };
    lines(bins, size.0, size.1, theme)
}

/// A caption, bars and axis in `height` lines, or a line that explains why there are none.
fn lines(bins: &[Bin], width: usize, height: usize, theme: &Theme) -> Vec<Line<'static>> {
    let all: u64 = bins.iter().map(|b| b.count).sum();
    if all == 0 || width < 10 || height < 3 {
        return vec![Line::default(), Line::styled("  no response yet", theme.dim)];
    }
    // Bars as wide as possible, up to three columns.
    let cells = (width.saturating_sub(3) / bins.len().max(1)).clamp(1, 3);
    // If there are more bars than columns, adjacent ones are merged.
    let per = bins.len().div_ceil(width.saturating_sub(3).max(1)).max(1);
    let groups: Vec<(Duration, u64)> = bins.chunks(per).map(|c| (c[0].from, c.iter().map(|b| b.count).sum())).collect();
    let top = groups.iter().map(|g| g.1).max().unwrap_or(0);
    let values: Vec<Option<f64>> = groups.iter().flat_map(|g| std::iter::repeat_n(Some(g.1 as f64), cells)).collect();
    let mut lines =
        vec![Line::styled(text::truncate("  all endpoints together, log scale", width, theme.ascii), theme.dim)];
    let plot = Plot { width: values.len(), height: height.saturating_sub(2), top: top as f64 };
    for row in columns(&values, plot, theme) {
        lines.push(Line::styled(format!("  {row}"), theme.accent));
    }
    lines.push(Line::styled(axis(&groups, cells, width), theme.dim));
    lines
}

/// Lower bounds below their bars, at equal distances.
fn axis(groups: &[(Duration, u64)], cells: usize, width: usize) -> String {
    let mut out = "  ".to_owned();
    for (i, (from, _)) in groups.iter().enumerate().step_by(9_usize.div_ceil(cells)) {
        let (at, words) = (2 + i * cells, latency(*from));
        if at + words.len() > width {
            break;
        }
        out.push_str(&" ".repeat(at.saturating_sub(text::width(&out))));
        out.push_str(&words);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::ThemeName;

    fn bins(count: usize) -> Vec<Bin> {
        (0..count).map(|i| Bin { from: Duration::from_millis(10 + i as u64 * 5), count: 1 + i as u64 }).collect()
    }

    #[test]
    fn lines_fit_every_width() {
        let theme = Theme::new(ThemeName::Mono, false);
        for width in 10..80 {
            for count in [1, 2, 7, 30, 100] {
                let lines = lines(&bins(count), width, 6, &theme);
                assert_eq!(lines.len(), 6, "{width} {count}");
                assert!(lines.iter().all(|l| l.width() <= width), "{width} {count}: {lines:?}");
            }
        }
    }

    #[test]
    fn bars_are_above_their_lower_bounds() {
        let theme = Theme::new(ThemeName::Mono, false);
        let text: Vec<String> = lines(&bins(4), 40, 4, &theme).iter().map(ToString::to_string).collect();
        // Two rows of bars, the last bar as high as both.
        assert_eq!(text[1..3], ["        ▄▄▄███", "  ▄▄▄█████████"]);
        assert!(text[3].starts_with("  10ms"), "{text:?}");
    }

    #[test]
    fn an_empty_histogram_is_explained() {
        let theme = Theme::new(ThemeName::Mono, true);
        assert!(lines(&[], 40, 6, &theme).iter().any(|l| l.to_string().contains("no response yet")));
    }
}
