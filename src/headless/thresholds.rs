//! Lines on standard error when a threshold fails, and when it holds again. One that changes often is reported once a
//! minute at most; one that has failed for good is reported at once.

use std::time::Duration;

use super::reported::Reported;
use crate::stats::Snapshot;
use crate::stats::snapshot::{Judged, Judgement};
use crate::{clean, units};

/// How a threshold stood when it was last reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Standing {
    /// It holds, or it is not known.
    #[default]
    Holds,
    Violated,
    Failed,
}

/// What was reported of each threshold.
#[derive(Debug, Default)]
pub(super) struct Thresholds(Vec<Reported<Standing>>);

impl Thresholds {
    /// The lines to print for this snapshot.
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
        (Judged::Violated, _) => (Standing::Violated, "does not hold"),
        (Judged::Holds, _) => (Standing::Holds, "holds again"),
        // Nothing new is known.
        (Judged::CannotTell(_), _) => return None,
    };
    let is_due = match standing {
        Standing::Failed => reported.is_changed(standing, now),
        Standing::Holds | Standing::Violated => reported.is_due(standing, now),
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
        Judgement {
            check: "p95 < 1s".into(),
            words: "p95 < 1s, of GET /\u{1b}[2J".into(),
            place: "t.yaml:1".into(),
            judged,
            value: Some("2.00s".into()),
            margin: None,
            compliance: Default::default(),
            first_failed: None,
            warn: false,
            abort: false,
        }
    }

    #[test]
    fn a_failure_is_reported_at_once_and_a_change_once_a_minute() {
        let mut thresholds = Thresholds::default();
        let unknown = Judged::CannotTell("no requests".into());
        for (second, judged, expected) in [
            (1, Judged::Holds, None),
            (2, Judged::Violated, Some("00:02: threshold does not hold: p95 < 1s, of GET / [2J: 2.00s")),
            (3, unknown, None),
            (4, Judged::Holds, None),
            (5, Judged::Violated, None),
            (62, Judged::Holds, Some("01:02: threshold holds again: p95 < 1s, of GET / [2J: 2.00s")),
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
