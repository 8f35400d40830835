//! Reports a warm-up that is as long as the run.

use super::plan::Schedule;
use super::syntax::diagnostic::Diagnostic;
use super::syntax::node::Node;
use crate::units;

/// Error for a `warm_up` that is not shorter than the run.
pub(super) fn not_shorter(root: &Node, schedule: &Schedule) -> Option<Diagnostic> {
    let length = schedule.length().filter(|length| !length.is_zero() && schedule.warm_up() >= *length)?;
    let (_, node) = root.entries().iter().find(|(key, _)| key.name == "warm_up")?;
    let message =
        format!("the warm-up is not shorter than the run of {}: nothing would be counted", units::plain(length));
    Some(Diagnostic::new(node.at.clone(), message).note("use a shorter warm_up, or a longer run_time"))
}
