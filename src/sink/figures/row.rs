//! Sums and histograms of one row.

use std::sync::Arc;

use super::histogram::Histogram;
use crate::row_kind::RowKind;
use crate::stats::RowBucket;
use crate::stats::by_row::Merge as _;
use crate::stats::delivery::Tally;
use crate::stats::snapshot::Row;

/// Sums and histograms of one row.
#[derive(Debug)]
pub struct RowFigures<H> {
    pub kind: RowKind,
    pub name: Arc<str>,
    pub requests: u64,
    pub failures: u64,
    pub bytes: u64,
    pub response: H,
    pub service: H,
    pub messages: Tally,
}

/// A row for each pair of type and name, and the index of the row of each endpoint: an HTTP method may have the name of
/// another type.
pub fn rows<H: Histogram>(endpoints: &[Row]) -> (Vec<RowFigures<H>>, Vec<usize>) {
    let mut rows: Vec<RowFigures<H>> = Vec::new();
    let mut row_of = Vec::new();
    let mut known = std::collections::HashMap::new();
    for endpoint in endpoints {
        let row = *known.entry((endpoint.kind.name(), &*endpoint.name)).or_insert(rows.len());
        if row == rows.len() {
            rows.push(RowFigures::new(endpoint.kind.clone(), Arc::clone(&endpoint.name)));
        }
        row_of.push(row);
    }
    (rows, row_of)
}

impl<H: Histogram> RowFigures<H> {
    fn new(kind: RowKind, name: Arc<str>) -> Self {
        Self {
            kind,
            name,
            requests: 0,
            failures: 0,
            bytes: 0,
            response: H::default(),
            service: H::default(),
            messages: Tally::default(),
        }
    }

    pub fn add(&mut self, bucket: &RowBucket) {
        self.requests += bucket.sums.requests;
        self.failures += bucket.sums.failures;
        self.bytes = self.bytes.saturating_add(bucket.sums.bytes);
        self.response.add(&bucket.response);
        self.service.add(bucket.service());
    }

    pub fn add_messages(&mut self, tally: &Tally) {
        self.messages.merge(tally);
    }

    pub fn clear(&mut self) {
        *self = Self::new(self.kind.clone(), Arc::clone(&self.name));
    }
}
