//! Which pane the keys act on, and on which rows.

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
    /// Its place in the registry of panes.
    pub pane: usize,
    /// The rows that the arrow keys move over.
    pub list: List,
}
