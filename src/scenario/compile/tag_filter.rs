//! `--tags` and `--exclude-tags`: which tasks and steps are taken.

use std::collections::HashSet;

use crate::scenario::plan::SelectOptions;

/// Whether a step without tags is selected, by its context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TagContext {
    /// It is in no task and belongs to all.
    Shared,
    /// It is called by something that is selected.
    Selected,
    /// It is in a task, or called by something, that is not selected.
    NotSelected,
}

/// The filter, and where in the file the compiler is.
#[derive(Debug)]
pub(super) struct TagFilter<'a> {
    /// Values of the flags.
    pub select: &'a SelectOptions,
    /// Tags of the current task and step.
    pub current: Vec<String>,
    /// What becomes of steps without tags.
    pub context: TagContext,
    /// The flows in which some step is selected by its own tags, also in flows that they call.
    pub selected_flows: HashSet<String>,
}

impl<'a> TagFilter<'a> {
    pub fn new(select: &'a SelectOptions) -> Self {
        Self { select, current: Vec::new(), context: TagContext::Shared, selected_flows: HashSet::new() }
    }

    /// Whether `--tags` takes a part of each flow.
    pub fn has_tags(&self) -> bool {
        !self.select.tags.is_empty()
    }

    /// Whether a row of the file may be missing because it was filtered out.
    pub fn is_partial(&self) -> bool {
        self.has_tags() || !self.select.exclude_tags.is_empty()
    }

    /// Whether something with these tags is left out.
    pub fn excluded(&self, tags: &[String]) -> bool {
        tags.iter().any(|tag| self.select.exclude_tags.contains(tag))
    }

    /// Whether one of these tags is selected.
    pub fn selects(&self, tags: &[String]) -> bool {
        tags.iter().any(|tag| self.select.tags.contains(tag))
    }

    /// Whether a step is selected, by its own tags or those around it. Outside of tasks what has no tags belongs to all.
    pub fn wanted(&self, tags: &[String]) -> bool {
        let by_itself = match self.context {
            TagContext::Shared => tags.is_empty() && self.current.is_empty(),
            TagContext::Selected => true,
            TagContext::NotSelected => false,
        };
        !self.has_tags() || by_itself || self.selects(tags) || self.selects(&self.current)
    }

    /// What the steps of a flow are in that is called here.
    pub fn context_here(&self) -> TagContext {
        match self.wanted(&[]) {
            true if self.context == TagContext::Shared && self.current.is_empty() => TagContext::Shared,
            true => TagContext::Selected,
            false => TagContext::NotSelected,
        }
    }
}
