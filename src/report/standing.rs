//! Verdict of a run for display, also of one that has none yet.

use crate::clean;
use crate::store::{Run, State};
use crate::units;
use crate::verdict::Conclusion;

/// Rating of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// The run passed.
    Good,
    /// The run failed or was aborted.
    Bad,
    /// The run is over, and its result cannot be told.
    Unclear,
    /// No verdict.
    Open,
}

/// First line of every report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// One word: `passed`, `failed`, `invalid`, …
    pub word: String,
    /// The reason as a sentence.
    pub reason: String,
    pub tone: Tone,
    /// Exit code of the process, if known.
    pub code: Option<u8>,
}

impl Standing {
    /// With what is missing of its recording.
    pub fn of(run: &Run) -> Self {
        let mut standing = Self::of_whole(run);
        let gaps: Vec<&str> = run.meta.incomplete.iter().chain(&run.gaps).map(String::as_str).collect();
        if !gaps.is_empty() {
            let gaps = gaps.join("; ");
            let reason = standing.reason.trim_end_matches('.');
            standing.reason = format!("{reason}; the recording is incomplete: {}", clean::line(&gaps));
        }
        standing
    }

    fn of_whole(run: &Run) -> Self {
        let so_far = units::clock(run.last.elapsed);
        match (&run.meta.outcome, run.state) {
            (_, State::CutShort) => Self {
                word: "cut short".to_owned(),
                reason: format!(
                    "The process was killed before the end of the run: these are the figures of its first {so_far}, \
                     and there is no verdict."
                ),
                tone: Tone::Bad,
                code: None,
            },
            (Some(outcome), _) => Self {
                word: clean::line(&outcome.verdict).into_owned(),
                reason: clean::line(&outcome.reason).into_owned(),
                tone: tone(&outcome.verdict),
                code: Some(outcome.code),
            },
            (None, State::Running) => Self {
                word: "running".to_owned(),
                reason: format!("The run is not over: these are the figures of its first {so_far}."),
                tone: Tone::Open,
                code: None,
            },
            (None, State::Ended) => Self {
                word: "ended".to_owned(),
                reason: format!("The run ended after {so_far} without a verdict."),
                tone: Tone::Open,
                code: None,
            },
        }
    }

    /// True if the process reported success: failed requests need not fail a run.
    pub fn is_clean(&self) -> bool {
        self.code == Some(0)
    }

    /// Symbol next to the word, so that color is never the only sign.
    pub fn sign(&self) -> &'static str {
        match self.tone {
            Tone::Good => "✓",
            Tone::Bad => "✗",
            Tone::Unclear => "?",
            Tone::Open => "…",
        }
    }
}

/// Rating of a verdict. The exit code does not decide: it can be 0 for failed requests.
fn tone(verdict: &str) -> Tone {
    if verdict == Conclusion::Passed.word() {
        Tone::Good
    } else if verdict == Conclusion::Undecided.word() {
        Tone::Unclear
    } else {
        Tone::Bad
    }
}
