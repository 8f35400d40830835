//! What a scenario would do, in words and numbers, for the launcher.

use std::time::Duration;

use super::view::text;
use crate::scenario::plan::{Class, Load, Wait};
use crate::scenario::{DEMO_HOST, Overrides, Plan, Scenario};
use crate::units::{PerSecond, plain};

/// A plan as the launcher shows it.
#[derive(Debug, Clone)]
pub(crate) struct Preview {
    pub description: String,
    pub host: String,
    pub load: Load,
    pub classes: Vec<ClassView>,
    /// Most requests per second that all users together can send; none where only the server limits them.
    pub most_rps: Option<f64>,
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
    pub fn new(plan: &Plan, scenario: &Scenario, overrides: &Overrides) -> Self {
        let embedded = overrides.host.as_deref().or(scenario.host()) == Some(DEMO_HOST);
        let host = if embedded { "embedded target".to_owned() } else { plan.host.to_string() };
        Self::of(plan, scenario.description(), host)
    }

    pub fn of(plan: &Plan, description: &str, host: String) -> Self {
        let classes = plan.classes.iter().map(|class| ClassView {
            name: class.name.to_string(),
            share: match class.fixed_count {
                Some(n) => format!("{n} users"),
                None => format!("weight {}", class.weight),
            },
            wait: wait(class.wait),
            tasks: class.tasks.iter().map(|t| (t.name.to_string(), t.weight, t.steps.len())).collect(),
        });
        let most_rps = most_rps(&plan.classes, plan.load.users.0);
        Self { description: description.to_owned(), host, load: plan.load, classes: classes.collect(), most_rps }
    }

    /// What the run costs, as far as it can be known before: a user waits at least as long as it waits.
    pub fn cost(&self) -> String {
        let rate = self.most_rps.map(|r| if r >= 10.0 { text::whole(r) } else { text::short(r) });
        let rate = rate.map_or_else(|| "as fast as the target answers".to_owned(), |r| format!("at most {r} req/s"));
        let Some(hours) = self.vu_hours() else { return format!("{rate}, until you stop it") };
        let all = self.most_rps.and_then(|r| self.load.run_time.map(|t| r * t.as_secs_f64().max(0.0)));
        let all = all.map_or_else(String::new, |n| format!(", {} requests", about(n)));
        format!("{hours:.1} VU-hours, {rate}{all}")
    }

    /// Users times hours; none without an end.
    pub fn vu_hours(&self) -> Option<f64> {
        self.load.run_time.map(|t| f64::from(self.load.users.0) * t.as_secs_f64() / 3_600.0)
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

fn most_rps(classes: &[Class], users: u32) -> Option<f64> {
    let fixed: u32 = classes.iter().filter_map(|c| c.fixed_count).fold(0, u32::saturating_add).min(users);
    let weights: f64 = classes.iter().filter(|c| c.fixed_count.is_none()).map(|c| f64::from(c.weight)).sum();
    let mut sum = 0.0;
    for class in classes {
        let share = match class.fixed_count {
            Some(n) => f64::from(n.min(users)),
            None if weights > 0.0 => f64::from(users - fixed) * f64::from(class.weight) / weights,
            None => 0.0,
        };
        let tasks: f64 = class.tasks.iter().map(|t| f64::from(t.weight)).sum();
        let steps: f64 = class.tasks.iter().map(|t| f64::from(t.weight) * t.steps.len() as f64).sum();
        let pause = match class.wait {
            Wait::Constant(d) | Wait::Pacing(d) => d,
            Wait::Between(a, b) => (a + b) / 2,
        };
        if share <= 0.0 || tasks <= 0.0 {
            continue;
        }
        if pause.is_zero() {
            return None;
        }
        sum += share * steps / tasks / pause.as_secs_f64();
    }
    Some(sum)
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
