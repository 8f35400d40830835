//! Computes the number of users of a ramp. No clock.

use std::time::Duration;

use crate::units::{PerSecond, Users};

/// Moves the number of users towards a target at the spawn rate, one user at a time, in both directions.
#[derive(Debug, Clone, Copy)]
pub struct Ramp {
    /// Users at `since`; the fraction is the progress towards the next user.
    from: f64,
    since: Duration,
    target: Users,
    rate: PerSecond,
}

impl Ramp {
    /// Ramp from 0 users at run time 0.
    pub fn new(target: Users, rate: PerSecond) -> Self {
        Self { from: 0.0, since: Duration::ZERO, target, rate }
    }

    /// Ramp from this many users at `since`.
    pub fn from(users: Users, since: Duration, target: Users, rate: PerSecond) -> Self {
        Self { from: f64::from(users.0), since, target, rate }
    }

    /// Number of users at `t`. After a change, the first user starts immediately, the others `1/rate` apart.
    pub fn at(&self, t: Duration) -> Users {
        let (position, target) = (self.position(t), f64::from(self.target.0));
        let users = if position < target {
            (position + 1.0 + EPSILON).floor().min(target)
        } else {
            (position - 1.0 - EPSILON).ceil().max(target)
        };
        Users(users as u32)
    }

    /// Sets a new target at `t`.
    pub fn retarget(&mut self, target: Users, t: Duration) {
        (self.from, self.since) = (self.position(t), t);
        self.target = target;
    }

    /// Sets a new rate at `t`.
    pub fn rerate(&mut self, rate: PerSecond, t: Duration) {
        (self.from, self.since) = (self.position(t), t);
        self.rate = rate;
    }

    /// Target number of users.
    pub fn target(&self) -> Users {
        self.target
    }

    /// Rate in users per second.
    pub fn rate(&self) -> PerSecond {
        self.rate
    }

    fn position(&self, t: Duration) -> f64 {
        let moved = t.saturating_sub(self.since).as_secs_f64() * self.rate.0;
        let target = f64::from(self.target.0);
        if self.from < target { (self.from + moved).min(target) } else { (self.from - moved).max(target) }
    }
}

/// Tolerates rounding of `seconds × rate`, so that the user due at exactly 200 ms starts at 200 ms.
const EPSILON: f64 = 1e-6;

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn users_start_one_at_a_time() {
        let ramp = Ramp::new(Users(50), PerSecond(5.0));
        for (t, users) in [(0, 1), (199, 1), (200, 2), (400, 3), (1_000, 6), (9_800, 50), (60_000, 50)] {
            assert_eq!(ramp.at(ms(t)), Users(users), "at {t} ms");
        }
    }

    #[test]
    fn from_10_to_200_at_50_a_second_takes_3_8_seconds() {
        let mut ramp = Ramp::new(Users(10), PerSecond(1_000.0));
        ramp.rerate(PerSecond(50.0), ms(5_000));
        ramp.retarget(Users(200), ms(5_000));
        assert_eq!(ramp.at(ms(5_000)), Users(11));
        assert_eq!(ramp.at(ms(5_000 + 3_770)), Users(199));
        assert_eq!(ramp.at(ms(5_000 + 3_800)), Users(200));
    }

    #[test]
    fn users_stop_at_the_same_rate_and_changes_continue_from_the_current_number() {
        let mut ramp = Ramp::new(Users(10), PerSecond(10.0));
        ramp.retarget(Users(2), ms(2_000));
        assert_eq!(ramp.at(ms(2_000)), Users(9));
        assert_eq!(ramp.at(ms(2_300)), Users(6));
        ramp.retarget(Users(8), ms(2_300));
        assert_eq!(ramp.at(ms(2_300)), Users(8));
        ramp.retarget(Users(0), ms(2_400));
        assert_eq!(ramp.at(ms(9_000)), Users(0));
    }

    #[test]
    fn new_rate_keeps_the_progress() {
        let mut ramp = Ramp::new(Users(100), PerSecond(1.0));
        ramp.rerate(PerSecond(10.0), ms(500));
        assert_eq!(ramp.at(ms(550)), Users(2));
    }
}
