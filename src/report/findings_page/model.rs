//! Content of the page, independent of its output format.

use super::chart::Chart;

/// The findings page.
pub(super) struct Page {
    pub title: Line,
    pub subtitle: Line,
    pub sections: Vec<Section>,
}

/// A titled section.
pub(super) struct Section {
    /// Anchor in HTML.
    pub id: &'static str,
    pub title: &'static str,
    pub blocks: Vec<Block>,
}

/// A block element of a section.
pub(super) enum Block {
    Heading(String),
    Paragraph(Line),
    List(Vec<Line>),
    Checks(Vec<Check>),
    Table(Table),
    Chart(Chart),
    /// A blank field for readers to fill in, with its title.
    ToFill(&'static str),
}

/// Inline elements, in order.
pub(super) type Line = Vec<Text>;

/// An inline element.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Text {
    /// Text that contains nothing from outside; not escaped in Markdown.
    Trusted(String),
    /// Text that may contain names or messages from outside; escaped.
    Untrusted(String),
    /// A name from outside, shown as code.
    Code(String),
    /// Emphasized text that contains nothing from outside.
    Strong(String),
    /// A mark, and text that says the same without it.
    Marked(Mark, String),
    /// An empty cell for readers to fill in.
    Blank,
}

/// Assessment of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Good,
    Bad,
    /// Needs attention.
    Warning,
    /// Undecided.
    Unclear,
    /// Not over.
    Open,
}

/// A table with a header row.
pub(super) struct Table {
    pub head: Vec<Text>,
    pub rows: Vec<Vec<Text>>,
    /// The last row is a total.
    pub has_total: bool,
    /// Number of text columns, from the left; the others are numbers and aligned right.
    pub text_columns: usize,
}

/// An item of a checklist.
pub(super) struct Check {
    pub done: bool,
    pub title: &'static str,
    /// What the runs show, or why they show nothing.
    pub evidence: Line,
}

impl Section {
    pub fn new(id: &'static str, title: &'static str, blocks: Vec<Block>) -> Self {
        Self { id, title, blocks }
    }
}

impl Block {
    /// A paragraph of [`Text::Trusted`].
    pub fn paragraph(text: impl Into<String>) -> Self {
        Self::Paragraph(vec![trusted(text)])
    }
}

impl Table {
    /// A table without a total.
    pub fn new(head: Vec<Text>, text_columns: usize, rows: Vec<Vec<Text>>) -> Self {
        Self { head, rows, has_total: false, text_columns }
    }
}

/// Creates a [`Text::Trusted`].
pub(super) fn trusted(text: impl Into<String>) -> Text {
    Text::Trusted(text.into())
}

/// Creates a [`Text::Untrusted`].
pub(super) fn untrusted(text: impl Into<String>) -> Text {
    Text::Untrusted(text.into())
}

/// Creates a [`Text::Code`].
pub(super) fn code(text: impl Into<String>) -> Text {
    Text::Code(text.into())
}

/// Creates a [`Text::Strong`].
pub(super) fn strong(text: impl Into<String>) -> Text {
    Text::Strong(text.into())
}

/// Creates the header row of a table.
pub(super) fn head<const N: usize>(names: [&str; N]) -> Vec<Text> {
    names.map(trusted).into()
}
