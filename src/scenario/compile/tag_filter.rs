//! Selects tasks and steps by `--tags` and `--exclude-tags`.

use std::collections::HashSet;

use crate::scenario::plan::SelectOptions;

/// Context of a step, which determines whether a step without tags is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TagContext {
    /// Not in a task: selected.
    Shared,
    /// Called by a selected step.
    Selected,
    /// In a task or called by a step that is not selected.
    NotSelected,
}

/// The filter, and its current position in the file.
#[derive(Debug)]
pub(super) struct TagFilter<'a> {
    /// Values of the flags.
    pub select: &'a SelectOptions,
    /// Tags of the current task and step.
    pub current: Vec<String>,
    /// Context of the current step.
    pub context: TagContext,
    /// Flows that contain a step selected by its own tags, including indirectly called flows.
    pub selected_flows: HashSet<String>,
}

impl<'a> TagFilter<'a> {
    pub fn new(select: &'a SelectOptions) -> Self {
        Self { select, current: Vec::new(), context: TagContext::Shared, selected_flows: HashSet::new() }
    }

    /// True if `--tags` is set, which selects parts of flows.
    pub fn has_tags(&self) -> bool {
        !self.select.tags.is_empty()
    }

    /// True if rows of the file may be missing because of the filter.
    pub fn is_partial(&self) -> bool {
        self.has_tags() || !self.select.exclude_tags.is_empty()
    }

    /// True if something with these tags is excluded.
    pub fn excluded(&self, tags: &[String]) -> bool {
        tags.iter().any(|tag| self.select.exclude_tags.contains(tag))
    }

    /// True if one of these tags is selected.
    pub fn selects(&self, tags: &[String]) -> bool {
        tags.iter().any(|tag| self.select.tags.contains(tag))
    }

    /// True if a step is selected, by its own tags or by its context. Outside of tasks, steps without tags are
    /// selected.
    pub fn wanted(&self, tags: &[String]) -> bool {
        let by_itself = match self.context {
            TagContext::Shared => tags.is_empty() && self.current.is_empty(),
            TagContext::Selected => true,
            TagContext::NotSelected => false,
        };
        !self.has_tags() || by_itself || self.selects(tags) || self.selects(&self.current)
    }

    /// Context of the steps of a flow that is called here.
    pub fn context_here(&self) -> TagContext {
        match self.wanted(&[]) {
            true if self.context == TagContext::Shared && self.current.is_empty() => TagContext::Shared,
            true => TagContext::Selected,
            false => TagContext::NotSelected,
        }
    }
}
