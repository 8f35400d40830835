//! GraphQL and Redis sections of the page.

use serde::Serialize;

use super::escape::line;
use super::tables::Line;
use crate::report::{shown, text};
use crate::stats::{Lookups, Snapshot};
use crate::units;

/// A section with a table.
#[derive(Serialize)]
pub(super) struct Section {
    id: &'static str,
    title: String,
    /// Sentences above the table.
    lines: Vec<String>,
    columns: Vec<&'static str>,
    rows: Vec<Line<String>>,
}

/// The sections that apply to the run.
pub(super) fn sections(snapshot: &Snapshot) -> Vec<Section> {
    [graphql(snapshot), redis(snapshot), lookups(snapshot)].into_iter().flatten().collect()
}

fn graphql(snapshot: &Snapshot) -> Option<Section> {
    let points = |points: Option<f64>| points.map_or_else(|| shown::NONE.to_owned(), units::rate);
    let rows: Vec<Line<String>> = snapshot
        .operations()
        .map(|(row, asked, costs)| {
            let [requests, failed, _, p50, p95, p99, _] = shown::key_figures(&row.total);
            let counts = [asked.depth.into(), asked.fields, asked.nodes].map(units::count);
            let costs = [costs.actual(), costs.requested(), costs.available].map(points);
            let times = [requests, failed, p50, p95, p99];
            Line::new(row, counts.into_iter().chain(costs).chain(times).collect())
        })
        .collect();
    let columns =
        ["depth", "fields", "nodes", "cost", "cost requested", "least available", "requests", "failed", "p50"];
    (!rows.is_empty()).then(|| Section {
        id: "graphql",
        title: "GraphQL operations".to_owned(),
        lines: Vec::new(),
        columns: columns.into_iter().chain(["p95", "p99"]).collect(),
        rows,
    })
}

fn redis(snapshot: &Snapshot) -> Option<Section> {
    let redis = snapshot.redis.as_ref()?;
    let mut rows: Vec<_> = redis.rows.iter().collect();
    rows.sort_by(|a, b| (&a.1, a.0.name()).cmp(&(&b.1, b.0.name())));
    let rows = rows.into_iter().map(|(kind, name, tally)| {
        let counts = [
            tally.published,
            tally.sent_to,
            tally.delivered(),
            tally.lost(),
            tally.late,
            tally.duplicates,
            tally.out_of_order,
            tally.foreign,
            tally.disconnects,
        ];
        Line { kind: line(kind.name()), name: line(name), cells: counts.map(units::count).into() }
    });
    Some(Section {
        id: "redis",
        title: line(redis.name()),
        lines: text::redis(snapshot).iter().map(|sentence| line(sentence)).collect(),
        columns: vec![
            "published",
            "receivers",
            "delivered",
            "lost",
            "late",
            "duplicates",
            "out of order",
            "foreign",
            "disconnects",
        ],
        rows: rows.collect(),
    })
}

/// Hits and misses of commands.
fn lookups(snapshot: &Snapshot) -> Option<Section> {
    let redis = snapshot.redis.as_ref().filter(|redis| !redis.lookups.is_empty())?;
    let mut rows: Vec<_> = redis.lookups.iter().collect();
    rows.sort_by(|a, b| (&a.1, a.0.name()).cmp(&(&b.1, b.0.name())));
    let all = redis.looked_up();
    let cells = |found: &Lookups| {
        let ratio = found.hit_ratio().map_or_else(|| shown::NONE.to_owned(), shown::tenth);
        vec![units::count(found.hits), units::count(found.misses), ratio]
    };
    let rows = rows.into_iter().map(|(kind, name, found)| Line {
        kind: line(kind.name()),
        name: line(name),
        cells: cells(found),
    });
    let total = Line { kind: String::new(), name: "Aggregated".to_owned(), cells: cells(&all) };
    Some(Section {
        id: "redis-hits",
        title: line(&format!("{}: hits and misses", redis.name())),
        lines: Vec::new(),
        columns: vec!["hits", "misses", "hit ratio"],
        rows: rows.chain([total]).collect(),
    })
}
