//! How a run becomes an exit code.

use crate::stats::Snapshot;
use crate::verdict::{self, Conclusion};

/// All went well.
pub(super) const CLEAN: u8 = 0;
/// Something could not be done: a file not written, a run that broke.
pub(super) const TROUBLE: u8 = 1;
/// Wrong arguments, or a scenario that cannot be run.
pub(super) const USAGE: u8 = 2;
/// The terminal went away, as a shell reports it.
pub(super) const HUNG_UP: u8 = 129;

/// Locust's rule: `on_error` if a request failed or the scenario raised an error. So does an event that failed, which is no
/// request and not among the totals. A broken run never counts as clean, nor does one whose files were not `written`.
pub(super) fn of_run(last: &Snapshot, on_error: u8, written: bool) -> u8 {
    let code = match verdict::conclude(last) {
        Conclusion::Broken => return TROUBLE,
        Conclusion::RequestsFailed => on_error,
        Conclusion::Passed => CLEAN,
    };
    if code == CLEAN && !written { TROUBLE } else { code }
}

/// 128 plus the signal's number, as a shell does.
pub(super) fn of_signal(number: i32) -> u8 {
    u8::try_from(number.saturating_add(128)).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    #[test]
    fn signals_as_in_a_shell() {
        for (signal, code) in [(1, super::HUNG_UP), (2, 130), (15, 143), (1_000, 255), (i32::MAX, 255)] {
            assert_eq!(super::of_signal(signal), code);
        }
    }
}
