//! Flows of a file, and their callers.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::tag_filter::TagContext;
use crate::scenario::plan::FlowId;

/// Flows known while steps are compiled.
#[derive(Debug, Default)]
pub(super) struct FlowTable {
    /// Id and position of each flow.
    pub ids: HashMap<String, (FlowId, Range<usize>)>,
    /// Names of flows that are called.
    pub called: HashSet<String>,
    /// Names that flows assign.
    pub assigned: Vec<String>,
    /// Selected parts of flows that calls use, with `--tags`.
    pub parts: Vec<(String, TagContext)>,
    /// Tags of the steps and tasks around each call.
    pub calls: Vec<(String, FlowId)>,
    /// Flow that is being compiled.
    pub current: Option<String>,
}

/// Number of parts and calls, for rolling back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checkpoint {
    parts: usize,
    calls: usize,
}

impl FlowTable {
    /// Id of the part of a flow that a call in this context runs.
    pub fn part(&mut self, name: &str, context: TagContext) -> FlowId {
        let part = (name.to_owned(), context);
        let known = self.parts.iter().position(|known| *known == part);
        let index = known.unwrap_or_else(|| {
            self.parts.push(part);
            self.parts.len() - 1
        });
        FlowId(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// Current state, for [`Self::roll_back`].
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { parts: self.parts.len(), calls: self.calls.len() }
    }

    /// Removes what was added after the checkpoint.
    pub fn roll_back(&mut self, checkpoint: Checkpoint) {
        self.parts.truncate(checkpoint.parts);
        self.calls.truncate(checkpoint.calls);
    }
}
