//! What a session needs of the user whose step it executes.

use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::result::StepResult;
use super::trace::Trace;
use crate::scenario::plan::{Endpoint, EndpointId};
use crate::stats::operation::Cost;
use crate::stats::{Reason, Remarks};

/// How soon a response may be expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// As soon as the server can.
    Soon,
    /// When the server has something to say: its age says nothing.
    Whenever,
}

/// The user whose step is executed, and the run around it.
pub trait UserContext {
    /// A row of the statistics.
    fn endpoint(&self, row: EndpointId) -> Option<&Endpoint>;

    /// True while an example of this failure is still of use.
    fn wants_example(&self, row: EndpointId, reason: &Reason) -> bool;

    /// A request of this row goes out, `late` by so much. It is on the wire until [`answered`](Self::answered); if the
    /// step is dropped before that, it was aborted.
    fn sent(&self, row: EndpointId, late: Option<Duration>, expected: Expected);

    /// What was sent has its response, or will have none.
    fn answered(&self);

    /// The user leaves before there is a response, which is nobody's failure.
    fn abandoned(&self);

    /// Counts a result besides that of the step itself.
    fn record(&self, result: StepResult);

    /// Counts what a response says that it cost.
    fn charge(&self, row: EndpointId, cost: &Cost);

    /// Counts what was odd about a response.
    fn remark(&self, row: EndpointId, remarks: &Remarks);

    /// The step was held for this long by a pause of our own, which is not part of any time.
    fn held(&self, length: Duration);

    /// Who watches, if anybody does: only a trial is watched.
    fn trace(&self) -> Option<&dyn Trace>;

    /// True when the user leaves and cannot go on until `end`; `None` is without an end.
    fn must_leave(&self, end: Option<Instant>) -> bool;

    /// Notified when [`must_leave`](Self::must_leave) may have changed.
    fn woken(&self) -> &Notify;

    /// The user has to leave: the steps after this one are not done.
    fn leave(&self);
}
