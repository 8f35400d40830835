//! The user slots of one shard.

use std::rc::Rc;

use tokio::task::{AbortHandle, Id};

use crate::engine::signal::Signal;

/// Slot `k` of shard `i` belongs to user number `k × shards + i`.
pub enum Slot {
    /// The user is running.
    Taken { task: AbortHandle, signal: Rc<Signal> },
    /// The user has stopped for good and is not replaced.
    Quit,
    /// The user panicked; the next command fills the slot again.
    Vacant,
}

impl Slot {
    /// True if this is the task of the slot's user.
    fn has_task(&self, id: Id) -> bool {
        matches!(self, Self::Taken { task, .. } if task.id() == id)
    }
}

/// Slots of one shard, oldest user first; the newest user leaves first.
#[derive(Default)]
pub struct Slots {
    slots: Vec<Slot>,
    vacant: usize,
}

impl Slots {
    /// Number of slots, taken or not.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// True without slots.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Number of users that have stopped for good.
    pub fn quit(&self) -> usize {
        self.slots.iter().filter(|slot| matches!(slot, Slot::Quit)).count()
    }

    /// The first vacant slot.
    pub fn vacancy(&self) -> Option<usize> {
        // This is called at every change of the number of users, so it searches only if there is a vacant slot.
        (self.vacant > 0).then(|| self.slots.iter().position(|slot| matches!(slot, Slot::Vacant)))?
    }

    /// Index of the slot with this signal.
    pub fn of(&self, user: &Rc<Signal>) -> Option<usize> {
        self.slots.iter().position(|slot| matches!(slot, Slot::Taken { signal, .. } if Rc::ptr_eq(signal, user)))
    }

    /// Fills the slot at `index`, or appends a new one; returns the previous content.
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

    /// Marks the slot of a user that has ended. `index`: its slot, if known.
    pub fn ended(&mut self, id: Id, index: Option<usize>, panicked: bool) {
        // A task that panicked returns no index; this is rare, so the slot is searched.
        let Some(index) = index.or_else(|| self.slots.iter().position(|slot| slot.has_task(id))) else { return };
        // The slot may have another user by now.
        if let Some(slot) = self.slots.get_mut(index).filter(|slot| slot.has_task(id)) {
            *slot = if panicked { Slot::Vacant } else { Slot::Quit };
            self.vacant += usize::from(panicked);
        }
    }

    /// All slots.
    #[cfg(test)]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }
}
