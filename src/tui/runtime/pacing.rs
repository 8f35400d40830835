//! When the next frame may be drawn: soon after a key, a few times a second for figures that change.

use std::time::{Duration, Instant};

/// Minimum time between two frames.
const FRAME: Duration = Duration::from_millis(100);
/// The same after a key, so that its effect is shown within 50 ms; a key that repeats is drawn about once a repetition.
const ECHO: Duration = Duration::from_millis(20);

/// The time of the last frame, and what waits for the next.
#[derive(Default)]
pub(super) struct Pacing {
    drawn: Option<Instant>,
    is_typed: bool,
}

impl Pacing {
    /// The next frame shows the effect of a key.
    pub fn typed(&mut self) {
        self.is_typed = true;
    }

    /// Time until a frame may be drawn; zero if it may be now.
    pub fn due_in(&self, now: Instant) -> Duration {
        self.drawn.map_or(Duration::ZERO, |drawn| (drawn + self.interval()).saturating_duration_since(now))
    }

    /// Records that a frame is drawn.
    pub fn draws(&mut self, now: Instant) {
        *self = Self { drawn: Some(now), is_typed: false };
    }

    /// How long to wait for an event while a frame has not been drawn: until it is due, or, if it is due but the
    /// terminal is busy, a little longer.
    pub fn retry_in(&self, now: Instant) -> Duration {
        let due = self.due_in(now);
        if due.is_zero() { self.interval() / 2 } else { due }
    }

    fn interval(&self) -> Duration {
        if self.is_typed { ECHO } else { FRAME }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_with_the_effect_of_a_key_come_sooner() {
        let (start, ms) = (Instant::now(), Duration::from_millis);
        let mut pacing = Pacing::default();
        assert_eq!(pacing.due_in(start), ms(0), "the first one");
        pacing.draws(start);
        assert_eq!(pacing.due_in(start + ms(30)), ms(70));
        pacing.typed();
        assert_eq!((pacing.due_in(start + ms(5)), pacing.due_in(start + ms(30))), (ms(15), ms(0)));
        pacing.draws(start + ms(30));
        assert_eq!(pacing.due_in(start + ms(50)), ms(80), "the key was shown");
    }

    #[test]
    fn a_busy_terminal_is_tried_again_soon() {
        let (start, ms) = (Instant::now(), Duration::from_millis);
        let mut pacing = Pacing::default();
        pacing.draws(start);
        assert_eq!(pacing.retry_in(start + ms(60)), ms(40));
        assert_eq!(pacing.retry_in(start + ms(100)), ms(50));
        pacing.typed();
        assert_eq!((pacing.retry_in(start), pacing.retry_in(start + ms(20))), (ms(20), ms(10)));
    }
}
