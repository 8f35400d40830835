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
pub(super) struct Mark {
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

    /// Where everything ends that came so far.
    pub fn mark(&self) -> Mark {
        Mark { parts: self.parts.len(), calls: self.calls.len() }
    }

    /// Takes back what came after the mark.
    pub fn forget(&mut self, mark: Mark) {
        self.parts.truncate(mark.parts);
        self.calls.truncate(mark.calls);
    }
}
