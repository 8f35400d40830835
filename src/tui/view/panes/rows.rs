//! How much room a pane asks for.

/// How many rows a pane needs; both are 0 where it has nothing to show, or no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Rows {
    pub least: u16,
    pub most: u16,
}
