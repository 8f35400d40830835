//! The scenario compiles, with the same diagnostics as `katydid check`.

use crate::doctor::line::Line;
use crate::doctor::subject::Subject;
use crate::units;

/// Lines of the scenario.
pub async fn check(subject: &Subject) -> Vec<Line> {
    match &subject.scenario {
        None => vec![Line::ok("none is named: -f FILE checks one, and the servers that it sends to")],
        Some(Err(why)) => {
            let why = plain(why);
            let advice = match why.starts_with("cannot read") {
                true => "Correct the path of -f, or make the file readable.",
                false => "Correct the scenario; `katydid check FILE` checks it alone.",
            };
            vec![Line::error(why, advice).fatal()]
        }
        Some(Ok(scenario)) => {
            if let Some(why) = &subject.refused {
                let advice = "Correct the option or the line of the scenario that the message is about.";
                return vec![Line::error(plain(why), advice).fatal()];
            }
            let mut lines = Vec::new();
            let Some(plan) = &subject.plan else { return lines };
            if let Some(why) = plan.not_runnable() {
                return vec![Line::error(why, "Change what the message names: such a scenario cannot be run.").fatal()];
            }
            let length = plan.schedule.length().map_or_else(|| "until stopped".to_owned(), units::plain);
            let users = units::counted(plan.schedule.peak_users().0.into(), "user");
            let most = if plan.schedule.is_open() { "at most " } else { "" };
            lines.push(Line::ok(format!("{} is valid: {most}{users}, {length}", scenario.origin())));
            if !scenario.warnings().is_empty() {
                lines.push(Line::warning(scenario.warnings(), "`katydid check FILE` shows the whole plan."));
            }
            lines
        }
    }
}

/// A message without its level, which the line has.
fn plain(why: &str) -> &str {
    why.strip_prefix("error: ").unwrap_or(why)
}
