//! The interface between the sessions of a user and the engine, while a step is executed.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::on_the_wire::OnTheWire;
use super::record::record;
use crate::engine::shard_state::ShardState;
use crate::engine::signal::Signal;
use crate::protocol::context::{Awaiting, UserContext};
use crate::protocol::result::StepResult;
use crate::protocol::trace::Trace;
use crate::scenario::plan::{Endpoint, EndpointId};
use crate::stats::operation::Cost;
use crate::stats::{Reason, Remarks};

/// Context of a user's current step.
pub(super) struct StepContext<'a> {
    shard: &'a Rc<ShardState>,
    signal: &'a Signal,
    /// True in `on_stop`, which is not shortened when the user has to leave.
    is_unhurried: bool,
    on_the_wire: Cell<Option<OnTheWire>>,
    held: Cell<Duration>,
    leaves: Cell<bool>,
}

impl<'a> StepContext<'a> {
    /// Creates a context; `is_unhurried` in `on_stop`, which is not shortened when the user has to leave.
    pub(super) fn new(shard: &'a Rc<ShardState>, signal: &'a Signal, is_unhurried: bool) -> Self {
        let (on_the_wire, held, leaves) = (Cell::new(None), Cell::new(Duration::ZERO), Cell::new(false));
        Self { shard, signal, is_unhurried, on_the_wire, held, leaves }
    }

    /// Time for which a pause of the run delayed the step.
    pub(super) fn held_for(&self) -> Duration {
        self.held.get()
    }

    /// True if the remaining steps must be skipped, because the user has to leave.
    pub(super) fn leaves(&self) -> bool {
        self.leaves.get()
    }
}

impl UserContext for StepContext<'_> {
    fn endpoint(&self, row: EndpointId) -> Option<&Endpoint> {
        self.shard.plan.endpoints.get(row.0 as usize)
    }

    fn wants_example(&self, row: EndpointId, reason: &Reason) -> bool {
        let secrets = &self.shard.plan.secrets;
        // Reasons are masked when they are recorded.
        let masked = (!secrets.is_empty()).then(|| reason.masked(|text| secrets.mask(text)));
        self.shard.recorder.borrow().wants_example(row.0, masked.as_ref().unwrap_or(reason))
    }

    fn request_sent(&self, row: EndpointId, late: Option<Duration>, expected: Awaiting) {
        let on_the_wire = match expected {
            Awaiting::Response => OnTheWire::new(self.shard, row, late),
            Awaiting::ServerEvent => OnTheWire::listening(self.shard, row, late),
        };
        self.on_the_wire.set(Some(on_the_wire));
    }

    fn request_finished(&self) {
        if let Some(on_the_wire) = self.on_the_wire.take() {
            on_the_wire.arrived();
        }
    }

    fn request_abandoned(&self) {
        if let Some(on_the_wire) = self.on_the_wire.take() {
            on_the_wire.left();
        }
    }

    fn record(&self, result: StepResult) {
        record(self.shard, result);
    }

    fn record_cost(&self, row: EndpointId, cost: &Cost) {
        self.shard.recorder.borrow_mut().cost(row.0, cost);
    }

    fn record_remarks(&self, row: EndpointId, remarks: &Remarks) {
        self.shard.recorder.borrow_mut().remark(row.0, remarks);
    }

    fn add_paused_time(&self, length: Duration) {
        self.held.set(self.held.get() + length);
    }

    fn trace(&self) -> Option<&dyn Trace> {
        self.shard.observer.as_ref().map(|observer| &**observer as &dyn Trace)
    }

    fn must_leave(&self, end: Option<Instant>) -> bool {
        let by = self.signal.leaves_by.get().filter(|_| !self.is_unhurried);
        by.is_some_and(|by| self.shard.paused.get() || end.is_none_or(|end| end > by.into_std()))
    }

    fn wakeup(&self) -> &Notify {
        &self.signal.wake
    }

    fn leave(&self) {
        self.leaves.set(true);
    }
}
