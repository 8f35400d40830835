//! Records each run of this process, unless disabled or impossible, and writes its reports.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ring::digest;
use tokio::sync::watch;

use super::effective;
use super::exit::Rule;
use super::panics;
use super::reports::Wanted;
use super::runs_dir;
use crate::engine::RunHandle;
use crate::github::{self, Publication};
use crate::scenario::{DEMO_HOST, Plan, Scenario};
use crate::settings::Settings;
use crate::sink::{self, Judge, Sinks};
use crate::stats::Snapshot;
use crate::store::retention::{self, Limits};
use crate::store::{self, Journal, Meta, Outcome, Output, Run, Sending, Sent, Totals, Writing};
use crate::system::ci::Ci;
use crate::system::machine::Machine;

/// Maximum time for which reports wait for the sinks.
const SINKS_BEFORE_REPORTS: Duration = Duration::from_millis(1_500);

/// Records the runs of this process, one at a time.
#[derive(Debug)]
pub(super) struct Recording {
    settings: Settings,
    rule: Rule,
    current: Option<Current>,
    /// Folder of the last run, and the exit code recorded in it.
    recorded: Option<(PathBuf, u8)>,
    /// Sinks of finished runs, which may still be sending, with the folder of each run.
    leaving: Vec<(Option<PathBuf>, Sinks)>,
    /// The job of GitHub Actions to which runs are reported.
    github: Option<github::Context>,
    /// The report of the last run to it.
    publication: Option<Publication>,
    /// Messages to print after the screen closes: written files and errors.
    said: Vec<Line>,
    /// Machine-readable output of the last run.
    data: Option<String>,
}

/// Information about a run that has just started.
pub(super) struct Started<'a> {
    pub scenario: &'a Scenario,
    pub plan: &'a Plan,
    pub handle: &'a RunHandle,
    pub seed: u64,
    pub threads: usize,
    /// It goes to the demo target, whose port differs from run to run.
    pub is_demo: bool,
}

/// A message to print.
#[derive(Debug)]
pub(super) struct Line {
    pub text: String,
    pub kind: LineKind,
}

/// How a message is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineKind {
    /// On standard output.
    Message,
    /// An error, on standard error.
    Complaint,
    /// A command that GitHub Actions executes.
    Command,
}

impl LineKind {
    fn of(is_complaint: bool) -> Self {
        if is_complaint { Self::Complaint } else { Self::Message }
    }
}

/// The current run.
#[derive(Debug)]
struct Current {
    meta: Arc<Meta>,
    journal: Option<Journal>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    reports: Wanted,
    sinks: Option<Sinks>,
}

impl Recording {
    /// Creates a recording without a run.
    pub(super) fn new(settings: &Settings, rule: Rule) -> Self {
        Self {
            settings: settings.clone(),
            rule,
            current: None,
            recorded: None,
            leaving: Vec::new(),
            github: None,
            publication: None,
            said: Vec::new(),
            data: None,
        }
    }

    /// Reports runs to this job of GitHub Actions, besides recording them.
    pub(super) fn report_to(&mut self, github: Option<github::Context>) {
        self.github = github;
    }

    /// Starts recording a run; finishes the previous one first.
    pub(super) fn start(&mut self, started: &Started<'_>) {
        self.finish_run(Vec::new(), Instant::now());
        let mut meta = Arc::new(self.meta(started));
        let journal = match self.journal(Meta::clone(&meta), started.handle) {
            Ok(journal) => journal,
            Err(why) => {
                self.complain(&format!("the run is not recorded: {why}"));
                None
            }
        };
        if let Some(journal) = &journal {
            meta = Arc::clone(journal.meta());
        }
        let mut reports = Wanted::new(&self.settings, &started.plan.reports);
        reports.follow(started.handle.subscribe());
        let snapshots = started.handle.subscribe();
        let sinks = self.sinks(&meta, &snapshots);
        self.current = Some(Current { meta, journal, snapshots, reports, sinks });
    }

    /// Starts the sinks of the run, if any are configured.
    fn sinks(&mut self, meta: &Arc<Meta>, snapshots: &watch::Receiver<Arc<Snapshot>>) -> Option<Sinks> {
        // Invalid settings were refused before the run.
        let sinks = sink::configured(&self.settings).ok().filter(|sinks| !sinks.is_empty())?;
        let rule = self.rule;
        let judge: Judge = Arc::new(move |last| rule.verdict(last));
        match Sinks::start(sinks, &panics::of_run(), meta, snapshots, &judge) {
            Ok(sinks) => Some(sinks),
            Err(why) => {
                self.complain(&format!("the run is sent nowhere: {why}"));
                None
            }
        }
    }

    /// Waits for the sinks and until the finished run is on disk, and writes its reports. False if a report could not be
    /// written.
    pub(super) fn finish(&mut self) -> bool {
        let ended = Instant::now();
        let current = self.current.as_mut();
        // Reports have the results of receivers that are fast. Slow ones must not take the time that GitHub needs.
        let sinks = current.and_then(|current| current.sinks.take_if(|sinks| sinks.wait(SINKS_BEFORE_REPORTS)));
        let written = self.finish_run(sinks.map(results).unwrap_or_default(), ended);
        for (folder, sinks) in std::mem::take(&mut self.leaving) {
            self.record_sent(folder.as_deref(), &results(sinks));
        }
        for message in self.publication.take().map(Publication::finish).unwrap_or_default() {
            self.said.push(Line { text: message.text, kind: LineKind::of(message.is_complaint) });
        }
        written
    }

    /// `sent`: the results of its sinks; those that still run are finished later. `ended`: the end of the run.
    fn finish_run(&mut self, sent: Vec<Sent>, ended: Instant) -> bool {
        let Some(Current { meta, journal, snapshots, mut reports, sinks }) = self.current.take() else { return true };
        let folder = journal.as_ref().map(|journal| journal.folder().to_owned());
        self.leaving.extend(sinks.map(|sinks| (folder.clone(), sinks)));
        let last = Arc::clone(&snapshots.borrow());
        let mut run = match journal.map(finished) {
            Some(Ok(run)) => {
                self.prune(&run.meta.id);
                self.recorded = folder.clone().zip(run.meta.outcome.as_ref().map(|outcome| outcome.code));
                run
            }
            other => {
                if let Some(Err(why)) = other {
                    self.complain(&format!("the run was not recorded whole: {why}"));
                }
                let meta =
                    Meta { ended: Some(time(last.at)), outcome: Some(outcome(self.rule, &last)), ..Meta::clone(&meta) };
                Run::of_snapshot(Arc::new(meta), last)
            }
        };
        Arc::make_mut(&mut run.meta).sent.clone_from(&sent);
        let (written, errors) = reports.write(&run);
        self.data = reports.take_data();
        let said = |text: String| Line { text: panics::masked(&text), kind: LineKind::Message };
        self.said.extend(written.into_iter().map(said));
        errors.iter().for_each(|why| self.complain(why));
        let report = reports.html(&run);
        self.record_sent(folder.as_deref(), &sent);
        self.publish(run, report, ended);
        errors.is_empty()
    }

    /// Reports a finished run to GitHub Actions, if that is wanted.
    fn publish(&mut self, run: Run, report: Option<PathBuf>, ended: Instant) {
        let Some(context) = &self.github else { return };
        for annotation in github::annotations(&run.last.judgements, context.workspace()) {
            self.said.push(Line { text: panics::masked(&annotation), kind: LineKind::Command });
        }
        match Publication::start(context.clone(), run, report, ended, panics::masked) {
            Ok(publication) => self.publication = Some(publication),
            Err(why) => self.complain(&format!("the run is not reported to GitHub: {why}")),
        }
    }

    /// Says what was sent to other systems, and adds it to the recorded run.
    fn record_sent(&mut self, folder: Option<&Path>, sent: &[Sent]) {
        if sent.is_empty() {
            return;
        }
        let line = |sent: &Sent| Line { text: sent.summary(), kind: LineKind::of(sent.is_incomplete()) };
        self.said.extend(sent.iter().map(line));
        let Some((root, folder)) = folder.and_then(|folder| Some((folder.parent()?, folder))) else { return };
        if let Err(why) = store::change::edit(root, folder, |meta| meta.sent = sent.to_vec()) {
            self.complain(&why.to_string());
        }
    }

    /// What the current run has sent to other systems so far.
    pub(super) fn sending(&self) -> Vec<Sending> {
        let sinks = self.current.as_ref().and_then(|current| current.sinks.as_ref());
        sinks.map_or_else(Vec::new, |sinks| sinks.statuses().borrow().iter().map(sink::Status::sending).collect())
    }

    /// Outputs of the current run.
    pub(super) fn writing(&self) -> Vec<Writing> {
        let Some(Current { journal, reports, .. }) = &self.current else { return Vec::new() };
        let run = journal.as_ref().map(|journal| Writing::new(Output::Run, journal.status()));
        let csv = reports.status().map(|status| Writing::new(Output::Csv, status));
        run.into_iter().chain(csv).collect()
    }

    /// Updates the exit code of the last run: a failed report or a signal may have changed it since the run ended.
    pub(super) fn record_code(&mut self, code: u8) {
        let Some((folder, recorded)) = self.recorded.take() else { return };
        let Some(root) = folder.parent().filter(|_| code != recorded) else { return };
        let correct = |meta: &mut Meta| meta.outcome.iter_mut().for_each(|outcome| outcome.code = code);
        if let Err(why) = store::change::edit(root, &folder, correct) {
            self.complain(&why.to_string());
        }
    }

    /// Takes the messages so far.
    pub(super) fn take_lines(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.said)
    }

    /// Frees disk space by removing the figures of old runs.
    fn prune(&mut self, newest: &str) {
        let limit = |n: u64| (n > 0).then_some(n);
        let limits = Limits { runs: limit(self.settings.keep_runs), bytes: limit(self.settings.keep_size) };
        let done = runs_dir::of(&self.settings).and_then(|root| {
            let pruned = retention::prune(&root, &limits, newest, Timestamp::now());
            pruned.map_err(|why| format!("{}: {why}", root.display()))
        });
        if let Err(why) = done {
            self.complain(&format!("cannot remove old runs from {why}"));
        }
    }

    /// Takes the machine-readable output of the last run.
    pub(super) fn take_data(&mut self) -> Option<String> {
        self.data.take()
    }

    fn complain(&mut self, text: &str) {
        self.said.push(Line { text: panics::masked(text), kind: LineKind::Complaint });
    }

    fn journal(&self, meta: Meta, handle: &RunHandle) -> Result<Option<Journal>, String> {
        if self.settings.no_record {
            return Ok(None);
        }
        let root = runs_dir::of(&self.settings)?;
        let rule = self.rule;
        let journal = Journal::start(&root, meta, handle.subscribe(), move |last| outcome(rule, last));
        journal
            .map(Some)
            .map_err(|why| format!("cannot write to {}: {why}; --runs-dir DIR names another", root.display()))
    }

    fn meta(&self, started: &Started<'_>) -> Meta {
        let Started { scenario, plan, handle, seed, threads, is_demo } = *started;
        let info = &handle.latest().run;
        let ci = Ci::detect(|name| std::env::var(name).ok());
        let mask = |text: &str| scenario.masked(&plan.secrets.mask(&panics::masked(text)));
        Meta {
            format: Meta::FORMAT,
            id: String::new(),
            scenario: info.scenario.to_string(),
            file: mask(scenario.origin()),
            text: mask(scenario.text()),
            plan_hash: plan_hash(scenario, plan, &self.settings),
            profile: self.settings.profile.clone(),
            host: if is_demo { DEMO_HOST.to_owned() } else { info.host.to_string() },
            arguments: std::env::args_os().skip(1).map(|argument| mask(&argument.to_string_lossy())).collect(),
            settings: effective::used(&self.settings, scenario, plan, mask),
            is_embedded: Some(scenario.is_embedded()),
            ci: ci.as_ref().map(|ci| ci.name.to_owned()),
            branch: ci.as_ref().and_then(|ci| ci.branch.clone()),
            commit: ci.as_ref().and_then(|ci| ci.commit.clone()),
            link: ci.and_then(|ci| ci.link),
            started: time(info.started),
            ended: None,
            is_open: plan.schedule.is_open(),
            users: plan.load.users.0,
            spawn_rate: plan.load.spawn_rate.0,
            run_time: plan.schedule.length().or(plan.load.run_time).as_ref().map(Duration::as_secs_f64),
            seed,
            threads,
            rows: plan.endpoints.iter().map(|row| (row.kind.to_string(), row.name.to_string())).collect(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            machine: Machine::this(),
            tags: Vec::new(),
            note: None,
            incomplete: None,
            sent: Vec::new(),
            outcome: None,
        }
    }
}

/// Waits for sinks whose run is over.
fn results(sinks: Sinks) -> Vec<Sent> {
    let masked = |sent: Sent| Sent { error: sent.error.map(|why| panics::masked(&why)), ..sent };
    sinks.finish().iter().map(|status| masked(status.sent())).collect()
}

fn finished(journal: Journal) -> Result<Run, String> {
    let folder = journal.folder().to_owned();
    journal.finish().map_err(|why| format!("cannot write to {}: {why}", folder.display()))?;
    store::read(&folder).map_err(|error| error.to_string())
}

fn outcome(rule: Rule, last: &Snapshot) -> Outcome {
    let verdict = rule.verdict(last);
    let (code, word) = (rule.code(&verdict), verdict.conclusion.word().to_owned());
    Outcome { verdict: word, reason: verdict.reason, code, totals: Totals::of(last) }
}

fn time(at: std::time::SystemTime) -> Timestamp {
    Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Hash of everything that defines the load: runs with the same hash are comparable.
fn plan_hash(scenario: &Scenario, plan: &Plan, settings: &Settings) -> String {
    let whole = format!("{}\n{:?}\n{:?}\n{:?}", scenario.text(), settings.select(), plan.load, plan.schedule.stages());
    let hash = digest::digest(&digest::SHA256, whole.as_bytes());
    hash.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
