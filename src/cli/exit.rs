//! How a run becomes an exit code.

use crate::settings::Settings;
use crate::stats::Snapshot;
use crate::verdict::{self, Conclusion, Verdict};

/// All went well.
pub(super) const CLEAN: u8 = 0;
/// Something could not be done: a file not written, a run that broke.
pub(super) const TROUBLE: u8 = 1;
/// Wrong arguments, or a scenario that cannot be run.
pub(super) const USAGE: u8 = 2;
/// The terminal went away, as a shell reports it.
pub(super) const HUNG_UP: u8 = 129;

/// A threshold failed, or could not be judged.
const THRESHOLD: u8 = 3;
/// The load generator was the bottleneck: the figures are not the server's.
const INVALID: u8 = 5;

/// What decides about runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    /// `--exit-code-on-error`, if it was given: then failed requests decide beside thresholds.
    on_error: Option<u8>,
    /// What failed requests mean otherwise.
    otherwise: u8,
}

impl Rule {
    /// Without a screen: Locust's default.
    pub(super) fn headless(settings: &Settings) -> Self {
        Self { on_error: settings.exit_code_on_error, otherwise: 1 }
    }

    /// On the screen: a person who has watched the run needs no code to know that requests failed; scripts ask for one.
    pub(super) fn screen(settings: &Settings) -> Self {
        Self { on_error: settings.exit_code_on_error, otherwise: CLEAN }
    }

    /// The verdict on a run that is over.
    pub(super) fn verdict(self, last: &Snapshot) -> Verdict {
        verdict::conclude(last, self.on_error.is_some())
    }

    /// The code of a verdict, if all files were written.
    pub(super) fn code(self, verdict: &Verdict) -> u8 {
        match verdict.conclusion {
            Conclusion::Broken => TROUBLE,
            Conclusion::Invalid => INVALID,
            Conclusion::ThresholdFailed | Conclusion::Undecided => THRESHOLD,
            Conclusion::RequestsFailed => self.on_error.unwrap_or(self.otherwise),
            Conclusion::Passed => CLEAN,
        }
    }

    /// The code of a run that is over; one whose files were not `written` is never clean.
    pub(super) fn of_run(self, last: &Snapshot, written: bool) -> u8 {
        if written { self.code(&self.verdict(last)) } else { TROUBLE }
    }
}

/// 128 plus the signal's number, as a shell does.
pub(super) fn of_signal(number: i32) -> u8 {
    u8::try_from(number.saturating_add(128)).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_conclusion_has_its_code() {
        let (plain, told) = (Rule { on_error: None, otherwise: 1 }, Rule { on_error: Some(7), otherwise: 1 });
        for (conclusion, codes) in [
            (Conclusion::Passed, [0, 0]),
            (Conclusion::RequestsFailed, [1, 7]),
            (Conclusion::ThresholdFailed, [3, 3]),
            (Conclusion::Undecided, [3, 3]),
            (Conclusion::Invalid, [5, 5]),
            (Conclusion::Broken, [1, 1]),
        ] {
            let verdict = Verdict { conclusion, reason: String::new() };
            assert_eq!([plain.code(&verdict), told.code(&verdict)], codes, "{conclusion:?}");
        }
    }

    #[test]
    fn signals_as_in_a_shell() {
        for (signal, code) in [(1, super::HUNG_UP), (2, 130), (15, 143), (1_000, 255), (i32::MAX, 255)] {
            assert_eq!(super::of_signal(signal), code);
        }
    }
}
