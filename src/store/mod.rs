//! Recorded runs, from which all reports are made.
//!
//! ```text
//!  watch<Arc<Snapshot>> ─▶ journal (a thread of its own) ─▶ RUNS/2026-11-27_0142_checkout/
//!                                                             meta.json       what was run, where, how it ended
//!                                                             snapshot.json   the latest snapshot, replaced whole
//!                                                             series.jsonl    a line a second
//!                                                             intervals.hlog  histograms, a standard HdrHistogram log
//!                                                             events.jsonl    changes of load, stages
//!                                                             failures.jsonl  kinds of failures, each with an example
//!                                        folder ─▶ read ─▶ Run ─▶ report, runs, usage
//! ```
//!
//! A [`Run`] is the same whether it was read from a folder or made from the last snapshot of a run that was not
//! recorded. The files are described in `docs/runs.md`.

pub mod archive;
pub mod catalog;
pub mod change;
mod error;
pub mod folder;
mod histograms;
mod history;
pub mod journal;
mod line;
mod lines;
mod meta;
mod open;
mod read;
mod rebuild;
pub mod retention;
mod run;
mod sending;
mod status;
pub mod usage;

pub use error::ReadError;
pub use journal::Journal;
pub use meta::{Meta, Outcome, PlannedArrivals, Sent, SettingUsed, Totals};
pub use read::{read, read_meta, state};
pub use run::{RedisPoint, Run, State};
pub use sending::Sending;
pub use status::{News, Output, Status, Writing};

pub use crate::system::machine::Machine;
