//! Warnings during a run: the target stops responding or responds again, the load generator is overloaded or has
//! recovered, thresholds fail or pass again. At most one line per minute each, so that an unstable state does not flood
//! the output.

use super::reported::Reported;
use super::thresholds::Thresholds;
use crate::clean;
use crate::report::finding::findings;
use crate::stats::Snapshot;
use crate::stats::snapshot::{Health, Level};

/// The states reported last.
#[derive(Debug, Default)]
pub(super) struct StateWatch {
    silence: Reported<bool>,
    level: Reported<Level>,
    thresholds: Thresholds,
}

impl StateWatch {
    /// The lines to print for this snapshot.
    pub(super) fn changes(&mut self, snapshot: &Snapshot) -> Vec<String> {
        let mut lines = self.thresholds.changes(snapshot);
        // The end of a run is reported separately.
        if snapshot.state.is_done() {
            return lines;
        }
        let silence = findings(snapshot).into_iter().find(|finding| finding.kind.is_silence());
        if self.silence.is_due(silence.is_some(), snapshot.elapsed) {
            lines.push(silence.map_or_else(|| "the target responds again".to_owned(), |finding| finding.line()));
        }
        if self.level.is_due(snapshot.health.level, snapshot.elapsed) {
            lines.push(health(&snapshot.health));
        }
        lines
    }
}

fn health(health: &Health) -> String {
    let why = health.why.as_deref().map(clean::line).unwrap_or_default();
    match health.level {
        Level::Green => "the load generator has recovered".to_owned(),
        Level::Amber => format!("the load generator is overloaded: {why}"),
        Level::Red => format!("the load generator is the bottleneck, do not trust its figures: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::headless::tests::snapshot;
    use crate::stats::snapshot::RunState;

    fn at(millis: u64) -> Snapshot {
        let mut snapshot = snapshot(RunState::Running);
        snapshot.elapsed = Duration::from_millis(millis);
        snapshot
    }

    #[test]
    fn health_is_reported_when_it_changes_and_is_cleaned() {
        let mut watch = StateWatch::default();
        let mut now = at(0);
        assert!(watch.changes(&now).is_empty());
        now.health = Health { level: Level::Red, why: Some("CPU\u{1b}[2J 99 %".into()), ..Health::default() };
        let lines = watch.changes(&now);
        assert!(lines.len() == 1 && lines[0].contains("bottleneck") && lines[0].ends_with("CPU [2J 99 %"), "{lines:?}");
        let mut now = at(60_000);
        assert_eq!(watch.changes(&now), ["the load generator has recovered"]);
        now.elapsed = Duration::from_secs(130);
        now.health = Health { level: Level::Amber, why: Some("x".into()), ..Health::default() };
        assert_eq!(watch.changes(&now), ["the load generator is overloaded: x"]);
    }

    #[test]
    fn unstable_state_is_reported_at_most_once_per_minute() {
        let mut watch = StateWatch::default();
        let lines: Vec<(u64, String)> = (0..16 * 60 * 4)
            .flat_map(|quarter| {
                let mut now = at(quarter * 250);
                let is_bad = quarter / 14 % 2 == 1;
                now.health.level = if is_bad { Level::Amber } else { Level::Green };
                (now.load.in_flight, now.load.oldest) = (3, Some(Duration::from_secs(if is_bad { 5 } else { 0 })));
                now.load.last_response = (!is_bad).then_some(now.elapsed);
                watch.changes(&now).into_iter().map(move |line| (quarter, line)).collect::<Vec<_>>()
            })
            .collect();
        for word in ["generator", "respon"] {
            let times: Vec<u64> = lines.iter().filter(|(_, line)| line.contains(word)).map(|(at, _)| *at).collect();
            assert!((2..=16).contains(&times.len()), "{word}: {}", times.len());
            assert!(times.windows(2).all(|two| two[1] - two[0] >= 240), "{word}: {times:?}");
        }
    }

    #[test]
    fn hanging_target_is_reported_immediately_and_not_after_the_end() {
        let mut now = at(5_000);
        (now.load.in_flight, now.load.oldest) = (3, Some(Duration::from_secs(5)));
        let lines = StateWatch::default().changes(&now);
        assert!(lines.len() == 1 && lines[0].starts_with("HANGING: 3 in flight, the oldest for 5s"), "{lines:?}");
        now.state = RunState::Done(crate::stats::snapshot::End::Stopped);
        assert!(StateWatch::default().changes(&now).is_empty());
    }
}
