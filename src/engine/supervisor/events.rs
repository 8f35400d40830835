//! Notes and changes of the load, in the order of their times.

use std::time::{Duration, SystemTime};

use super::Control;
use crate::stats::snapshot::RunEvent;

impl Control {
    /// Adds a note, which does not change the load.
    pub(super) fn add_note(&mut self, text: String) {
        self.add_event(self.clock.elapsed(), text, false);
    }

    /// Adds a change of the load.
    pub(super) fn add_load_change(&mut self, text: String) {
        self.add_event(self.clock.elapsed(), text, true);
    }

    pub(super) fn add_event(&mut self, elapsed: Duration, text: String, is_load_change: bool) {
        let event = RunEvent { elapsed, at: SystemTime::now(), text: text.into(), is_load_change };
        if self.warm_up.is_awaited() {
            self.held.push(event);
        } else {
            self.aggregator.event(event);
        }
    }

    /// Adds the events that waited for the end of a warm-up.
    pub(super) fn release_events(&mut self) {
        for event in std::mem::take(&mut self.held) {
            self.aggregator.event(event);
        }
    }
}
