//! The focused pane, and the list that keys act on.

/// A list that has a highlighted row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum List {
    #[default]
    Endpoints,
    Failures,
}

/// The pane that keys act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Focus {
    /// Index in the registry of panes.
    pub pane: usize,
    /// The rows that the arrow keys move over.
    pub list: List,
}
