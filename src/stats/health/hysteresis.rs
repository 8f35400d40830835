//! A level that does not flap: it rises immediately, and falls only after a lower level has lasted.

use std::sync::Arc;
use std::time::Duration;

use crate::stats::snapshot::{Health, Level};

/// Time for which a lower level must last, in run time. The signals cover another ten seconds.
const RECOVERY: Duration = Duration::from_secs(10);

/// The level shown, and since when the signals have been better.
#[derive(Debug, Default)]
pub struct LevelHysteresis {
    level: Level,
    why: Option<Arc<str>>,
    better_since: Option<Duration>,
}

impl LevelHysteresis {
    /// Replaces the current level and reason with those to show.
    pub fn apply(&mut self, health: &mut Health, now: Duration) {
        if health.level < self.level {
            let since = *self.better_since.get_or_insert(now);
            if now.saturating_sub(since) < RECOVERY {
                (health.level, health.why) = (self.level, self.why.clone());
                return;
            }
        }
        self.better_since = None;
        (self.level, self.why) = (health.level, health.why.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn level_rises_immediately_and_falls_after_ten_seconds() {
        let (g, a, r) = (Level::Green, Level::Amber, Level::Red);
        let mut hysteresis = LevelHysteresis::default();
        for (second, level, shown) in [
            (0, g, g),
            (1, a, a),
            (2, g, a),
            (3, a, a),
            (4, g, a),
            (13, g, a),
            (14, g, g),
            (20, r, r),
            (21, a, r),
            (30, a, r),
            (31, a, a),
            (32, g, a),
            (41, g, a),
            (42, g, g),
        ] {
            let why = (level != g).then(|| format!("{level:?}").into());
            let mut health = Health { level, why, ..Health::default() };
            hysteresis.apply(&mut health, Duration::from_secs(second));
            assert_eq!(health.level, shown, "at {second} s");
            let words = (shown != g).then(|| format!("{shown:?}"));
            assert_eq!(health.why.as_deref(), words.as_deref(), "at {second} s");
        }
    }
}
