//! What the launcher does in the background: reading scenarios, looking for changed files, probing Redis servers.

use super::Loop;
use super::lister::Lister;
use crate::tui::event::Event;
use crate::tui::model::Listing;

impl Loop<'_> {
    /// True while the list must stay as it is: something refers to its entries, or it is not shown.
    fn is_list_in_use(&self) -> bool {
        let launcher = &self.model.launcher;
        let is_starting = launcher.is_start_due || launcher.checking.is_some();
        is_starting || self.reader.is_reading() || self.leaving.is_some() || self.model.run.is_some()
    }

    /// Looks for new and changed files from time to time.
    pub(super) fn look(&mut self) {
        let launcher = &self.model.launcher;
        if !self.lister.is_due() || self.is_list_in_use() || launcher.to_read().is_some() {
            return;
        }
        let Some(list) = self.starter.list() else { return };
        let (files, sender) = (launcher.files(), self.sender.clone());
        let work = move || {
            let is_changed = files.iter().map(|stamps| stamps.as_ref().is_some_and(|one| !one.are_current())).collect();
            let _ = sender.send(Event::Listed(Listing { entries: list(), is_changed }));
        };
        // If no thread can be started, the list stays as it is.
        self.lister.is_listing = std::thread::Builder::new().name("files".into()).spawn(work).is_ok();
    }

    pub(super) fn listed(&mut self, listing: Listing) {
        self.lister = Lister::listed();
        if !self.is_list_in_use() {
            self.dirty |= self.model.launcher.list(listing);
        }
    }

    /// True if the files of an entry of the shown list have changed since it was read.
    pub(super) fn has_changed(&self, index: usize) -> bool {
        let reading = self.model.launcher.items.get(index).and_then(|item| item.reading.as_ref());
        self.model.run.is_none() && reading.is_some_and(|reading| !reading.stamps.are_current())
    }

    /// Gives the reader the next entry of the launcher. Nothing is read during a run.
    pub(super) fn read(&mut self) {
        if self.reader.is_reading() || self.leaving.is_some() || self.model.run.is_some() {
            return;
        }
        if let Some(order) = self.model.launcher.to_read() {
            self.reader.start(order, &self.sender);
        }
    }

    /// True while a frame would only show that an entry is being read.
    pub(super) fn is_held(&self) -> bool {
        self.reader.is_recent() && self.model.run.is_none() && self.model.launcher.is_waiting()
    }

    /// Probes the Redis server of the highlighted scenario, once the launcher is drawn, because resolving and
    /// connecting take time.
    pub(super) fn probe(&mut self) {
        let launcher = &self.model.launcher;
        if self.probing || self.dirty || self.leaving.is_some() || self.model.run.is_some() {
            return;
        }
        let Some((target, secrets)) = launcher.to_ask(self.begun.elapsed()) else { return };
        let Some(ask) = self.starter.probe(target, secrets) else { return };
        let (url, sender) = (target.first_url(), self.sender.clone());
        let work = move || {
            let _ = sender.send(Event::Probed(url, ask()));
        };
        // If no thread can be started, the result stays unknown.
        self.probing = std::thread::Builder::new().name("probe".into()).spawn(work).is_ok();
    }
}
