//! The highlighted row of a list: which row it is, not where it is.

use std::sync::Arc;

use crate::row_kind::RowKind;
use crate::stats::snapshot::{FailureRow, Row};

/// What a row is about. Its text is looked up in the snapshot that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    Endpoint {
        kind: RowKind,
        name: Arc<str>,
    },
    Failure {
        /// Of the kind of failure; the rest is for titles.
        id: u64,
        kind: RowKind,
        name: Arc<str>,
    },
}

impl From<&Row> for Subject {
    fn from(row: &Row) -> Self {
        Self::Endpoint { kind: row.kind.clone(), name: row.name.clone() }
    }
}

impl From<&FailureRow> for Subject {
    fn from(row: &FailureRow) -> Self {
        Self::Failure { id: row.id, kind: row.kind.clone(), name: row.name.clone() }
    }
}

/// Stays on its row when the order changes, rows come, or others go.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cursor {
    row: Option<Subject>,
    index: usize,
}

impl Cursor {
    /// Where the row was when the list was last followed.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Finds its row in a list that has changed. A row that is gone is replaced by the one in its place, and that one is
    /// followed from then on.
    pub fn follow(&mut self, rows: &[Subject]) {
        match rows.iter().position(|row| self.row.as_ref() == Some(row)) {
            Some(index) => self.index = index,
            None => self.move_to(self.index, rows),
        }
    }

    /// Highlights the row at `index`, or the last one.
    pub fn move_to(&mut self, index: usize, rows: &[Subject]) {
        self.index = index.min(rows.len().saturating_sub(1));
        // In an empty list the row is remembered: the same one may come back.
        if let Some(row) = rows.get(self.index) {
            self.row = Some(row.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(names: &str) -> Vec<Subject> {
        names.chars().map(|c| Subject::Endpoint { kind: RowKind::http("GET"), name: c.to_string().into() }).collect()
    }

    #[test]
    fn the_highlight_follows_its_row() {
        for (lists, wanted) in [
            // Sorted anew, rows before it, rows after it.
            (&["abcd", "dcba"][..], 'c'),
            (&["abcd", "xyzabcd"], 'c'),
            (&["abcd", "abcde"], 'c'),
            // Filtered: it stays, or gives way to the one in its place, which is then the one that is followed.
            (&["abcd", "cd", "abcd"], 'c'),
            (&["abcd", "abd", "dba"], 'd'),
            (&["abcd", "ab", "ba"], 'b'),
            (&["abcd", "abd", "abcd"], 'd'),
            // Reset: nothing is there for a while.
            (&["abcd", "", "ca"], 'c'),
            (&["abcd", "", "xa"], 'x'),
        ] {
            let mut cursor = Cursor::default();
            cursor.move_to(2, &rows(lists[0]));
            lists.iter().for_each(|list| cursor.follow(&rows(list)));
            let last = lists[lists.len() - 1].chars().nth(cursor.index());
            assert_eq!(last, Some(wanted), "{lists:?}");
        }
    }

    #[test]
    fn moving_stops_at_the_last_row() {
        let mut cursor = Cursor::default();
        cursor.move_to(usize::MAX, &rows("abc"));
        assert_eq!(cursor.index(), 2);
        cursor.move_to(5, &[]);
        assert_eq!(cursor.index(), 0);
    }
}
