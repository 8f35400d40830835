//! Suspends the program, as Ctrl-Z does in a shell.

use std::time::Instant;

use super::Loop;
use super::leaving::GRACE;
use crate::engine::Command;
use crate::stats::snapshot::RunState;
use crate::tui::event::Event;
use crate::tui::exit::TuiError;
use crate::tui::terminal::Screen;

impl Loop<'_> {
    /// Pauses the load first: a suspended process would delay requests and falsify their latencies.
    pub(super) fn suspend(&mut self, screen: &mut Screen) -> Result<(), TuiError> {
        let state = self.model.run.as_ref().map(|r| r.latest.state);
        let pause = matches!(state, Some(RunState::Ramping | RunState::Running)) && self.handle.is_some();
        if pause && let Some(handle) = &self.handle {
            let _ = handle.send(Command::Pause);
            self.wait_for_pause();
        }
        screen.suspend()?;
        if pause && let Some(handle) = &self.handle {
            let _ = handle.send(Command::Resume);
        }
        self.dirty = true;
        Ok(())
    }

    fn wait_for_pause(&mut self) {
        let end = Instant::now() + GRACE;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            let Ok(event) = self.events.recv_timeout(left) else { return };
            let quiet = matches!(&event, Event::Snapshot(_, s) if s.load.in_flight == 0 && s.state == RunState::Paused);
            self.waiting.push_back(event);
            if quiet {
                return;
            }
        }
    }
}
