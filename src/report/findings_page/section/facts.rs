//! What several sections say of a run.

use crate::report::findings_page::view::{Column, View};
use crate::row_kind::RowKind;
use crate::units;

/// Share of failed requests that is still ordinary.
pub(super) const FAILURES: f64 = 0.01;
/// p95 in milliseconds that is ordinary for an API.
pub(super) const P95_MS: u64 = 500;

/// What the rows of a protocol count.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    pub rows: usize,
    pub requests: u64,
    pub failures: u64,
}

/// The protocols that katydid speaks.
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

    /// The requests of a run by it.
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

    /// The requests of each run that used it, in words of ours: `Run 1: 400 requests of 3 rows, 2 failed`.
    pub fn used(self, view: &View<'_>) -> Vec<String> {
        let used = view.runs.iter().filter_map(|column| {
            let Counted { rows, requests, failures } = self.counted(column);
            (requests > 0).then(|| {
                let (requests, rows) = (many(requests, "request"), many(rows as u64, "row"));
                format!("{}: {requests} of {rows}, {} failed", column.name, units::count(failures))
            })
        });
        used.collect()
    }
}

/// With one full stop.
pub(super) fn sentence(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}

/// `1 request`, `3 requests`.
pub(super) fn many(n: u64, one: &str) -> String {
    units::counted(n, one)
}

/// How a setting of a run that names a file was given: `results/a.html`, and `flag`.
pub(super) fn setting<'a>(column: &Column<'a>, key: &str) -> Option<(&'a str, &'a str)> {
    let used = column.meta().settings.iter().find(|setting| setting.key == key)?;
    Some((&used.value, &used.origin))
}

/// `the run`, `both runs`, `all 3 runs`, `1 of 3 runs`.
pub(super) fn some_of(n: usize, all: usize) -> String {
    match (n, all) {
        (1, 1) => "the run".to_owned(),
        (2, 2) => "both runs".to_owned(),
        (n, all) if n == all => format!("all {all} runs"),
        (n, all) => format!("{n} of {all} runs"),
    }
}
