//! A plan in words, and what it will cost: `katydid check` prints it.

mod fan_out;

use std::fmt::Write as _;

pub use fan_out::FanOut;

use super::plan::{Action, Class, Goal, LoopCount, Plan, Start, Step, Task, Wait};
use crate::units::{self, PerSecond};

/// What a run of the plan will come to, as far as that is known before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Peak concurrent users.
    pub peak_users: u32,
    /// Requests of the whole run if replies took no time; `None` when nothing bounds them.
    pub requests: Option<f64>,
    /// Requests in a second at the peak if replies took no time; `None` when nothing bounds them.
    pub rate: Option<f64>,
    /// Users times hours; `None` without an end.
    pub vu_hours: Option<f64>,
    /// Deliveries of published messages, where they are known.
    pub fan_out: Option<FanOut>,
}

/// Estimates a run.
pub fn estimate(plan: &Plan) -> Estimate {
    let vu_hours = plan.schedule.vu_hours();
    let (requests, rate) = (requests(plan, vu_hours), rate(plan));
    let peak_users = plan.schedule.peak_users().0;
    Estimate { peak_users, requests, rate, vu_hours, fan_out: fan_out::fan_out(plan) }
}

fn requests(plan: &Plan, vu_hours: Option<f64>) -> Option<f64> {
    let length = plan.schedule.length()?;
    if plan.schedule.is_open() {
        let each: f64 = plan.classes.iter().zip(shares(plan)).map(|(class, share)| share * per_task(plan, class)).sum();
        return Some(plan.schedule.arrivals_by(length) * each);
    }
    let users = f64::from(plan.schedule.peak_users().0);
    if users == 0.0 { Some(0.0) } else { Some(rate(plan)? / users * vu_hours? * 3_600.0) }
}

/// Requests in a second while all users are there.
fn rate(plan: &Plan) -> Option<f64> {
    let classes = plan.classes.iter().zip(shares(plan)).filter(|(class, share)| per_task(plan, class) * share > 0.0);
    classes.map(|(class, share)| Some(per_second(plan, class, share)? * per_task(plan, class))).sum()
}

/// Tasks of a class in a second, if replies took no time; `None` when nothing bounds them.
fn per_second(plan: &Plan, class: &Class, share: f64) -> Option<f64> {
    if plan.schedule.is_open() {
        return Some(plan.schedule.peak_rate() * share);
    }
    let inside = pauses(plan, class);
    let wait = match class.wait {
        Wait::Pacing(d) => d.as_secs_f64().max(inside),
        wait => wait.mean().as_secs_f64() + inside,
    };
    (wait > 0.0).then(|| f64::from(plan.schedule.peak_users().0) * share / wait)
}

/// The part of the users that each class has.
fn shares(plan: &Plan) -> Vec<f64> {
    let users = f64::from(plan.schedule.peak_users().0).max(1.0);
    let fixed = |class: &Class| f64::from(class.fixed_count.unwrap_or(0));
    let rest = (users - plan.classes.iter().map(fixed).sum::<f64>()).max(0.0);
    let weight = |class: &Class| if class.fixed_count.is_some() { 0.0 } else { f64::from(class.weight) };
    let weights: f64 = plan.classes.iter().map(weight).sum();
    let part =
        |class: &Class| (fixed(class) + if weights > 0.0 { rest * weight(class) / weights } else { 0.0 }) / users;
    plan.classes.iter().map(|class| part(class).min(1.0)).collect()
}

/// The mean over a class's tasks of something of their steps.
fn mean(class: &Class, of: impl Fn(&Task) -> f64) -> f64 {
    let weight = |task: &Task| if class.sequential { 1.0 } else { f64::from(task.weight) };
    let weights: f64 = class.tasks.iter().map(weight).sum();
    if weights <= 0.0 { 0.0 } else { class.tasks.iter().map(|task| weight(task) * of(task)).sum::<f64>() / weights }
}

fn per_task(plan: &Plan, class: &Class) -> f64 {
    mean(class, |task| {
        sum(plan, &task.steps, &|action| match action {
            Action::Http(_) | Action::Graphql(_) | Action::Publish(_) | Action::Redis(_) => 1.0,
            // The connection and the operation; events are no requests.
            Action::Subscription(_) => 2.0,
            _ => 0.0,
        })
    })
}

fn pauses(plan: &Plan, class: &Class) -> f64 {
    use super::plan::{Limit, Pause};
    mean(class, |task| {
        sum(plan, &task.steps, &|action| match action {
            Action::Wait(Pause::Constant(d)) => d.as_secs_f64(),
            Action::Wait(Pause::Between(low, high)) => (low.as_secs_f64() + high.as_secs_f64()) / 2.0,
            // Where a number of events may end it sooner, nobody knows when.
            Action::Subscription(step) => match (&step.listen_for, &step.events) {
                (Some(Limit::Fixed(length)), None) => length.as_secs_f64(),
                _ => 0.0,
            },
            _ => 0.0,
        })
    })
}

/// Adds up over steps; loops count their passes where they are known, both sides of an `if` count half.
fn sum(plan: &Plan, steps: &[Step], of: &impl Fn(&Action) -> f64) -> f64 {
    let inner = |steps: &[Step]| sum(plan, steps, of);
    let one = |step: &Step| match &step.action {
        Action::Repeat { count: LoopCount::Fixed(n), steps, .. } => f64::from(*n) * inner(steps),
        Action::Repeat { steps, .. } | Action::While { steps, .. } => inner(steps),
        Action::ForEach { list, steps, .. } => list.known_length().unwrap_or(1) as f64 * inner(steps),
        Action::If { then, otherwise, .. } => (inner(then) + inner(otherwise)) / 2.0,
        Action::Call { flow, .. } => plan.flows.get(flow.0 as usize).map_or(0.0, |flow| inner(&flow.steps)),
        action => of(action),
    };
    steps.iter().map(one).sum()
}

/// Says so when the users at the peak are too few for some class: it then has fewer than its fixed count, or nobody.
pub fn understaffed(plan: &Plan) -> Option<String> {
    let peak = plan.schedule.peak_users().0;
    // Arrivals have no use for fixed counts, but for those of users that are there before them.
    let is_open = plan.schedule.is_open();
    let fixed = |class: &Class| class.fixed_count.filter(|_| !is_open || class.start == Start::BeforeOthers);
    let mut left = peak;
    let mut short = Vec::new();
    // Fixed counts come first, in the order of the file; what is left is for the others.
    for class in &plan.classes {
        let Some(wanted) = fixed(class) else { continue };
        let got = wanted.min(left);
        left -= got;
        if got < wanted {
            let got = if got == 0 { "none".to_owned() } else { got.to_string() };
            short.push(format!("{} has {got} of {wanted}", class.name));
        }
    }
    if left == 0 {
        let others = plan.classes.iter().filter(|class| fixed(class).is_none() && class.weight > 0);
        short.extend(others.map(|class| format!("{} has nobody", class.name)));
    }
    let are = if peak == 1 { "is" } else { "are" };
    (!short.is_empty()).then(|| format!("{} {are} too few for every class: {}", users(peak), short.join(", ")))
}

/// The plan in words, several lines.
pub fn words(plan: &Plan) -> String {
    let mut out = String::new();
    // Writing into a String cannot fail.
    let _ = writeln!(out, "{} against {}", plan.name, plan.host);
    load(plan, &mut out);
    for class in &plan.classes {
        let share = match class.fixed_count {
            Some(n) => users(n),
            None => format!("weight {}", class.weight),
        };
        let start = if class.start == Start::BeforeOthers { ", before the others" } else { "" };
        let order = if class.sequential { ", tasks in order" } else { "" };
        let _ = writeln!(out, "  {}: {share}{start}, {}{order}", class.name, wait(class.wait));
        for task in &class.tasks {
            let tags = if task.tags.is_empty() { String::new() } else { format!(" [{}]", task.tags.join(" ")) };
            let weight = if class.sequential { String::new() } else { format!("{}x ", task.weight) };
            let steps = task.steps.len();
            let _ = writeln!(out, "    {weight}{}{tags}: {steps} step{}", task.name, if steps == 1 { "" } else { "s" });
        }
    }
    if !plan.endpoints.is_empty() {
        let _ = writeln!(out, "  requests:");
        let width = plan.endpoints.iter().map(|row| row.method.len()).max().unwrap_or_default().max(7);
        for (index, row) in plan.endpoints.iter().enumerate() {
            let operation = plan.operations.iter().find(|(id, _)| id.0 as usize == index);
            let asks = operation.map(|(_, figures)| format!(": asks for {figures}")).unwrap_or_default();
            let _ = writeln!(out, "    {:<width$} {}{asks}", row.method, row.name);
        }
    }
    for feeder in &plan.feeders {
        let _ = writeln!(out, "  data {}: {} ({})", feeder.name, feeder.path.display(), feeder.columns.join(", "));
    }
    for threshold in &plan.thresholds {
        let _ = writeln!(out, "  must hold (not judged yet): {}", threshold.words);
    }
    let estimate = estimate(plan);
    let requests = match estimate.requests {
        Some(n) if plan.schedule.is_open() => format!("about {} requests", units::count(n.round() as u64)),
        Some(n) => format!("at most about {} requests", units::count(n.round() as u64)),
        None => "as many requests as the target answers".to_owned(),
    };
    let hours = estimate.vu_hours.map_or_else(|| "until stopped".to_owned(), |h| format!("{h:.2} VU-hours"));
    let _ = writeln!(out, "  {} at the peak, {requests}, {hours}", users(estimate.peak_users));
    if let Some(fan_out) = &estimate.fan_out {
        let _ = writeln!(out, "  subscribers receive {fan_out}");
    }
    if let Some(words) = understaffed(plan) {
        let _ = writeln!(out, "  ! {words}");
    }
    out.lines().map(|line| crate::clean::line(line).into_owned() + "\n").collect()
}

fn load(plan: &Plan, out: &mut String) {
    let length = plan.schedule.length().map_or_else(|| "until stopped".to_owned(), units::plain);
    let schedule = &plan.schedule;
    let _ = match schedule.max_users() {
        Some(most) => writeln!(
            out,
            "  arrivals up to {}/s with at most {} busy, {length}",
            PerSecond(schedule.peak_rate()),
            users(most.0)
        ),
        None if schedule.is_shaped() => writeln!(out, "  {} stages, {length}", schedule.stages().len()),
        None => writeln!(out, "  {}, {} started per second, {length}", users(plan.load.users.0), plan.load.spawn_rate),
    };
    for stage in schedule.stages().iter().filter(|stage| !stage.name.is_empty()) {
        let length = stage.duration.map_or_else(String::new, units::plain);
        let goal = match stage.goal {
            Goal::Users { users: n, spawn_rate: Some(rate) } => {
                format!("to {}, {} per second", users(n), PerSecond(rate))
            }
            Goal::Users { users: n, spawn_rate: None } => format!("to {} evenly", users(n)),
            Goal::Rate { rate, ramp } => format!("to {}/s within {}", PerSecond(rate), units::plain(ramp)),
        };
        let warm_up = if stage.warm_up { ", warm-up" } else { "" };
        let _ = writeln!(out, "    {}: {length} {goal}{warm_up}", stage.name);
    }
    if !schedule.warm_up().is_zero() {
        let _ = writeln!(out, "  the first {} do not count", units::plain(schedule.warm_up()));
    }
}

fn users(n: u32) -> String {
    format!("{} user{}", units::count(n.into()), if n == 1 { "" } else { "s" })
}

fn wait(wait: Wait) -> String {
    match wait {
        Wait::Constant(d) if d.is_zero() => "no waiting".to_owned(),
        Wait::Constant(d) => format!("waits {}", units::plain(d)),
        Wait::Between(low, high) => format!("waits {} to {}", units::plain(low), units::plain(high)),
        Wait::Pacing(d) => format!("a task every {}", units::plain(d)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Overrides, Scenario};

    #[test]
    fn classes_that_too_few_users_are_left_for_are_named() {
        let classes = "redis: { url: redis://h }\nuser_classes:\n  \
                       Early: { fixed_count: 3, start: before_others, tasks: [{ steps: [{ redis: PING }] }] }\n  \
                       Fixed: { fixed_count: 2, tasks: [{ steps: [{ redis: PING }] }] }\n  \
                       Rest: { tasks: [{ steps: [{ redis: PING }] }] }\n";
        let arrivals = |most: u32| format!("run_time: 1s\narrivals: {{ rate: 5/s, max_users: {most} }}\n");
        for (load, expected) in [
            ("users: 6\n".to_owned(), None),
            ("users: 5\n".to_owned(), Some("5 users are too few for every class: Rest has nobody")),
            (
                "users: 1\n".to_owned(),
                Some("1 user is too few for every class: Early has 1 of 3, Fixed has none of 2, Rest has nobody"),
            ),
            (arrivals(4), None),
            (arrivals(3), Some("3 users are too few for every class: Fixed has nobody, Rest has nobody")),
        ] {
            let scenario = Scenario::parse("t.yaml", &(load.clone() + classes)).unwrap();
            let found = understaffed(&scenario.plan(&Overrides::default()).unwrap());
            assert_eq!(found.as_deref(), expected, "{load}");
        }
    }
}
