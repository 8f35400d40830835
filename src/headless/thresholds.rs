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
