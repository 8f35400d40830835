//! Variables of the environment that are not set: an error only if the part that uses them runs.

use std::ops::Range;

use crate::scenario::eval::template::TemplateError;
use crate::scenario::plan::FlowId;

/// A use of a variable that is not set.
#[derive(Debug)]
pub(super) struct Unset {
    /// Position of the use.
    pub at: Range<usize>,
    /// The error.
    pub error: TemplateError,
    /// Where it is.
    pub part: Part,
}

/// Part of the file that uses a variable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Part {
    /// Runs always, or contains a selected task.
    #[default]
    Always,
    /// Never runs with this selection.
    Never,
    /// `on_start` and `on_stop`: if the class runs.
    Class(String),
    /// If a step that runs calls it.
    Flow(FlowId),
}

impl Part {
    /// The flow with this index.
    pub fn flow(index: usize) -> Self {
        // A file of at most 1 MB has fewer than u32::MAX flows.
        Self::Flow(FlowId(u32::try_from(index).unwrap_or(u32::MAX)))
    }
}
