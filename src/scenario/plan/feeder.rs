//! Data files: one row for each user or each iteration.

use std::path::PathBuf;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object};

use crate::scenario::eval::template::SlotId;

/// An index into [`Plan::feeders`](super::Plan::feeders).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FeederId(pub u32);

/// A CSV file whose rows fill a slot. Its header and first row were read and found right; the rest is read at run time,
/// shared by all users of the process, and never copied for each user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feeder {
    /// The key under `data`, as templates write it.
    pub name: Arc<str>,
    /// The file, ready to open.
    pub path: PathBuf,
    /// The cell separator.
    pub delimiter: u8,
    /// The header. A row with another number of cells is an error of the data, recorded once.
    pub columns: Arc<[Arc<str>]>,
    /// Which row comes next.
    pub order: Order,
    /// Who gets a new row.
    pub bind: Bind,
    /// What happens after the last row.
    pub on_end: OnEnd,
    /// Where the row goes, by [`Row::value`].
    pub slot: SlotId,
}

/// Which row comes next. Every order depends on the run's seed alone, so that equal seeds give equal rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As in the file: the k-th taker gets row k.
    Sequential,
    /// Any row at each taking; rows may repeat and never end.
    Random,
    /// Each row once in random order before any comes again; every round is shuffled anew.
    Shuffle,
}

/// Who gets a new row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bind {
    /// Each user once, before `on_start`; kept for its life.
    User,
    /// Each user before every task.
    Iteration,
}

/// What happens after the last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnEnd {
    /// Begin again.
    Recycle,
    /// The user that finds no row stops (as by `stop: user`); the run ends when no user is left.
    Stop,
}

/// One row of a data file: `accounts.email` reads a cell without copying the row.
#[derive(Debug)]
pub struct Row {
    columns: Arc<[Arc<str>]>,
    cells: Vec<Value>,
}

impl Row {
    /// The row as the value for [`Feeder::slot`]; cells are always text. Missing cells are undefined.
    pub fn value(columns: &Arc<[Arc<str>]>, cells: impl IntoIterator<Item = impl AsRef<str>>) -> Value {
        let cells = cells.into_iter().map(|cell| Value::from(cell.as_ref())).collect();
        Value::from_object(Row { columns: Arc::clone(columns), cells })
    }
}

impl Object for Row {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let at = self.columns.iter().position(|column| &**column == key)?;
        self.cells.get(at).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.columns.iter().map(|column| Value::from(&**column)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_reads_like_a_map() {
        let columns: Arc<[Arc<str>]> = ["email".into(), "password".into()].into();
        let row = Row::value(&columns, ["a@b", "x"]);
        assert_eq!(row.get_attr("email").unwrap(), Value::from("a@b"));
        assert!(row.get_attr("nope").unwrap().is_undefined());
        assert_eq!(serde_json::to_string(&row).unwrap(), r#"{"email":"a@b","password":"x"}"#);
        assert!(Row::value(&columns, ["one"]).get_attr("password").unwrap().is_undefined());
    }
}
