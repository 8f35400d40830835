//! The order of the endpoints table.

use std::cmp::Ordering;

use crate::stats::snapshot::{Figures, Row};

/// The column that rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Plan,
    Name,
    Requests,
    Fail,
    Rps,
    P50,
    P95,
    P99,
    Max,
}

impl Sort {
    pub const ALL: [Sort; 9] =
        [Sort::Plan, Sort::Name, Sort::Requests, Sort::Fail, Sort::Rps, Sort::P50, Sort::P95, Sort::P99, Sort::Max];

    pub fn word(self) -> &'static str {
        ["as written", "name", "requests", "fail", "req/s", "p50", "p95", "p99", "max"][self as usize]
    }

    /// Compares two rows by their displayed figures.
    pub fn compare(self, (a, x): (&Row, &Figures), (b, y): (&Row, &Figures)) -> Ordering {
        match self {
            Sort::Plan => Ordering::Equal,
            Sort::Name => a.name.cmp(&b.name).then_with(|| a.kind.name().cmp(b.kind.name())),
            // Largest first.
            Sort::Requests => y.requests.cmp(&x.requests),
            Sort::Fail => y.fail_ratio().total_cmp(&x.fail_ratio()),
            Sort::Rps => y.rps.total_cmp(&x.rps),
            Sort::P50 => y.response.median().cmp(&x.response.median()),
            Sort::P95 => y.response.p(95.0).cmp(&x.response.p(95.0)),
            Sort::P99 => y.response.p(99.0).cmp(&x.response.p(99.0)),
            Sort::Max => y.response.max.cmp(&x.response.max),
        }
    }
}
