//! What a scenario would do, in words and numbers, for the launcher.

use std::sync::Arc;
use std::time::Duration;

use super::view::text;
use crate::scenario::Plan;
use crate::scenario::plan::{Load, RedisTarget, Wait};
use crate::scenario::secrets::Redactor;
use crate::scenario::summary::{Estimate, estimate};
use crate::units::{PerSecond, plain};

/// A plan as the launcher shows it.
#[derive(Debug, Clone)]
pub(crate) struct Preview {
    pub description: String,
    pub host: String,
    /// Some certificates are not checked.
    pub is_insecure: bool,
    pub load: Load,
    pub classes: Vec<ClassView>,
    /// The same estimate that `check` prints.
    pub estimate: Estimate,
    /// Where Redis steps go, and what must not be shown of its answers.
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
                Some(n) => format!("{n} users"),
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
            classes,
            estimate,
            redis,
        }
    }

    /// What the run costs, as far as it can be known before: a user waits at least as long as it waits.
    pub fn cost(&self) -> String {
        let rate = self.estimate.rate.map(|r| if r >= 10.0 { text::whole(r) } else { text::short(r) });
        let rate = rate.map_or_else(|| "as fast as the target answers".to_owned(), |r| format!("at most {r} req/s"));
        let fan_out = self.estimate.fan_out.map_or_else(String::new, |f| format!("; subscribers receive {f}"));
        let Some(hours) = self.estimate.vu_hours else { return format!("{rate}, until you stop it{fan_out}") };
        let all = self.estimate.requests.map_or_else(String::new, |n| format!(", {} requests", about(n)));
        format!("{hours:.1} VU-hours, {rate}{all}{fan_out}")
    }

    /// Time until all users are there.
    pub fn ramp(&self) -> Duration {
        let seconds = f64::from(self.load.users.0) / self.load.spawn_rate.0.max(f64::MIN_POSITIVE);
        Duration::try_from_secs_f64(seconds.ceil()).unwrap_or(Duration::MAX)
    }
}

/// Two significant digits: more would be a promise.
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
