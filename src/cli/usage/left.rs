//! Rest of this month's allowance, for runs that are about to start.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::runs_dir;
use crate::report::allowance::{Allowance, hours};
use crate::settings::Settings;
use crate::store::usage;

/// The rest of the month's allowance.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    allowance: f64,
    used: f64,
}

/// Computes the rest from this month's runs; `None` if they cannot be read.
pub fn left(settings: &Settings) -> Option<Left> {
    let zone = TimeZone::system();
    let month = usage::month(Timestamp::now(), &zone);
    let root = runs_dir::of(settings).ok()?;
    // No run has been recorded yet.
    let rows = if root.is_dir() { usage::usage(&root, &zone).ok()?.rows } else { Vec::new() };
    let used = rows.iter().filter(|row| row.month == month).map(|row| row.vu_hours).sum();
    Some(Left { allowance: Allowance::new(settings).vu_hours, used })
}

impl Left {
    /// Warning for a run that is planned with more VU-hours than are left.
    pub fn warning(self, planned: f64) -> Option<String> {
        let rest = (self.allowance - self.used).max(0.0);
        // Floating-point values may be slightly above a whole number.
        (planned > rest * (1.0 + 1e-9)).then(|| {
            format!(
                "this run is planned with {} VU-hours, and {} of the {} of this month are left (katydid usage)",
                hours(planned),
                hours(rest),
                hours(self.allowance)
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_does_not_fit_is_warned_of() {
        let left = |used| Left { allowance: 200.0, used };
        assert_eq!(left(150.0).warning(50.0), None);
        let words = left(150.0).warning(50.5).expect("a warning");
        assert_eq!(
            words,
            "this run is planned with 50.5 VU-hours, and 50 of the 200 of this month are left (katydid usage)"
        );
        assert!(left(260.0).warning(0.1).is_some_and(|words| words.contains("and 0 of the 200")));
    }
}
