//! The input of the sections: the runs as columns, usage and allowance.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::model::{Mark, Text};
use crate::report::allowance::Allowance;
use crate::report::finding::drifting::gets_worse;
use crate::report::standing::{Standing, Tone};
use crate::stats::Snapshot;
use crate::stats::snapshot::{End, Figures, RunState};
use crate::store::usage::{self, Usage};
use crate::store::{Meta, Run, State};

/// Input of every section.
pub(super) struct View<'a> {
    pub runs: Vec<Column<'a>>,
    pub usage: &'a Usage,
    pub allowance: &'a Allowance<'a>,
    pub zone: &'a TimeZone,
    pub now: Timestamp,
}

/// A run, which is a column of most tables.
pub(super) struct Column<'a> {
    /// Name on the page, such as `Run 1`.
    pub name: String,
    pub run: &'a Run,
    pub standing: Standing,
}

impl<'a> View<'a> {
    /// Names of the runs, as header cells.
    pub fn names(&self) -> impl Iterator<Item = Text> {
        self.runs.iter().map(|column| Text::Trusted(column.name.clone()))
    }

    /// A row with `name` and one cell per run.
    pub fn row(&self, name: Text, cell: impl FnMut(&Column<'a>) -> Text) -> Vec<Text> {
        std::iter::once(name).chain(self.runs.iter().map(cell)).collect()
    }

    /// A header row with `name` and one column per run.
    pub fn head(&self, name: &str) -> Vec<Text> {
        std::iter::once(Text::Trusted(name.to_owned())).chain(self.names()).collect()
    }

    /// Runs with valid measurements of the target.
    pub fn usable(&self) -> impl Iterator<Item = &Column<'a>> {
        self.runs.iter().filter(|column| column.unusable_reason().is_none())
    }

    /// True when all runs have the same plan.
    pub fn is_one_plan(&self) -> bool {
        self.runs.windows(2).all(|pair| {
            let [a, b] = [pair[0].meta(), pair[1].meta()];
            (&a.plan_hash, &a.scenario) == (&b.plan_hash, &b.scenario)
        })
    }

    /// VU-hours of all runs on the page.
    pub fn vu_hours(&self) -> f64 {
        self.runs.iter().map(Column::vu_hours).sum()
    }

    /// Each month with its number of runs and VU-hours, oldest first.
    pub fn months(&self) -> Vec<(String, u64, f64)> {
        let rows = self.usage.rows.chunk_by(|a, b| a.month == b.month);
        rows.map(|rows| {
            let (runs, vu_hours) = rows.iter().fold((0, 0.0), |(n, sum), row| (n + row.runs, sum + row.vu_hours));
            (rows[0].month.clone(), runs, vu_hours)
        })
        .collect()
    }

    /// The month of `at`, as `YYYY-MM`.
    pub fn month(&self, at: Timestamp) -> String {
        usage::month(at, self.zone)
    }
}

impl<'a> Column<'a> {
    pub fn new(at: usize, run: &'a Run) -> Self {
        Self { name: format!("Run {}", at + 1), run, standing: Standing::of(run) }
    }

    pub fn meta(&self) -> &'a Meta {
        &self.run.meta
    }

    pub fn last(&self) -> &'a Snapshot {
        &self.run.last
    }

    /// Figures of all requests.
    pub fn total(&self) -> &'a Figures {
        &self.run.last.total.total
    }

    pub fn vu_hours(&self) -> f64 {
        self.run.last.load.vu_hours
    }

    pub fn mark(&self) -> Mark {
        match self.standing.tone {
            Tone::Good => Mark::Good,
            Tone::Bad => Mark::Bad,
            Tone::Unclear => Mark::Unclear,
            Tone::Open => Mark::Open,
        }
    }

    /// Significant trends for the worse; `None` if the run is not usable or too short for trends.
    pub fn worsening(&self) -> Option<Vec<&'a str>> {
        let drifts = &self.run.last.drifts;
        let is_known = self.unusable_reason().is_none() && !drifts.is_empty();
        is_known.then(|| drifts.iter().filter(|drift| gets_worse(drift)).map(|drift| &*drift.words).collect())
    }

    /// True if the run completed as planned.
    pub fn is_complete(&self) -> bool {
        self.run.state == State::Ended && self.last().state == RunState::Done(End::Completed)
    }

    /// Why the figures are not valid measurements of the target; `None` if they are.
    pub fn unusable_reason(&self) -> Option<&'static str> {
        match self.meta().outcome.as_ref().map(|outcome| outcome.verdict.as_str()) {
            Some("invalid") => Some("the load generator was the bottleneck"),
            Some("broken") => Some("the load generator died"),
            _ if self.total().responses == 0 => Some("it has no responses"),
            _ if self.total().failures == self.total().requests => Some("every request failed"),
            _ => None,
        }
    }
}

/// A percentile of the response time; `None` if no request got a response.
pub(super) fn percentile(figures: &Figures, percent: f64) -> Option<Duration> {
    (figures.responses > 0).then(|| figures.response.p(percent))
}
