//! Runs one user once: `katydid try`. Steps are executed by the same code as in a run.
//!
//! Input: a plan, a class and tasks. Output: [`UserEvent`]s and [`TraceEvent`](crate::protocol::trace::TraceEvent)s,
//! sent to an [`Observer`].

use std::rc::Rc;
use std::sync::Arc;

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc;

use super::heartbeat::Heartbeat;
use super::peers::Peers;
use super::shard_setup::ShardSetup;
use super::shard_state::ShardState;
use super::signal::Signal;
pub use super::trace::{LONGEST_WAIT, Observer, UserEvent};
use super::user::{Identity, User};
use super::{EngineError, feeder};
use crate::protocol::sessions::Factories;
use crate::scenario::Plan;

/// What to run.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// Index of the class in the plan.
    pub class: usize,
    /// Indices of its tasks, in the order of execution.
    pub tasks: &'a [usize],
    /// Seed of the random numbers.
    pub seed: u64,
}

/// Runs one user once on the current thread.
///
/// # Errors
/// If a runtime cannot be created, TLS cannot be set up, or a data file cannot be used.
pub fn run<O: Observer + 'static>(plan: Arc<Plan>, choice: Choice<'_>, observer: &Rc<O>) -> Result<(), EngineError> {
    let factories = Factories::new(&plan)?;
    let others = Arc::default();
    let feeders = feeder::open(&plan.feeders, choice.seed)?;
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    // There is no supervisor: the other ends of these channels are dropped.
    let (_, commands) = mpsc::unbounded_channel();
    let (intervals, _) = mpsc::channel(1);
    let (_, spares) = mpsc::channel(1);
    let setup = ShardSetup {
        index: 0,
        shards: 1,
        plan,
        seed: choice.seed,
        feeders,
        sequences: Arc::default(),
        factories,
        others,
        commands,
        peers: Peers::none(),
        intervals,
        spares,
        heartbeat: Arc::new(Heartbeat::start()),
    };
    runtime.block_on(async {
        let mut shard = ShardState::new(&setup);
        shard.observer = Some(Rc::<O>::clone(observer) as Rc<dyn Observer>);
        let who = Identity { number: 0, class: choice.class };
        let shard = Rc::new(shard);
        let sessions = setup.factories.sessions(Rc::<ShardState>::clone(&shard));
        let user = User::new(shard, who, Rc::<Signal>::default(), sessions);
        user.try_once(choice.tasks).await;
    });
    Ok(())
}
