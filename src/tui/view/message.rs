//! The lines above the key hints: quitting, an error, a toast, or the most severe finding.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::sending;
use crate::report::finding::Finding;
use crate::tui::action::{LIVE, STOPPING};
use crate::tui::model::{Model, Overlay};
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::units::count;

/// As many lines as there is room for.
pub(super) fn lines(model: &Model, found: Option<&Finding>, area: Rect) -> Vec<Line<'static>> {
    let theme = &model.theme;
    let cells = usize::from(area.width).saturating_sub(4);
    let say = |mark: &'static str, words: &str, style| {
        let words = text::sentence(&theme.text(words), cells, theme.ascii);
        vec![Line::from(vec![Span::styled(format!(" {mark} "), style), Span::raw(words)])]
    };
    if model.leaving {
        let load = model.run.as_ref().map(|run| run.latest.load);
        let waits = match load.and_then(|load| Some((load.in_flight, load.oldest?))) {
            None => "waiting for running tasks".to_owned(),
            Some((n, oldest)) => format!("{} in flight, the oldest for {}", count(n.into()), text::age(oldest)),
        };
        return say("!", &format!("stopping: {waits}; press Ctrl-C again to quit at once"), theme.warn);
    }
    if let Some(Overlay::Prompt(prompt)) = &model.overlay
        && let Some(error) = &prompt.error
    {
        return say(theme.glyph("✗", "x"), error, theme.bad);
    }
    if model.launcher.checking.is_some() {
        return say(theme.glyph("…", "~"), "checking the host before the start; Esc cancels", theme.accent);
    }
    if let Some(toast) = &model.toast {
        let (mark, style) =
            if toast.bad { (theme.glyph("✗", "x"), theme.bad) } else { (theme.glyph("✓", "*"), theme.good) };
        return toasted(&theme.text(&toast.text), (cells, area.height.into()), (mark, style), theme);
    }
    let Some(run) = &model.run else { return Vec::new() };
    if let Some(found) = found {
        let keys = match model.place() {
            LIVE => "   space pause   x stop",
            STOPPING => "   x stop",
            // A run that is over accepts no commands.
            _ => "",
        };
        return finding(found, cells, area.height.into(), keys, theme);
    }
    let log = run.shown().log.lines.last().map(|line| format!("log, user {}: {}", line.user, line.text));
    match log {
        // Lost data is more important than what the scenario says, and that more than what was sent.
        Some(words) if run.sending.iter().all(|one| one.lost.is_none()) => say("!", &words, theme.warn),
        _ => sending::line(run, cells, theme).into_iter().collect(),
    }
}

/// A toast: on two lines if it needs them and there is room.
fn toasted(
    words: &str,
    (cells, rows): (usize, usize),
    (mark, style): (&str, Style),
    theme: &Theme,
) -> Vec<Line<'static>> {
    let wrapped = if rows < 2 { vec![words.to_owned()] } else { text::wrap(words, cells) };
    let mut parts = wrapped.iter();
    let first = parts.next().map(|first| text::sentence(first, cells, theme.ascii)).unwrap_or_default();
    let rest = parts.map(String::as_str).collect::<Vec<_>>().join(" ");
    let mut lines = vec![Line::from(vec![Span::styled(format!(" {mark} "), style), Span::raw(first)])];
    if !rest.is_empty() {
        lines.push(Line::raw(format!("   {}", text::sentence(&rest, cells, theme.ascii))));
    }
    lines
}

/// Evidence and remedy of a finding: one line each if they fit, else wrapped.
fn finding(found: &Finding, cells: usize, rows: usize, keys: &str, theme: &Theme) -> Vec<Line<'static>> {
    let (mark, style) = if found.kind.is_severe() { (theme.glyph("✗", "x"), theme.bad) } else { ("!", theme.warn) };
    let title = found.kind.title();
    let room = cells.saturating_sub(text::width(title) + 2);
    let (evidence, mut remedy) = (theme.text(&found.evidence), theme.text(&found.remedy));
    if found.kind.is_silence() {
        let keys = format!("{remedy}{keys}");
        remedy = if text::width(&keys) <= cells { keys } else { remedy };
    }
    let first = |words: String| {
        Line::from(vec![
            Span::styled(format!(" {mark} "), style),
            Span::styled(format!("{title}  "), style),
            Span::raw(text::truncate(&words, room, theme.ascii)),
        ])
    };
    let second = |words: &str| Line::styled(format!("   {}", text::truncate(words, cells, theme.ascii)), Style::new());
    if rows < 2 {
        let both = format!("{evidence}. {remedy}");
        // Names of rows are shortened before the numbers after them are cut.
        let is_cut = text::width(&evidence) > room;
        return vec![first(if is_cut { text::sentence(&evidence, room, theme.ascii) } else { both })];
    }
    if text::width(&evidence) <= room {
        return vec![first(evidence), second(&remedy)];
    }
    let (begin, rest) = two_lines(&evidence, (room, cells), theme);
    let both = format!("{rest}. {remedy}");
    vec![first(begin), second(if text::width(&both) <= cells { &both } else { &rest })]
}

/// Splits evidence into two lines of these widths. If it is too long, the name of a row in it is shortened as little as
/// necessary.
fn two_lines(evidence: &str, (first, second): (usize, usize), theme: &Theme) -> (String, String) {
    let split = |words: &str| {
        let lines = text::wrap(words, first);
        (lines[0].clone(), lines[1..].join(" "))
    };
    let all = text::width(evidence);
    let shorter = (0..second).map(|less| split(&text::sentence(evidence, all.saturating_sub(less), theme.ascii)));
    let mut fitting = shorter.filter(|(_, rest)| text::width(rest) <= second && !rest.ends_with(['…', '~']));
    fitting.next().unwrap_or_else(|| split(evidence))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::finding::Kind;
    use crate::settings::ThemeName;

    fn shown(evidence: &str, remedy: &str, kind: Kind, size: (usize, usize)) -> Vec<String> {
        let found = Finding { kind, evidence: evidence.into(), remedy: remedy.into() };
        let lines = finding(&found, size.0, size.1, "   space pause   x stop", &Theme::new(ThemeName::Mono, true));
        lines.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn evidence_and_remedy_have_a_line_each() {
        let lines = shown("3 in flight", "The server is silent.", Kind::Hanging, (76, 2));
        assert_eq!(lines, [" x HANGING  3 in flight", "   The server is silent.   space pause   x stop"]);
        let lines = shown("timers fire late", "Use fewer users.", Kind::GeneratorAmber, (76, 2));
        assert_eq!(lines, [" ! GENERATOR OVERLOADED  timers fire late", "   Use fewer users."]);
        assert_eq!(shown("3 in flight", "Silent.", Kind::Slow, (76, 1)), [" ! SLOW  3 in flight. Silent."]);
    }

    #[test]
    fn a_toast_takes_the_room_that_there_is() {
        let shown = |rows| {
            let theme = Theme::new(ThemeName::Mono, true);
            let lines = toasted("one two three four five six", (16, rows), ("x", theme.bad), &theme);
            lines.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(shown(1), [" x one two three f~"]);
        assert_eq!(shown(2), [" x one two three", "   four five six"]);
    }

    #[test]
    fn long_evidence_displaces_the_remedy() {
        let evidence = "one two three four five six seven eight nine ten eleven";
        let lines = shown(evidence, "Do this.", Kind::Slow, (40, 2));
        assert_eq!(lines, [" ! SLOW  one two three four five six seven", "   eight nine ten eleven. Do this."]);
        let path =
            "33.3 % of requests; most: GET /api/v2/customers/{id}/payment-methods/default 404, 21 of 42 failures";
        let lines = shown(path, "Do this.", Kind::Slow, (60, 2));
        assert!(lines[1].ends_with(" 404, 21 of 42 failures"), "{lines:?}");
        assert!(lines[1].contains("-methods/default 404") || lines[0].contains("-methods/default"), "{lines:?}");
        let lines = shown(evidence, "Do this and something that is longer.", Kind::Slow, (40, 2));
        assert_eq!(lines[1], "   eight nine ten eleven");
    }
}
