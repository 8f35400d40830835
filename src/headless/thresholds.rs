//! Reports on standard error when a threshold fails, and when it passes again. Changes are reported at most once per
//! minute, a final failure immediately.

use std::time::Duration;

use super::reported::Reported;
use crate::stats::Snapshot;
use crate::stats::snapshot::{Judged, Judgement};
use crate::{clean, units};

/// State of a threshold when it was last reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Standing {
    /// Passes, or was not evaluated yet.
    #[default]
    Passes,
    Violated,
    Failed,
}

/// What was reported for each threshold.
#[derive(Debug, Default)]
pub(super) struct Thresholds(Vec<Reported<Standing>>);

impl Thresholds {
    /// Lines to print for this snapshot.
    pub(super) fn changes(&mut self, snapshot: &Snapshot) -> Vec<String> {
        self.0.resize_with(snapshot.judgements.len(), Reported::default);
        let each = self.0.iter_mut().zip(snapshot.judgements.iter());
        each.filter_map(|(reported, judgement)| line(reported, judgement, snapshot.elapsed)).collect()
    }
}

fn line(reported: &mut Reported<Standing>, judgement: &Judgement, now: Duration) -> Option<String> {
    let (standing, word) = match (&judgement.judged, judgement.warn) {
        (Judged::Failed, true) => (Standing::Failed, "failed (a warning)"),
        (Judged::Failed, false) => (Standing::Failed, "failed"),
        (Judged::Violated, _) => (Standing::Violated, "violated"),
        (Judged::Passes, _) => (Standing::Passes, "passes again"),
        // No new result.
        (Judged::CannotTell(_), _) => return None,
    };
    let is_due = match standing {
        Standing::Failed => reported.is_changed(standing, now),
        Standing::Passes | Standing::Violated => reported.is_due(standing, now),
    };
    let value = judgement.value.as_deref().map(|value| format!(": {value}")).unwrap_or_default();
    let words = format!("{}: threshold {word}: {}{value}", units::clock(now), judgement.words);
    is_due.then(|| clean::line(&words).into_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::headless::tests::snapshot;
    use crate::stats::snapshot::RunState;

    fn judgement(judged: Judged) -> Judgement {
        let words = "p95 < 1s, of GET /\u{1b}[2J".into();
        Judgement { words, judged, value: Some("2.00s".into()), ..Judgement::passing() }
    }

    #[test]
    fn failures_are_reported_immediately_and_changes_once_per_minute() {
        let mut thresholds = Thresholds::default();
        let unknown = Judged::CannotTell("no requests".into());
        for (second, judged, expected) in [
            (1, Judged::Passes, None),
            (2, Judged::Violated, Some("00:02: threshold violated: p95 < 1s, of GET / [2J: 2.00s")),
            (3, unknown, None),
            (4, Judged::Passes, None),
            (5, Judged::Violated, None),
            (62, Judged::Passes, Some("01:02: threshold passes again: p95 < 1s, of GET / [2J: 2.00s")),
            (63, Judged::Failed, Some("01:03: threshold failed: p95 < 1s, of GET / [2J: 2.00s")),
            (64, Judged::Failed, None),
            (200, Judged::Failed, None),
        ] {
            let mut now = snapshot(RunState::Running);
            now.elapsed = Duration::from_secs(second);
            now.judgements = Arc::new(vec![judgement(judged)]);
            let lines = thresholds.changes(&now);
            assert_eq!(lines.first().map(String::as_str), expected, "{second}");
        }
    }
}
