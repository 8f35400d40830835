//! Estimates how often tasks and steps are executed, assuming that responses take no time.

use crate::scenario::plan::{Action, Class, Limit, Pause, Plan, Start, Step, Task, Wait};

/// Tasks of a class per second; `None` if unbounded.
pub(super) fn per_second(plan: &Plan, class: &Class, share: f64) -> Option<f64> {
    if serves(plan, class) {
        return Some(plan.schedule.peak_rate() * arrival_share(plan, class));
    }
    between(plan, class).map(|pause| f64::from(plan.schedule.peak_users().0) * share / pause)
}

/// Seconds between the starts of two tasks of a user; `None` without a minimum.
pub(super) fn between(plan: &Plan, class: &Class) -> Option<f64> {
    let inside = pauses(plan, class);
    let wait = match class.wait {
        Wait::Pacing(d) => d.as_secs_f64().max(inside),
        wait => wait.mean().as_secs_f64() + inside,
    };
    (wait > 0.0).then_some(wait)
}

/// True if users of this class start tasks when iterations arrive.
pub(super) fn serves(plan: &Plan, class: &Class) -> bool {
    plan.schedule.is_open() && class.start == Start::WithOthers
}

/// Fraction of the arrivals for a class, by weight.
pub(super) fn arrival_share(plan: &Plan, class: &Class) -> f64 {
    let serving = plan.classes.iter().filter(|class| serves(plan, class));
    let weights: f64 = serving.map(|class| f64::from(class.weight)).sum();
    if weights > 0.0 { f64::from(class.weight) / weights } else { 0.0 }
}

/// Fraction of the users of each class.
pub(super) fn shares(plan: &Plan) -> Vec<f64> {
    let users = f64::from(plan.schedule.peak_users().0).max(1.0);
    let fixed = |class: &Class| f64::from(class.fixed_count.unwrap_or(0));
    let rest = (users - plan.classes.iter().map(fixed).sum::<f64>()).max(0.0);
    let weight = |class: &Class| if class.fixed_count.is_some() { 0.0 } else { f64::from(class.weight) };
    let weights: f64 = plan.classes.iter().map(weight).sum();
    let part =
        |class: &Class| (fixed(class) + if weights > 0.0 { rest * weight(class) / weights } else { 0.0 }) / users;
    plan.classes.iter().map(|class| part(class).min(1.0)).collect()
}

/// Mean of a value over the tasks of a class, by weight.
pub(super) fn mean(class: &Class, of: impl Fn(&Task) -> f64) -> f64 {
    let weight = |task: &Task| f64::from(if class.sequential { task.weight.min(1) } else { task.weight });
    let weights: f64 = class.tasks.iter().map(weight).sum();
    if weights <= 0.0 { 0.0 } else { class.tasks.iter().map(|task| weight(task) * of(task)).sum::<f64>() / weights }
}

pub(super) fn per_task(plan: &Plan, class: &Class) -> f64 {
    mean(class, |task| most(plan, &task.steps))
}

/// Maximum number of requests of some steps.
pub(super) fn most(plan: &Plan, steps: &[Step]) -> f64 {
    sum(plan, steps, &|action| match action {
        Action::Http(_) | Action::Graphql(_) | Action::Publish(_) | Action::Redis(_) => 1.0,
        // Connection and operation; events are not requests.
        Action::Subscription(_) => 2.0,
        _ => 0.0,
    })
}

/// Average waiting time of a task of a class, in seconds.
fn pauses(plan: &Plan, class: &Class) -> f64 {
    mean(class, |task| {
        add(plan, &task.steps, Bound::Least, &|action| match action {
            Action::Wait(Pause::Constant(d)) => d.as_secs_f64(),
            Action::Wait(Pause::Between(low, high)) => (low.as_secs_f64() + high.as_secs_f64()) / 2.0,
            // The number of events may end it earlier, at an unknown time.
            Action::Subscription(step) => match (&step.listen_for, &step.events) {
                (Some(Limit::Fixed(length)), None) => length.as_secs_f64(),
                _ => 0.0,
            },
            _ => 0.0,
        })
    })
}

/// Which branch to assume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Least,
    Most,
}

/// Sum over steps, assuming that every condition is true and each `if` takes its longer branch. Loops count with their
/// number of passes if known, otherwise once.
pub(super) fn sum(plan: &Plan, steps: &[Step], of: &impl Fn(&Action) -> f64) -> f64 {
    add(plan, steps, Bound::Most, of)
}

fn add(plan: &Plan, steps: &[Step], bound: Bound, of: &impl Fn(&Action) -> f64) -> f64 {
    let inner = |steps: &[Step]| add(plan, steps, bound, of);
    let unknown = if bound == Bound::Least { 0.0 } else { 1.0 };
    let one = |step: &Step| {
        let action = &step.action;
        if bound == Bound::Least && step.when.is_some() {
            return 0.0;
        }
        if let Action::Call { flow, .. } = action {
            return plan.flows.get(flow.0 as usize).map_or(0.0, |flow| inner(&flow.steps));
        }
        // An `if` runs one of two lists; the second list of a loop is empty.
        let [first, second] = action.children().map(inner);
        let is_choice = matches!(action, Action::If { .. });
        let inside = if is_choice && bound == Bound::Least { first.min(second) } else { first.max(second) };
        of(action) + action.iterations().unwrap_or(unknown) * inside
    };
    steps.iter().map(one).sum()
}
