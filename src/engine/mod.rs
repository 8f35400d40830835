//! Generates load from a [`Plan`].
//!
//! [`start`] spawns one thread per shard and one control thread (supervisor and aggregator), and returns a
//! [`RunHandle`] for commands and snapshots.

mod arrivals;
mod class_assignment;
mod clock;
mod command;
mod feeder;
mod handle;
mod heartbeat;
mod in_flight;
mod load_controller;
mod pacer;
mod peers;
mod pool;
mod ramp;
mod shard;
mod shard_command;
mod shard_setup;
mod shard_state;
mod signal;
mod supervisor;
#[cfg(target_os = "linux")]
mod timer;
mod trace;
pub mod trial;
mod user;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::thread;
use std::time::SystemTime;

use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::sync::{mpsc, oneshot, watch};

pub use class_assignment::ClassAssignment;
pub use command::Command;
pub use feeder::DataError;
pub use handle::{CommandError, RunHandle};

use self::heartbeat::Heartbeat;
use crate::protocol::sessions::{Factories, ProtocolError};
use crate::scenario::Plan;
use crate::scenario::eval::template::Sequences;
use crate::scenario::plan::OperationSize;
use crate::stats::Aggregator;
use crate::stats::health::Probe;
use crate::stats::operation::Asked;
use crate::stats::snapshot::{PrefillView, RunInfo, RunState};
use crate::stats::{Interval, Moment};
use crate::verdict::Judge;

/// Settings of the load generator itself.
#[derive(Debug, Clone, Copy)]
pub struct EngineOptions {
    /// Number of shards, each an OS thread with its own runtime; at least 1.
    pub threads: usize,
    /// Seed of the random numbers.
    pub seed: u64,
}

/// Why the engine could not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A thread or a runtime could not be created.
    #[error("cannot start the load generator's threads: {0}")]
    Thread(#[from] io::Error),
    /// A data file cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The scenario contains steps that are not supported yet.
    #[error("{0}")]
    NotRunnable(String),
    /// A protocol could not be set up, for example its TLS.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
}

/// Maximum number of queued commands: many more than a person can enter in the 50 ms between two reads.
const COMMANDS: usize = 256;
/// Maximum number of intervals per shard that wait for the aggregator.
const INTERVALS: usize = 4;

/// Opens the data files and starts the run.
///
/// # Errors
/// If a thread cannot be created, TLS cannot be set up, a data file cannot be used, or the plan contains something that
/// is not supported yet.
pub fn start(plan: Arc<Plan>, options: EngineOptions) -> Result<RunHandle, EngineError> {
    start_with(plan, options, || {})
}

/// Like [`start`]; each load thread first calls `given`.
fn start_with(
    plan: Arc<Plan>,
    options: EngineOptions,
    given: impl FnOnce() + Clone + Send + 'static,
) -> Result<RunHandle, EngineError> {
    // A shard without slots for users could not serve the iterations that arrive on it.
    let places = plan.schedule.max_users().map_or(usize::MAX, |most| most.0.max(1) as usize);
    let threads = options.threads.clamp(1, places);
    if let Some(why) = plan.not_runnable() {
        return Err(EngineError::NotRunnable(why));
    }
    let feeders = feeder::open(&plan.feeders, options.seed)?;
    let sequences: Arc<Sequences> = Arc::default();
    let factories = Factories::new(&plan)?;
    let others = Arc::new(AtomicU32::new(0));
    let (interval_tx, intervals) = mpsc::channel(INTERVALS * threads);
    let mut links = Vec::with_capacity(threads);
    let (commands, receivers): (Vec<_>, Vec<_>) = (0..threads).map(|_| mpsc::unbounded_channel()).unzip();
    let ends = peers::Peers::new(&commands).into_iter().zip(commands).zip(receivers);
    for (index, ((peers, commands), command_rx)) in ends.enumerate() {
        let (spares, spare_rx) = mpsc::channel::<Box<Interval>>(INTERVALS);
        let heartbeat = Arc::new(Heartbeat::start());
        let setup = shard_setup::ShardSetup {
            index,
            shards: threads,
            plan: Arc::clone(&plan),
            seed: options.seed,
            feeders: Arc::clone(&feeders),
            sequences: Arc::clone(&sequences),
            factories: factories.clone(),
            others: Arc::clone(&others),
            commands: command_rx,
            peers,
            intervals: interval_tx.clone(),
            spares: spare_rx,
            heartbeat: Arc::clone(&heartbeat),
        };
        let given = given.clone();
        // Errors of the runtime are returned to the caller.
        let thread = spawn(format!("katydid-shard-{index}"), move |runtime| {
            runtime.block_on(async {
                given();
                shard::run(setup).await;
            });
        })?;
        links.push(supervisor::Link { commands, spares, heartbeat, thread });
    }
    let (command_tx, commands) = mpsc::channel(COMMANDS);
    let mut aggregator = aggregator(&plan, options.seed, threads);
    let mut first = aggregator.snapshot(first_moment(&plan));
    let shown = Arc::make_mut(&mut first);
    shown.judgements = Arc::clone(Judge::new(&plan).judgements());
    let total = plan.prefill.iter().map(|fill| fill.count).sum();
    if total > 0 {
        shown.state = RunState::Prefilling;
        shown.plan.prefill = Some(PrefillView { total, ..PrefillView::default() });
    }
    let (snapshots, snapshot_rx) = watch::channel(first);
    let (figures, server) = watch::channel(None);
    spawn("katydid-control".to_owned(), move |runtime| {
        runtime.block_on(async {
            let (over, filled) = oneshot::channel();
            let filling = fill(&plan, options.seed, &factories, over);
            let setup = supervisor::SupervisorSetup {
                plan,
                aggregator,
                links,
                commands,
                intervals,
                snapshots,
                server,
                filling,
            };
            // This task ends with the runtime.
            drop(tokio::task::spawn_local(async move {
                // What the servers did before is not a part of the run. Nothing is sent: the end is all there is to know.
                let _ = filled.await;
                let report = move |looked_at| {
                    figures.send_replace(Some(looked_at));
                };
                factories.watch_servers(report).await;
            }));
            supervisor::run(setup).await;
        });
    })?;
    Ok(RunHandle::new(command_tx, snapshot_rx))
}

/// Starts the commands that come before the users, if there are any; drops `over` at their end.
fn fill(plan: &Arc<Plan>, seed: u64, factories: &Factories, over: oneshot::Sender<()>) -> Option<supervisor::Filling> {
    let total = plan.prefill.iter().map(|fill| fill.count).sum();
    let done: Arc<AtomicU64> = Arc::default();
    let (counted, plan, factories) = (Arc::clone(&done), Arc::clone(plan), factories.clone());
    (total > 0).then(|| {
        let work = tokio::task::spawn_local(async move {
            let _over = over;
            factories.prefill(&plan, seed, &counted).await
        });
        supervisor::Filling { work, done, total }
    })
}

fn aggregator(plan: &Plan, seed: u64, shards: usize) -> Aggregator {
    let run = RunInfo {
        scenario: plan.name.clone(),
        host: plan.host.clone(),
        started: SystemTime::now(),
        is_insecure: plan.is_insecure(),
        run_time: plan.load.run_time.or(plan.schedule.length().filter(|_| plan.schedule.is_shaped())),
        classes: plan.classes.iter().map(|class| class.name.clone()).collect(),
        seed,
        operations: plan.operations.iter().map(|(id, figures)| (id.0, asked(figures))).collect(),
        trace_url: plan.traces.as_ref().and_then(|traces| traces.url.clone()),
    };
    let rows = plan.endpoints.iter().map(|row| (row.kind.clone(), row.name.clone())).collect();
    Aggregator::new(run, rows, shards)
}

fn asked(size: &OperationSize) -> Asked {
    let OperationSize { depth, fields, aliases, nodes, .. } = *size;
    Asked { depth, fields, aliases, nodes, words: size.to_string().into() }
}

fn first_moment(plan: &Plan) -> Moment {
    Moment {
        elapsed: std::time::Duration::ZERO,
        at: SystemTime::now(),
        state: RunState::Ramping,
        target: plan.load.users.0,
        spawn_rate: plan.load.spawn_rate.0,
        vu_hours: 0.0,
        health: Probe::new().sample(),
    }
}

/// Starts a named thread with its own runtime, and waits until the runtime is built.
fn spawn(name: String, body: impl FnOnce(LocalRuntime) + Send + 'static) -> io::Result<thread::JoinHandle<()>> {
    let (report, reported) = std::sync::mpsc::sync_channel(1);
    let thread = thread::Builder::new().name(name).spawn(move || {
        match Builder::new_current_thread().enable_all().build_local(LocalOptions::default()) {
            Ok(runtime) => {
                let _ = report.send(Ok(()));
                body(runtime);
            }
            Err(error) => drop(report.send(Err(error))),
        }
    })?;
    reported.recv().map_err(io::Error::other)??;
    Ok(thread)
}
