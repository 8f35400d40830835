//! The height that a pane asks for.

/// Rows that a pane needs; both are 0 if it has nothing to show, or no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Rows {
    pub least: u16,
    pub most: u16,
}
