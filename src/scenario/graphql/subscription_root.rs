//! The root of a subscription, by the rule of GraphQL.js 16: the library follows a later one, and counts selections
//! where this one counts the fields of the response.

use std::collections::HashSet;

use apollo_compiler::ast::{DirectiveList, OperationType, Value};
use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::{ExecutableDocument, Name};

/// The roots of all subscriptions of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Roots {
    /// Each has at most one field.
    pub are_single: bool,
    /// Which fields there are is known before the run: no `@skip` or `@include` depends on a variable.
    pub are_constant: bool,
}

impl Roots {
    pub fn of(document: &ExecutableDocument) -> Self {
        let mut all = Self { are_single: true, are_constant: true };
        for operation in document.operations.iter().filter(|one| one.operation_type == OperationType::Subscription) {
            let mut root = Root { document, fields: HashSet::new(), seen: HashSet::new(), is_constant: true };
            root.collect(&operation.selection_set);
            all.are_single &= root.fields.len() <= 1;
            all.are_constant &= root.is_constant;
        }
        all
    }
}

struct Root<'d> {
    document: &'d ExecutableDocument,
    /// Names in the response.
    fields: HashSet<&'d Name>,
    seen: HashSet<&'d Name>,
    is_constant: bool,
}

impl<'d> Root<'d> {
    fn collect(&mut self, set: &'d SelectionSet) {
        for one in &set.selections {
            if !self.is_included(one.directives()) {
                continue;
            }
            match one {
                Selection::Field(field) => drop(self.fields.insert(field.response_key())),
                Selection::InlineFragment(inline) => self.collect(&inline.selection_set),
                Selection::FragmentSpread(spread) => {
                    if let Some((name, fragment)) = self.document.fragments.get_key_value(&spread.fragment_name)
                        && self.seen.insert(name)
                    {
                        self.collect(&fragment.selection_set);
                    }
                }
            }
        }
    }

    fn is_included(&mut self, directives: &DirectiveList) -> bool {
        [("skip", false), ("include", true)].into_iter().all(|(name, wanted)| {
            let condition = directives.get(name).and_then(|found| found.specified_argument_by_name("if"));
            match condition.map(|value| &**value) {
                Some(Value::Boolean(is)) => *is == wanted,
                Some(_) => {
                    self.is_constant = false;
                    true
                }
                None => true,
            }
        })
    }
}
