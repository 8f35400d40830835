//! Statistics tables of the page.

use std::time::Duration;

use serde::Serialize;

use super::escape::line;
use crate::report::shown::{self, NONE};
use crate::stats::Snapshot;
use crate::stats::snapshot::{Figures, Latency, Row};
use crate::units;

/// Text of a cell and its sort key.
pub(super) type Cell = (String, f64);

/// A row of a table.
#[derive(Serialize)]
pub(super) struct Line<C> {
    pub kind: String,
    pub name: String,
    pub cells: Vec<C>,
}

/// A table of percentiles.
#[derive(Serialize)]
pub(super) struct Percentiles {
    id: &'static str,
    title: &'static str,
    note: &'static str,
    rows: Vec<Line<Cell>>,
    total: Line<Cell>,
}

/// Column names of [`row`].
pub(super) const COLUMNS: [&str; 10] =
    ["requests", "failed", "req/s", "mean", "min", "p50", "p95", "p99", "max", "mean size"];

impl<C> Line<C> {
    pub fn new(row: &Row, cells: Vec<C>) -> Self {
        Self { kind: line(row.kind.name()), name: line(&row.name), cells }
    }
}

/// Counts, rates and times of a row.
pub(super) fn row(row: &Row) -> Line<Cell> {
    let figures = &row.total;
    let [requests, failed, rate, p50, p95, p99, max] = shown::key_figures(figures);
    let times = &figures.response;
    let of = |time: Duration| cell(figures.responses, time);
    let size = figures.bytes.checked_div(figures.responses);
    Line::new(
        row,
        vec![
            (requests, figures.requests as f64),
            (failed, figures.failures as f64),
            (rate, figures.rps),
            of(times.mean),
            of(times.min),
            (p50, of(times.median()).1),
            (p95, of(times.p(95.0)).1),
            (p99, of(times.p(99.0)).1),
            (max, of(times.max).1),
            (size.map_or_else(|| NONE.to_owned(), units::bytes), size.map_or(-1.0, |size| size as f64)),
        ],
    )
}

/// Percentiles of response times, and of service times if they differ.
pub(super) fn percentiles(snapshot: &Snapshot) -> Vec<Percentiles> {
    let table = |id, title, note, times: &dyn Fn(&Figures) -> Latency| {
        let row = |row: &Row| {
            let times = times(&row.total);
            Line::new(row, times.percentiles.iter().map(|time| cell(row.total.responses, *time)).collect())
        };
        let rows = shown::by_name(snapshot).into_iter().map(row).collect();
        Percentiles { id, title, note, rows, total: row(&snapshot.total) }
    };
    let mut tables = vec![table("percentiles", "Response time percentiles", "", &|figures| figures.response)];
    let differs = |row: &Row| row.total.service.is_some_and(|times| times != row.total.response);
    if snapshot.endpoints.iter().chain([&snapshot.total]).any(differs) {
        let note = "From when a request was sent. Response times count from when it was due.";
        let service = |figures: &Figures| figures.service.unwrap_or(figures.response);
        tables.push(table("service-times", "Service time percentiles", note, &service));
    }
    tables
}

fn cell(responses: u64, time: Duration) -> Cell {
    let value = if responses == 0 { -1.0 } else { shown::millis(time) };
    (shown::time(responses, time), value)
}
