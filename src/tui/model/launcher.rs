//! The launcher's state: which scenarios there are, which is highlighted, and what has been read of them so far.

use std::sync::Arc;
use std::time::Duration;

use crate::scenario::catalog::Entry;
use crate::scenario::plan::RedisTarget;
use crate::scenario::secrets::Redactor;
use crate::scenario::{Overrides, Scenario, ScenarioError};
use crate::tui::preview::Preview;
use crate::tui::reading::{ReadRequest, Reading};
use crate::tui::starter::ProbeError;

/// Shown where no scenario is found.
const EMPTY: &str = "No scenario here. Put a YAML file into ./scenarios, or name one with -f FILE.";

/// The list of scenarios, and values that replace those of the file.
pub(crate) struct Launcher {
    pub items: Vec<Item>,
    /// Index into `items`.
    pub selected: usize,
    pub overrides: Overrides,
    pub filter: String,
    pub scroll: usize,
    /// Why the highlighted scenario could not be started, until something else is highlighted.
    pub refused: Option<String>,
    /// The highlighted scenario is started as soon as it has been read.
    pub is_start_due: bool,
    /// The last response of a Redis, and of which.
    pub probed: Option<ProbeResult>,
}

/// A scenario of the list.
pub(crate) struct Item {
    pub entry: Entry,
    /// Not there until the reader has come to it.
    pub reading: Option<Reading>,
}

/// Whether a Redis that was asked before the start responds.
#[derive(Debug)]
pub(crate) struct ProbeResult {
    pub url: Arc<str>,
    pub answer: Result<(), ProbeError>,
    /// When it responded, or failed to: time since the screen began.
    pub at: Duration,
}

/// What the pane beside the list shows.
pub(crate) enum Shown<'a> {
    /// The highlighted scenario has not been read yet.
    Waiting,
    Preview(&'a Preview),
    Error(&'a str),
}

impl Item {
    pub fn new(entry: Entry) -> Self {
        Self { entry, reading: None }
    }

    /// The scenario, once it has been read.
    pub fn scenario(&self) -> Option<&Result<Scenario, ScenarioError>> {
        self.reading.as_ref().map(|reading| &reading.scenario)
    }

    /// What is wrong with it, as far as that is known.
    pub fn error(&self) -> Option<&ScenarioError> {
        self.scenario()?.as_ref().err()
    }
}

impl Launcher {
    pub fn new(entries: Vec<Entry>, overrides: Overrides) -> Self {
        Self {
            selected: 0,
            items: entries.into_iter().map(Item::new).collect(),
            overrides,
            filter: String::new(),
            scroll: 0,
            refused: None,
            is_start_due: false,
            probed: None,
        }
    }

    /// Forgets what belongs to the scenario or to the values that were highlighted before.
    pub fn refresh(&mut self) {
        self.scroll = 0;
        self.refused = None;
        self.is_start_due = false;
    }

    /// The highlighted entry.
    pub fn item(&self) -> Option<&Item> {
        self.items.get(self.selected)
    }

    /// What is known of the highlighted entry. After a change of the values it is the preview from before, for the
    /// moment that the reader needs.
    pub fn shown(&self) -> Shown<'_> {
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

    /// The preview of the highlighted entry, if it has one.
    pub fn preview(&self) -> Option<&Preview> {
        match self.shown() {
            Shown::Preview(preview) => Some(preview),
            Shown::Waiting | Shown::Error(_) => None,
        }
    }

    /// Why the highlighted entry is not sent to the host that is set now.
    pub fn refusal(&self) -> Option<&'static str> {
        self.item()?.reading.as_ref()?.refusal
    }

    /// True when what is shown of the highlighted entry is not up to date.
    pub fn is_waiting(&self) -> bool {
        self.item().is_some_and(|item| self.is_due(item))
    }

    fn is_due(&self, item: &Item) -> bool {
        item.reading.as_ref().is_none_or(|reading| reading.overrides != self.overrides)
    }

    /// What is to be read next: the highlighted entry, then the others in their order, so that all broken ones are marked
    /// and the cursor never has to wait.
    pub fn to_read(&self) -> Option<ReadRequest> {
        let order = std::iter::once(self.selected).chain(0..self.items.len());
        let due = |index: &usize| self.items.get(*index).is_some_and(|item| self.is_due(item));
        let index = order.into_iter().find(due)?;
        let item = self.items.get(index)?;
        let known = item.scenario().cloned();
        Some(ReadRequest { index, entry: item.entry.clone(), known, overrides: self.overrides.clone() })
    }

    /// Takes what was read.
    pub fn take(&mut self, index: usize, reading: Reading) {
        if let Some(item) = self.items.get_mut(index) {
            item.reading = Some(reading);
        }
    }

    /// The Redis of the highlighted entry, where it is time to ask it (again): often while it does not respond, because
    /// somebody may be starting it.
    pub fn to_ask(&self, now: Duration) -> Option<&(RedisTarget, Arc<Redactor>)> {
        let found = self.preview()?.redis.as_ref()?;
        let known = self.probed.as_ref().filter(|probed| probed.url == found.0.url);
        let due = known.is_none_or(|probed| {
            let pause = Duration::from_secs(if probed.answer.is_ok() { 10 } else { 2 });
            now.saturating_sub(probed.at) >= pause
        });
        due.then_some(found)
    }

    /// Indices of the entries that pass the filter.
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

    /// Reads what is due, `most` entries at most; the indices in their order.
    fn read(launcher: &mut Launcher, most: usize) -> Vec<usize> {
        let mut indices = Vec::new();
        while let Some(request) = launcher.to_read().filter(|_| indices.len() < most) {
            indices.push(request.index);
            launcher.take(request.index, request.read());
        }
        indices
    }

    #[test]
    fn the_highlighted_entry_is_read_first_and_each_only_once() {
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
    fn other_values_are_previewed_again_without_reading_the_file() {
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
