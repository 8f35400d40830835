//! The launcher: scenarios to choose from, and what the highlighted one would do.

use std::sync::Arc;
use std::time::Duration;

use crate::scenario::Overrides;
use crate::scenario::catalog::Entry;
use crate::scenario::plan::RedisTarget;
use crate::scenario::secrets::Redactor;
use crate::tui::options::Options;
use crate::tui::preview::Preview;
use crate::tui::starter::Silent;

/// The list of scenarios, and values that replace those of the file.
pub(crate) struct Launcher {
    pub entries: Vec<Entry>,
    /// Index into `entries`.
    pub selected: usize,
    pub overrides: Overrides,
    pub filter: String,
    /// What the highlighted entry would do, or what is wrong with it.
    pub preview: Result<Preview, String>,
    pub scroll: usize,
    /// The host that was given at the start.
    given_host: Option<String>,
    /// For each entry why it is not sent to that host, if so.
    refusals: Vec<Option<&'static str>>,
    /// The last response of a Redis, and of which.
    pub heard: Option<Heard>,
}

/// Whether a Redis that was asked before the start responds.
#[derive(Debug)]
pub(crate) struct Heard {
    pub url: Arc<str>,
    pub answer: Result<(), Silent>,
    /// When it responded, or failed to: time since the screen began.
    pub at: Duration,
}

impl Launcher {
    /// The scenarios with the highlight that `options` asks for.
    pub fn new(entries: Vec<Entry>, options: &Options) -> Self {
        let mut launcher = Self {
            selected: options.selected.min(entries.len().saturating_sub(1)),
            entries,
            overrides: options.overrides.clone(),
            filter: String::new(),
            preview: Err(String::new()),
            scroll: 0,
            given_host: options.overrides.host.clone(),
            refusals: options.refusals.clone(),
            heard: None,
        };
        launcher.refresh();
        launcher
    }

    /// Says for each entry why it is not sent to the host that was given at the start, if so.
    #[cfg(test)]
    pub fn refuse(&mut self, given_host: Option<String>, refusals: Vec<Option<&'static str>>) {
        (self.given_host, self.refusals) = (given_host, refusals);
    }

    /// Works out the preview of the highlighted entry again.
    pub fn refresh(&mut self) {
        self.scroll = 0;
        self.preview = match self.entries.get(self.selected) {
            None => Err("No scenario here. Put a YAML file into ./scenarios, or name one with -f FILE.".to_owned()),
            Some(entry) => match &entry.scenario {
                Err(error) => Err(error.text.clone()),
                Ok(scenario) => scenario
                    .plan(&self.overrides)
                    .map(|plan| Preview::new(&plan, scenario.description()))
                    .map_err(|error| error.text),
            },
        };
    }

    /// Why the highlighted entry is not sent to the host that is set now.
    pub fn refusal(&self) -> Option<&'static str> {
        self.refusals.get(self.selected).copied().flatten().filter(|_| self.overrides.host == self.given_host)
    }

    /// The Redis of the highlighted entry, where it is time to ask it (again): often while it does not answer, because
    /// somebody may be starting it.
    pub fn to_ask(&self, now: Duration) -> Option<&(RedisTarget, Arc<Redactor>)> {
        let found = self.preview.as_ref().ok()?.redis.as_ref()?;
        let known = self.heard.as_ref().filter(|heard| heard.url == found.0.url);
        let due = known.is_none_or(|heard| {
            let pause = Duration::from_secs(if heard.answer.is_ok() { 10 } else { 2 });
            now.saturating_sub(heard.at) >= pause
        });
        due.then_some(found)
    }

    /// Indices of the entries that pass the filter.
    pub fn visible(&self) -> Vec<usize> {
        let wanted = self.filter.to_lowercase();
        (0..self.entries.len()).filter(|i| self.entries[*i].name.to_lowercase().contains(&wanted)).collect()
    }
}
