//! Which names hold a value by the time a step runs, as far as the order of the steps can tell.
//!
//! In: the names that steps give a value, in the order in which they are compiled. Out: the names that are read before.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;

/// The names that have a value so far, and those that were read without one.
#[derive(Debug, Clone, Default)]
pub(crate) struct DefiniteAssignment {
    watching: Cell<bool>,
    names: RefCell<HashSet<Rc<str>>>,
    /// The same in order, so that what a task gave can be taken back.
    order: RefCell<Vec<Rc<str>>>,
    early: RefCell<Vec<String>>,
}

impl DefiniteAssignment {
    /// Watches from now on, or not; says whether it did before.
    pub fn watch(&self, watching: bool) -> bool {
        self.watching.replace(watching)
    }

    /// Whether it watches.
    pub fn watching(&self) -> bool {
        self.watching.get()
    }

    /// A step gives this name a value.
    pub fn give(&self, name: &str) {
        if self.watching() && !self.names.borrow().contains(name) {
            let name: Rc<str> = name.into();
            self.names.borrow_mut().insert(Rc::clone(&name));
            self.order.borrow_mut().push(name);
        }
    }

    /// A template reads this name. `asked`: it also says what to do without a value.
    pub(super) fn read(&self, name: &str, asked: bool) {
        if !self.watching() || self.names.borrow().contains(name) {
            return;
        }
        if !asked {
            self.early.borrow_mut().push(name.to_owned());
        }
        // Once is enough.
        self.give(name);
    }

    /// How much was given so far: for [`DefiniteAssignment::rewind`].
    pub fn mark(&self) -> usize {
        self.order.borrow().len()
    }

    /// Forgets what was given since the mark.
    pub fn rewind(&self, mark: usize) {
        let mut names = self.names.borrow_mut();
        let mut order = self.order.borrow_mut();
        let mark = mark.min(order.len());
        for name in order.drain(mark..) {
            names.remove(&name);
        }
    }

    /// The names that were read too early since the last call.
    pub fn early(&self) -> Vec<String> {
        self.early.take()
    }
}
