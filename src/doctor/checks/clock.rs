//! The clock of this machine, compared with that of the target.

use jiff::SignedDuration;

use crate::doctor::line::Line;
use crate::doctor::subject::Subject;
use crate::units;

/// A larger difference causes a warning. Points with a wrong time appear at the wrong place in dashboards.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(30);

/// Lines of the clock; none if the target sends no time.
pub async fn check(subject: &Subject) -> Vec<Line> {
    let Some(response) = subject.response().await else { return Vec::new() };
    let Ok(received) = &response.result else { return Vec::new() };
    let Some(theirs) = received.date() else { return Vec::new() };
    let ahead = received.at.duration_since(theirs);
    // The header has whole seconds.
    let difference = units::plain(std::time::Duration::from_secs(ahead.abs().as_secs().unsigned_abs()));
    if ahead.abs() <= TOLERANCE {
        return vec![Line::ok("agrees with the target's")];
    }
    let side = if ahead.is_negative() { "behind" } else { "ahead of" };
    let advice = "Synchronize both clocks with NTP: Datadog drops points that are over 1 h old or 10 min ahead.";
    vec![Line::warning(format!("{difference} {side} the target's"), advice)]
}
