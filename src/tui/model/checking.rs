//! Checks that run in the background. Their numbers tell late answers from current ones.

use crate::doctor::{self, Answer};
use crate::scenario::Overrides;

/// A start that waits for the checks before it.
#[derive(Debug)]
pub(crate) struct Checking {
    pub number: u64,
    pub index: usize,
    pub overrides: Overrides,
}

/// The checks that a person asked for.
#[derive(Debug)]
pub(crate) struct Diagnosis {
    pub number: u64,
    /// `None` until they have finished.
    pub answers: Option<Vec<Answer>>,
}

impl Diagnosis {
    /// What the answers amount to.
    pub fn summary(&self) -> String {
        self.answers.as_ref().map_or_else(|| "checking".to_owned(), |answers| doctor::summary(answers))
    }
}
