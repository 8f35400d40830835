//! State of the dashboard of one run: snapshots, display settings, and pending changes of the load.

use std::sync::Arc;
use std::time::Duration;

use super::focus::{Focus, List};
use super::note::Note;
use super::planned::{Pending, Planned};
use super::sort::Sort;
use crate::scenario::Overrides;
use crate::stats::Snapshot;
use crate::stats::snapshot::{FailureRow, Figures, Row};
use crate::store::Sending;
use crate::tui::action::Action;
use crate::tui::cursor::{Cursor, Subject};
use crate::tui::history::Span;

/// The state of the dashboard.
pub(crate) struct Run {
    /// Index of the scenario, for starting it again.
    pub index: usize,
    pub overrides: Overrides,
    pub planned: Planned,
    pub latest: Arc<Snapshot>,
    /// The frozen snapshot, if the display is frozen.
    pub frozen: Option<Arc<Snapshot>>,
    pub focus: Focus,
    pub expanded: bool,
    /// Show figures of the last 10 s instead of the whole run.
    pub window: bool,
    /// The span of time that charts show.
    pub span: Span,
    pub sort: Sort,
    pub reverse: bool,
    pub filter: String,
    /// Highlighted row of the endpoints table, whose last row is Aggregated.
    pub endpoint: Cursor,
    /// Highlighted row of the failures.
    pub failure: Cursor,
    pub users: Pending<u32>,
    pub rate: Pending<f64>,
    /// Replaces the key hints of the status line for a while.
    pub note: Option<Note>,
    /// What was sent to other systems so far.
    pub sending: Vec<Sending>,
    /// An export is being written.
    pub exporting: bool,
    /// The last key and its time, to detect a key that is held down.
    pub key: Option<(Action, Duration)>,
}

impl Run {
    pub fn new(index: usize, overrides: Overrides, planned: Planned, latest: Arc<Snapshot>) -> Self {
        let mut run = Self {
            index,
            overrides,
            planned,
            latest,
            frozen: None,
            focus: Focus::default(),
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
            sending: Vec::new(),
            exporting: false,
            key: None,
        };
        run.follow();
        run
    }

    /// Updates the cursors after the lists have changed.
    pub fn follow(&mut self) {
        let (endpoints, failures) = (self.subjects(List::Endpoints), self.subjects(List::Failures));
        self.endpoint.follow(&endpoints);
        self.failure.follow(&failures);
    }

    /// The rows of a list, in display order.
    pub fn subjects(&self, list: List) -> Vec<Subject> {
        match list {
            List::Failures => self.failures().into_iter().map(Subject::from).collect(),
            List::Endpoints => self.endpoints().into_iter().chain([&self.shown().total]).map(Subject::from).collect(),
        }
    }

    /// The highlighted row of a list.
    pub fn cursor(&self, list: List) -> &Cursor {
        match list {
            List::Endpoints => &self.endpoint,
            List::Failures => &self.failure,
        }
    }

    pub fn cursor_mut(&mut self, list: List) -> &mut Cursor {
        match list {
            List::Endpoints => &mut self.endpoint,
            List::Failures => &mut self.failure,
        }
    }

    /// The highlighted endpoint, or the total.
    pub fn highlighted(&self) -> &Row {
        self.endpoints().get(self.endpoint.index()).copied().unwrap_or(&self.shown().total)
    }

    /// The displayed snapshot.
    pub fn shown(&self) -> &Arc<Snapshot> {
        self.frozen.as_ref().unwrap_or(&self.latest)
    }

    pub fn figures<'a>(&self, row: &'a Row) -> &'a Figures {
        if self.window { &row.now } else { &row.total }
    }

    /// The endpoints that match the filter, sorted.
    pub fn endpoints(&self) -> Vec<&Row> {
        let wanted = self.filter.to_lowercase();
        let mut rows: Vec<&Row> = self
            .shown()
            .endpoints
            .iter()
            .filter(|r| format!("{} {}", r.kind, r.name).to_lowercase().contains(&wanted))
            .collect();
        rows.sort_by(|a, b| self.sort.compare((a, self.figures(a)), (b, self.figures(b))));
        if self.reverse {
            rows.reverse();
        }
        rows
    }

    /// The failures that match the filter.
    pub fn failures(&self) -> Vec<&FailureRow> {
        let wanted = self.filter.to_lowercase();
        let rows = self.shown().failures.rows.iter();
        rows.filter(|r| format!("{} {} {}", r.kind, r.name, r.reason).to_lowercase().contains(&wanted)).collect()
    }

    /// Shows `text` in the status line for a while.
    pub fn note(&mut self, text: String, now: Duration) {
        self.note = Some(Note::new(text, now, self.latest.state));
    }

    /// Like [`note`](Self::note), about the wanted users and spawn rate: it disappears when they change.
    pub fn note_load(&mut self, text: String, now: Duration) {
        self.note = Some(Note::new(text, now, self.latest.state).of_load(self.wanted()));
    }

    /// Removes a note that has expired or is no longer true.
    pub fn review_note(&mut self, now: Duration) {
        let (state, load) = (self.latest.state, self.wanted());
        self.note.take_if(|note| !note.is_current(now, state, load));
    }

    /// The wanted users and spawn rate.
    pub fn wanted(&self) -> (u32, f64) {
        let load = &self.latest.load;
        (self.users.wanted.unwrap_or(load.target), self.rate.wanted.unwrap_or(load.spawn_rate))
    }
}
