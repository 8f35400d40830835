//! Checks on threads of their own, so that the screen never waits for a server.

use super::Loop;
use crate::doctor;
use crate::scenario::Overrides;
use crate::tui::event::Event;

impl Loop<'_> {
    /// Begins the checks before a start, if there are any; returns their number. Without a thread, the run starts
    /// unchecked.
    pub(super) fn preflight(&mut self, index: usize, overrides: &Overrides) -> Option<u64> {
        let scenario = self.model.launcher.items.get(index)?.scenario()?.as_ref().ok()?;
        let subject = self.starter.preflight(scenario, overrides)?;
        self.in_background(move |number| Event::Checked(number, doctor::preflight(subject)))
    }

    /// Begins all checks of the highlighted scenario; returns their number.
    pub(super) fn diagnose(&mut self) -> Option<u64> {
        let launcher = &self.model.launcher;
        let scenario = launcher.item()?.scenario()?.clone();
        let subject = self.starter.diagnosis(scenario, &launcher.overrides)?;
        self.in_background(move |number| Event::Diagnosed(number, doctor::run(subject)))
    }

    fn in_background(&mut self, event: impl FnOnce(u64) -> Event + Send + 'static) -> Option<u64> {
        self.checks += 1;
        let (number, sender) = (self.checks, self.sender.clone());
        let work = move || {
            // Fails if the screen was closed meanwhile.
            let _ = sender.send(event(number));
        };
        std::thread::Builder::new().name("checks".into()).spawn(work).ok().map(|_| number)
    }
}
