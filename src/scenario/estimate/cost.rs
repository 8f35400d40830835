//! What a run of a plan will cost, as far as that is known before it: at most, if responses take no time.

use std::borrow::Cow;
use std::time::Duration;

use super::fan_out::{FanOut, fan_out};
use super::frequency::{arrival_share, between, most, per_second, per_task, serves, shares};
use crate::scenario::plan::{Action, Goal, LoopCount, Plan, Schedule, Slope, Step};

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
        fan_out: fan_out(plan),
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
    steps.iter().any(|step| {
        let is_known = match &step.action {
            Action::Repeat { count, .. } => matches!(count, LoopCount::Fixed(_)),
            Action::ForEach { list, .. } => list.known_length().is_some(),
            Action::While { .. } => false,
            _ => true,
        };
        let of = |inner| if is_known { loops_in(plan, inner) } else { most(plan, inner) > 0.0 };
        step.action.children().into_iter().any(of)
    })
}
