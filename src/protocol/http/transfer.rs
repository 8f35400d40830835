//! A request under way.

use std::time::Instant;

use super::response::Response;
use crate::protocol::result::StepResult;

/// A request under way. What comes is noted here at once and in place: the rest may never come, and a response is large
/// to be handed on from function to function.
#[derive(Debug)]
pub struct Transfer<'a> {
    /// When it was sent first.
    pub(super) started: Instant,
    /// What is measured, and how it ends.
    pub result: &'a mut StepResult,
    /// The response, once it is whole.
    pub response: Option<Response>,
}

impl<'a> Transfer<'a> {
    /// One that begins now.
    pub fn begin(result: &'a mut StepResult) -> Self {
        Self { started: Instant::now(), result, response: None }
    }

    /// When it was sent first.
    pub fn started(&self) -> Instant {
        self.started
    }
}
