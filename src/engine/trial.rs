//! One user that runs once: `katydid try`. Its steps are executed by the same code as in a run.
//!
//! In: a plan, which class and which tasks. Out: every [`UserEvent`] and every
//! [`TraceEvent`](crate::protocol::trace::TraceEvent), passed to an [`Observer`] as they happen.

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
    /// Indices of its tasks, in the order in which they run.
    pub tasks: &'a [usize],
    /// Seed of every random choice.
    pub seed: u64,
}

/// Runs one user once on this thread, and returns when it is done.
///
/// # Errors
/// When the operating system provides no runtime, TLS cannot be set up, or a data file cannot be used.
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
