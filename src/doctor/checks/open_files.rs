//! The limit of open files: each connection is one.

use rustix::process::{Resource, getrlimit};

use crate::doctor::line::Line;
use crate::doctor::subject::Subject;
use crate::doctor::targets;
use crate::units;

/// Files that are not connections of users: recordings, reports, threads, libraries.
const OTHERS: u64 = 100;

/// Lines of the limit; none without a plan.
pub async fn check(subject: &Subject) -> Vec<Line> {
    let Some(wanted) = connections(subject) else { return Vec::new() };
    let limit = getrlimit(Resource::Nofile).current;
    vec![line(wanted, limit)]
}

/// Maximum number of connections of the planned users, each with one to each server; `None` without a plan.
pub fn connections(subject: &Subject) -> Option<u64> {
    let plan = subject.plan.as_ref()?;
    let servers = targets::of(plan).len().max(1) + usize::from(plan.redis.is_some());
    Some(u64::from(subject.users()?) * servers as u64)
}

fn line(wanted: u64, limit: Option<u64>) -> Line {
    let Some(limit) = limit else { return Line::ok("not limited") };
    let found = format!("limit {}, up to {} planned", units::count(limit), units::counted(wanted, "connection"));
    if wanted + OTHERS > limit {
        let advice = format!("Raise the limit with `ulimit -n {}`, or lower the users.", wanted + OTHERS);
        return Line::warning(found, advice);
    }
    Line::ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::line::Level;

    #[test]
    fn connections_are_compared_with_the_limit() {
        assert_eq!(line(900, Some(1_000)).level, Level::Ok);
        assert_eq!(line(901, Some(1_000)).level, Level::Warning);
        assert_eq!(line(u64::from(u32::MAX), None).level, Level::Ok);
    }
}
