//! A level that does not flap: it rises at once, and falls only after a better one has lasted.

use std::sync::Arc;
use std::time::Duration;

use crate::stats::snapshot::{Health, Level};

/// How long a better level must last, in run time. The signals themselves are of the last ten seconds.
const CALM: Duration = Duration::from_secs(10);

/// The level that is shown, and since when the signals are better than it.
#[derive(Debug, Default)]
pub struct Steady {
    level: Level,
    why: Option<Arc<str>>,
    better_since: Option<Duration>,
}

impl Steady {
    /// Replaces the present level and its reason with the one to show.
    pub fn hold(&mut self, health: &mut Health, now: Duration) {
        if health.level < self.level {
            let since = *self.better_since.get_or_insert(now);
            if now.saturating_sub(since) < CALM {
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
    fn it_rises_at_once_and_falls_after_ten_calm_seconds() {
        let (g, a, r) = (Level::Green, Level::Amber, Level::Red);
        let mut steady = Steady::default();
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
            steady.hold(&mut health, Duration::from_secs(second));
            assert_eq!(health.level, shown, "at {second} s");
            let words = (shown != g).then(|| format!("{shown:?}"));
            assert_eq!(health.why.as_deref(), words.as_deref(), "at {second} s");
        }
    }
}
