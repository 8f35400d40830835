//! Information on the page about the scenario, the machine and the settings.

use std::time::Duration;

use serde::Serialize;

use super::escape::{line, lines};
use crate::report::shown;
use crate::stats::snapshot::{Health, Level};
use crate::store::{Run, State};
use crate::units;

/// Maximum bytes of the scenario.
const TEXT: usize = 200_000;

/// A name and its value.
type Fact = (&'static str, String);

#[derive(Serialize)]
pub(super) struct About {
    scenario: String,
    host: String,
    file: String,
    users_peak: String,
    time: String,
    vu_hours: String,
    started: String,
    version: String,
    facts: Vec<Fact>,
    text: String,
}

#[derive(Serialize)]
pub(super) struct Generator {
    class: &'static str,
    words: String,
    facts: Vec<Fact>,
}

impl About {
    pub fn of(run: &Run) -> Self {
        let meta = &run.meta;
        Self {
            scenario: line(&meta.scenario),
            host: line(&meta.host),
            file: line(&meta.file),
            users_peak: units::count(shown::peak_users(run).into()),
            time: units::clock(run.last.elapsed),
            vu_hours: shown::vu_hours(run.last.load.vu_hours),
            started: shown::moment(meta.started),
            version: line(&meta.version),
            facts: facts(run),
            text: lines(&meta.text, TEXT),
        }
    }
}

fn facts(run: &Run) -> Vec<Fact> {
    let (meta, machine) = (&run.meta, &run.meta.machine);
    let state = match run.state {
        State::Ended => "ended",
        State::Running => "running",
        State::CutShort => "cut short: the process was killed",
    };
    let planned = meta.run_time.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let model = if meta.is_open { "open: iterations arrive by a plan" } else { "closed: users wait for responses" };
    let planned_load = meta.arrivals_shown().map_or_else(
        || {
            let rate = meta.spawn_rate_shown().map(|rate| format!(" at {rate}")).unwrap_or_default();
            ("Planned users", format!("{}{rate}", units::count(meta.users.into())))
        },
        |arrivals| ("Planned arrivals", arrivals),
    );
    let machine_words = format!(
        "{}, {}, {} ({} cores, {})",
        machine.name,
        machine.system,
        machine.processor,
        machine.cores,
        units::bytes(machine.memory)
    );
    let some = [
        Some(("Run", line(&meta.id))),
        Some(("State", state.to_owned())),
        Some(("Started", shown::moment(meta.started))),
        meta.ended.map(|at| ("Ended", shown::moment(at))),
        Some(("Host", line(&meta.host))),
        Some(("Scenario", line(&meta.file))),
        meta.profile.as_ref().map(|profile| ("Profile", line(profile))),
        (!meta.arguments.is_empty()).then(|| ("Arguments", line(&meta.arguments.join(" ")))),
        Some(("Load model", model.to_owned())),
        Some(planned_load),
        planned.map(|length| ("Planned run time", units::plain(length))),
        Some(("Seed", meta.seed.to_string())),
        Some(("Load threads", meta.threads.to_string())),
        Some(("Plan hash", line(&meta.plan_hash))),
        Some(("Machine", line(&machine_words))),
        Some(("katydid", line(&meta.version))),
        (!meta.tags.is_empty()).then(|| ("Tags", line(&meta.tags.join(", ")))),
        meta.note.as_ref().map(|note| ("Note", line(note))),
    ];
    let sent = meta.sent.iter().map(|sent| (if sent.is_pulled { "Read by" } else { "Sent to" }, line(&sent.summary())));
    some.into_iter().flatten().chain(sent).collect()
}

impl Generator {
    pub fn of(run: &Run) -> Self {
        let health: &Health = &run.last.health;
        let (sign, words) = shown::health(&run.last);
        let class = match health.level {
            _ if health.is_unknown => "is-open",
            Level::Green if health.red.as_secs() == 0 => "is-good",
            Level::Green | Level::Amber => "is-open",
            Level::Red => "is-bad",
        };
        let blocked = health.blocked;
        let stood = match blocked.count {
            0 => "never".to_owned(),
            count => format!("{}, for up to {}", units::counted(count, "time"), units::latency(blocked.longest)),
        };
        let files = health
            .open_files
            .map(|(open, limit)| ("Open files", format!("{} of {}", units::count(open), units::count(limit))));
        let delay = health.schedule_delay.map(|delay| ("Real send after due time, p99", units::latency(delay)));
        if health.is_unknown {
            return Self { class, words: format!("{sign} {}", line(&words)), facts: Vec::new() };
        }
        let facts = [
            Some(("CPU of this process", format!("{:.0} % of all cores it may use", health.cpu * 100.0))),
            Some(("Lag of a 10 ms timer, p99", units::latency(health.timer_lag))),
            delay,
            Some(("Load threads stood still", stood)),
            files,
        ];
        Self { class, words: format!("{sign} {}", line(&words)), facts: facts.into_iter().flatten().collect() }
    }
}
