//! State of one row of the statistics: totals since the reset, and the last ten seconds.

use std::sync::Arc;
use std::time::Duration;

use super::bucket::{RowBucket, Sums};
use super::histogram::Times;
use super::snapshot::{Cumulative, Figures, Row};
use super::window::{Window, rate};
use crate::row_kind::RowKind;

/// Totals and window of one endpoint, or of all.
#[derive(Debug)]
pub(super) struct RowState {
    sums: Sums,
    response: Times<u64>,
    /// `None` while no request had a due time.
    service: Option<Times<u64>>,
    /// Memory for `service`.
    spare: Option<Times<u64>>,
    pub window: Window<RowBucket>,
    /// Cached totals, cleared by the next request: an idle row costs nothing.
    total: Option<Figures>,
    now: Figures,
}

impl RowState {
    pub fn new() -> Self {
        Self {
            sums: Sums::default(),
            response: Times::fine(),
            service: None,
            spare: None,
            window: Window::new(),
            total: None,
            now: Figures::default(),
        }
    }

    /// Discards everything but the memory of the histograms.
    pub fn clear(&mut self) {
        let mut fresh = Self::new();
        std::mem::swap(&mut fresh.response, &mut self.response);
        fresh.spare = self.service.take().or(self.spare.take());
        fresh.response.clear();
        *self = fresh;
    }

    /// True before the first request.
    pub fn is_empty(&self) -> bool {
        self.sums.requests == 0
    }

    pub fn absorb(&mut self, bucket: &RowBucket) {
        self.total = None;
        if bucket.service.is_some() && self.service.is_none() {
            // Until now both times were equal.
            let mut service = self.spare.take().unwrap_or_else(Times::fine);
            service.copy_from(&self.response);
            self.service = Some(service);
        }
        if let Some(service) = &mut self.service {
            service.absorb(bucket.service());
        }
        self.sums.merge(&bucket.sums);
        self.response.absorb(&bucket.response);
        self.window.open.merge(bucket);
    }

    pub fn response(&self) -> &Times<u64> {
        &self.response
    }

    /// Totals without rates; cached.
    fn figures(&mut self) -> &Figures {
        let (response, service) = (&self.response, &self.service);
        self.total.get_or_insert_with(|| Figures {
            response: response.latency(),
            service: service.as_ref().map(Times::latency),
            ..self.sums.figures()
        })
    }

    /// Totals for a series bucket, without rates.
    pub fn cumulative(&mut self) -> Cumulative {
        let total = self.figures();
        Cumulative {
            requests: total.requests,
            failures: total.failures,
            bytes: total.bytes,
            response: total.response,
            ..Cumulative::default()
        }
    }

    /// Computes the figures of the last ten seconds.
    pub fn refresh(&mut self, covered: Duration, scratch: &mut Times<u64>) {
        self.now = self.window.figures(covered, scratch);
    }

    pub fn row(&mut self, kind: RowKind, name: Arc<str>, measured: Duration) -> Row {
        let mut total = self.figures().clone();
        total.rps = rate(total.requests, measured);
        total.fps = rate(total.failures, measured);
        Row { kind, name, total, now: self.now.clone() }
    }
}
