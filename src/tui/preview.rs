//! Preview of a scenario in the launcher: its load and an estimate of its cost.

use std::sync::Arc;
use std::time::Duration;

use super::text;
use crate::scenario::Plan;
use crate::scenario::estimate::{Estimate, estimate, remarks};
use crate::scenario::plan::{Load, RedisTarget, Schedule, Wait};
use crate::scenario::secrets::Redactor;
use crate::units::{PerSecond, counted, plain};

/// A plan as shown in the launcher.
#[derive(Debug, Clone)]
pub(crate) struct Preview {
    pub description: String,
    pub host: String,
    /// Some certificates are not verified.
    pub is_insecure: bool,
    pub load: Load,
    pub classes: Vec<ClassView>,
    /// Users, or arrivals per second, over time.
    pub schedule: Schedule,
    /// Warnings about the run.
    pub remarks: Vec<String>,
    /// The same estimate as printed by `check`.
    pub estimate: Estimate,
    /// The Redis target, and the secrets to mask in its responses.
    pub redis: Option<(RedisTarget, Arc<Redactor>)>,
}

#[derive(Debug, Clone)]
pub(crate) struct ClassView {
    pub name: String,
    pub share: String,
    pub wait: String,
    /// Name, weight, steps.
    pub tasks: Vec<(String, u32, usize)>,
}

impl Preview {
    pub fn new(plan: &Plan, description: &str) -> Self {
        let classes = plan.classes.iter().map(|class| ClassView {
            name: class.name.to_string(),
            share: match class.fixed_count {
                Some(n) => counted(n.into(), "user"),
                None => format!("weight {}", class.weight),
            },
            wait: wait(class.wait),
            tasks: class.tasks.iter().map(|t| (t.name.to_string(), t.weight, t.steps.len())).collect(),
        });
        let redis = plan.redis.clone().map(|target| (target, Arc::clone(&plan.secrets)));
        let (classes, estimate) = (classes.collect(), estimate(plan));
        Self {
            description: description.to_owned(),
            host: plan.host.to_string(),
            is_insecure: plan.is_insecure(),
            load: plan.load,
            schedule: plan.schedule.clone(),
            remarks: remarks(plan),
            classes,
            estimate,
            redis,
        }
    }

    /// The cost of the run, as far as it is known: an upper bound, from wait times only.
    pub fn cost(&self) -> String {
        let rate = self.estimate.rate.map(|r| if r >= 10.0 { text::whole(r) } else { text::short(r) });
        let rate = rate.map_or_else(|| "as fast as the target responds".to_owned(), |r| format!("at most {r} req/s"));
        let fan_out = self.estimate.fan_out.map_or_else(String::new, |f| format!("; subscribers receive {f}"));
        let Some(hours) = self.estimate.vu_hours else { return format!("{rate}, until you stop it{fan_out}") };
        let all = self.estimate.requests.map_or_else(String::new, |n| format!(", {} requests", about(n)));
        format!("{hours:.1} VU-hours, {rate}{all}{fan_out}")
    }

    /// The time span of the load chart: the whole run, or, if it has no end, a little more than the ramp.
    pub fn shown(&self) -> Duration {
        self.schedule.length().unwrap_or_else(|| {
            let last = self.schedule.stages().len().saturating_sub(1);
            let start = self.schedule.span_of(last).map_or(Duration::ZERO, |(start, _)| start);
            start.saturating_mul(5) / 4 + Duration::from_secs(60)
        })
    }

    /// The load in the middle of each of `parts` equal parts of the run, and its maximum.
    pub fn levels(&self, parts: usize) -> (Vec<f64>, f64) {
        let (length, schedule) = (self.shown().as_secs_f64(), &self.schedule);
        let level = |part: usize| {
            let at = Duration::from_secs_f64(length * (part as f64 + 0.5) / parts.max(1) as f64);
            if schedule.is_open() { schedule.rate_at(at) } else { f64::from(schedule.users_at(at).0) }
        };
        let peak = if schedule.is_open() { schedule.peak_rate() } else { f64::from(schedule.peak_users().0) };
        ((0..parts).map(level).collect(), peak)
    }

    /// Time until all users have started.
    pub fn ramp(&self) -> Duration {
        let seconds = f64::from(self.load.users.0) / self.load.spawn_rate.0.max(f64::MIN_POSITIVE);
        Duration::try_from_secs_f64(seconds.ceil()).unwrap_or(Duration::MAX)
    }
}

/// Rounded to two significant digits, because it is an estimate.
fn about(n: f64) -> String {
    let unit = 10_f64.powf((n.max(1.0).log10().floor() - 1.0).max(0.0));
    text::whole((n / unit).ceil() * unit)
}

fn wait(wait: Wait) -> String {
    match wait {
        Wait::Constant(d) if d.is_zero() => "no waiting".to_owned(),
        Wait::Constant(d) => format!("waits {}", plain(d)),
        Wait::Between(a, b) => format!("waits {} to {}", plain(a), plain(b)),
        Wait::Pacing(d) if d < Duration::from_secs(1) && !d.is_zero() => {
            format!("{}/s each", PerSecond(1.0 / d.as_secs_f64()))
        }
        Wait::Pacing(d) => format!("one every {}", plain(d)),
    }
}
