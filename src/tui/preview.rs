//! What a scenario would do, in words and numbers, for the launcher.

use std::time::Duration;

use crate::scenario::plan::{Load, Wait};
use crate::scenario::{DEMO_HOST, Overrides, Plan, Scenario};
use crate::units::{PerSecond, plain};

/// A plan as the launcher shows it.
#[derive(Debug, Clone)]
pub(crate) struct Preview {
    pub description: String,
    pub host: String,
    pub load: Load,
    pub classes: Vec<ClassView>,
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
        Self { description: description.to_owned(), host, load: plan.load, classes: classes.collect() }
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
