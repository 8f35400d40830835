//! Rows of data files, shared by all users.
//!
//! Input: the files of a plan, opened once before the run, and a taker (user, iteration). Output: a row. Only the
//! positions of rows are in memory (12 bytes each); large files stay on disk and are read row by row. There are no
//! locks: shared data is read-only, except for one counter per file.
//!
//! Selection of rows: with `bind: user`, the row depends on the seed and the number of the user. With `bind:
//! iteration`, the k-th request for a row gets the k-th row of the order, so that no row is repeated before all were
//! used; which user makes the k-th request depends on response times if there are several users. A random row depends
//! on the seed, the user and the iteration.

mod index;
mod shuffle;

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use minijinja::Value;

use self::index::Index;
use crate::scenario::plan::{Bind, Feeder, OnEnd, Order, Row};
use crate::scenario::syntax::source;

/// Files up to this size are kept in memory, which saves a system call per row.
const IN_MEMORY: u64 = 4 << 20;

/// User and iteration that need a row.
#[derive(Debug, Clone, Copy)]
pub struct Taker {
    /// Number of the user, from 0.
    pub user: u32,
    /// Tasks that the user started before.
    pub iteration: u64,
}

/// Why there is no row.
#[derive(Debug, PartialEq, Eq)]
pub enum Miss {
    /// All rows are used, and the plan has `on_end: stop`.
    Exhausted,
    /// The row can no longer be read; the reason.
    Unreadable(String),
}

/// Error of a data file.
#[derive(Debug, thiserror::Error)]
#[error("data {name}: {path}: {why}")]
pub struct DataError {
    name: Arc<str>,
    path: String,
    why: String,
}

/// One open data file.
#[derive(Debug)]
pub struct Source {
    text: Text,
    index: Index,
    /// Rows taken so far, for `bind: iteration`.
    taken: AtomicU64,
    key: u64,
}

#[derive(Debug)]
enum Text {
    Memory(Vec<u8>),
    Disk(File),
}

/// Opens and indexes all data files of a plan.
///
/// # Errors
/// If a file cannot be read, or has no valid row.
pub fn open(feeders: &[Feeder], seed: u64) -> Result<Arc<[Source]>, DataError> {
    let source = |(number, feeder): (usize, &Feeder)| {
        let fail = |why: String| DataError {
            name: Arc::clone(&feeder.name),
            path: crate::clean::line(&feeder.path.display().to_string()).into_owned(),
            why,
        };
        let source = Source::open(feeder, shuffle::mix(seed ^ shuffle::mix(number as u64 + 1)));
        let source = source.map_err(|error| fail(crate::clean::cause(&error)))?;
        if source.index.is_empty() {
            let why = source.index.skipped_rows(feeder.columns.len()).unwrap_or_else(|| "it has no rows".to_owned());
            return Err(fail(why));
        }
        Ok(source)
    };
    feeders.iter().enumerate().map(source).collect()
}

impl Source {
    fn open(feeder: &Feeder, key: u64) -> std::io::Result<Self> {
        let file = source::open(&feeder.path)?;
        let columns = feeder.columns.len();
        let (text, index) = if file.metadata()?.len() <= IN_MEMORY {
            let mut text = Vec::new();
            // Reading one byte more detects files that grew, and files without a length, such as pipes.
            std::io::Read::read_to_end(&mut std::io::Read::take(&file, IN_MEMORY + 1), &mut text)?;
            if text.len() as u64 > IN_MEMORY {
                return Err(std::io::Error::other("it is not a regular file, or it grows while it is read"));
            }
            let index = Index::build(&mut text.as_slice(), feeder.delimiter, columns)?;
            (Text::Memory(text), index)
        } else {
            let index =
                Index::build(&mut std::io::BufReader::with_capacity(1 << 18, &file), feeder.delimiter, columns)?;
            (Text::Disk(file), index)
        };
        Ok(Self { text, index, taken: AtomicU64::new(0), key })
    }

    /// Describes the skipped rows; `None` if there are none.
    pub fn skipped_rows(&self, feeder: &Feeder) -> Option<String> {
        self.index.skipped_rows(feeder.columns.len())
    }

    /// The row for this taker.
    ///
    /// # Errors
    /// If no rows are left, or the file has changed during the run.
    pub fn take(&self, feeder: &Feeder, taker: Taker) -> Result<Value, Miss> {
        let row = self.choose(feeder, taker).ok_or(Miss::Exhausted)?;
        self.read(feeder, row)
    }

    /// Number of the row for this taker; `None` after the end.
    fn choose(&self, feeder: &Feeder, taker: Taker) -> Option<u64> {
        let rows = self.index.len();
        if feeder.order == Order::Random {
            let own = shuffle::mix(u64::from(taker.user) + 1) ^ taker.iteration.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            return Some(shuffle::mix(self.key ^ own) % rows);
        }
        let turn = match feeder.bind {
            Bind::User => u64::from(taker.user),
            Bind::Iteration => self.taken.fetch_add(1, Ordering::Relaxed),
        };
        let (round, place) = (turn / rows, turn % rows);
        if round > 0 && feeder.on_end == OnEnd::Stop {
            return None;
        }
        match feeder.order {
            Order::Shuffle => Some(shuffle::place(place, rows, shuffle::mix(self.key ^ round))),
            Order::Sequential | Order::Random => Some(place),
        }
    }

    fn read(&self, feeder: &Feeder, row: u64) -> Result<Value, Miss> {
        let unreadable = |why: String| Miss::Unreadable(why);
        let (from, length) = self.index.span(row).ok_or_else(|| unreadable("no such row".to_owned()))?;
        let mut buffer = Vec::new();
        let text = match &self.text {
            Text::Memory(text) => usize::try_from(from).ok().and_then(|from| text.get(from..from.checked_add(length)?)),
            Text::Disk(file) => {
                buffer.resize(length, 0);
                file.read_exact_at(&mut buffer, from).map_err(|e| unreadable(format!("cannot read a row: {e}")))?;
                Some(buffer.as_slice())
            }
        };
        let cells = text.and_then(|text| index::cells(text, feeder.delimiter));
        match cells {
            Some(cells) if cells.len() == feeder.columns.len() => Ok(Row::value(&feeder.columns, cells)),
            _ => Err(unreadable("the file has changed during the run".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests;
