//! State of the launcher: the scenarios, the highlighted one, and what was read of them so far.

use std::sync::Arc;
use std::time::Duration;

use super::checking::{Checking, Diagnosis};
use crate::scenario::catalog::Entry;
use crate::scenario::plan::RedisTarget;
use crate::scenario::secrets::Redactor;
use crate::scenario::{Overrides, Scenario, ScenarioError};
use crate::tui::preview::Preview;
use crate::tui::reading::{ReadRequest, Reading};
use crate::tui::starter::ProbeError;

/// Shown if no scenario is found.
const EMPTY: &str = "No scenario here. Put a YAML file into ./scenarios, or name one with -f FILE.";

/// The list of scenarios, and values that replace those of the file.
pub(crate) struct Launcher {
    pub items: Vec<Item>,
    /// Index into `items`.
    pub selected: usize,
    /// The entry that was highlighted when its file vanished, until another one is chosen: editors replace files.
    pub vanished: Option<Entry>,
    pub overrides: Overrides,
    pub filter: String,
    pub scroll: usize,
    /// Why the highlighted scenario could not be started, until another is highlighted.
    pub refused: Option<String>,
    /// Start the highlighted scenario as soon as it has been read.
    pub is_start_due: bool,
    /// A start that waits for the checks before it.
    pub checking: Option<Checking>,
    /// The last checks that were asked for.
    pub diagnosis: Option<Diagnosis>,
    /// Systems that runs are sent to.
    pub destinations: Vec<String>,
    /// The last result of probing a Redis server.
    pub probed: Option<ProbeResult>,
}

/// A scenario in the list.
pub(crate) struct Item {
    pub entry: Entry,
    /// `None` until it has been read.
    pub reading: Option<Reading>,
    /// Its files have changed since.
    pub is_changed: bool,
}

/// Whether a Redis server responds, probed before the start.
#[derive(Debug)]
pub(crate) struct ProbeResult {
    pub url: Arc<str>,
    pub answer: Result<(), ProbeError>,
    /// When it was probed: time since the start of the screen.
    pub at: Duration,
}

/// What is shown beside the list.
pub(crate) enum Shown<'a> {
    /// The filter hides all scenarios.
    NoMatch,
    /// The highlighted scenario has not been read yet.
    Waiting,
    Preview(&'a Preview),
    Error(&'a str),
}

impl Item {
    pub fn new(entry: Entry) -> Self {
        Self { entry, reading: None, is_changed: false }
    }

    /// The scenario, if it has been read.
    pub fn scenario(&self) -> Option<&Result<Scenario, ScenarioError>> {
        self.reading.as_ref().map(|reading| &reading.scenario)
    }

    /// Its error, if it was read and has one.
    pub fn error(&self) -> Option<&ScenarioError> {
        self.scenario()?.as_ref().err()
    }
}

impl Launcher {
    pub fn new(entries: Vec<Entry>, overrides: Overrides) -> Self {
        Self {
            selected: 0,
            vanished: None,
            items: entries.into_iter().map(Item::new).collect(),
            overrides,
            filter: String::new(),
            scroll: 0,
            refused: None,
            is_start_due: false,
            checking: None,
            diagnosis: None,
            destinations: Vec::new(),
            probed: None,
        }
    }

    /// Resets what belongs to the previously highlighted scenario or to previous overrides.
    pub fn refresh(&mut self) {
        self.scroll = 0;
        self.refused = None;
        self.is_start_due = false;
        self.checking = None;
    }

    /// The highlighted entry.
    pub fn item(&self) -> Option<&Item> {
        self.items.get(self.selected)
    }

    /// What is shown of the highlighted entry. After a change of overrides, it is the previous preview until the entry
    /// has been read again.
    pub fn shown(&self) -> Shown<'_> {
        if !self.filter.is_empty() && self.visible().is_empty() {
            return Shown::NoMatch;
        }
        if let Some(why) = &self.refused {
            return Shown::Error(why);
        }
        let Some(item) = self.item() else { return Shown::Error(EMPTY) };
        match item.reading.as_ref().map(|reading| &reading.preview) {
            None => Shown::Waiting,
            Some(Ok(preview)) => Shown::Preview(preview),
            Some(Err(why)) => Shown::Error(why),
        }
    }

    /// The preview of the highlighted entry, if there is one.
    pub fn preview(&self) -> Option<&Preview> {
        match self.shown() {
            Shown::Preview(preview) => Some(preview),
            Shown::NoMatch | Shown::Waiting | Shown::Error(_) => None,
        }
    }

    /// Why the highlighted entry must not be run against the current host.
    pub fn refusal(&self) -> Option<&'static str> {
        self.item()?.reading.as_ref()?.refusal
    }

    /// True if what is shown of the highlighted entry is outdated.
    pub fn is_waiting(&self) -> bool {
        self.item().is_some_and(|item| self.is_due(item))
    }

    fn is_due(&self, item: &Item) -> bool {
        item.is_changed || item.reading.as_ref().is_none_or(|reading| reading.overrides != self.overrides)
    }

    /// The next entry to read: the highlighted one, then the others in order, so that broken ones are marked.
    pub fn to_read(&self) -> Option<ReadRequest> {
        let order = std::iter::once(self.selected).chain(0..self.items.len());
        let due = |index: &usize| self.items.get(*index).is_some_and(|item| self.is_due(item));
        let index = order.into_iter().find(due)?;
        let item = self.items.get(index)?;
        let known = item.reading.as_ref().filter(|_| !item.is_changed);
        let known = known.map(|reading| (reading.scenario.clone(), reading.stamps.clone()));
        Some(ReadRequest { index, entry: item.entry.clone(), known, overrides: self.overrides.clone() })
    }

    /// Stores the result of reading an entry.
    pub fn take(&mut self, index: usize, reading: Reading) {
        if let Some(item) = self.items.get_mut(index) {
            item.reading = Some(reading);
            item.is_changed = false;
        }
    }

    /// The Redis server of the highlighted entry, if it is due to be probed: more often while it does not respond,
    /// because somebody may be starting it.
    pub fn to_ask(&self, now: Duration) -> Option<&(RedisTarget, Arc<Redactor>)> {
        let found = self.preview()?.redis.as_ref()?;
        let known = self.probed.as_ref().filter(|probed| probed.url == found.0.first_url());
        let due = known.is_none_or(|probed| {
            let pause = Duration::from_secs(if probed.answer.is_ok() { 10 } else { 2 });
            now.saturating_sub(probed.at) >= pause
        });
        due.then_some(found)
    }

    /// Indices of the entries that match the filter.
    pub fn visible(&self) -> Vec<usize> {
        let wanted = self.filter.to_lowercase();
        (0..self.items.len()).filter(|i| self.items[*i].entry.name.to_lowercase().contains(&wanted)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::catalog::Origin;

    fn launcher(names: &[&str]) -> Launcher {
        let scenario = || Scenario::parse("s.yaml", "host: http://h\ntasks: [{ steps: [{ get: / }] }]");
        let entries = names.iter().map(|name| Entry::known(name, Origin::Folder, scenario())).collect();
        Launcher::new(entries, Overrides::default())
    }

    /// Reads up to `most` pending entries; returns their indices in order.
    fn read(launcher: &mut Launcher, most: usize) -> Vec<usize> {
        let mut indices = Vec::new();
        while let Some(request) = launcher.to_read().filter(|_| indices.len() < most) {
            indices.push(request.index);
            launcher.take(request.index, request.read());
        }
        indices
    }

    #[test]
    fn the_highlighted_entry_is_read_first() {
        let mut launcher = launcher(&["a", "b", "c", "d"]);
        launcher.selected = 2;
        assert!(matches!(launcher.shown(), Shown::Waiting) && launcher.is_waiting());
        assert_eq!(read(&mut launcher, 2), [2, 0]);
        launcher.selected = 3;
        assert_eq!(read(&mut launcher, 9), [3, 1]);
        launcher.selected = 0;
        assert!(launcher.preview().is_some() && !launcher.is_waiting());
        assert_eq!(read(&mut launcher, 9), [0; 0]);
    }

    #[test]
    fn changed_overrides_update_the_preview() {
        let mut launcher = launcher(&["a", "b"]);
        read(&mut launcher, 9);
        launcher.overrides.run_time = Some(Some(Duration::from_secs(7)));
        launcher.refresh();
        assert!(launcher.is_waiting() && launcher.preview().is_some(), "what was known is shown meanwhile");
        assert!(launcher.to_read().is_some_and(|request| request.known.is_some()));
        assert_eq!(read(&mut launcher, 9), [0, 1]);
        assert_eq!(launcher.preview().unwrap().load.run_time, Some(Duration::from_secs(7)));
    }
}
