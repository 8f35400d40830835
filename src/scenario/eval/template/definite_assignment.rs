//! Which variables are set when a step runs, as far as the order of steps tells.
//!
//! In: variables that are set and read, in the order in which steps are compiled. Out: those read before they are set.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;

/// Variables that are set so far, and those that were read before.
#[derive(Debug, Clone, Default)]
pub(crate) struct DefiniteAssignment {
    watching: Cell<bool>,
    names: RefCell<HashSet<Rc<str>>>,
    /// The same in order, so that the variables of a task can be removed again.
    order: RefCell<Vec<Rc<str>>>,
    early: RefCell<Vec<String>>,
}

impl DefiniteAssignment {
    /// Enables or disables tracking; returns whether it was enabled.
    pub fn watch(&self, watching: bool) -> bool {
        self.watching.replace(watching)
    }

    /// Whether tracking is enabled.
    pub fn watching(&self) -> bool {
        self.watching.get()
    }

    /// A step sets this variable.
    pub fn assign(&self, name: &str) {
        if self.watching() && !self.names.borrow().contains(name) {
            let name: Rc<str> = name.into();
            self.names.borrow_mut().insert(Rc::clone(&name));
            self.order.borrow_mut().push(name);
        }
    }

    /// A template reads this variable. `asked`: the template handles an undefined value.
    pub(super) fn read(&self, name: &str, asked: bool) {
        if !self.watching() || self.names.borrow().contains(name) {
            return;
        }
        if !asked {
            self.early.borrow_mut().push(name.to_owned());
        }
        // Report it only once.
        self.assign(name);
    }

    /// The current position, for [`DefiniteAssignment::rewind`].
    pub fn mark(&self) -> usize {
        self.order.borrow().len()
    }

    /// Forgets the variables set since `mark`.
    pub fn rewind(&self, mark: usize) {
        let mut names = self.names.borrow_mut();
        let mut order = self.order.borrow_mut();
        let mark = mark.min(order.len());
        for name in order.drain(mark..) {
            names.remove(&name);
        }
    }

    /// The variables read too early since the last call.
    pub fn early(&self) -> Vec<String> {
        self.early.take()
    }
}
