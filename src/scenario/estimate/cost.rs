//! Estimates the cost of a run: an upper bound, assuming that responses take no time.

use std::borrow::Cow;
use std::time::Duration;

use super::fan_out::{FanOut, fan_out};
use super::frequency::{arrival_share, between, most, per_second, per_task, serves, shares};
use crate::scenario::plan::{Goal, Plan, Schedule, Slope, Step};

/// Estimated cost of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Peak number of users; with arrivals the maximum.
    pub peak_users: u32,
    /// Upper bound of the number of requests, assuming that responses take no time and each `if` takes its longer
    /// branch; `None` if unbounded.
    pub requests: Option<f64>,
    /// The number of passes of some loop is unknown before the run; it is counted as one.
    pub loops: bool,
    /// Requests per second at the peak, assuming that responses take no time; `None` if unbounded.
    pub rate: Option<f64>,
    /// VU-hours, with arrivals the maximum; `None` without an end.
    pub vu_hours: Option<f64>,
    /// Deliveries of published messages, if known.
    pub fan_out: Option<FanOut>,
}

/// Estimates the cost of a run.
pub fn estimate(plan: &Plan) -> Estimate {
    let schedule = effective_schedule(plan);
    Estimate {
        peak_users: schedule.peak_users().0,
        requests: requests(plan, &schedule),
        loops: loops(plan),
        rate: rate(plan),
        vu_hours: schedule.vu_hours(),
        fan_out: fan_out(plan),
    }
}

/// Sum of the fixed counts, if all classes have one.
pub(super) fn most_users(plan: &Plan) -> Option<u32> {
    let weighted = plan.classes.iter().any(|class| class.fixed_count.is_none() && class.weight > 0);
    let fixed = plan.classes.iter().filter_map(|class| class.fixed_count).fold(0, u32::saturating_add);
    (!weighted && !plan.schedule.is_open()).then_some(fixed)
}

/// The schedule, limited to the sum of the fixed counts.
fn effective_schedule(plan: &Plan) -> Cow<'_, Schedule> {
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
    let (users_started, early) = started(schedule, length);
    let user_seconds = schedule.vu_hours()? * 3_600.0 + early;
    let arrived = schedule.arrivals_by(length);
    let all = plan.classes.iter().zip(shares(plan)).map(|(class, share)| {
        let once = most(plan, &class.on_start) + most(plan, &class.on_stop);
        let each = per_task(plan, class);
        if serves(plan, class) {
            let arrived = arrived * arrival_share(plan, class);
            // With arrivals, a user starts when it is needed.
            return Some(arrived * each + arrived.ceil().min(peak * share) * once);
        }
        let (users, time) = if schedule.is_open() {
            (peak * share, peak * share * seconds)
        } else {
            (users_started * share_of(share, peak, schedule), user_seconds * share_of(share, peak, schedule))
        };
        if each <= 0.0 {
            return Some(users * once);
        }
        // A user's first task starts immediately, the others after a wait.
        Some(users * once + (users + time / between(plan, class)?) * each)
    });
    all.sum()
}

/// Fraction of the users that run, computed from the fraction of those requested.
fn share_of(share: f64, asked: f64, schedule: &Schedule) -> f64 {
    let peak = f64::from(schedule.peak_users().0);
    if peak > 0.0 { (share * asked / peak).min(1.0) } else { 0.0 }
}

/// Number of users that a schedule starts, and user-seconds in excess of the integral of the level: each user starts at
/// the beginning of its step of the ramp.
fn started(schedule: &Schedule, length: Duration) -> (f64, f64) {
    let level = |t: Duration| f64::from(schedule.users_at(t).0);
    let (mut users, mut begun, mut early) = (0.0, 0.0, 0.0);
    for (index, stage) in schedule.stages().iter().enumerate() {
        let Some((start, end)) = schedule.span_of(index) else { continue };
        let end = end.unwrap_or(length);
        // Just before the next stage.
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

/// Requests per second with all users running.
fn rate(plan: &Plan) -> Option<f64> {
    let classes = plan.classes.iter().zip(shares(plan)).filter(|(class, share)| per_task(plan, class) * share > 0.0);
    classes.map(|(class, share)| Some(per_second(plan, class, share)? * per_task(plan, class))).sum()
}

/// True if a request is in a loop whose number of passes is unknown before the run.
fn loops(plan: &Plan) -> bool {
    let lists = plan.classes.iter().flat_map(|class| {
        let tasks = class.tasks.iter().filter(|task| task.weight > 0).map(|task| &task.steps);
        [&class.on_start, &class.on_stop].into_iter().chain(tasks)
    });
    // Flows are checked separately, because each flow of a plan is called.
    lists.chain(plan.flows.iter().map(|flow| &flow.steps)).any(|steps| loops_in(plan, steps))
}

fn loops_in(plan: &Plan, steps: &[Step]) -> bool {
    steps.iter().any(|step| {
        let is_known = step.action.iterations().is_some();
        let of = |inner| if is_known { loops_in(plan, inner) } else { most(plan, inner) > 0.0 };
        step.action.children().into_iter().any(of)
    })
}
