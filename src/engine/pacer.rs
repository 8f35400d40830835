//! Computes when a user's next iteration starts. No clock.

use std::time::Duration;

use tokio::time::Instant;

use crate::scenario::plan::Wait;

/// Start times of one user's iterations.
#[derive(Debug)]
pub struct Pacer {
    wait: Wait,
    /// Due time of the current iteration; `None` if iterations have no due times.
    due: Option<Instant>,
}

impl Pacer {
    /// The first iteration is due when it starts.
    pub fn new(wait: Wait) -> Self {
        Self { wait, due: None }
    }

    /// Starts an iteration at `now` and returns its delay; `None` if iterations have no due times.
    pub fn begin(&mut self, now: Instant) -> Option<Duration> {
        if !self.wait.is_planned() {
            return None;
        }
        Some(now.saturating_duration_since(*self.due.get_or_insert(now)))
    }

    /// Start of the next iteration if this one ended at `now`. Due times do not move: iterations delayed by a slow
    /// response are due in the past and start immediately, and the delay is part of their response time.
    pub fn next(&mut self, now: Instant, rng: &mut fastrand::Rng) -> Instant {
        match self.wait {
            Wait::Constant(pause) => now + pause,
            Wait::Between(least, most) => now + least + most.saturating_sub(least).mul_f64(rng.f64()),
            Wait::Pacing(period) => *self.due.insert(self.due.unwrap_or(now) + period),
        }
    }

    /// Moves later due times by a pause, because paused time is not run time.
    pub fn shift(&mut self, pause: Duration) {
        self.due = self.due.map(|due| due + pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[tokio::test(start_paused = true)]
    async fn due_times_do_not_move_after_a_slow_response() {
        let (mut pacer, mut rng) = (Pacer::new(Wait::Pacing(100 * MS)), fastrand::Rng::with_seed(1));
        let start = Instant::now();
        assert_eq!(pacer.begin(start), Some(Duration::ZERO));
        assert_eq!(pacer.next(start + 250 * MS, &mut rng), start + 100 * MS);
        assert_eq!(pacer.begin(start + 250 * MS), Some(150 * MS));
        assert_eq!(pacer.next(start + 251 * MS, &mut rng), start + 200 * MS);
        assert_eq!(pacer.begin(start + 251 * MS), Some(51 * MS));
        pacer.shift(1_000 * MS);
        assert_eq!(pacer.next(start + 252 * MS, &mut rng), start + 1_300 * MS);
    }

    #[tokio::test(start_paused = true)]
    async fn waits_have_no_due_times() {
        let mut rng = fastrand::Rng::with_seed(1);
        let now = Instant::now();
        let mut constant = Pacer::new(Wait::Constant(5 * MS));
        assert_eq!(constant.begin(now), None);
        assert_eq!(constant.next(now, &mut rng), now + 5 * MS);
        let mut between = Pacer::new(Wait::Between(10 * MS, 20 * MS));
        let waits: Vec<_> = (0..100).map(|_| between.next(now, &mut rng) - now).collect();
        assert!(waits.iter().all(|w| (10 * MS..=20 * MS).contains(w)));
        assert!(waits.iter().any(|w| *w < 12 * MS) && waits.iter().any(|w| *w > 18 * MS));
    }
}
