//! What a run has sent to another system so far, for the screen.

use std::sync::Arc;
use std::time::SystemTime;

/// State of sending to one system, during and after a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// Name of the system, such as `Datadog`.
    pub to: &'static str,
    /// What was sent: `41 batches`.
    pub sent: String,
    /// What was lost, if something was: `214 points dropped`.
    pub lost: Option<String>,
    /// Latest response or error, with its time; or why nothing more is sent.
    pub last: Option<(Arc<str>, SystemTime)>,
}
