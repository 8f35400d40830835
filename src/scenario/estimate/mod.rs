//! Describes a plan and its estimated cost, for `katydid check`.

mod cost;
mod fan_out;
mod frequency;
mod memory;
mod thresholds;

use std::time::Duration;

pub use cost::{Estimate, estimate};
pub use fan_out::FanOut;
pub use thresholds::words as threshold;

use super::plan::{Class, Goal, Plan, Quota, Schedule, Slope, Start, Vary, Wait};
use crate::units::{self, PerSecond};

/// Notes shown before a run starts, one sentence each: values replaced by flags, classes with too few users,
/// thresholds for which the run is too short, and much memory.
pub fn remarks(plan: &Plan) -> Vec<String> {
    let remarks = plan.remarks.iter().cloned().chain(understaffed(plan)).chain(thresholds::too_long(plan));
    remarks.chain(thresholds::unmeasured(plan)).chain(memory::remarks(plan)).collect()
}

/// Note if the number of users does not match the classes: a class gets fewer users than its fixed count, or none; or
/// all have fixed counts, and more users are requested.
fn understaffed(plan: &Plan) -> Option<String> {
    let peak = plan.schedule.peak_users().0;
    // With arrivals, fixed counts apply only to users that start before the others.
    let is_open = plan.schedule.is_open();
    let fixed = |class: &Class| class.fixed_count.filter(|_| !is_open || class.start == Start::BeforeOthers);
    if let Some(fixed) = cost::most_users(plan).filter(|fixed| *fixed < peak) {
        let run = if fixed == 1 { "runs" } else { "run" };
        return Some(format!(
            "{} are requested, but the classes have {fixed} by fixed_count: {fixed} {run}",
            users(peak)
        ));
    }
    let mut left = peak;
    let mut short = Vec::new();
    // Fixed counts are assigned first, in the order of the file; the rest goes to the others.
    for class in &plan.classes {
        let Some(wanted) = fixed(class) else { continue };
        let got = wanted.min(left);
        left -= got;
        if got < wanted {
            let got = if got == 0 { "none".to_owned() } else { got.to_string() };
            short.push(format!("{} has {got} of {wanted}", class.name));
        }
    }
    let share = |class: &Class| if class.fixed_count.is_none() || is_open { u64::from(class.weight) } else { 0 };
    let mut waiting: Vec<bool> = plan.classes.iter().map(|class| fixed(class).is_none() && class.weight > 0).collect();
    let mut quota = Quota::new(plan.classes.iter().map(share).collect());
    // In an open model, an idle user is replaced by one of another class.
    while left > 0 && waiting.contains(&true) {
        left -= 1;
        match quota.next() {
            Some(_) if is_open => waiting.fill(false),
            Some(class) => waiting[class] = false,
            None => break,
        }
    }
    let nobody = plan.classes.iter().zip(waiting).filter(|(_, waits)| *waits);
    short.extend(nobody.map(|(class, _)| format!("{} has no users", class.name)));
    let are = if peak == 1 { "is" } else { "are" };
    (!short.is_empty()).then(|| format!("{} {are} too few for every class: {}", users(peak), short.join(", ")))
}

/// Describes a plan in several lines. An empty host means that it must still be specified.
pub fn words(plan: &Plan) -> String {
    let mut out: Vec<String> = Vec::new();
    out.push(match plan.host.is_empty() {
        true => format!("{}; no host: give it with --host", plan.name),
        false => format!("{} against {}", plan.name, plan.host),
    });
    if plan.is_insecure() {
        out.push("  TLS certificates are not verified (tls.insecure)".to_owned());
    }
    load(plan, &mut out);
    for class in &plan.classes {
        let share = match class.fixed_count {
            Some(n) => users(n),
            None => format!("weight {}", class.weight),
        };
        let start = if class.start == Start::BeforeOthers { ", before the others" } else { "" };
        let order = if class.sequential { ", tasks in order" } else { "" };
        out.push(format!("  {}: {share}{start}, {}{order}", class.name, wait(class.wait)));
        for task in &class.tasks {
            let tags = if task.tags.is_empty() { String::new() } else { format!(" [{}]", task.tags.join(" ")) };
            let weight = match task.weight {
                0 => "never ".to_owned(),
                _ if class.sequential => String::new(),
                n => format!("{n}x "),
            };
            let steps = task.steps.len();
            out.push(format!("    {weight}{}{tags}: {steps} step{}", task.name, if steps == 1 { "" } else { "s" }));
        }
    }
    if !plan.endpoints.is_empty() {
        out.push("  requests:".to_owned());
        let width = plan.endpoints.iter().map(|row| row.kind.name().len()).max().unwrap_or_default().max(7);
        for (index, row) in plan.endpoints.iter().enumerate() {
            let operation = plan.operations.iter().find(|(id, _)| id.0 as usize == index);
            let asks = operation.map(|(_, figures)| format!(": asks for {figures}")).unwrap_or_default();
            out.push(format!("    {:<width$} {}{asks}", row.kind, row.name));
        }
    }
    for feeder in &plan.feeders {
        out.push(format!("  data {}: {} ({})", feeder.name, feeder.path.display(), feeder.columns.join(", ")));
    }
    for threshold in &plan.thresholds {
        out.push(format!("  threshold: {}", thresholds::words(plan, threshold)));
    }
    if let Some(search) = &plan.search {
        let unit = if search.vary == Vary::Users { "users" } else { "arrivals/s" };
        let (from, to, hold) = (PerSecond(search.from), PerSecond(search.to), units::plain(search.hold));
        let until = thresholds::words(plan, &search.until);
        out.push(format!("  searches from {from} to {to} {unit}, {hold} each, while this passes: {until}"));
        out.push("  ! search is not supported yet: a run of this profile is refused".to_owned());
    }
    let estimate = estimate(plan);
    // In an open model the number of users is an upper limit; the actual number depends on the server.
    let most = if plan.schedule.is_open() { "at most " } else { "" };
    let requests = match estimate.requests {
        Some(n) => format!("at most about {}", units::counted(n.round() as u64, "request")),
        None => "as many requests as the target can serve".to_owned(),
    };
    let loops = if estimate.loops && estimate.requests.is_some() {
        " (a loop with an unknown number of passes is counted once)"
    } else {
        ""
    };
    let hours = estimate.vu_hours.map_or_else(|| "until stopped".to_owned(), |h| format!("{most}{h:.2} VU-hours"));
    out.push(format!("  {most}{} at the peak, {requests}{loops}, {hours}", users(estimate.peak_users)));
    if let Some(fan_out) = &estimate.fan_out {
        out.push(format!("  subscribers receive {fan_out}"));
    }
    for words in remarks(plan) {
        out.push(format!("  ! {words}"));
    }
    // Names may contain line breaks.
    out.iter().map(|line| crate::clean::line(line).into_owned() + "\n").collect()
}

fn load(plan: &Plan, out: &mut Vec<String>) {
    let length = plan.schedule.length().map_or_else(|| "until stopped".to_owned(), units::plain);
    let schedule = &plan.schedule;
    out.push(match schedule.max_users() {
        Some(most) => format!(
            "  arrivals up to {}/s with at most {} busy, {length}",
            PerSecond(schedule.peak_rate()),
            users(most.0)
        ),
        None if schedule.is_shaped() => {
            let stages = schedule.stages().len();
            format!("  {stages} stage{}, {length}", if stages == 1 { "" } else { "s" })
        }
        None => format!("  {}, {} started per second, {length}", users(plan.load.users.0), plan.load.spawn_rate),
    });
    for (index, stage) in schedule.stages().iter().enumerate().filter(|(_, stage)| !stage.name.is_empty()) {
        let length = stage.duration.map_or_else(String::new, units::plain);
        let goal = match stage.goal {
            Goal::Users { users: n, slope: Slope::PerSecond(rate) } => {
                format!("to {}, {} per second", users(n), PerSecond(rate))
            }
            Goal::Users { users: n, slope: Slope::Within(time) } if stage.duration == Some(time) => {
                format!("to {} evenly", users(n))
            }
            Goal::Users { users: n, slope: Slope::Within(time) } => {
                format!("to {} evenly within {}", users(n), units::plain(time))
            }
            Goal::Rate { rate, ramp } => format!("to {}/s within {}", PerSecond(rate), units::plain(ramp)),
        };
        let warm_up = if stage.warm_up { ", warm-up" } else { "" };
        let short = short_of(schedule, index).unwrap_or_default();
        out.push(format!("    {}: {length} {goal}{short}{warm_up}", stage.name));
    }
    if !schedule.warm_up().is_zero() {
        out.push(format!("  the first {} are not counted", units::plain(schedule.warm_up())));
    }
}

/// Level reached by a stage that ends before its goal.
fn short_of(schedule: &Schedule, index: usize) -> Option<String> {
    let (start, end) = schedule.span_of(index)?;
    let last = end?.saturating_sub(Duration::from_micros(1)).max(start);
    match schedule.stages().get(index)?.goal {
        Goal::Users { users: wanted, .. } => {
            let reached = schedule.users_at(last).0;
            (reached != wanted).then(|| format!("; it ends with {}", users(reached)))
        }
        Goal::Rate { rate, .. } => {
            let reached = (schedule.rate_at(last) * 1e3).round() / 1e3;
            ((reached - rate).abs() > rate * 1e-3).then(|| format!("; it ends with {}/s", PerSecond(reached)))
        }
    }
}

fn users(n: u32) -> String {
    units::counted(n.into(), "user")
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
mod tests;
