//! A request in progress.

use std::time::Instant;

use super::response::Response;
use crate::protocol::result::StepResult;

/// A request in progress. Results are stored as soon as they are known, because the request may be aborted at any time;
/// the response is stored here because moving it between functions is expensive.
#[derive(Debug)]
pub struct Transfer<'a> {
    /// When the first attempt was sent.
    pub(super) started: Instant,
    /// Filled in as the request progresses.
    pub result: &'a mut StepResult,
    /// The response, once it is complete.
    pub response: Option<Response>,
}

impl<'a> Transfer<'a> {
    /// Starts a request now.
    pub fn begin(result: &'a mut StepResult) -> Self {
        Self { started: Instant::now(), result, response: None }
    }

    /// When the first attempt was sent.
    pub fn started(&self) -> Instant {
        self.started
    }
}
