//! The highlighted row of a list, identified by its subject and not by its position.

use std::sync::Arc;

use crate::row_kind::RowKind;
use crate::stats::snapshot::{FailureRow, Row};

/// The subject of a row. Its text is looked up in the displayed snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    Endpoint {
        kind: RowKind,
        name: Arc<str>,
    },
    Failure {
        /// Identifies the failure; the other fields are for titles.
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

/// Follows its row when rows are sorted, added or removed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cursor {
    row: Option<Subject>,
    index: usize,
}

impl Cursor {
    /// Position of the row at the last call of [`follow`](Self::follow).
    pub fn index(&self) -> usize {
        self.index
    }

    /// Finds the row in a changed list. If it is gone, the row at its position is highlighted and followed from now on.
    pub fn follow(&mut self, rows: &[Subject]) {
        match rows.iter().position(|row| self.row.as_ref() == Some(row)) {
            Some(index) => self.index = index,
            None => self.move_to(self.index, rows),
        }
    }

    /// Highlights the row at `index`, or the last one.
    pub fn move_to(&mut self, index: usize, rows: &[Subject]) {
        self.index = index.min(rows.len().saturating_sub(1));
        // Remember the row if the list is empty: it may come back.
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
            // Sorted, rows added before it, rows added after it.
            (&["abcd", "dcba"][..], 'c'),
            (&["abcd", "xyzabcd"], 'c'),
            (&["abcd", "abcde"], 'c'),
            // Filtered: it stays, or is replaced by the row at its position.
            (&["abcd", "cd", "abcd"], 'c'),
            (&["abcd", "abd", "dba"], 'd'),
            (&["abcd", "ab", "ba"], 'b'),
            (&["abcd", "abd", "abcd"], 'd'),
            // Reset: the list is empty for a while.
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
