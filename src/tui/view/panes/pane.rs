//! Definition of a pane of the dashboard.

use std::cell::OnceCell;

use ratatui::Frame;
use ratatui::layout::Rect;

use super::redis_content::Content;
use super::rows::Rows;
use crate::tui::model::{List, Model, Run};

/// A row of the registry of panes.
pub(crate) struct Pane {
    /// Title; identifies the pane.
    pub name: &'static str,
    pub place: Place,
    /// The list that arrow keys move over; a pane without one cannot be focused.
    pub list: Option<List>,
    /// The rows that it needs in this area, including its border.
    pub rows: fn(&Scene<'_>, Rect) -> Rows,
    pub draw: fn(&Scene<'_>, &mut Frame<'_>, Rect),
}

/// Place of a pane on the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Full width, below the head, if there is room.
    Top,
    /// In the middle. Gets all the rows it needs before the panes below it do.
    Middle,
    /// Below: side by side on a large terminal, one at a time on a small one. `cells` is its width next to others; a
    /// pane without one gets the rest.
    Below { cells: Option<u16> },
    /// Full width, at the end.
    Bottom,
}

/// What panes draw from, for one frame.
pub(crate) struct Scene<'a> {
    pub model: &'a Model,
    pub run: &'a Run,
    /// The name of the focused pane.
    pub focused: &'static str,
    /// Computed once per frame, on first use.
    redis: OnceCell<Option<Content>>,
}

impl<'a> Scene<'a> {
    pub fn new(model: &'a Model, run: &'a Run, focused: &'static str) -> Self {
        Self { model, run, focused, redis: OnceCell::new() }
    }

    /// Content of the Redis pane; `None` in a run without Redis.
    pub fn redis(&self) -> Option<&Content> {
        self.redis.get_or_init(|| Content::new(self.run.shown(), &self.model.theme)).as_ref()
    }
}
