//! The rows with the highest response times.

use super::facts::counted;
use crate::report::findings_page::model::{Block, Section, Table, Text, code, trusted};
use crate::report::findings_page::view::{Column, View};
use crate::report::shown;
use crate::row_kind::RowKind;
use crate::stats::snapshot::Row;

/// Maximum number of rows.
const MAX_ROWS: usize = 10;

pub(super) fn section(view: &View<'_>) -> Section {
    let mut rows: Vec<&Row> = Vec::new();
    for row in view.runs.iter().flat_map(|column| &column.last().endpoints).filter(|row| is_timed(row)) {
        match rows.iter_mut().find(|known| is_same(known, row)) {
            Some(known) if known.total.response.p(95.0) < row.total.response.p(95.0) => *known = row,
            Some(_) => {}
            None => rows.push(row),
        }
    }
    // The sort is stable: rows with equal p95 stay in the order in which they were found.
    rows.sort_by_key(|row| std::cmp::Reverse(row.total.response.p(95.0)));
    let all = rows.len();
    rows.truncate(MAX_ROWS);
    if rows.is_empty() {
        return Section::new("slowest", "Slowest rows", vec![Block::paragraph("No request got a response.")]);
    }
    let mut blocks = vec![Block::paragraph(
        "Sorted by the highest p95 of a run. Cells show p50 / p95 / p99, and the number of requests.",
    )];
    let line = |row: &&Row| view.row(code(format!("{} {}", row.kind, row.name)), |column| cell(column, row));
    blocks.push(Block::Table(Table::new(view.head("row"), 1, rows.iter().map(line).collect())));
    let more = all - rows.len();
    blocks.extend(
        (more > 0).then(|| Block::paragraph(format!("Not shown, because faster: {}.", counted(more as u64, "row")))),
    );
    Section::new("slowest", "Slowest rows", blocks)
}

/// True if the response time of the row depends on the target. The duration of a subscription depends on the scenario.
fn is_timed(row: &Row) -> bool {
    row.total.responses > 0 && row.kind != RowKind::Subscription
}

fn is_same(a: &Row, b: &Row) -> bool {
    (&a.kind, &a.name) == (&b.kind, &b.name)
}

fn cell(column: &Column<'_>, wanted: &Row) -> Text {
    let row = column.last().endpoints.iter().find(|row| is_same(row, wanted) && is_timed(row));
    trusted(row.map_or_else(
        || shown::NONE.to_owned(),
        |row| {
            let [requests, _, _, p50, p95, p99, _] = shown::key_figures(&row.total);
            format!("{p50} / {p95} / {p99} ({requests})")
        },
    ))
}
