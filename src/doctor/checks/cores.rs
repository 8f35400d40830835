//! The cores of this machine, compared with the planned load.

use crate::doctor::line::Line;
use crate::doctor::subject::Subject;
use crate::scenario::estimate::estimate;
use crate::units;

/// Requests per second and core that this program sends without being the bottleneck: half of what is measured for small
/// requests without TLS.
const RATE_PER_CORE: f64 = 50_000.0;
/// Users per core, likewise.
const USERS_PER_CORE: u64 = 50_000;

/// Lines of the cores; none without a plan.
pub async fn check(subject: &Subject) -> Vec<Line> {
    let (Some(plan), Some(users)) = (&subject.plan, subject.users()) else { return Vec::new() };
    vec![line(subject.settings.load_threads(), users.into(), estimate(plan).rate)]
}

fn line(threads: usize, users: u64, rate: Option<f64>) -> Line {
    let load = match rate {
        Some(rate) => format!("{}, at most {} req/s", units::counted(users, "user"), units::rate(rate)),
        None => units::counted(users, "user"),
    };
    let found = format!("{} for {load}", units::counted(threads as u64, "load thread"));
    let is_much =
        rate.is_some_and(|rate| rate > RATE_PER_CORE * threads as f64) || users > USERS_PER_CORE * threads as u64;
    if is_much {
        return Line::warning(
            found,
            "Use a machine with more cores, or lower the load: the generator may be the bottleneck.",
        );
    }
    Line::ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::line::Level;

    #[test]
    fn load_is_compared_with_the_threads() {
        for (threads, users, rate, level) in [
            (2, 100_000, Some(100_000.0), Level::Ok),
            (2, 100_001, None, Level::Warning),
            (2, 10, Some(100_001.0), Level::Warning),
            (2, 10, None, Level::Ok),
        ] {
            assert_eq!(line(threads, users, rate).level, level, "{threads} {users} {rate:?}");
        }
    }
}
