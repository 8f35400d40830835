//! Holds the run until the commands before the users are executed, then starts or ends it.

use std::time::Duration;

use tokio::time::Instant;

use super::Control;
use super::filling::{Filling, Progress};
use crate::stats::snapshot::End;
use crate::units;

impl Control {
    /// Holds the run, whose time has not started.
    pub(super) fn hold_for(&mut self, filling: &Filling) {
        self.clock.pause();
        self.prefill = Some(Progress::of(filling));
    }

    /// True while the commands before the users are executed.
    pub(super) fn is_prefilling(&self) -> bool {
        self.prefill.as_ref().is_some_and(|progress| progress.is_active)
    }

    /// Starts the run, or ends it if a command failed.
    pub(super) fn prefilled(&mut self, result: Result<(), String>) {
        let Some(progress) = self.prefill.as_mut().filter(|progress| progress.is_active) else { return };
        progress.is_active = false;
        let took = progress.started.elapsed();
        self.clock.resume();
        match result {
            Ok(()) => {
                let commands = units::counted(progress.total, "command");
                self.users_since = Instant::now();
                self.add_note(format!("prefilled: {commands} in {}", units::plain(rounded(took))));
            }
            Err(why) => {
                progress.error = Some(why.as_str().into());
                self.add_note(format!("prefill failed: {why}"));
                self.stop(End::NotPrefilled);
            }
        }
    }
}

/// To the millisecond.
fn rounded(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
