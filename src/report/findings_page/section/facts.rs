//! Facts about runs, shared by several sections.

use crate::report::findings_page::view::{Column, View};
use crate::row_kind::RowKind;
use crate::units;

/// Ratio of failed requests below which a run meets the criterion.
pub(super) const FAILURES: f64 = 0.01;
/// p95 in milliseconds below which a run meets the criterion.
pub(super) const P95_MS: u64 = 500;

/// Totals of the rows of a protocol.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    pub rows: usize,
    pub requests: u64,
    pub failures: u64,
}

/// Protocols that katydid supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Http,
    GraphQl,
    Redis,
}

impl Protocol {
    fn of(kind: &RowKind) -> Option<Self> {
        match kind {
            RowKind::Aggregated => None,
            RowKind::Http(_) => Some(Self::Http),
            RowKind::Query | RowKind::Mutation | RowKind::Connect | RowKind::Subscription | RowKind::Event => {
                Some(Self::GraphQl)
            }
            RowKind::Redis | RowKind::Publish | RowKind::Subscribe | RowKind::Deliver => Some(Self::Redis),
        }
    }

    /// Totals of a run for this protocol.
    pub fn counted(self, column: &Column<'_>) -> Counted {
        let rows = column.last().endpoints.iter().filter(|row| Self::of(&row.kind) == Some(self));
        rows.filter(|row| row.kind.is_request() && row.total.requests > 0).fold(Counted::default(), |sum, row| {
            Counted {
                rows: sum.rows + 1,
                requests: sum.requests + row.total.requests,
                failures: sum.failures + row.total.failures,
            }
        })
    }

    /// One string per run that used the protocol, such as `Run 1: 400 requests of 3 rows, 2 failed`. Contains nothing
    /// from outside.
    pub fn used(self, view: &View<'_>) -> Vec<String> {
        let used = view.runs.iter().filter_map(|column| {
            let Counted { rows, requests, failures } = self.counted(column);
            (requests > 0).then(|| {
                let (requests, rows) = (counted(requests, "request"), counted(rows as u64, "row"));
                format!("{}: {requests} of {rows}, {} failed", column.name, units::count(failures))
            })
        });
        used.collect()
    }
}

/// Ends `text` with exactly one full stop.
pub(super) fn sentence(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}

/// Formats a count with a noun: `1 request`, `3 requests`.
pub(super) fn counted(n: u64, one: &str) -> String {
    units::counted(n, one)
}

/// Value and origin of a setting of a run, such as `results/a.html` and `flag`; `None` if it was not set.
pub(super) fn setting<'a>(column: &Column<'a>, key: &str) -> Option<(&'a str, &'a str)> {
    let used = column.meta().settings.iter().find(|setting| setting.key == key)?;
    Some((&used.value, &used.origin))
}

/// Formats a number of runs: `the run`, `both runs`, `all 3 runs`, `1 of 3 runs`.
pub(super) fn some_of(n: usize, all: usize) -> String {
    match (n, all) {
        (1, 1) => "the run".to_owned(),
        (2, 2) => "both runs".to_owned(),
        (n, all) if n == all => format!("all {all} runs"),
        (n, all) => format!("{n} of {all} runs"),
    }
}
