//! What is on the page, whatever it is written as.

use super::chart::Chart;

/// The page.
pub(super) struct Page {
    pub title: Line,
    pub subtitle: Line,
    pub sections: Vec<Section>,
}

/// A part of the page with a title.
pub(super) struct Section {
    /// Its anchor.
    pub id: &'static str,
    pub title: &'static str,
    pub blocks: Vec<Block>,
}

/// A piece of a section.
pub(super) enum Block {
    Heading(String),
    Paragraph(Line),
    List(Vec<Line>),
    Checks(Vec<Check>),
    Table(Table),
    Chart(Chart),
    /// Room for what people have to write, and what that is.
    ToFill(&'static str),
}

/// Pieces of text, one after the other.
pub(super) type Line = Vec<Text>;

/// A piece of text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Text {
    /// Words and figures that have nothing from outside in them.
    Own(String),
    /// A sentence with names or messages from outside in it.
    Words(String),
    /// A name from outside.
    Code(String),
    /// Words of ours that matter.
    Strong(String),
    /// Good or bad, with words of ours that say so.
    Marked(Mark, String),
    /// A cell that people fill in.
    Blank,
}

/// How something is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Good,
    Bad,
    /// It needs attention.
    Warning,
    /// Nothing is decided.
    Open,
}

/// A table.
pub(super) struct Table {
    pub head: Vec<Text>,
    pub rows: Vec<Vec<Text>>,
    /// The last row is a total.
    pub has_total: bool,
    /// This many columns from the left are words; the others are figures.
    pub words: usize,
}

/// A line of a checklist.
pub(super) struct Check {
    pub done: bool,
    pub words: &'static str,
    /// What the runs show, or why they cannot.
    pub evidence: Line,
}

impl Section {
    pub fn new(id: &'static str, title: &'static str, blocks: Vec<Block>) -> Self {
        Self { id, title, blocks }
    }
}

impl Block {
    /// A paragraph of words of ours.
    pub fn say(text: impl Into<String>) -> Self {
        Self::Paragraph(vec![own(text)])
    }
}

impl Table {
    /// A table without a total.
    pub fn new(head: Vec<Text>, words: usize, rows: Vec<Vec<Text>>) -> Self {
        Self { head, rows, has_total: false, words }
    }
}

/// See [`Text::Own`].
pub(super) fn own(text: impl Into<String>) -> Text {
    Text::Own(text.into())
}

/// See [`Text::Words`].
pub(super) fn words(text: impl Into<String>) -> Text {
    Text::Words(text.into())
}

/// See [`Text::Code`].
pub(super) fn code(text: impl Into<String>) -> Text {
    Text::Code(text.into())
}

/// See [`Text::Strong`].
pub(super) fn strong(text: impl Into<String>) -> Text {
    Text::Strong(text.into())
}

/// The head of a table.
pub(super) fn head<const N: usize>(names: [&str; N]) -> Vec<Text> {
    names.map(own).into()
}
