//! The Redis pane: whether messages arrive, how the server is, and what should worry us. Only in runs with Redis.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{pane, put_lines, text};
use crate::stats::Snapshot;
use crate::stats::delivery::Tally;
use crate::stats::server::ServerFigures;
use crate::stats::snapshot::RedisView;
use crate::tui::model::Model;
use crate::tui::theme::Theme;
use crate::units::{bytes, count, rate};

/// Rows of the pane with its frame.
const HEIGHT: u16 = 5;
/// Fewest rows that the other panes need.
const OTHERS: u16 = 11;

/// Draws the pane at the lower end of the area, where there is something to show and room for it. Returns the rest.
pub(super) fn draw(model: &Model, snapshot: &Snapshot, frame: &mut Frame<'_>, area: Rect) -> Rect {
    let Some(redis) = snapshot.redis.as_ref().filter(|_| area.height >= HEIGHT + OTHERS) else { return area };
    let rest = Rect { height: area.height - HEIGHT, ..area };
    let theme = &model.theme;
    let version = redis.server.as_ref().map_or("", |server| &server.version);
    let place = Rect { y: area.y + rest.height, height: HEIGHT, ..area };
    let inner = pane(frame, place, ("Redis", &theme.text(version)), theme, false);
    put_lines(frame, inner, lines(redis, theme, inner.width.into()));
    rest
}

fn lines(redis: &RedisView, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![fitted(deliveries(&redis.total, theme), width)];
    let Some(server) = &redis.server else { return lines };
    if !server.unreached {
        lines.push(fitted(figures(server, theme), width));
    }
    let warnings = server.warnings().into_iter().map(|words| (theme.text(&words), theme.warn)).collect();
    lines.push(fitted(warnings, width));
    lines
}

fn deliveries(all: &Tally, theme: &Theme) -> Vec<(String, Style)> {
    let bad = |n: u64| if n > 0 { theme.bad } else { theme.good };
    let mut parts = vec![
        (format!("{} lost ({:.3} %)", count(all.lost()), all.lost_ratio() * 100.0), bad(all.lost())),
        (format!("{} delivered", count(all.delivered())), theme.strong),
        (format!("{} published", count(all.published)), theme.strong),
        (format!("{:.1} for each", all.fan_out()), theme.strong),
        (format!("{} duplicated", count(all.duplicates)), bad(all.duplicates)),
        (format!("{} out of order", count(all.out_of_order)), bad(all.out_of_order)),
    ];
    if all.disconnects > 0 {
        parts.insert(1, (format!("{} subscribers cut", count(all.disconnects)), theme.bad));
    }
    parts
}

fn figures(server: &ServerFigures, theme: &Theme) -> Vec<(String, Style)> {
    let most = server.max_clients.map_or_else(String::new, |most| format!(" of {}", count(most)));
    [
        format!("{}{most} clients", count(server.clients)),
        format!("{} (peak {})", bytes(server.memory), bytes(server.memory_peak)),
        format!("{} commands/s", rate(server.ops)),
        format!("in {}/s", bytes(server.bytes_in as u64)),
        format!("out {}/s", bytes(server.bytes_out as u64)),
        format!("{} channels", count(server.channels)),
        format!("{} patterns", count(server.patterns)),
    ]
    .map(|words| (words, theme.strong))
    .into()
}

/// As many parts as there is room for, in their order.
fn fitted(parts: Vec<(String, Style)>, width: usize) -> Line<'static> {
    let mut spans = vec![Span::raw(" ")];
    let mut room = width.saturating_sub(1);
    for (words, style) in parts {
        let Some(left) = room.checked_sub(text::width(&words) + 2) else { break };
        room = left;
        spans.push(Span::styled(words, style));
        spans.push(Span::raw("  "));
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_most_is_there_at_every_width() {
        let total = Tally { received: 90, lost_in_stream: 10, published: 10, disconnects: 2, ..Tally::default() };
        let server = ServerFigures { clients: 9, max_clients: Some(10), ..ServerFigures::default() };
        let view = RedisView { rows: Vec::new(), total, server: Some(server) };
        let shown = |width| -> Vec<String> {
            lines(&view, &Theme::new(crate::tui::ThemeName::Mono, true), width)
                .iter()
                .map(|line| line.to_string().trim().to_owned())
                .collect()
        };
        let wide = shown(200);
        assert!(wide[0].starts_with("10 lost (10.000 %)  2 subscribers cut  90 delivered  10 published  9.0 for each"));
        assert!(wide[1].starts_with("9 of 10 clients") && wide[1].ends_with("0 patterns"), "{wide:?}");
        assert_eq!(wide[2], "clients at 90 % of maxclients");
        assert_eq!(shown(24)[0], "10 lost (10.000 %)");
        assert_eq!(shown(0), ["", "", ""]);
    }
}
