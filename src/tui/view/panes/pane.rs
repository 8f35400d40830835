//! What a pane of the dashboard is.

use std::cell::OnceCell;

use ratatui::Frame;
use ratatui::layout::Rect;

use super::redis_content::Content;
use super::rows::Rows;
use crate::tui::model::{List, Model, Run};

/// One row of the registry.
pub(crate) struct Pane {
    /// Its title, which also identifies it.
    pub name: &'static str,
    pub place: Place,
    /// The rows that the arrow keys move over; a pane without any is never focused.
    pub list: Option<List>,
    /// The rows it needs in this area, with its border.
    pub rows: fn(&Scene<'_>, Rect) -> Rows,
    pub draw: fn(&Scene<'_>, &mut Frame<'_>, Rect),
}

/// Where a pane is on the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Over the whole width below the head, where there is room.
    Top,
    /// In the middle. It gets all rows it needs before the panes below it do.
    Middle,
    /// Below: side by side on a large terminal, one at a time on a small one. `cells` is its width beside others; a pane
    /// without one gets what they leave.
    Below { cells: Option<u16> },
    /// Over the whole width at the end.
    Bottom,
}

/// What panes draw from, for one frame.
pub(crate) struct Scene<'a> {
    pub model: &'a Model,
    pub run: &'a Run,
    /// The name of the focused pane.
    pub focused: &'static str,
    /// Made once a frame, by the first that asks.
    redis: OnceCell<Option<Content>>,
}

impl<'a> Scene<'a> {
    pub fn new(model: &'a Model, run: &'a Run, focused: &'static str) -> Self {
        Self { model, run, focused, redis: OnceCell::new() }
    }

    /// What the Redis pane says; `None` in a run without Redis.
    pub fn redis(&self) -> Option<&Content> {
        self.redis.get_or_init(|| Content::new(self.run.shown(), &self.model.theme)).as_ref()
    }
}
