//! What a run of a plan will cost, as far as that is known before it: how often each list of steps is run at most if
//! replies take no time.

use std::borrow::Cow;
use std::time::Duration;

use super::FanOut;
use crate::scenario::plan::{
    Action, Class, Goal, Limit, LoopCount, Pause, Plan, Schedule, Slope, Start, Step, Task, Wait,
};

/// What a run of the plan will come to, as far as that is known before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Peak concurrent users; with arrivals the most there may be.
    pub peak_users: u32,
    /// Requests of the whole run, at most about so many: as if replies took no time, and each `if` took its longer
    /// side; `None` when nothing bounds them.
    pub requests: Option<f64>,
    /// Some loop runs as often as is known only in the run; it is counted as one pass.
    pub loops: bool,
    /// Requests in a second at the peak if replies took no time; `None` when nothing bounds them.
    pub rate: Option<f64>,
    /// Users times hours, with arrivals at most; `None` without an end.
    pub vu_hours: Option<f64>,
    /// Deliveries of published messages, where they are known.
    pub fan_out: Option<FanOut>,
}

/// Estimates a run.
pub fn estimate(plan: &Plan) -> Estimate {
    let schedule = staffed(plan);
    Estimate {
        peak_users: schedule.peak_users().0,
        requests: requests(plan, &schedule),
        loops: loops(plan),
        rate: rate(plan),
        vu_hours: schedule.vu_hours(),
        fan_out: super::fan_out::fan_out(plan),
    }
}

/// The users of the classes where all have fixed counts: no more ever run.
pub(super) fn most_users(plan: &Plan) -> Option<u32> {
    let weighted = plan.classes.iter().any(|class| class.fixed_count.is_none() && class.weight > 0);
    let fixed = plan.classes.iter().filter_map(|class| class.fixed_count).fold(0, u32::saturating_add);
    (!weighted && !plan.schedule.is_open()).then_some(fixed)
}

/// The schedule of the users that really run.
fn staffed(plan: &Plan) -> Cow<'_, Schedule> {
    let schedule = &plan.schedule;
    let Some(most) = most_users(plan).filter(|most| *most < schedule.peak_users().0) else {
        return Cow::Borrowed(schedule);
    };
    let mut stages = schedule.stages().to_vec();
    for stage in &mut stages {
        if let Goal::Users { users, .. } = &mut stage.goal {
            *users = most.min(*users);
        }
    }
    Cow::Owned(Schedule::new(stages, None, schedule.warm_up()))
}

fn requests(plan: &Plan, schedule: &Schedule) -> Option<f64> {
    let length = schedule.length()?;
    let seconds = length.as_secs_f64();
    let peak = f64::from(plan.schedule.peak_users().0);
    let (begun, early) = begun(schedule, length);
    let user_seconds = schedule.vu_hours()? * 3_600.0 + early;
    let arrived = schedule.arrivals_by(length);
    let all = plan.classes.iter().zip(shares(plan)).map(|(class, share)| {
        let once = most(plan, &class.on_start) + most(plan, &class.on_stop);
        let each = per_task(plan, class);
        if serves(plan, class) {
            let arrived = arrived * arrival_share(plan, class);
            // A user that serves arrivals begins when one needs it.
            return Some(arrived * each + arrived.ceil().min(peak * share) * once);
        }
        let (users, time) = if schedule.is_open() {
            (peak * share, peak * share * seconds)
        } else {
            (begun * share_of(share, peak, schedule), user_seconds * share_of(share, peak, schedule))
        };
        if each <= 0.0 {
            return Some(users * once);
        }
        // The first task of a user begins at once, the others after a pause each.
        Some(users * once + (users + time / between(plan, class)?) * each)
    });
    all.sum()
}

/// The part of the users that really run, for a part of those that were asked for.
fn share_of(share: f64, asked: f64, schedule: &Schedule) -> f64 {
    let peak = f64::from(schedule.peak_users().0);
    if peak > 0.0 { (share * asked / peak).min(1.0) } else { 0.0 }
}

/// How many users begin in the course of a schedule; and how many seconds of users that is more than a straight line
/// says, because each comes at the beginning of its share of the way.
fn begun(schedule: &Schedule, length: Duration) -> (f64, f64) {
    let level = |t: Duration| f64::from(schedule.users_at(t).0);
    let (mut users, mut begun, mut early) = (0.0, 0.0, 0.0);
    for (index, stage) in schedule.stages().iter().enumerate() {
        let Some((start, end)) = schedule.span_of(index) else { continue };
        let end = end.unwrap_or(length);
        // Just before the next stage begins.
        let now = level(end.saturating_sub(Duration::from_micros(1)));
        if now > users {
            let span = end.saturating_sub(start).as_secs_f64();
            let way = match stage.goal {
                Goal::Users { slope: Slope::PerSecond(rate), .. } => ((now - users) / rate).min(span),
                Goal::Users { slope: Slope::Within(time), .. } => time.as_secs_f64().min(span),
                _ => span,
            };
            begun += now - users;
            early += way / 2.0;
        }
        users = now;
    }
    (begun, early)
}

/// Requests in a second while all users are there.
fn rate(plan: &Plan) -> Option<f64> {
    let classes = plan.classes.iter().zip(shares(plan)).filter(|(class, share)| per_task(plan, class) * share > 0.0);
    classes.map(|(class, share)| Some(per_second(plan, class, share)? * per_task(plan, class))).sum()
}

/// Tasks of a class in a second, if replies took no time; `None` when nothing bounds them.
pub(super) fn per_second(plan: &Plan, class: &Class, share: f64) -> Option<f64> {
    if serves(plan, class) {
        return Some(plan.schedule.peak_rate() * arrival_share(plan, class));
    }
    between(plan, class).map(|pause| f64::from(plan.schedule.peak_users().0) * share / pause)
}

/// Seconds from a task of a user to its next; `None` when there need be none.
fn between(plan: &Plan, class: &Class) -> Option<f64> {
    let inside = pauses(plan, class);
    let wait = match class.wait {
        Wait::Pacing(d) => d.as_secs_f64().max(inside),
        wait => wait.mean().as_secs_f64() + inside,
    };
    (wait > 0.0).then_some(wait)
}

/// Whether its users begin a task when one arrives, and not by themselves.
fn serves(plan: &Plan, class: &Class) -> bool {
    plan.schedule.is_open() && class.start == Start::WithOthers
}

/// The part of the arrivals that is for a class: by weight alone.
fn arrival_share(plan: &Plan, class: &Class) -> f64 {
    let serving = plan.classes.iter().filter(|class| serves(plan, class));
    let weights: f64 = serving.map(|class| f64::from(class.weight)).sum();
    if weights > 0.0 { f64::from(class.weight) / weights } else { 0.0 }
}

/// The part of the users that each class has.
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

/// The mean over a class's tasks of something of their steps.
pub(super) fn mean(class: &Class, of: impl Fn(&Task) -> f64) -> f64 {
    let weight = |task: &Task| f64::from(if class.sequential { task.weight.min(1) } else { task.weight });
    let weights: f64 = class.tasks.iter().map(weight).sum();
    if weights <= 0.0 { 0.0 } else { class.tasks.iter().map(|task| weight(task) * of(task)).sum::<f64>() / weights }
}

fn per_task(plan: &Plan, class: &Class) -> f64 {
    mean(class, |task| most(plan, &task.steps))
}

/// Most requests of some steps.
fn most(plan: &Plan, steps: &[Step]) -> f64 {
    sum(plan, steps, &|action| match action {
        Action::Http(_) | Action::Graphql(_) | Action::Publish(_) | Action::Redis(_) => 1.0,
        // The connection and the operation; events are no requests.
        Action::Subscription(_) => 2.0,
        _ => 0.0,
    })
}

/// The pauses inside a class's tasks that none of them goes without.
fn pauses(plan: &Plan, class: &Class) -> f64 {
    mean(class, |task| {
        add(plan, &task.steps, Bound::Least, &|action| match action {
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

/// Which way is taken where there are several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Least,
    Most,
}

/// Adds up over steps as if every condition held, and the longer side of each `if` was taken; loops count their passes
/// where they are known, else one.
pub(super) fn sum(plan: &Plan, steps: &[Step], of: &impl Fn(&Action) -> f64) -> f64 {
    add(plan, steps, Bound::Most, of)
}

fn add(plan: &Plan, steps: &[Step], bound: Bound, of: &impl Fn(&Action) -> f64) -> f64 {
    let inner = |steps: &[Step]| add(plan, steps, bound, of);
    let unknown = if bound == Bound::Least { 0 } else { 1 };
    let one = |step: &Step| match &step.action {
        _ if bound == Bound::Least && step.when.is_some() => 0.0,
        Action::Repeat { count: LoopCount::Fixed(n), steps, .. } => f64::from(*n) * inner(steps),
        Action::Repeat { steps, .. } | Action::While { steps, .. } => f64::from(unknown) * inner(steps),
        Action::ForEach { list, steps, .. } => list.known_length().unwrap_or(unknown as usize) as f64 * inner(steps),
        Action::If { then, otherwise, .. } if bound == Bound::Least => inner(then).min(inner(otherwise)),
        Action::If { then, otherwise, .. } => inner(then).max(inner(otherwise)),
        Action::Call { flow, .. } => plan.flows.get(flow.0 as usize).map_or(0.0, |flow| inner(&flow.steps)),
        action => of(action),
    };
    steps.iter().map(one).sum()
}

/// Whether some request stands in a loop whose passes are known only in the run.
fn loops(plan: &Plan) -> bool {
    let lists = plan.classes.iter().flat_map(|class| {
        let tasks = class.tasks.iter().filter(|task| task.weight > 0).map(|task| &task.steps);
        [&class.on_start, &class.on_stop].into_iter().chain(tasks)
    });
    // Flows are looked at by themselves: one that is there is called.
    lists.chain(plan.flows.iter().map(|flow| &flow.steps)).any(|steps| loops_in(plan, steps))
}

fn loops_in(plan: &Plan, steps: &[Step]) -> bool {
    steps.iter().any(|step| match &step.action {
        Action::Repeat { count: LoopCount::Fixed(_), steps, .. } => loops_in(plan, steps),
        Action::ForEach { list, steps, .. } if list.known_length().is_some() => loops_in(plan, steps),
        Action::Repeat { steps, .. } | Action::While { steps, .. } | Action::ForEach { steps, .. } => {
            most(plan, steps) > 0.0
        }
        Action::If { then, otherwise, .. } => loops_in(plan, then) || loops_in(plan, otherwise),
        _ => false,
    })
}
