//! What was sent to other systems: a line above the key hints, and losses in the head.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::store::Sending;
use crate::tui::model::Run;
use crate::tui::text::{self, age};
use crate::tui::theme::Theme;

/// Cells below which a further system is left out.
const LEAST: usize = 30;
/// Cells of the line that are not for text.
const MARGIN: usize = 4;
/// Maximum length of a state in the head.
const MOST: usize = 60;

/// Text and style of a part of the head.
pub(super) type Part = (String, Style);

/// All systems, those with losses first: `Datadog: 41 batches, last 202, 8s ago`. `None` if nothing is sent
/// anywhere, or if the head shows it.
pub(super) fn line(run: &Run, cells: usize, theme: &Theme) -> Option<Line<'static>> {
    let all = if is_in_head(cells + MARGIN) { Vec::new() } else { sorted(run) };
    let (mark, style) = match all.first()?.lost {
        Some(_) => ("!", theme.warn),
        None => (theme.glyph("✓", "*"), theme.good),
    };
    let mut spans = vec![Span::styled(format!(" {mark} "), style)];
    let mut room = cells;
    for (at, one) in all.into_iter().enumerate() {
        let gap = if at == 0 { "" } else { "   " };
        if at > 0 && room < LEAST {
            break;
        }
        let words = text::truncate(&theme.text(&words(one, run)), room.saturating_sub(gap.len()), theme.ascii);
        room = room.saturating_sub(text::width(&words) + gap.len());
        spans.push(Span::raw(gap));
        spans.push(Span::styled(words, if one.lost.is_some() { theme.warn } else { Style::new() }));
    }
    Some(Line::from(spans))
}

fn words(one: &Sending, run: &Run) -> String {
    let Sending { to, sent, lost, last } = one;
    let mut words = format!("{to}: {sent}");
    if let Some(lost) = lost {
        words.push_str(&format!(", {lost}"));
    }
    if let Some((response, at)) = last {
        words.push_str(&format!(", last {response}"));
        // The time of the last snapshot does not change after the end.
        if !run.latest.state.is_done() {
            words.push_str(&format!(", {} ago", age(run.latest.at.duration_since(*at).unwrap_or_default())));
        }
    }
    words
}

/// For the head, the first system with a loss, which is shown on every terminal; and the others, if there is room.
pub(super) fn parts(run: &Run, width: usize, theme: &Theme) -> (Option<Part>, Vec<Part>) {
    let whole = |one: &Sending| text::truncate(&theme.text(&words(one, run)), MOST, theme.ascii);
    let mut all = sorted(run);
    let loss = all.first().and_then(|one| {
        let short = format!("! {}: {}", one.to, one.lost.as_ref()?);
        Some((if is_in_head(width) { format!("! {}", whole(one)) } else { short }, theme.warn))
    });
    if loss.is_some() {
        all.remove(0);
    }
    let style = |one: &Sending| if one.lost.is_some() { theme.warn } else { theme.dim };
    let others = all.into_iter().filter(|_| is_in_head(width)).map(|one| (whole(one), style(one)));
    (loss, others.collect())
}

/// True if the head has room for the states of all systems.
fn is_in_head(width: usize) -> bool {
    width >= 140
}

/// Those with losses first.
fn sorted(run: &Run) -> Vec<&Sending> {
    let mut all: Vec<&Sending> = run.sending.iter().collect();
    all.sort_by_key(|one| one.lost.is_none());
    all
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::settings::ThemeName;
    use crate::tui::fixture;

    fn with(sending: &[(&'static str, Option<&str>, &str)]) -> Run {
        let mut run = fixture::dashboard().run.expect("a run");
        let at = run.latest.at - Duration::from_secs(8);
        let one = |(to, lost, last): &(&'static str, Option<&str>, &str)| Sending {
            to,
            sent: "41 batches".to_owned(),
            lost: lost.map(str::to_owned),
            last: Some(((*last).into(), at)),
        };
        run.sending = sending.iter().map(one).collect();
        run
    }

    fn shown(sending: &[(&'static str, Option<&str>, &str)], cells: usize) -> Option<String> {
        line(&with(sending), cells, &Theme::new(ThemeName::Mono, true)).map(|line| line.to_string())
    }

    #[test]
    fn systems_with_losses_come_first() {
        assert_eq!(shown(&[], 76), None);
        assert_eq!(shown(&[("Datadog", None, "202")], 76).unwrap(), " * Datadog: 41 batches, last 202, 8s ago");
        let both = [("Datadog", None, "202"), ("Slack", Some("1 request dropped"), "503")];
        assert_eq!(
            shown(&both, 100).unwrap(),
            " ! Slack: 41 batches, 1 request dropped, last 503, 8s ago   Datadog: 41 batches, last 202, 8s ago"
        );
        assert_eq!(shown(&both, 136), None);
        let line = shown(&both, 76).unwrap();
        assert!(text::width(&line) <= 80 && line.contains("last 503"), "{line}");
    }

    #[test]
    fn messages_of_servers_are_cut_and_cleaned() {
        let line = shown(&[("Datadog", Some("9 points dropped"), &"x\u{1b}[2J".repeat(80))], 76).unwrap();
        assert!(text::width(&line) <= 80 && !line.contains('\u{1b}'), "{line}");
        assert!(line.starts_with(" ! Datadog: 41 batches, 9 points dropped, last x"), "{line}");
    }

    #[test]
    fn losses_are_in_the_head_at_every_width() {
        let theme = Theme::new(ThemeName::Mono, true);
        let run = with(&[("Datadog", None, "202"), ("Slack", Some("1 request dropped"), "503")]);
        let text = |width| {
            let (loss, others) = parts(&run, width, &theme);
            loss.into_iter().chain(others).map(|(words, _)| words).collect::<Vec<_>>()
        };
        assert_eq!(text(80), ["! Slack: 1 request dropped"]);
        assert_eq!(
            text(160),
            ["! Slack: 41 batches, 1 request dropped, last 503, 8s ago", "Datadog: 41 batches, last 202, 8s ago"]
        );
        assert_eq!(parts(&with(&[("Datadog", None, "202")]), 80, &theme), (None, Vec::new()));
    }
}
