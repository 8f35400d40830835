//! All the screen knows. The engine appears in it only as snapshots.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use super::action::{DONE, LAUNCHER, LIVE};
use super::history::Span;
use super::preview::Preview;
use super::theme::Theme;
use super::{Options, Silent, ThemeName};
use crate::scenario::Overrides;
use crate::scenario::catalog::Entry;
use crate::scenario::plan::RedisTarget;
use crate::scenario::secrets::Redactor;
use crate::stats::Snapshot;
use crate::stats::snapshot::{Figures, Row};

/// The whole state.
pub(crate) struct Model {
    /// Time since the screen began, set by the loop before every message.
    pub now: Duration,
    pub theme: Theme,
    pub launcher: Launcher,
    /// The dashboard, once something was started.
    pub run: Option<Run>,
    pub overlay: Option<Overlay>,
    pub toast: Option<Toast>,
    /// How far the page that was drawn last can scroll; only the view knows its lines and its room.
    pub page_end: Cell<usize>,
    /// Quitting; only the end of the run is awaited.
    pub leaving: bool,
}

pub(crate) struct Launcher {
    pub entries: Vec<Entry>,
    /// Index into `entries`.
    pub selected: usize,
    pub overrides: Overrides,
    pub filter: String,
    /// What the highlighted entry would do, or what is wrong with it.
    pub preview: Result<Preview, String>,
    pub scroll: usize,
    /// What was heard last of a Redis, and of which.
    pub heard: Option<Heard>,
}

/// The answer of a Redis that was asked before the start.
#[derive(Debug)]
pub(crate) struct Heard {
    pub url: Arc<str>,
    pub answer: Result<(), Silent>,
    /// When.
    pub at: Duration,
}

/// The dashboard of one run.
pub(crate) struct Run {
    /// What is started by "again".
    pub index: usize,
    pub overrides: Overrides,
    pub stop_timeout: Duration,
    pub latest: Arc<Snapshot>,
    /// The display stands still at this one.
    pub frozen: Option<Arc<Snapshot>>,
    pub focus: Focus,
    pub expanded: bool,
    /// Figures of the last 10 s instead of the whole run.
    pub window: bool,
    /// How much of the past the charts show.
    pub span: Span,
    pub sort: Sort,
    pub reverse: bool,
    pub filter: String,
    /// Highlighted row of the endpoints table and of the failures.
    pub rows: [usize; 2],
    pub users: Pending<u32>,
    pub rate: Pending<f64>,
    /// An export is being written.
    pub exporting: bool,
}

/// A value being steered: shown at once, sent at once or a moment later.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pending<T> {
    pub wanted: Option<T>,
    pub unsent: bool,
    pub sent_at: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Focus {
    Endpoints,
    Failures,
    Percentiles,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Plan,
    Name,
    Requests,
    Fail,
    Rps,
    P50,
    P95,
    P99,
    Max,
}

impl Sort {
    pub const ALL: [Sort; 9] =
        [Sort::Plan, Sort::Name, Sort::Requests, Sort::Fail, Sort::Rps, Sort::P50, Sort::P95, Sort::P99, Sort::Max];

    pub fn word(self) -> &'static str {
        ["as written", "name", "requests", "fail", "req/s", "p50", "p95", "p99", "max"][self as usize]
    }
}

/// What lies over the screen.
pub(crate) enum Overlay {
    Help { scroll: usize },
    Prompt(Prompt),
    Confirm(Question),
    Detail { subject: Subject, scroll: usize },
}

/// What a detail is about; the text is looked up in the current snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    Endpoint { method: Arc<str>, name: Arc<str> },
    Failure { method: Arc<str>, name: Arc<str>, reason: Arc<str> },
}

pub(crate) struct Prompt {
    pub field: Field,
    pub text: String,
    pub error: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Host,
    Users,
    SpawnRate,
    RunTime,
    Filter,
}

impl Field {
    pub fn word(self) -> &'static str {
        match self {
            Field::Host => "host",
            Field::Users => "users",
            Field::SpawnRate => "spawn rate",
            Field::RunTime => "run time",
            Field::Filter => "filter",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    Quit,
    Stop,
    Cut,
    Reset,
}

impl Question {
    pub fn text(self) -> &'static str {
        match self {
            Question::Quit => "Load is running: stop and quit?",
            Question::Stop => "Stop the run?",
            Question::Cut => "Cut the tasks that still run?",
            Question::Reset => "Forget all statistics so far?",
        }
    }
}

pub(crate) struct Toast {
    pub text: String,
    pub bad: bool,
    pub until: Duration,
}

impl Model {
    pub fn new(entries: Vec<Entry>, options: &Options) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let name = if no_color { ThemeName::Mono } else { options.theme };
        let mut launcher = Launcher {
            selected: options.selected.min(entries.len().saturating_sub(1)),
            entries,
            overrides: options.overrides.clone(),
            filter: String::new(),
            preview: Err(String::new()),
            scroll: 0,
            heard: None,
        };
        launcher.refresh();
        Self {
            now: Duration::ZERO,
            theme: Theme::new(name, options.ascii),
            launcher,
            run: None,
            overlay: None,
            toast: None,
            page_end: Cell::new(0),
            leaving: false,
        }
    }

    /// Which keys are valid.
    pub fn place(&self) -> u8 {
        match &self.run {
            None => LAUNCHER,
            Some(run) if run.latest.state.is_done() => DONE,
            Some(_) => LIVE,
        }
    }

    /// True while a run is producing load.
    pub fn live(&self) -> bool {
        self.place() == LIVE
    }

    pub fn say(&mut self, text: String, bad: bool) {
        self.toast = Some(Toast { text, bad, until: self.now + Duration::from_secs(8) });
    }
}

impl Launcher {
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

impl Run {
    pub fn new(index: usize, overrides: Overrides, stop_timeout: Duration, latest: Arc<Snapshot>) -> Self {
        Self {
            index,
            overrides,
            stop_timeout,
            latest,
            frozen: None,
            focus: Focus::Endpoints,
            expanded: false,
            window: false,
            span: Span::Auto,
            sort: Sort::Plan,
            reverse: false,
            filter: String::new(),
            rows: [0, 0],
            users: Pending::default(),
            rate: Pending::default(),
            exporting: false,
        }
    }

    /// What is drawn.
    pub fn shown(&self) -> &Arc<Snapshot> {
        self.frozen.as_ref().unwrap_or(&self.latest)
    }

    pub fn figures<'a>(&self, row: &'a Row) -> &'a Figures {
        if self.window { &row.now } else { &row.total }
    }

    /// The endpoints that pass the filter, sorted.
    pub fn endpoints(&self) -> Vec<&Row> {
        let wanted = self.filter.to_lowercase();
        let mut rows: Vec<&Row> = self
            .shown()
            .endpoints
            .iter()
            .filter(|r| format!("{} {}", r.method, r.name).to_lowercase().contains(&wanted))
            .collect();
        rows.sort_by(|a, b| {
            let (x, y) = (self.figures(a), self.figures(b));
            match self.sort {
                Sort::Plan => std::cmp::Ordering::Equal,
                Sort::Name => a.name.cmp(&b.name).then_with(|| a.method.cmp(&b.method)),
                // The largest first is what one looks for.
                Sort::Requests => y.requests.cmp(&x.requests),
                Sort::Fail => y.fail_ratio().total_cmp(&x.fail_ratio()),
                Sort::Rps => y.rps.total_cmp(&x.rps),
                Sort::P50 => y.response.median().cmp(&x.response.median()),
                Sort::P95 => y.response.p(95.0).cmp(&x.response.p(95.0)),
                Sort::P99 => y.response.p(99.0).cmp(&x.response.p(99.0)),
                Sort::Max => y.response.max.cmp(&x.response.max),
            }
        });
        if self.reverse {
            rows.reverse();
        }
        rows
    }

    /// The failures that pass the filter.
    pub fn failures(&self) -> Vec<&crate::stats::snapshot::FailureRow> {
        let wanted = self.filter.to_lowercase();
        let rows = self.shown().failures.rows.iter();
        rows.filter(|r| format!("{} {} {}", r.method, r.name, r.reason).to_lowercase().contains(&wanted)).collect()
    }
}
