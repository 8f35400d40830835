//! Free space in the folder of recorded runs, compared with the size of the run.

use std::path::Path;
use std::time::Duration;

use crate::doctor::line::Line;
use crate::doctor::subject::{Mode, Subject};
use crate::units;

/// Maximum size of a recorded run per day.
const BYTES_PER_DAY: f64 = 100e6;
/// Size of a short run, and reserve for its reports.
const LEAST: u64 = 20_000_000;
/// Assumed length of a run without an end.
const ASSUMED: Duration = Duration::from_secs(24 * 3600);

/// Lines of the disk; none if the run is not recorded.
pub async fn check(subject: &Subject) -> Vec<Line> {
    let Some(folder) = subject.runs_dir.as_deref() else {
        return match subject.mode {
            Mode::Full => vec![Line::ok("the run is not recorded")],
            Mode::Preflight => Vec::new(),
        };
    };
    // The folder may not exist yet.
    let free = folder.ancestors().find_map(|folder| {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let found = rustix::fs::statvfs(folder).ok()?;
        Some(found.f_bavail.saturating_mul(found.f_frsize))
    });
    let Some(free) = free else { return Vec::new() };
    let length = subject.plan.as_ref().map_or(Some(Duration::ZERO), |plan| plan.schedule.length());
    vec![line(&folder.display().to_string(), free, length.unwrap_or(ASSUMED))]
}

fn line(folder: &str, free: u64, length: Duration) -> Line {
    let wanted = LEAST.saturating_add((BYTES_PER_DAY * length.as_secs_f64() / 86_400.0) as u64);
    let found = format!("{} free in {folder}, up to {} needed", units::bytes(free), units::bytes(wanted));
    if free < wanted {
        return Line::warning(found, "Free space, or record elsewhere with --runs-dir.");
    }
    Line::ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::line::Level;

    #[test]
    fn free_space_is_compared_with_the_length_of_the_run() {
        let day = Duration::from_secs(86_400);
        assert_eq!(line("runs", 20_000_000, Duration::ZERO).level, Level::Ok);
        assert_eq!(line("runs", 119_000_000, day).level, Level::Warning);
        assert_eq!(line("runs", 120_000_000, day).level, Level::Ok);
    }
}
