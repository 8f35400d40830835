//! The slots of one shard: which of its users are there.

use std::rc::Rc;

use tokio::task::{AbortHandle, Id};

use crate::engine::signal::Signal;

/// Slot `k` of shard `i` is that of user number `k × shards + i`.
pub enum Slot {
    /// The user runs.
    Taken { task: AbortHandle, signal: Rc<Signal> },
    /// The user has stopped for good and is not replaced.
    Quit,
    /// The user died of a panic; the next command fills the slot again.
    Vacant,
}

impl Slot {
    /// Whether this task is that of its user.
    fn runs(&self, id: Id) -> bool {
        matches!(self, Self::Taken { task, .. } if task.id() == id)
    }
}

/// The slots of one shard; the newest user is last and leaves first.
#[derive(Default)]
pub struct Slots {
    slots: Vec<Slot>,
    vacant: usize,
}

impl Slots {
    /// How many there are, taken or not.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// True without any slot.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// How many users have stopped for good.
    pub fn quit(&self) -> usize {
        self.slots.iter().filter(|slot| matches!(slot, Slot::Quit)).count()
    }

    /// The first slot whose user died.
    pub fn vacancy(&self) -> Option<usize> {
        // Looked for only if there is one: this is asked at every change of the number of users.
        (self.vacant > 0).then(|| self.slots.iter().position(|slot| matches!(slot, Slot::Vacant)))?
    }

    /// The slot of the user with this signal.
    pub fn of(&self, user: &Rc<Signal>) -> Option<usize> {
        self.slots.iter().position(|slot| matches!(slot, Slot::Taken { signal, .. } if Rc::ptr_eq(signal, user)))
    }

    /// Fills the slot at `index`, or a new one behind the last, and returns what was in it.
    pub fn put(&mut self, index: usize, slot: Slot) -> Option<Slot> {
        let Some(old) = self.slots.get_mut(index) else {
            self.slots.push(slot);
            return None;
        };
        let old = std::mem::replace(old, slot);
        self.vacant -= usize::from(matches!(old, Slot::Vacant));
        Some(old)
    }

    /// Removes the newest slot.
    pub fn pop(&mut self) -> Option<Slot> {
        let slot = self.slots.pop()?;
        self.vacant -= usize::from(matches!(slot, Slot::Vacant));
        Some(slot)
    }

    /// The user whose task this is has ended, by a panic or for good. `index` is its slot where that is known.
    pub fn ended(&mut self, id: Id, index: Option<usize>, panicked: bool) {
        // A task that panicked returns no index, which is rare enough to search for its slot.
        let Some(index) = index.or_else(|| self.slots.iter().position(|slot| slot.runs(id))) else { return };
        // By now the slot may be that of another user.
        if let Some(slot) = self.slots.get_mut(index).filter(|slot| slot.runs(id)) {
            *slot = if panicked { Slot::Vacant } else { Slot::Quit };
            self.vacant += usize::from(panicked);
        }
    }

    /// All of them, for tests.
    #[cfg(test)]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }
}
