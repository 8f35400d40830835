//! The flows of a file, and who calls them.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::tag_filter::TagContext;
use crate::scenario::plan::FlowId;

/// What is known of flows while steps are compiled.
#[derive(Debug, Default)]
pub(super) struct FlowTable {
    /// Number and place of each flow's key.
    pub ids: HashMap<String, (FlowId, Range<usize>)>,
    /// Those that some step calls.
    pub called: HashSet<String>,
    /// Names that any flow gives a value.
    pub assigned: Vec<String>,
    /// The parts of flows that calls need, where `--tags` takes parts.
    pub parts: Vec<(String, TagContext)>,
    /// The tags around each call.
    pub calls: Vec<(String, FlowId)>,
    /// The flow that is being compiled.
    pub current: Option<String>,
}

/// How many parts and calls there are at some moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checkpoint {
    parts: usize,
    calls: usize,
}

impl FlowTable {
    /// The number of the part of a flow that a call in this context runs.
    pub fn part(&mut self, name: &str, context: TagContext) -> FlowId {
        let part = (name.to_owned(), context);
        let known = self.parts.iter().position(|known| *known == part);
        let index = known.unwrap_or_else(|| {
            self.parts.push(part);
            self.parts.len() - 1
        });
        FlowId(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The current state, for [`Self::roll_back`].
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { parts: self.parts.len(), calls: self.calls.len() }
    }

    /// Removes what was added after the checkpoint.
    pub fn roll_back(&mut self, checkpoint: Checkpoint) {
        self.parts.truncate(checkpoint.parts);
        self.calls.truncate(checkpoint.calls);
    }
}
