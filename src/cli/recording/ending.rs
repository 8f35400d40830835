//! Finishes a run that is over: waits for its recording, writes its reports, and starts its report to GitHub. On the
//! screen this is done on a thread, since it takes up to seconds.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::current::{Current, outcome, time};
use super::line::Line;
use crate::clean;
use crate::cli::exit::Rule;
use crate::cli::{panics, runs_dir};
use crate::github::{self, Publication};
use crate::headless::console;
use crate::report::text;
use crate::settings::Settings;
use crate::sink::Sinks;
use crate::store::retention::{self, Limits};
use crate::store::{self, Journal, Meta, Run, Sent};

/// Maximum time for which reports wait for the sinks.
const SINKS_BEFORE_REPORTS: Duration = Duration::from_millis(1_500);

/// What finishing a run needs beside the run.
#[derive(Debug, Clone)]
pub(super) struct Ending {
    pub settings: Settings,
    pub rule: Rule,
    /// The job of GitHub Actions to which runs are reported.
    pub github: Option<github::Context>,
    /// The lines begin with the summary of the run.
    pub has_summary: bool,
}

/// A finished run.
#[derive(Debug, Default)]
pub(super) struct Finished {
    pub lines: Vec<Line>,
    /// Folder of the run, and the exit code recorded in it.
    pub recorded: Option<(PathBuf, u8)>,
    /// Its sinks if they still send, with the folder of the run.
    pub sinks: Option<(Option<PathBuf>, Sinks)>,
    pub publication: Option<Publication>,
    /// Machine-readable output to print.
    pub data: Option<String>,
    /// A report could not be written.
    pub is_unwritten: bool,
}

impl Ending {
    /// Finishes the run on a separate thread.
    ///
    /// # Errors
    /// If no thread can be started. The reports are not written then, but the run is recorded.
    pub fn begin(self, current: Current) -> io::Result<JoinHandle<Finished>> {
        let ended = Instant::now();
        std::thread::Builder::new().name("reports".to_owned()).spawn(move || self.finish(current, ended))
    }

    /// Finishes the run, which ended at `ended`.
    pub fn finish(&self, current: Current, ended: Instant) -> Finished {
        let Current { meta, journal, snapshots, mut reports, mut sinks } = current;
        let mut done = Finished::default();
        let folder = journal.as_ref().map(|journal| journal.folder().to_owned());
        let last = Arc::clone(&snapshots.borrow());
        if self.has_summary {
            let verdict = self.rule.verdict(&last);
            done.lines.push(Line::block(text::summary_of(&meta, &last, &verdict, console::width())));
        }
        // Reports have the results of receivers that are fast. Slow ones must not take the time that GitHub needs.
        let quick = sinks.take_if(|sinks| sinks.wait(SINKS_BEFORE_REPORTS));
        let sent = quick.map(results).unwrap_or_default();
        let mut run = match journal.map(recorded) {
            Some(Ok(run)) => {
                done.lines.extend(self.prune(&run.meta.id));
                run
            }
            other => {
                if let Some(Err(why)) = other {
                    done.lines.push(Line::complaint(&format!("the run was not recorded whole: {why}")));
                }
                let ended = Some(time(last.at));
                Run::of_snapshot(
                    Arc::new(Meta { ended, outcome: Some(outcome(self.rule, &last)), ..Meta::clone(&meta) }),
                    last,
                )
            }
        };
        // Also of a run that was not recorded whole.
        done.recorded = folder.as_ref().and_then(|folder| {
            let outcome = store::read_meta(folder).ok()?.outcome?;
            Some((folder.clone(), outcome.code))
        });
        Arc::make_mut(&mut run.meta).sent.clone_from(&sent);
        let (written, errors) = reports.write(&run);
        done.data = reports.take_data();
        done.is_unwritten = !errors.is_empty();
        done.lines.extend(written.iter().map(|text| Line::message(text)));
        done.lines.extend(errors.iter().map(|why| Line::complaint(why)));
        let report = reports.html(&run);
        done.lines.extend(record_sent(folder.as_deref(), &sent));
        self.publish(run, report, ended, &mut done);
        done.sinks = sinks.map(|sinks| (folder, sinks));
        done
    }

    /// Reports a finished run to GitHub Actions, if that is wanted.
    fn publish(&self, run: Run, report: Option<PathBuf>, ended: Instant, done: &mut Finished) {
        let Some(context) = &self.github else { return };
        let annotations = github::annotations(&run.last.judgements, context.workspace());
        done.lines.extend(annotations.iter().map(|annotation| Line::command(annotation)));
        match Publication::start(context.clone(), run, report, ended, panics::masked) {
            Ok(publication) => done.publication = Some(publication),
            Err(why) => {
                done.lines.push(Line::complaint(&format!("the run is not reported to GitHub: {}", clean::cause(&why))))
            }
        }
    }

    /// Frees disk space by removing the figures of old runs.
    fn prune(&self, newest: &str) -> Option<Line> {
        let limit = |n: u64| (n > 0).then_some(n);
        let limits = Limits { runs: limit(self.settings.keep_runs), bytes: limit(self.settings.keep_size) };
        let done = runs_dir::of(&self.settings).and_then(|root| {
            let pruned = retention::prune(&root, &limits, newest, Timestamp::now());
            pruned.map_err(|why| format!("{}: {}", root.display(), clean::cause(&why)))
        });
        done.err().map(|why| Line::complaint(&format!("cannot remove old runs from {why}")))
    }
}

/// Adds to the recorded run what was sent to other systems, and returns what to print of it.
pub(super) fn record_sent(folder: Option<&Path>, sent: &[Sent]) -> Vec<Line> {
    if sent.is_empty() {
        return Vec::new();
    }
    let mut lines: Vec<Line> = sent.iter().map(Line::of_sent).collect();
    if let Some((root, folder)) = folder.and_then(|folder| Some((folder.parent()?, folder)))
        && let Err(why) = store::change::edit(root, folder, |meta| meta.sent = sent.to_vec())
    {
        lines.push(Line::complaint(&why.to_string()));
    }
    lines
}

/// Waits for sinks whose run is over.
pub(super) fn results(sinks: Sinks) -> Vec<Sent> {
    let masked = |sent: Sent| Sent { error: sent.error.map(|why| panics::masked(&why)), ..sent };
    sinks.finish().iter().map(|status| masked(status.sent())).collect()
}

fn recorded(journal: Journal) -> Result<Run, String> {
    let folder = journal.folder().to_owned();
    journal.finish().map_err(|why| format!("cannot write to {}: {why}", folder.display()))?;
    store::read(&folder).map_err(|error| error.to_string())
}
