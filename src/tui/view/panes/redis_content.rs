//! Content of the Redis pane for a snapshot, and its layout.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::rows::Rows;
use crate::stats::Snapshot;
use crate::stats::delivery::Tally;
use crate::stats::server::ServerFigures;
use crate::stats::snapshot::RedisView;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::units::{bytes, count, counted};

/// Minimum rows of the panes above: two of the table, one of the failures, and their frames.
const OTHERS: u16 = 8;

/// The content of the pane.
pub(crate) struct Content {
    /// Version of the server; empty if unknown.
    pub version: String,
    /// Hits and delivery of messages, the server's figures, warnings.
    groups: [Vec<(String, Style)>; 3],
    ascii: bool,
}

impl Content {
    /// `None` in a run without Redis.
    pub fn new(snapshot: &Snapshot, theme: &Theme) -> Option<Self> {
        let redis = snapshot.redis.as_ref()?;
        let measured = snapshot.measures_delivery();
        let unknown = |why: &str| vec![(theme.text(&format!("server: {why}")), theme.warn)];
        let (figures, mut warnings) = match &redis.server {
            None => (vec![("server: not asked yet".to_owned(), theme.dim)], Vec::new()),
            // The server was never reached, so its figures are unknown and not 0.
            Some(ServerFigures { unreached: true, stale, .. }) => {
                (unknown(&format!("no figures: {}", stale.as_deref().unwrap_or("not asked yet"))), Vec::new())
            }
            Some(server) => (figures(server, theme), server.warnings()),
        };
        // The title of the pane names Redis already.
        let title = |server: &ServerFigures| {
            if server.product.is_empty() { theme.text(&server.version) } else { theme.text(&server.title()) }
        };
        let version = redis.server.as_ref().map_or_else(String::new, title);
        let warnings = warnings.drain(..).map(|words| (theme.text(&words), theme.warn)).collect();
        let mut counts = lookups(redis, theme);
        // Without messages there is nothing to say about them beside hits.
        if counts.is_empty() || measured || !redis.total.is_empty() {
            counts.extend(messages(&redis.total, measured, theme));
        }
        Some(Self { version, groups: [counts, figures, warnings], ascii: theme.ascii })
    }

    /// Rows including the frame: `least` shows every warning and the first figures, `most` everything. Both are 0
    /// without room.
    pub fn heights(&self, area: Rect) -> Rows {
        let width = usize::from(area.width).saturating_sub(2);
        let lines = |group: &Vec<_>| flow(group, width, usize::MAX, self.ascii).len();
        let [messages, figures, warnings] = self.groups.each_ref().map(lines);
        let rows = |lines: usize| u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(2);
        let least = rows(messages.min(1) + figures.min(1) + warnings);
        if area.height < least.saturating_add(OTHERS) {
            return Rows::default();
        }
        Rows { least, most: rows(messages + figures + warnings) }
    }

    /// The lines that fit; the last parts are dropped first, with a mark.
    pub fn lines(&self, width: usize, rows: usize) -> Vec<Line<'static>> {
        let [messages, figures, warnings] = &self.groups;
        let warnings = flow(warnings, width, rows, self.ascii);
        let rest = rows.saturating_sub(warnings.len());
        // Messages may use all lines but one for the server.
        let messages = flow(messages, width, rest.saturating_sub(1).max(1), self.ascii);
        let figures = flow(figures, width, rest.saturating_sub(messages.len()), self.ascii);
        messages.into_iter().chain(figures).chain(warnings).take(rows).collect()
    }
}

/// Hits and misses of all commands, and the ratio of each row if there are several.
fn lookups(redis: &RedisView, theme: &Theme) -> Vec<(String, Style)> {
    let all = redis.looked_up();
    let Some(ratio) = all.hit_ratio() else { return Vec::new() };
    let mut parts = vec![
        (format!("hit ratio {:.1} %", ratio * 100.0), theme.strong),
        (counted(all.hits, "hit"), theme.strong),
        (format!("{} miss{}", count(all.misses), if all.misses == 1 { "" } else { "es" }), theme.strong),
    ];
    if redis.lookups.len() > 1 {
        parts.extend(redis.lookups.iter().filter_map(|(_, name, found)| {
            Some((theme.text(&format!("{name} {:.1} %", found.hit_ratio()? * 100.0)), theme.dim))
        }));
    }
    parts
}

/// Delivery of messages.
fn messages(all: &Tally, measured: bool, theme: &Theme) -> Vec<(String, Style)> {
    let bad = |n: u64| if n > 0 { theme.bad } else { theme.good };
    let mut parts = Vec::new();
    if measured && all.is_empty() {
        return vec![("no message has been published or delivered".to_owned(), theme.dim)];
    }
    if measured {
        let ratio = if all.lost() > 0 { format!(" ({:.3} %)", all.lost_ratio() * 100.0) } else { String::new() };
        parts.push((format!("{} lost{ratio}", count(all.lost())), bad(all.lost())));
        if all.unsettled > 0 {
            parts.push((format!("{} unsettled", count(all.unsettled)), theme.bad));
        }
    }
    if all.disconnects > 0 {
        parts.push((format!("{} broken", counted(all.disconnects, "connection")), theme.bad));
    }
    if measured {
        parts.push((format!("{} delivered", count(all.delivered())), theme.strong));
    }
    if measured || all.published > 0 {
        parts.push((format!("{} published", count(all.published)), theme.strong));
    }
    if measured {
        parts.push((format!("fan-out {:.1}", all.fan_out()), theme.strong));
        parts.push((format!("{} duplicated", count(all.duplicates)), bad(all.duplicates)));
        parts.push((format!("{} out of order", count(all.out_of_order)), bad(all.out_of_order)));
    } else if all.published > 0 {
        parts.push((format!("{} receivers in all", count(all.sent_to)), theme.strong));
        parts.push(("delivery is not measured".to_owned(), theme.dim));
    }
    parts
}

fn figures(server: &ServerFigures, theme: &Theme) -> Vec<(String, Style)> {
    let most = server.max_clients.map_or_else(String::new, |most| format!(" of {}", count(most)));
    let [ops, bytes_in, bytes_out] = server.rates().map(|rate| theme.text(&rate));
    [
        format!("{}{most} clients", count(server.clients)),
        format!("{} (peak {})", bytes(server.memory), bytes(server.memory_peak)),
        format!("{ops} commands/s"),
        format!("in {bytes_in}/s"),
        format!("out {bytes_out}/s"),
        theme.text(&server.cuts()),
        format!("{} channels", count(server.channels)),
        format!("{} patterns", count(server.patterns)),
    ]
    .map(|words| (words, theme.strong))
    .into()
}

/// Flows parts in order onto at most `most` lines; a mark shows that some were dropped.
fn flow(parts: &[(String, Style)], width: usize, most: usize, ascii: bool) -> Vec<Line<'static>> {
    const GAP: usize = 2;
    let room = width.saturating_sub(1);
    let mut lines: Vec<Vec<Span<'static>>> = Vec::new();
    let mut used = 0;
    for (at, (words, style)) in parts.iter().enumerate() {
        // A part wider than a line is truncated.
        let words = text::truncate(words, room, ascii);
        let cells = text::width(&words);
        let last = lines.len() >= most;
        // Leave room for the mark on the last line, unless nothing follows.
        let mark = if last && at + 1 < parts.len() { GAP + 1 } else { 0 };
        let begins = lines.is_empty() || used + GAP + cells + mark > room;
        if begins && lines.len() >= most {
            if let Some(line) = lines.last_mut().filter(|_| used + GAP < room) {
                line.push(Span::raw(if ascii { "  ~" } else { "  …" }));
            }
            break;
        }
        if begins {
            lines.push(vec![Span::raw(" ")]);
            used = 0;
        }
        let Some(line) = lines.last_mut() else { break };
        if used > 0 {
            line.push(Span::raw("  "));
            used += GAP;
        }
        used += cells;
        line.push(Span::styled(words, *style));
    }
    lines.into_iter().map(Line::from).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::row_kind::RowKind;
    use crate::settings::ThemeName;
    use crate::stats::Lookups;
    use crate::tui::fixture;

    fn pane_of(total: Tally, server: Option<ServerFigures>, measured: bool) -> Content {
        let mut snapshot = fixture::snapshot(10);
        snapshot.redis = Some(Arc::new(RedisView { total, server, ..RedisView::default() }));
        if measured {
            snapshot.endpoints[0].kind = RowKind::Deliver;
        }
        Content::new(&snapshot, &Theme::new(ThemeName::Mono, true)).unwrap()
    }

    fn shown(pane: &Content, width: usize, rows: usize) -> Vec<String> {
        pane.lines(width, rows).iter().map(|line| line.to_string().trim().to_owned()).collect()
    }

    fn near() -> ServerFigures {
        let version = "7.0.15".to_owned();
        let limits = ServerFigures { max_clients: Some(10), memory_limit: Some(10), ..ServerFigures::default() };
        ServerFigures { version, clients: 9, memory: 9, ..limits }
    }

    #[test]
    fn important_parts_fit_every_width() {
        let total =
            Tally { received: 90, sent_to: 100, lost_in_stream: 10, published: 10, disconnects: 2, ..Tally::default() };
        let pane = pane_of(total, Some(near()), true);
        let wide = shown(&pane, 200, 3);
        let first = "10 lost (10.000 %)  2 connections broken  90 delivered  10 published  fan-out 9.0  0 duplicated  0 out of order";
        assert_eq!(wide[0], first);
        assert!(wide[1].starts_with("9 of 10 clients") && wide[1].ends_with("0 patterns"), "{wide:?}");
        assert_eq!(wide[2], "clients at 90 % of maxclients  memory at 90 % of maxmemory");
        // Wrapped if there is room; both warnings are always shown.
        assert_eq!(pane.heights(Rect::new(0, 0, 80, 40)), Rows { least: 5, most: 7 });
        let narrow = shown(&pane, 78, 5).join("\n");
        assert!(
            narrow.contains("0 out of order") && narrow.contains("0 patterns") && !narrow.contains('~'),
            "{narrow}"
        );
        let tight = shown(&pane, 78, 3);
        assert!(
            tight[0].ends_with("10 published  ~") && tight[1].ends_with('~') && tight[2].contains("maxmemory"),
            "{tight:?}"
        );
        for width in 0..120 {
            for rows in 1..8 {
                let lines = pane.lines(width, rows);
                assert!(
                    lines.len() <= rows && lines.iter().all(|line| line.width() <= width.max(2)),
                    "{width} {rows}: {lines:?}"
                );
            }
        }
    }

    #[test]
    fn unknown_figures_are_not_shown_as_zero() {
        let stale = Some("connection refused".to_owned());
        let pane =
            pane_of(Tally::default(), Some(ServerFigures { unreached: true, stale, ..ServerFigures::default() }), true);
        let nothing = "no message has been published or delivered";
        assert_eq!(shown(&pane, 100, 9), [nothing, "server: no figures: connection refused"]);
        assert_eq!(shown(&pane_of(Tally::default(), None, false), 100, 9), ["server: not asked yet"]);
        let aborted = Tally { published: 5, received: 4, unsettled: 1, ..Tally::default() };
        assert!(shown(&pane_of(aborted, None, true), 100, 9)[0].starts_with("0 lost  1 unsettled  4 delivered"));
        // Not measured, so losses are unknown.
        let published = Tally { published: 5, sent_to: 10, ..Tally::default() };
        let lines = shown(&pane_of(published, Some(near()), false), 200, 9);
        assert_eq!(lines[0], "5 published  10 receivers in all  delivery is not measured");
    }

    #[test]
    fn hits_are_shown_in_total_and_by_row() {
        let row = |name: &str, hits, misses| (RowKind::Redis, name.into(), Lookups { hits, misses });
        let mut snapshot = fixture::snapshot(10);
        let mut shown_of = |lookups: Vec<_>, total| {
            snapshot.redis = Some(Arc::new(RedisView { lookups, total, ..RedisView::default() }));
            let pane = Content::new(&snapshot, &Theme::new(ThemeName::Mono, true)).unwrap();
            shown(&pane, 120, 9)
        };
        let one = shown_of(vec![row("GET", 1_500, 500)], Tally::default());
        assert_eq!(one, ["hit ratio 75.0 %  1,500 hits  500 misses", "server: not asked yet"]);
        let published = Tally { published: 5, sent_to: 10, ..Tally::default() };
        let both = shown_of(vec![row("GET", 1_500, 500), row("HGET", 1, 1), row("EXISTS", 0, 0)], published);
        assert_eq!(
            both[0],
            "hit ratio 75.0 %  1,501 hits  501 misses  GET 75.0 %  HGET 50.0 %  5 published  10 receivers in all"
        );
    }

    #[test]
    fn low_terminals_still_show_the_other_panes() {
        let pane = pane_of(Tally::default(), Some(near()), true);
        assert_eq!(pane.heights(Rect::new(0, 0, 80, 12)), Rows::default());
        assert_eq!(pane.heights(Rect::new(0, 0, 80, 13)).least, 5);
    }
}
