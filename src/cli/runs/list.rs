//! The list of runs: filter, table, JSON.

use std::time::Duration;

use serde_json::{Value, json};

use crate::clean;
use crate::cli::runs_args::Filter;
use crate::cli::table::{Column, table};
use crate::store::State;
use crate::store::catalog::{Entry, Known};
use crate::units;

const COLUMNS: [Column; 10] = [
    Column::left("ID"),
    Column::left("SCENARIO"),
    Column::left("HOST"),
    Column::right("USERS"),
    Column::right("DURATION"),
    Column::right("REQUESTS"),
    Column::right("FAILED"),
    Column::right("P95"),
    Column::right("VU-HOURS"),
    Column::left("VERDICT"),
];

impl Filter {
    /// Returns the matching runs in output order.
    pub(super) fn choose(self, entries: Vec<Entry>) -> Vec<Entry> {
        let mut chosen: Vec<Entry> = entries.into_iter().filter(|entry| self.takes(entry)).collect();
        let skip = self.limit.map_or(0, |limit| chosen.len().saturating_sub(limit));
        chosen.split_off(skip)
    }

    fn takes(&self, entry: &Entry) -> bool {
        // The unknown values of a damaged run match only an empty filter.
        let Ok(run) = &entry.run else { return *self == Self { limit: self.limit, all: self.all, ..Self::default() } };
        let contains = |text: &str, part: &Option<String>| {
            part.as_ref().is_none_or(|part| text.to_lowercase().contains(&part.to_lowercase()))
        };
        (run.has_figures || self.all)
            && contains(&run.meta.scenario, &self.scenario)
            && contains(&run.meta.host, &self.host)
            && self.tag.iter().all(|tag| run.meta.tags.contains(tag))
            && self.verdict.as_ref().is_none_or(|word| word.eq_ignore_ascii_case(run.verdict()))
            && self.since.is_none_or(|since| run.meta.started >= since)
    }
}

/// A table, the latest run first.
pub(super) fn as_table(entries: &[Entry], width: usize) -> String {
    let rows: Vec<(Vec<String>, String)> = entries.iter().rev().map(row).collect();
    table(&COLUMNS, &rows, width)
}

/// Cells of a run, and the text after them.
fn row(entry: &Entry) -> (Vec<String>, String) {
    let id = clean::line(&entry.id).into_owned();
    let run = match &entry.run {
        Ok(run) => run,
        Err(why) => return (vec![id], clean::line(why).into_owned()),
    };
    let Known { meta, totals, .. } = run;
    let cells = vec![
        id,
        clean::line(&meta.scenario).into_owned(),
        clean::line(&meta.host).into_owned(),
        units::count(totals.users.unwrap_or(meta.users).into()),
        units::plain(Duration::try_from_secs_f64(totals.seconds.round()).unwrap_or_default()),
        units::count(totals.requests),
        units::count(totals.failures),
        totals.p95_ms.map_or_else(|| "–".to_owned(), |ms| units::latency(millis(ms))),
        format!("{:.3}", totals.vu_hours),
        verdict(run).to_owned(),
    ];
    let tags = meta.tags.iter().map(|tag| format!("#{}", clean::line(tag)));
    let removed = (!run.has_figures).then(|| "(figures removed)".to_owned());
    let incomplete = meta.incomplete.as_ref().map(|_| "(recording incomplete)".to_owned());
    let note = meta.note.iter().map(|note| clean::line(note).into_owned());
    let words: Vec<String> = removed.into_iter().chain(incomplete).chain(tags).chain(note).collect();
    (cells, words.join(" "))
}

fn verdict(run: &Known) -> &str {
    match run.state {
        State::CutShort => "cut short",
        State::Running | State::Ended => run.verdict(),
    }
}

fn millis(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default()
}

/// A JSON array in the order of the entries.
pub(super) fn as_json(entries: &[Entry]) -> String {
    format!("{:#}\n", Value::Array(entries.iter().map(object).collect()))
}

fn object(entry: &Entry) -> Value {
    let run = match &entry.run {
        Ok(run) => run,
        Err(why) => {
            return json!({
                "id": entry.id, "scenario": null, "host": null, "started": null, "verdict": "damaged", "error": why,
            });
        }
    };
    let Known { meta, totals, .. } = run;
    let outcome = meta.outcome.as_ref();
    json!({
        "id": entry.id,
        "scenario": meta.scenario,
        "file": meta.file,
        "profile": meta.profile,
        "plan_hash": meta.plan_hash,
        "host": meta.host,
        "started": meta.started,
        "ended": meta.ended,
        "state": match run.state {
            State::Ended => "ended",
            State::Running => "running",
            State::CutShort => "cut-short",
        },
        "verdict": run.verdict(),
        "reason": outcome.map(|outcome| &outcome.reason),
        "exit_code": outcome.filter(|_| run.state == State::Ended).map(|outcome| outcome.code),
        "users": totals.users.unwrap_or(meta.users),
        "duration_s": totals.seconds,
        "requests": totals.requests,
        "failures": totals.failures,
        "p95_ms": totals.p95_ms,
        "vu_hours": totals.vu_hours,
        "tags": meta.tags,
        "note": meta.note,
        "has_figures": run.has_figures,
        "incomplete": meta.incomplete,
        "bytes": entry.size(),
        "folder": entry.folder,
        "version": meta.version,
    })
}
