//! Runs without a screen: prints a table every few seconds, and the final tables.
//!
//! Input: a [`RunHandle`]. Output: tables on standard output, warnings on standard error, a stop command when a signal
//! arrives, and the last snapshot.

pub mod console;
pub mod log;
mod news;
mod progress;
mod reported;
mod signals;
mod thresholds;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::MissedTickBehavior;

use crate::engine::{Command, RunHandle};
use crate::report::silence;
use crate::report::text::{self, RateWindow};
use crate::settings::Settings;
use crate::stats::Snapshot;
use crate::stats::snapshot::{End, Health, Level, RunState};
use crate::store::Writing;
use crate::system::signals::words;
use crate::verdict::Verdict;
use crate::{clean, units};
pub use signals::Signals;

/// Locust's interval between tables.
const TABLE_EVERY: Duration = Duration::from_secs(2);

/// Result of [`follow`].
#[derive(Debug)]
pub struct Followed {
    /// The last snapshot.
    pub last: Arc<Snapshot>,
    /// Number of the signal that aborted running tasks (the second or a later one); `None` if none did.
    pub forced_by: Option<i32>,
}

/// A run that has started, with what it needs while it is followed.
pub struct Started<'a> {
    /// The run.
    pub handle: RunHandle,
    /// Signals that stop it. They are received from before its start on: an earlier one would end the process, and the run
    /// be lost.
    pub signals: Signals,
    /// Notes on it, which have been printed already.
    pub notes: &'a [String],
    /// Files that are written during the run.
    pub writing: Vec<Writing>,
}

/// Follows a run to its end. The first INT, TERM or HUP stops it gracefully, the second aborts running tasks, and the
/// third returns without waiting. Files that cannot be written, and finally the verdict of `judge`, are printed.
///
/// # Errors
/// If the runtime cannot be started.
pub fn follow(
    started: Started<'_>,
    settings: &Settings,
    judge: impl Fn(&Snapshot) -> Verdict,
) -> std::io::Result<Followed> {
    let Started { handle, signals, notes, writing } = started;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let forced_by = tokio::select! {
            forced_by = until_done(&handle, signals, settings, notes) => forced_by,
            never = report_writing(writing) => match never {},
        };
        let last = handle.latest();
        let verdict = judge(&last);
        console::say(&text::verdict(&last, &verdict, console::width()));
        if settings.json_file.is_none() {
            console::say(&ending(&last, console::width()));
        }
        if !last.state.is_done() {
            console::warn("stopped waiting before the run ended: the figures are those of the last snapshot");
        }
        Ok(Followed { last, forced_by })
    })
}

/// Reports when files cannot be written, and when writing resumes. Never returns.
async fn report_writing(writing: Vec<Writing>) -> Infallible {
    let report = async |mut one: Writing| {
        while let Some(news) = one.next().await {
            log::warning(&news.text);
        }
    };
    join_all(writing.into_iter().map(report)).await;
    std::future::pending().await
}

/// Prints tables and messages until the run ends. Returns the number of the signal that aborted running tasks, if any.
async fn until_done(handle: &RunHandle, mut signals: Signals, settings: &Settings, notes: &[String]) -> Option<i32> {
    let mut snapshots = handle.subscribe();
    let mut table = tokio::time::interval(TABLE_EVERY);
    table.set_missed_tick_behavior(MissedTickBehavior::Skip);
    // The first tick is immediate, when there is nothing to show yet.
    table.tick().await;
    let mut stops = 0_u32;
    let mut forced_by = None;
    let mut watch = news::StateWatch::default();
    let mut progress = progress::Progress::new(notes);
    progress.lines(&handle.latest()).iter().for_each(|line| log::info(line));
    let mut logged = 0;
    let mut skipped = 0_u64;
    loop {
        tokio::select! {
            changed = snapshots.changed() => {
                // The engine closes the channel after the last snapshot.
                if changed.is_err() {
                    break;
                }
                let snapshot = snapshots.borrow_and_update().clone();
                progress.lines(&snapshot).iter().for_each(|line| log::info(line));
                watch.changes(&snapshot).iter().for_each(|line| log::warning(line));
                text::log(&snapshot, logged).iter().for_each(|line| log::warning(line));
                logged = snapshot.log.total;
                if snapshot.state.is_done() {
                    break;
                }
            }
            _ = table.tick(), if settings.print_stats || !settings.only_summary => {
                // Skip the table while the previous one is still waiting for the reader.
                if console::is_idle() {
                    console::say(&table_now(&handle.latest(), console::width()));
                } else {
                    skipped += 1;
                }
            }
            number = signals.next() => {
                stops = stops.saturating_add(1);
                let name = words(number);
                if stops > 1 {
                    forced_by = Some(number);
                }
                console::warn(match stops {
                    1 => format!("{name}: stopping, running tasks may finish; interrupt again to abort running tasks"),
                    2 => format!("{name}: aborting running tasks"),
                    _ => break,
                }.as_str());
                if let Err(error) = handle.send(Command::Stop) {
                    console::warn(&error.to_string());
                }
            }
        }
    }
    if skipped > 0 {
        console::warn(&format!("{} tables were not printed: standard output was not read", units::count(skipped)));
    }
    forced_by
}

/// The current table, followed by what it does not include.
fn table_now(snapshot: &Snapshot, width: usize) -> String {
    let mut out = text::requests(snapshot, RateWindow::Now, width);
    for words in silence::lines(snapshot, width).into_iter().chain(text::left_out(snapshot)) {
        out.push_str(&words);
        out.push('\n');
    }
    out
}

/// Requests without a response, the final tables, and what these do not include.
fn ending(last: &Snapshot, width: usize) -> String {
    let mut out = String::new();
    for line in silence::lines(last, width) {
        out.push_str(&line);
        out.push('\n');
    }
    out.push_str(&text::tables(last, width));
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    out.push_str(&text::response_times(last));
    out.push_str(&format!("{:.3} VU-hours, {}", last.load.vu_hours, health_words(&last.health)));
    out.push('\n');
    if last.run.is_insecure {
        out.push_str(text::INSECURE);
        out.push('\n');
    }
    for words in text::left_out(last).into_iter().chain(text::stability(last)).chain(text::traces(last)) {
        out.push_str(&words);
        out.push('\n');
    }
    if last.log.dropped > 0 {
        out.push_str(&format!("{} log lines were dropped: they came too fast\n", last.log.dropped));
    }
    if last.state == RunState::Done(End::Broken) {
        out.push_str("The run failed: a thread of the load generator crashed; its figures are missing.\n");
    }
    out
}

fn health_words(health: &Health) -> String {
    let word = match health.level {
        Level::Green => "fine",
        Level::Amber => "overloaded",
        Level::Red => "the bottleneck",
    };
    let why = match &health.why {
        Some(why) if health.level != Level::Green => format!(": {}", clean::line(why)),
        _ => String::new(),
    };
    format!("load generator {word} (CPU {:.0} %){why}", health.cpu * 100.0)
}

#[cfg(test)]
mod tests;
