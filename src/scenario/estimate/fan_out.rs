//! Estimates the number of deliveries, as far as channels and subscribers are known before the run.

use std::fmt;

use super::frequency::{mean, per_second, shares, sum};
use crate::scenario::plan::{Action, Class, Envelope, Plan, PublishStep, Step};
use crate::units;

/// Load of the subscribers at the peak of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FanOut {
    /// Messages received per second, by all subscribers together.
    pub deliveries: f64,
    /// Bytes per second that the server sends for them; `None` if a payload is unknown before the run.
    pub bytes: Option<f64>,
    /// Some channel names are unknown before the run, and not included.
    pub at_least: bool,
}

impl fmt::Display for FanOut {
    /// `50,000 messages/s, 25.6 MB/s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let least = if self.at_least { "at least " } else { "" };
        write!(f, "{least}{} messages/s", units::count(self.deliveries.round() as u64))?;
        match self.bytes {
            Some(bytes) => write!(f, ", {}/s", units::bytes(bytes as u64)),
            None => Ok(()),
        }
    }
}

/// Estimates the deliveries; `None` if none are known.
pub fn fan_out(plan: &Plan) -> Option<FanOut> {
    let users = f64::from(plan.schedule.peak_users().0);
    let shares = shares(plan);
    let mut found = FanOut { deliveries: 0.0, bytes: Some(0.0), at_least: false };
    let listens = |channel: &str| -> f64 {
        let listeners = plan.classes.iter().zip(&shares).filter(|(class, _)| subscribes(plan, class, channel));
        listeners.map(|(_, share)| share * users).sum()
    };
    for (class, share) in plan.classes.iter().zip(&shares) {
        let Some(tasks) = per_second(plan, class, *share) else { continue };
        let each = |of: &dyn Fn(&PublishStep) -> f64| {
            mean(class, |task| {
                sum(plan, &task.steps, &|action| if let Action::Publish(step) = action { of(step) } else { 0.0 })
            }) * tasks
        };
        let copies = |step: &PublishStep| step.channel.fixed().map_or(0.0, |channel| listens(channel));
        found.deliveries += each(&copies);
        found.at_least |= each(&|step| f64::from(u8::from(step.channel.fixed().is_none()))) > 0.0;
        let unknown = each(&|step| if copies(step) > 0.0 && size(plan, step).is_none() { 1.0 } else { 0.0 });
        let bytes = each(&|step| copies(step) * size(plan, step).unwrap_or(0.0));
        found.bytes = found.bytes.filter(|_| unknown == 0.0).map(|sum| sum + bytes);
    }
    found.at_least |= plan.classes.iter().any(|class| {
        in_class(plan, class, &|action| match action {
            Action::Subscribe(step) => step.pattern || step.channels.iter().any(|channel| channel.fixed().is_none()),
            _ => false,
        })
    });
    (found.deliveries > 0.0).then_some(found)
}

fn subscribes(plan: &Plan, class: &Class, channel: &str) -> bool {
    in_class(plan, class, &|action| match action {
        Action::Subscribe(step) if !step.pattern => {
            step.channels.iter().any(|name| name.fixed().is_some_and(|name| **name == *channel))
        }
        _ => false,
    })
}

/// True if any step of a class, at any depth, satisfies `is`.
fn in_class(plan: &Plan, class: &Class, is: &dyn Fn(&Action) -> bool) -> bool {
    let of = |action: &Action| f64::from(u8::from(is(action)));
    let any = |steps: &[Step]| sum(plan, steps, &of) > 0.0;
    any(&class.on_start) || class.tasks.iter().any(|task| any(&task.steps))
}

/// Size of a message in bytes; a payload that does not depend on responses can be rendered in advance.
fn size(plan: &Plan, step: &PublishStep) -> Option<f64> {
    let payload = step.payload.mean_size(&mut plan.scope(1, 1))?;
    let stamp = match plan.redis.as_ref()?.envelope {
        Envelope::Binary => 40.0,
        Envelope::Json => 80.0,
        Envelope::Off => 0.0,
    };
    let least = step.mean_padding()?;
    Some((payload + stamp).max(least))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Overrides, Scenario};

    fn estimated(subscribe: &str, publish: &str) -> Option<FanOut> {
        let text = format!(
            "redis: {{ url: redis://h }}\nusers: 60\nuser_classes:\n  S:\n    fixed_count: 50\n    on_start: [{{ \
             {subscribe} }}]\n    tasks: [{{ steps: [{{ wait: 1s }}] }}]\n  P:\n    wait_time: \
             constant_throughput(20)\n    on_start: [{{ redis: [GET, k], capture: {{ later: $ }} }}]\n    tasks: [{{ steps: [{{ {publish} }}] }}]\n"
        );
        let plan = Scenario::parse("t.yaml", &text).unwrap().plan(&Overrides::default()).unwrap();
        fan_out(&plan)
    }

    #[test]
    fn deliveries_are_messages_times_subscribers() {
        // 10 publishers, 20 messages per second each, 50 subscribers.
        let known = |bytes, at_least| Some(FanOut { deliveries: 10_000.0, bytes, at_least });
        for (subscribe, publish, wanted) in [
            ("subscribe: [a, b]", "publish: a, size: 512", known(Some(5_120_000.0), false)),
            ("subscribe: a", "publish: a, payload: xy", known(Some(420_000.0), false)),
            ("subscribe: a", "publish: a, size: 'between(412, 612)'", known(Some(5_120_000.0), false)),
            ("subscribe: a", "publish: a, payload: { random: { 60: 3, 140: 1 } }", known(Some(1_200_000.0), false)),
            ("subscribe: a", "publish: a, size: '{{ 512 * user.id }}'", known(None, false)),
            ("subscribe: a", "publish: a, payload: '{{ later.x }}'", known(None, false)),
            ("subscribe: b", "publish: a, size: 512", None),
            ("subscribe: 'a*', pattern: true", "publish: a, size: 512", None),
            ("subscribe: a", "publish: 'a{{ user.id }}', size: 512", None),
            ("subscribe: [a, 'b{{ user.id }}']", "publish: a, size: 512", known(Some(5_120_000.0), true)),
        ] {
            assert_eq!(estimated(subscribe, publish), wanted, "{subscribe} {publish}");
        }
    }
}
