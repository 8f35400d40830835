//! The verdict of a run: one line, and one per threshold.

use unicode_width::UnicodeWidthStr;

use super::cells::{lines, pad};
use crate::clean;
use crate::report::shown::{self, ThresholdState};
use crate::report::silence::wrap;
use crate::stats::Snapshot;
use crate::stats::snapshot::{Judged, Judgement};
use crate::units;
use crate::verdict::{Conclusion, Verdict};

/// The verdict with its reason, and each threshold with its measured value and margin.
pub fn verdict(snapshot: &Snapshot, verdict: &Verdict, width: usize) -> String {
    let mark = match verdict.conclusion {
        Conclusion::Passed => "✓",
        Conclusion::Undecided => "?",
        _ => "✗",
    };
    with_thresholds(snapshot, &format!("{mark} {}: {}", verdict.conclusion.word(), clean::line(&verdict.reason)), width)
}

/// What is said of the run, and below it each threshold with what was measured and what was left of its limit.
pub(super) fn with_thresholds(snapshot: &Snapshot, said: &str, width: usize) -> String {
    // The reason is never cut.
    let first = wrap(said, width);
    let widest = |cell: fn(&Judgement) -> &str| snapshot.judgements.iter().map(|j| cell(j).width()).max().unwrap_or(0);
    let (check, value) = (widest(|j| &j.check), widest(|j| j.value.as_deref().unwrap_or("–")));
    let rows = snapshot.judgements.iter().map(|judgement| {
        let measured = judgement.value.as_deref().unwrap_or("–");
        let gap = " ".repeat(value.saturating_sub(measured.width()));
        let note = note(judgement);
        let about = judgement.about();
        let about = if about.is_empty() { String::new() } else { format!("   ({about})") };
        format!(" {} {}  {gap}{measured}  {note}{about}", mark_of(judgement), pad(&judgement.check, check))
    });
    lines(first.into_iter().chain(rows), width)
}

/// One-character symbol of the state of a threshold.
fn mark_of(judgement: &Judgement) -> &'static str {
    match shown::state(judgement) {
        ThresholdState::Passed => "✓",
        ThresholdState::Warning => "!",
        ThresholdState::Failed => "✗",
        ThresholdState::Unknown => "?",
    }
}

/// The margin, or the problem.
fn note(judgement: &Judgement) -> String {
    let mut parts: Vec<String> = Vec::new();
    match &judgement.judged {
        Judged::Passes => parts.extend(margin(judgement)),
        Judged::CannotTell(why) => parts.push(format!("cannot tell: {why}")),
        Judged::Violated | Judged::Failed => {
            parts.extend(margin(judgement));
            parts.extend(judgement.first_failed.map(|at| format!("first at {}", units::clock(at))));
        }
    }
    parts.extend(held(judgement));
    if judgement.warn && matches!(judgement.judged, Judged::Violated | Judged::Failed) {
        parts.push("only a warning".to_owned());
    }
    parts.join(", ")
}

/// Margin to the limit of a threshold: `margin 70.0 %`, `missed by 5.0 %`. `None` if it has none.
pub fn margin(judgement: &Judgement) -> Option<String> {
    let word = match (&judgement.judged, judgement.margin?) {
        (Judged::Passes, margin) if margin >= 0.0 => "margin",
        // With `for`, a check may fail for a while.
        (Judged::Passes, _) => "at worst missed by",
        _ => "missed by",
    };
    judgement.margin.map(|margin| format!("{word} {}", shown::tenth(margin.abs())))
}

/// Ratio of the time in which a threshold was met: `held 98.3 % of the time`. `None` if it was always met.
pub fn held(judgement: &Judgement) -> Option<String> {
    let (held, judged) = judgement.compliance;
    (held < judged).then(|| format!("held {} of the time", shown::tenth(held.as_secs_f64() / judged.as_secs_f64())))
}
