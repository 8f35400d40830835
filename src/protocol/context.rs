//! The interface between a protocol session and the user whose step it executes.

use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::result::StepResult;
use super::trace::Trace;
use crate::scenario::plan::{Endpoint, EndpointId};
use crate::stats::operation::Cost;
use crate::stats::{Reason, Remarks};

/// What an outstanding request is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaiting {
    /// A response, which the server sends as soon as it can.
    Response,
    /// An event that the server sends at a time of its choosing: the age of the request means nothing.
    ServerEvent,
}

/// The user whose step is executed, and the run around it.
pub trait UserContext {
    /// A row of the statistics.
    fn endpoint(&self, row: EndpointId) -> Option<&Endpoint>;

    /// Whether another example of this failure is still needed.
    fn wants_example(&self, row: EndpointId, reason: &Reason) -> bool;

    /// Counts a request of this row as sent, `late` by this much, and as outstanding until
    /// [`request_finished`](Self::request_finished). A step that is dropped before that was aborted.
    fn request_sent(&self, row: EndpointId, late: Option<Duration>, awaiting: Awaiting);

    /// The outstanding request has its response, or will get none.
    fn request_finished(&self);

    /// The user leaves before there is a response: the request counts neither as a success nor as a failure.
    fn request_abandoned(&self);

    /// Records a result in addition to that of the step itself.
    fn record(&self, result: StepResult);

    /// Adds the cost that a response reports to the row.
    fn record_cost(&self, row: EndpointId, cost: &Cost);

    /// Adds to the row what was unusual about a response.
    fn record_remarks(&self, row: EndpointId, remarks: &Remarks);

    /// The step was delayed for this long by a pause of the run. No timing includes it.
    fn add_paused_time(&self, length: Duration);

    /// The trace of `katydid try`; `None` in a run.
    fn trace(&self) -> Option<&dyn Trace>;

    /// True if the user must leave and cannot continue until `end` (`None`: indefinitely).
    fn must_leave(&self, end: Option<Instant>) -> bool;

    /// Notified when [`must_leave`](Self::must_leave) may have changed.
    fn wakeup(&self) -> &Notify;

    /// Makes the user leave: the steps after this one are skipped.
    fn leave(&self);
}
