//! Data files: one row per user or per iteration.

use std::path::PathBuf;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object};

use crate::scenario::eval::template::SlotId;

/// An index into [`Plan::feeders`](super::Plan::feeders).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FeederId(pub u32);

/// A CSV file whose rows fill a slot. Header and first row were validated; the other rows are read at run time, shared
/// by all users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feeder {
    /// Key under `data`, used in templates.
    pub name: Arc<str>,
    /// Path of the file.
    pub path: PathBuf,
    /// The cell separator.
    pub delimiter: u8,
    /// Column names. A row with a different number of cells is skipped and reported once.
    pub columns: Arc<[Arc<str>]>,
    /// Order of the rows.
    pub order: Order,
    /// When a new row is taken.
    pub bind: Bind,
    /// Behaviour after the last row.
    pub on_end: OnEnd,
    /// Slot for the row, created by [`Row::value`].
    pub slot: SlotId,
}

/// Order of the rows. It depends only on the seed, so that equal seeds give equal rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As in the file: the k-th request gets row k.
    Sequential,
    /// A random row each time; rows may repeat and never end.
    Random,
    /// A random permutation of the rows in each round.
    Shuffle,
}

/// When a new row is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bind {
    /// Once per user, before `on_start`.
    User,
    /// Before every task.
    Iteration,
}

/// Behaviour after the last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnEnd {
    /// Start again.
    Recycle,
    /// A user without a row stops (as with `stop: user`); the run ends when no users are left.
    Stop,
}

/// A row of a data file: `accounts.email` reads a cell without copying the row.
#[derive(Debug)]
pub struct Row {
    columns: Arc<[Arc<str>]>,
    cells: Vec<Value>,
}

impl Row {
    /// The row as value for [`Feeder::slot`]. Cells are strings; missing cells are undefined.
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
    fn rows_are_maps() {
        let columns: Arc<[Arc<str>]> = ["email".into(), "password".into()].into();
        let row = Row::value(&columns, ["a@b", "x"]);
        assert_eq!(row.get_attr("email").unwrap(), Value::from("a@b"));
        assert!(row.get_attr("nope").unwrap().is_undefined());
        assert_eq!(serde_json::to_string(&row).unwrap(), r#"{"email":"a@b","password":"x"}"#);
        assert!(Row::value(&columns, ["one"]).get_attr("password").unwrap().is_undefined());
    }
}
