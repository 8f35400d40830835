//! All the screen knows. The engine appears in it only as snapshots.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use super::action::{Action, DONE, LAUNCHER, LIVE, STOPPING};
use super::cursor::{Cursor, Subject};
use super::history::Span;
use super::preview::Preview;
use super::prompt::Prompt;
use super::theme::Theme;
use super::view::text;
use super::{Options, Silent, ThemeName};
use crate::scenario::catalog::Entry;
use crate::scenario::plan::{Goal, RedisTarget, Slope};
use crate::scenario::secrets::Redactor;
use crate::scenario::{Overrides, Plan};
use crate::stats::Snapshot;
use crate::stats::snapshot::{FailureRow, Figures, Row, RunState};
use crate::units::{PerSecond, count};

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
    /// The host that was given at the start, and for each entry why it is not sent there, if so.
    pub refusals: (Option<String>, Vec<Option<&'static str>>),
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
    pub planned: Planned,
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
    /// Highlighted row of the endpoints table, the last of which is Aggregated.
    pub endpoint: Cursor,
    /// Highlighted row of the failures.
    pub failure: Cursor,
    pub users: Pending<u32>,
    pub rate: Pending<f64>,
    /// What is said of a key instead of the footer.
    pub note: Option<Note>,
    /// An export is being written.
    pub exporting: bool,
    /// The last key and when it came, to tell a key that is held down.
    pub key: Option<(Action, Duration)>,
}

/// What the plan of a run says, however it is steered later.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Planned {
    /// Most users at the same time.
    pub users: u32,
    /// Highest spawn rate; of arrivals where iterations arrive.
    pub rate: f64,
    pub stop_timeout: Duration,
}

impl Planned {
    pub fn new(plan: &Plan) -> Self {
        let schedule = &plan.schedule;
        let rates = schedule.stages().iter().filter_map(|stage| match stage.goal {
            Goal::Users { slope: Slope::PerSecond(rate), .. } => Some(rate),
            _ => None,
        });
        let rate = if schedule.is_open() { schedule.peak_rate() } else { rates.fold(plan.load.spawn_rate.0, f64::max) };
        Self { users: schedule.peak_users().0, rate, stop_timeout: plan.load.stop_timeout }
    }
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

/// What a key asks before it acts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Question {
    Quit,
    Stop,
    Cut,
    Reset,
    /// Many more users than now.
    Users {
        from: u32,
        to: u32,
    },
    /// A much higher spawn rate than now.
    SpawnRate {
        from: f64,
        to: f64,
    },
}

impl Question {
    pub fn text(self) -> String {
        match self {
            Question::Quit => "Load is running: stop and quit?".to_owned(),
            Question::Stop => "Stop the run?".to_owned(),
            Question::Cut => "Cut the tasks that still run?".to_owned(),
            Question::Reset => "Forget all statistics so far?".to_owned(),
            Question::Users { from, to } => {
                let (old, new) = (count(from.into()), count(to.into()));
                format!("{old} → {new} users{}. Apply?", times(from.into(), to.into()))
            }
            Question::SpawnRate { from, to } => {
                format!("spawn rate {} → {}/s{}. Apply?", PerSecond(from), PerSecond(to), times(from, to))
            }
        }
    }

    /// True when there is nothing to be asked once the run stops: an answer that comes late would even cut its tasks.
    pub fn is_about_a_going_run(self) -> bool {
        matches!(self, Question::Stop | Question::Users { .. } | Question::SpawnRate { .. })
    }

    /// True when there is nothing to be asked once the run is over.
    pub fn is_about_load(self) -> bool {
        self != Question::Quit
    }
}

fn times(from: f64, to: f64) -> String {
    if from > 0.0 { format!(" is {} times as many", text::short((to / from).round())) } else { String::new() }
}

pub(crate) struct Toast {
    pub text: String,
    pub bad: bool,
    pub until: Duration,
}

/// What is said of a key that did not do all it usually does. It is drawn in the footer, so that it hides no finding.
pub(crate) struct Note {
    pub text: String,
    pub until: Duration,
    /// The state of the run that it was said in. Reaching the users that are wanted is no change.
    state: RunState,
    /// Users and spawn rate that it speaks of.
    load: Option<(u32, f64)>,
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
            refusals: (options.overrides.host.clone(), options.refusals.clone()),
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
            Some(run) if self.leaving || run.latest.state == RunState::Stopping => STOPPING,
            Some(_) => LIVE,
        }
    }

    /// True while a run is producing load.
    pub fn live(&self) -> bool {
        matches!(self.place(), LIVE | STOPPING)
    }

    pub fn say(&mut self, text: String, bad: bool) {
        self.toast = Some(Toast { text, bad, until: self.now + Duration::from_secs(8) });
    }
}

impl Run {
    /// Says `text` instead of the footer.
    pub fn note(&mut self, text: String, now: Duration) {
        self.note = Some(Note { text, until: now + Duration::from_secs(8), state: self.settled(), load: None });
    }

    /// The same of the users and the spawn rate as they are wanted now: it ends when they change.
    pub fn note_load(&mut self, text: String, now: Duration) {
        self.note(text, now);
        let load = self.wanted();
        self.note = self.note.take().map(|note| Note { load: Some(load), ..note });
    }

    /// Drops a note whose time is over, or that is no longer true.
    pub fn review_note(&mut self, now: Duration) {
        let (state, load) = (self.settled(), self.wanted());
        self.note
            .take_if(|note| note.until <= now || note.state != state || note.load.is_some_and(|said| said != load));
    }

    /// Users and spawn rate as they are wanted now.
    pub fn wanted(&self) -> (u32, f64) {
        let load = &self.latest.load;
        (self.users.wanted.unwrap_or(load.target), self.rate.wanted.unwrap_or(load.spawn_rate))
    }

    fn settled(&self) -> RunState {
        match self.latest.state {
            RunState::Ramping => RunState::Running,
            state => state,
        }
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

    /// Why the highlighted entry is not sent to the host that is set now.
    pub fn refusal(&self) -> Option<&'static str> {
        let (given, refusals) = &self.refusals;
        refusals.get(self.selected).copied().flatten().filter(|_| self.overrides.host == *given)
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
    pub fn new(index: usize, overrides: Overrides, planned: Planned, latest: Arc<Snapshot>) -> Self {
        let mut run = Self {
            index,
            overrides,
            planned,
            latest,
            frozen: None,
            focus: Focus::Endpoints,
            expanded: false,
            window: false,
            span: Span::Auto,
            sort: Sort::Plan,
            reverse: false,
            filter: String::new(),
            endpoint: Cursor::default(),
            failure: Cursor::default(),
            users: Pending::default(),
            rate: Pending::default(),
            note: None,
            exporting: false,
            key: None,
        };
        run.follow();
        run
    }

    /// Keeps the highlighted rows highlighted after something has changed the lists.
    pub fn follow(&mut self) {
        let (endpoints, failures) = (self.subjects(Focus::Endpoints), self.subjects(Focus::Failures));
        self.endpoint.follow(&endpoints);
        self.failure.follow(&failures);
    }

    /// The rows that the cursor of a pane moves over, as they are shown.
    pub fn subjects(&self, focus: Focus) -> Vec<Subject> {
        match focus {
            Focus::Failures => self.failures().into_iter().map(Subject::from).collect(),
            Focus::Endpoints | Focus::Percentiles => {
                self.endpoints().into_iter().chain([&self.shown().total]).map(Subject::from).collect()
            }
        }
    }

    /// The highlighted endpoint, or all together.
    pub fn highlighted(&self) -> &Row {
        self.endpoints().get(self.endpoint.index()).copied().unwrap_or(&self.shown().total)
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
    pub fn failures(&self) -> Vec<&FailureRow> {
        let wanted = self.filter.to_lowercase();
        let rows = self.shown().failures.rows.iter();
        rows.filter(|r| format!("{} {} {}", r.method, r.name, r.reason).to_lowercase().contains(&wanted)).collect()
    }
}
