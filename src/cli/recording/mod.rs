//! Records each run of this process, unless disabled or impossible, and writes its reports.

mod current;
mod ending;
mod line;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ring::digest;
use tokio::sync::watch;

pub(super) use line::Line;

use self::current::{Current, outcome, time};
use self::ending::{Ending, Finished};
use super::effective;
use super::exit::{self, Rule};
use super::panics;
use super::reports::Wanted;
use super::runs_dir;
use crate::clean;
use crate::engine::RunHandle;
use crate::github::{self, Publication};
use crate::scenario::plan::{Goal, Stage};
use crate::scenario::{DEMO_HOST, Plan, Scenario};
use crate::settings::Settings;
use crate::sink::{self, Judge, Sinks, Status};
use crate::stats::Snapshot;
use crate::store::{self, Journal, Meta, News, Output, PlannedArrivals, Sending, Writing};
use crate::system::ci::Ci;
use crate::system::machine::Machine;

/// Records the runs of this process, one at a time.
#[derive(Debug)]
pub(super) struct Recording {
    ending: Ending,
    current: Option<Current>,
    /// The run that is being finished.
    finishing: Option<JoinHandle<Finished>>,
    /// What the last run has sent to other systems.
    statuses: Option<watch::Receiver<Vec<Status>>>,
    /// Folder of the last run, and the exit code recorded in it.
    recorded: Option<(PathBuf, u8)>,
    /// Sinks of finished runs, which may still be sending, with the folder of each run.
    leaving: Vec<(Option<PathBuf>, Sinks)>,
    /// The report of the last run to GitHub.
    publication: Option<Publication>,
    /// A report of the last run could not be written.
    is_unwritten: bool,
    /// Messages to print after the screen closes: written files and errors.
    lines: Vec<Line>,
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

impl Recording {
    /// Creates a recording without a run.
    pub(super) fn new(settings: &Settings, rule: Rule) -> Self {
        Self {
            ending: Ending { settings: settings.clone(), rule, github: None, has_summary: false },
            current: None,
            finishing: None,
            statuses: None,
            recorded: None,
            leaving: Vec::new(),
            publication: None,
            is_unwritten: false,
            lines: Vec::new(),
            data: None,
        }
    }

    /// Reports runs to this job of GitHub Actions, besides recording them.
    pub(super) fn report_to(&mut self, github: Option<github::Context>) {
        self.ending.github = github;
    }

    /// Puts the summary of each run before its messages.
    pub(super) fn summarize(&mut self) {
        self.ending.has_summary = true;
    }

    /// Starts recording a run; finishes the previous one first.
    pub(super) fn start(&mut self, started: &Started<'_>) {
        self.finish_run(Instant::now());
        if self.is_unwritten {
            self.record_code(exit::TROUBLE);
        }
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
        let mut reports = Wanted::new(&self.ending.settings, &started.plan.reports);
        reports.follow(started.handle.subscribe());
        let snapshots = started.handle.subscribe();
        let sinks = self.sinks(&meta, &snapshots);
        self.statuses = sinks.as_ref().map(Sinks::statuses);
        self.current = Some(Current { meta, journal, snapshots, reports, sinks });
    }

    /// Starts the sinks of the run, if any are configured.
    fn sinks(&mut self, meta: &Arc<Meta>, snapshots: &watch::Receiver<Arc<Snapshot>>) -> Option<Sinks> {
        // Invalid settings were refused before the run.
        let sinks = sink::configured(&self.ending.settings).ok().filter(|sinks| !sinks.is_empty())?;
        let rule = self.ending.rule;
        let judge: Judge = Arc::new(move |last| rule.verdict(last));
        match Sinks::start(sinks, &panics::of_run(), meta, snapshots, &judge) {
            Ok(sinks) => Some(sinks),
            Err(why) => {
                self.complain(&format!("the run is sent nowhere: {why}"));
                None
            }
        }
    }

    /// Finishes the run, which is over, on a separate thread.
    pub(super) fn end(&mut self) {
        let Some(current) = self.current.take() else { return };
        match self.ending.clone().begin(current) {
            Ok(thread) => self.finishing = Some(thread),
            Err(why) => self.complain(&format!(
                "no reports of the run: {}; `katydid report latest` makes them",
                clean::cause(&why)
            )),
        }
    }

    /// The messages of a run that [`Self::end`] has finished since the last call; they are printed nevertheless.
    pub(super) fn news(&mut self) -> Vec<News> {
        if !self.finishing.as_ref().is_some_and(JoinHandle::is_finished) {
            return Vec::new();
        }
        let before = self.lines.len();
        self.take_finished();
        let new = self.lines[before..].iter().filter_map(Line::news);
        new.map(|(text, is_bad)| News { text: text.to_owned(), is_bad }).collect()
    }

    /// Waits for the sinks and until the finished run is on disk, and writes its reports. False if a report could not be
    /// written.
    pub(super) fn finish(&mut self) -> bool {
        self.finish_run(Instant::now());
        for (folder, sinks) in std::mem::take(&mut self.leaving) {
            self.lines.extend(ending::record_sent(folder.as_deref(), &ending::results(sinks)));
        }
        for message in self.publication.take().map(Publication::finish).unwrap_or_default() {
            self.lines.push(Line::of_publication(&message.text, message.is_complaint));
        }
        !self.is_unwritten
    }

    /// Finishes the run if there is one, which ended at `ended`.
    fn finish_run(&mut self, ended: Instant) {
        self.take_finished();
        if let Some(current) = self.current.take() {
            let finished = self.ending.finish(current, ended);
            self.keep(finished);
        }
    }

    /// Waits for a run that is being finished.
    fn take_finished(&mut self) {
        match self.finishing.take().map(JoinHandle::join) {
            Some(Ok(finished)) => self.keep(finished),
            Some(Err(_)) => self.complain("the reports of the run were not written: an internal error"),
            None => {}
        }
    }

    fn keep(&mut self, finished: Finished) {
        let Finished { lines, recorded, sinks, publication, data, is_unwritten } = finished;
        self.lines.extend(lines);
        self.leaving.extend(sinks);
        (self.recorded, self.publication) = (recorded, publication);
        (self.data, self.is_unwritten) = (data, is_unwritten);
    }

    /// What the last run has sent to other systems so far.
    pub(super) fn sending(&self) -> Vec<Sending> {
        let statuses = self.statuses.as_ref();
        statuses.map_or_else(Vec::new, |statuses| statuses.borrow().iter().map(Status::sending).collect())
    }

    /// Outputs of the current run.
    pub(super) fn writing(&self) -> Vec<Writing> {
        let Some(Current { journal, reports, .. }) = &self.current else { return Vec::new() };
        let run = journal.as_ref().map(|journal| Writing::new(Output::Run, journal.status()));
        let csv = reports.status().map(|status| Writing::new(Output::Csv, status));
        run.into_iter().chain(csv).collect()
    }

    /// Ends the recording of a run that can no longer be followed.
    pub(super) fn give_up(&mut self) {
        self.finish();
        self.record_code(exit::TROUBLE);
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
        std::mem::take(&mut self.lines)
    }

    /// Takes the machine-readable output of the last run.
    pub(super) fn take_data(&mut self) -> Option<String> {
        self.data.take()
    }

    fn complain(&mut self, text: &str) {
        self.lines.push(Line::complaint(text));
    }

    fn journal(&self, meta: Meta, handle: &RunHandle) -> Result<Option<Journal>, String> {
        if self.ending.settings.no_record {
            return Ok(None);
        }
        let root = runs_dir::of(&self.ending.settings)?;
        let rule = self.ending.rule;
        let journal = Journal::start(&root, meta, handle.subscribe(), move |last| outcome(rule, last));
        journal.map(Some).map_err(|why| {
            let why = clean::cause(&why);
            format!("cannot write to {}: {why}; --runs-dir DIR names another", root.display())
        })
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
            plan_hash: plan_hash(scenario, plan, &self.ending.settings),
            profile: self.ending.settings.profile.clone(),
            host: if is_demo { DEMO_HOST.to_owned() } else { info.host.to_string() },
            arguments: std::env::args_os().skip(1).map(|argument| mask(&argument.to_string_lossy())).collect(),
            settings: effective::used(&self.ending.settings, scenario, plan, mask),
            is_embedded: Some(scenario.is_embedded()),
            ci: ci.as_ref().map(|ci| ci.name.to_owned()),
            branch: ci.as_ref().and_then(|ci| ci.branch.clone()),
            commit: ci.as_ref().and_then(|ci| ci.commit.clone()),
            link: ci.and_then(|ci| ci.link),
            started: time(info.started),
            ended: None,
            is_open: plan.schedule.is_open(),
            is_shaped: plan.schedule.is_shaped(),
            users: plan.load.users.0,
            arrivals: plan.schedule.stages().iter().filter_map(arrivals).collect(),
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

/// A stage of an open model.
fn arrivals(stage: &Stage) -> Option<PlannedArrivals> {
    match stage.goal {
        Goal::Users { .. } => None,
        Goal::Rate { rate, ramp } => {
            let length = stage.duration.as_ref().map(Duration::as_secs_f64);
            Some(PlannedArrivals { rate, ramp: ramp.as_secs_f64(), length })
        }
    }
}

/// Hash of everything that defines the load: runs with the same hash are comparable.
fn plan_hash(scenario: &Scenario, plan: &Plan, settings: &Settings) -> String {
    let whole = format!("{}\n{:?}\n{:?}\n{:?}", scenario.text(), settings.select(), plan.load, plan.schedule.stages());
    let hash = digest::digest(&digest::SHA256, whole.as_bytes());
    hash.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
