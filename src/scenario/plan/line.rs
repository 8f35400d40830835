//! The load level (users, or arrivals per second) as linear segments over time.

use super::stage::{Goal, Slope, Stage};

/// A linear segment of the level; times are in seconds of the run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Line {
    pub start: f64,
    pub end: f64,
    pub from: f64,
    pub to: f64,
    pub stage: usize,
}

/// Tolerates rounding of `seconds × rate`, so that what is due at exactly 200 ms starts at 200 ms.
pub(super) const EPSILON: f64 = 1e-6;

/// Segments of some stages, starting at level 0.
pub(super) fn lines(stages: &[Stage]) -> Vec<Line> {
    let mut lines = Vec::with_capacity(stages.len() * 2);
    let (mut at, mut level) = (0.0f64, 0.0f64);
    for (index, stage) in stages.iter().enumerate() {
        let length = stage.duration.map_or(f64::INFINITY, |d| d.as_secs_f64());
        let (goal, way) = match stage.goal {
            Goal::Users { users, slope } => {
                let goal = f64::from(users);
                let way = match slope {
                    Slope::PerSecond(rate) => (goal - level).abs() / rate.max(f64::MIN_POSITIVE),
                    Slope::Within(time) => time.as_secs_f64(),
                };
                (goal, if way.is_finite() { way } else { 0.0 })
            }
            Goal::Rate { rate, ramp } => (rate, ramp.as_secs_f64()),
        };
        let moving = way.min(length);
        let reached = if way > length { level + (goal - level) * (length / way) } else { goal };
        if moving > 0.0 {
            lines.push(Line { start: at, end: at + moving, from: level, to: reached, stage: index });
        }
        if length > moving {
            lines.push(Line { start: at + moving, end: at + length, from: reached, to: reached, stage: index });
        }
        at += length;
        level = reached;
    }
    lines
}

impl Line {
    /// Level at `t`, clamped to the ends of the segment.
    pub fn level(&self, t: f64) -> f64 {
        if self.from == self.to || t >= self.end {
            return self.to;
        }
        let part = ((t - self.start) / (self.end - self.start)).clamp(0.0, 1.0);
        self.from + (self.to - self.from) * part
    }

    /// Integral of the segment.
    pub fn area(&self) -> f64 {
        let length = self.end - self.start;
        if length.is_infinite() { f64::INFINITY } else { (self.from + self.to) / 2.0 * length }
    }

    /// Integral up to `t`.
    pub fn area_until(&self, t: f64) -> f64 {
        let end = t.min(self.end);
        if end <= self.start { 0.0 } else { (self.from + self.level(end)) / 2.0 * (end - self.start) }
    }

    /// Time in seconds at which the integral reaches `area`: the root of a quadratic, in a form that is numerically
    /// stable for slopes near 0.
    pub fn time_of(&self, area: f64) -> f64 {
        if area <= 0.0 {
            return 0.0;
        }
        let slope = if self.from == self.to { 0.0 } else { (self.to - self.from) / (self.end - self.start) };
        let root = (self.from * self.from + 2.0 * slope * area).max(0.0).sqrt();
        let time = 2.0 * area / (self.from + root).max(f64::MIN_POSITIVE);
        time.min(self.end - self.start)
    }
}
