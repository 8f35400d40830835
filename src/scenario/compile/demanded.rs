//! Decides which variables of the environment must be set: those that the selected part uses.

use std::collections::BTreeSet;
use std::ops::Range;

use super::builder::Builder;
use super::unset::{Part, Unset};
use crate::scenario::eval::template::TemplateError;
use crate::scenario::plan::{Action, Class, Flow, Step, walk};
use crate::scenario::syntax::diagnostic::Diagnostic;

impl Builder<'_> {
    /// Records a use of a variable that is not set, in the current part.
    pub(super) fn unset(&mut self, at: Range<usize>, error: TemplateError) {
        if self.part != Part::Never {
            self.diagnostics.unset.push(Unset { at, error, part: self.part.clone() });
        }
    }

    /// Runs `work` as a part of the file; a part inside of one that never runs never runs either.
    pub(super) fn within<T>(&mut self, part: Part, work: impl FnOnce(&mut Self) -> T) -> T {
        let part = if self.part == Part::Never { Part::Never } else { part };
        let outer = std::mem::replace(&mut self.part, part);
        let result = work(self);
        self.part = outer;
        result
    }

    /// Errors for the variables that the chosen classes need.
    pub(super) fn demanded(&mut self, chosen: &[Class], flows: &[Flow]) -> Vec<Diagnostic> {
        let mut called = BTreeSet::new();
        for class in chosen {
            let tasks = class.tasks.iter().map(|task| &task.steps);
            for steps in [&class.on_start, &class.on_stop].into_iter().chain(tasks) {
                follow(steps, flows, &mut called);
            }
        }
        let runs = |part: &Part| match part {
            Part::Always => true,
            Part::Never => false,
            Part::Class(name) => chosen.iter().any(|class| *class.name == **name),
            Part::Flow(flow) => called.contains(&flow.0),
        };
        let needed = std::mem::take(&mut self.diagnostics.unset).into_iter().filter(|unset| runs(&unset.part));
        needed
            .map(|unset| Diagnostic { at: unset.at, message: unset.error.message, notes: unset.error.notes })
            .collect()
    }
}

/// Adds the flows that these steps call, directly or not.
fn follow(steps: &[Step], flows: &[Flow], called: &mut BTreeSet<u32>) {
    let mut found = Vec::new();
    walk(steps, &mut |action| {
        if let Action::Call { flow, .. } = action {
            found.push(*flow);
        }
    });
    for flow in found {
        if called.insert(flow.0)
            && let Some(flow) = flows.get(flow.0 as usize)
        {
            follow(&flow.steps, flows, called);
        }
    }
}
