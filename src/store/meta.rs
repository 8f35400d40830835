//! Metadata of a run: what was run, where, with which settings, and how it ended.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::stats::Snapshot;
use crate::system::machine::Machine;
use crate::units;

/// Most seconds of a run: a hundred years.
pub(super) const LONGEST_RUN: f64 = 100.0 * 366.0 * 86_400.0;

/// Most stages that are shown of an open model.
const STAGES_SHOWN: usize = 8;

/// `meta.json`. Secrets are masked before anything is put here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// Version of the folder's layout, [`FORMAT`](Self::FORMAT).
    pub format: u32,
    /// Name of the folder: time and scenario.
    pub id: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Its file, or the name of an embedded scenario.
    pub file: String,
    /// Content of the file.
    pub text: String,
    /// Hash of what users do and of the load; hexadecimal.
    pub plan_hash: String,
    /// The profile that was applied.
    pub profile: Option<String>,
    /// Base URL of the target.
    pub host: String,
    /// Arguments of the command line.
    pub arguments: Vec<String>,
    /// Settings that differ from their defaults, and those of the load, in the order of options; files requested by the
    /// scenario are `report.html` and so on. Empty in runs of versions that did not record them.
    #[serde(default)]
    pub settings: Vec<SettingUsed>,
    /// Whether the scenario is embedded; `None` if that was not recorded.
    #[serde(default)]
    pub is_embedded: Option<bool>,
    /// The CI system that started it, according to its environment.
    #[serde(default)]
    pub ci: Option<String>,
    /// The branch that the CI system tests.
    #[serde(default)]
    pub branch: Option<String>,
    /// The commit that the CI system tests.
    #[serde(default)]
    pub commit: Option<String>,
    /// The page of the job in the CI system.
    #[serde(default)]
    pub link: Option<String>,
    /// When it started.
    pub started: Timestamp,
    /// When it ended; `None` while it runs, or if the process was killed.
    pub ended: Option<Timestamp>,
    /// Whether it is an open model: iterations arrive by a plan, whether or not a user is free.
    pub is_open: bool,
    /// The load follows stages or arrivals, to which `spawn_rate` does not apply.
    #[serde(default)]
    pub is_shaped: bool,
    /// Maximum users of the plan: in an open model, those that may be busy.
    pub users: u32,
    /// The arrivals of an open model, stage by stage. Empty in a closed one, and in runs of versions that did not record
    /// them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arrivals: Vec<PlannedArrivals>,
    /// Users started per second.
    pub spawn_rate: f64,
    /// Planned length in seconds.
    pub run_time: Option<f64>,
    /// Seed of the random generators.
    pub seed: u64,
    /// Threads that generate load.
    pub threads: usize,
    /// Type and name of each row; the histograms of row 12 have the tags `r12.response` and `r12.service`.
    pub rows: Vec<(String, String)>,
    /// Version of katydid.
    pub version: String,
    /// The machine.
    pub machine: Machine,
    /// Set by the user.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Set by the user.
    #[serde(default)]
    pub note: Option<String>,
    /// Why some of its figures are missing: they could not be written at its end. `None` where all of them are there.
    #[serde(default)]
    pub incomplete: Option<String>,
    /// What was sent to other systems; empty while it runs.
    #[serde(default)]
    pub sent: Vec<Sent>,
    /// How it ended; `None` while it runs, and where the process was killed.
    pub outcome: Option<Outcome>,
}

/// What was sent to another system during a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Name of the system, such as `Datadog`.
    pub to: String,
    /// It fetched the data itself: `accepted` are its requests.
    #[serde(default)]
    pub is_pulled: bool,
    /// It confirms nothing: `accepted` are the requests that were sent to it.
    #[serde(default)]
    pub is_unconfirmed: bool,
    /// Requests that it accepted.
    pub accepted: u64,
    /// Requests that were not delivered.
    pub dropped: u64,
    /// Metric points in these.
    pub dropped_points: u64,
    /// Seconds of the run that are in no request.
    pub missed: u64,
    /// Why not everything was delivered; `None` if it was.
    pub error: Option<String>,
}

impl Sent {
    /// One line: `Datadog: 41 of 42 requests delivered, 30 points dropped: 503`.
    pub fn summary(&self) -> String {
        let Self { to, is_pulled, is_unconfirmed, accepted, dropped, dropped_points, missed, error } = self;
        let of = || format!("{to}: {} of {}", units::count(*accepted), units::count(accepted + dropped));
        let mut text = match (is_pulled, is_unconfirmed) {
            (true, _) => format!("{to}: {}", times_scraped(*accepted)),
            (false, true) => format!("{} datagrams sent, which nobody confirms", of()),
            (false, false) => format!("{} requests delivered", of()),
        };
        if *dropped_points > 0 {
            text.push_str(&format!(", {} dropped", units::counted(*dropped_points, "point")));
        }
        if *missed > 0 {
            text.push_str(&format!(", without {}s of the run", units::count(*missed)));
        }
        match error {
            Some(error) => format!("{text}: {error}"),
            None => text,
        }
    }

    /// True if the receiver did not get all data of the run.
    pub fn is_incomplete(&self) -> bool {
        self.dropped > 0 || self.missed > 0 || self.error.is_some()
    }
}

/// `scraped 3 times`
fn times_scraped(n: u64) -> String {
    match n {
        0 => "never scraped".to_owned(),
        1 => "scraped once".to_owned(),
        n => format!("scraped {} times", units::count(n)),
    }
}

/// A setting and its effective value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingUsed {
    /// Its key, as in `config.yaml`.
    pub key: String,
    /// Its value as written.
    pub value: String,
    /// Origin of the value: `flag`, `environment`, `.env`, `profile NAME`, `scenario`, `config.yaml:LINE`, `screen`,
    /// `default`.
    pub origin: String,
}

/// A stage of an open model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PlannedArrivals {
    /// Iterations that arrive per second at its end.
    pub rate: f64,
    /// Seconds of the change to this rate; 0 changes immediately.
    pub ramp: f64,
    /// Length in seconds; `None`: until stopped.
    pub length: Option<f64>,
}

impl PlannedArrivals {
    /// `5/s`, `to 20/s within 30s`; `from` is the rate before it.
    fn rate_shown(&self, from: f64) -> String {
        let rate = format!("{}/s", units::PerSecond(self.rate));
        match Duration::try_from_secs_f64(self.ramp) {
            Ok(ramp) if !ramp.is_zero() && self.rate != from => format!("to {rate} within {}", units::plain(ramp)),
            _ => rate,
        }
    }

    /// `5/s for 10m`
    fn shown(&self, from: f64) -> String {
        let rate = self.rate_shown(from);
        match self.length {
            None => format!("{rate} until stopped"),
            Some(length) if length == self.ramp && self.rate != from => rate,
            Some(length) => {
                let length = Duration::try_from_secs_f64(length).unwrap_or_default();
                format!("{rate} for {}", units::plain(length))
            }
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// One word: `passed`, `failed`, `invalid`, …
    pub verdict: String,
    /// The reason in a sentence.
    pub reason: String,
    /// Exit code of the process.
    pub code: u8,
    /// Its totals, for lists.
    pub totals: Totals,
}

/// Totals for lists and for counting usage.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Run time in seconds, without pauses.
    pub seconds: f64,
    /// Users alive, integrated over time.
    pub vu_hours: f64,
    /// Most users at a time; `None` in recordings of older versions.
    #[serde(default)]
    pub users: Option<u32>,
    /// Finished requests.
    pub requests: u64,
    /// Failed requests.
    pub failures: u64,
    /// 95th percentile of the response time in milliseconds; `None` if no request got a response.
    pub p95_ms: Option<f64>,
}

impl Meta {
    /// The layout that this version writes.
    pub const FORMAT: u32 = 1;

    /// The plan of an open model: `5/s, at most 20 busy users`, `to 20/s within 30s for 1m, 20/s for 9m, at most 50 busy
    /// users`. `None` in a closed model.
    pub fn arrivals_shown(&self) -> Option<String> {
        let most = format!("at most {}", units::counted(self.users.into(), "busy user"));
        let rates = match &*self.arrivals {
            _ if !self.is_open => return None,
            [] => "by a plan".to_owned(),
            [one] => one.rate_shown(0.0),
            stages => {
                let before = std::iter::once(0.0).chain(stages.iter().map(|stage| stage.rate));
                let shown = stages.iter().zip(before).take(STAGES_SHOWN).map(|(stage, from)| stage.shown(from));
                let shown: Vec<String> = shown.collect();
                let more = stages.len().saturating_sub(STAGES_SHOWN) as u64;
                let more = if more > 0 { format!(", {}", units::counted(more, "more stage")) } else { String::new() };
                format!("{}{more}", shown.join(", "))
            }
        };
        Some(format!("{rates}, {most}"))
    }

    /// Users started per second, such as `5/s`; `None` if they follow stages or arrivals.
    pub fn spawn_rate_shown(&self) -> Option<String> {
        (!self.is_shaped).then(|| format!("{}/s", units::PerSecond(self.spawn_rate)))
    }
}

impl Totals {
    /// Says what cannot be of a run; its VU-hours would be counted.
    pub(super) fn error(&self) -> Option<String> {
        let most = f64::from(u32::MAX) * self.seconds / 3_600.0;
        let ranges = [("seconds", self.seconds, LONGEST_RUN), ("vu_hours", self.vu_hours, most)];
        let (name, value, most) = ranges.into_iter().find(|(_, value, most)| !(0.0..=*most).contains(value))?;
        Some(format!("outcome.totals.{name}: expected a number from 0 to {most:.0}, found {value}"))
    }

    /// Of a run that has come so far.
    pub fn of(snapshot: &Snapshot) -> Self {
        let total = &snapshot.total.total;
        let p95 = units::millis(total.response.p(95.0));
        let load = &snapshot.load;
        let users = snapshot.series.iter().map(|bucket| bucket.users).max().unwrap_or(0);
        Self {
            users: Some(users.max(load.users).max(load.most_users)),
            seconds: snapshot.elapsed.as_secs_f64(),
            vu_hours: snapshot.load.vu_hours,
            requests: total.requests,
            failures: total.failures,
            p95_ms: (total.responses > 0).then_some(p95),
        }
    }
}

/// A wall clock time for files; the epoch if it is out of range.
pub(super) fn timestamp(at: SystemTime) -> Timestamp {
    Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
impl Meta {
    /// A run of nothing, for tests.
    pub(crate) fn empty() -> Self {
        Self {
            format: Self::FORMAT,
            id: "2026-05-04T10-00-00-shop".to_owned(),
            scenario: "shop".to_owned(),
            file: "shop.yaml".to_owned(),
            text: String::new(),
            plan_hash: String::new(),
            settings: Vec::new(),
            is_embedded: None,
            incomplete: None,
            ci: None,
            branch: None,
            commit: None,
            link: None,
            profile: None,
            host: "http://h".to_owned(),
            arguments: Vec::new(),
            started: Timestamp::UNIX_EPOCH,
            ended: None,
            is_open: false,
            is_shaped: false,
            users: 1,
            arrivals: Vec::new(),
            spawn_rate: 1.0,
            run_time: None,
            seed: 1,
            threads: 1,
            rows: Vec::new(),
            version: String::new(),
            machine: Machine::default(),
            tags: Vec::new(),
            note: None,
            sent: Vec::new(),
            outcome: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_of_an_open_model_has_rates() {
        let stage = |rate, ramp, length| PlannedArrivals { rate, ramp, length };
        let shown = |users, arrivals: &[PlannedArrivals]| {
            Meta { is_open: true, users, arrivals: arrivals.to_vec(), ..Meta::empty() }.arrivals_shown()
        };
        for (users, arrivals, expected) in [
            (20, &[stage(5.0, 0.0, Some(60.0))][..], "5/s, at most 20 busy users"),
            (1, &[stage(0.5, 30.0, None)], "to 0.5/s within 30s, at most 1 busy user"),
            (50, &[], "by a plan, at most 50 busy users"),
            (
                50,
                &[stage(20.0, 30.0, Some(60.0)), stage(20.0, 0.0, None)],
                "to 20/s within 30s for 1m, 20/s until stopped, at most 50 busy users",
            ),
            (
                9,
                &[stage(20.0, 60.0, Some(60.0)), stage(20.0, 9.0, Some(9.0)), stage(0.0, 5.0, Some(2.0))],
                "to 20/s within 1m, 20/s for 9s, to 0/s within 5s for 2s, at most 9 busy users",
            ),
        ] {
            assert_eq!(shown(users, arrivals).as_deref(), Some(expected));
        }
        let many = shown(9, &[stage(1.0, 0.0, Some(1.0)); 10]).expect("an open model");
        assert!(many.ends_with("1/s for 1s, 2 more stages, at most 9 busy users"), "{many}");
        assert_eq!(Meta::empty().arrivals_shown(), None);
    }

    #[test]
    fn what_was_sent_says_who_knows_it() {
        let sent = |is_pulled, is_unconfirmed, accepted| {
            let (to, error) = ("X".to_owned(), None);
            let sent =
                Sent { to, is_pulled, is_unconfirmed, accepted, dropped: 1, dropped_points: 0, missed: 0, error };
            sent.summary()
        };
        assert_eq!(sent(false, false, 2), "X: 2 of 3 requests delivered");
        assert_eq!(sent(false, true, 2), "X: 2 of 3 datagrams sent, which nobody confirms");
        assert_eq!(
            [0, 1, 2].map(|n| sent(true, false, n)),
            ["X: never scraped", "X: scraped once", "X: scraped 2 times"]
        );
    }
}
