//! One user once, watched: what `katydid try` runs. The steps are done by the same code as in a run.
//!
//! In: a plan, which class and which tasks. Out: every [`Event`] and every [`Sight`], told to an [`Observer`] as they
//! happen.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use minijinja::Value;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc;

use super::heartbeat::Heartbeat;
use super::peers::Peers;
use super::user::{Clients, Identity, Signal, User};
use super::{EngineError, feeder, shard};
use crate::protocol::http::Factory;
pub use crate::protocol::http::{Exchange, Reply, Sent, Sight, Watch};
use crate::protocol::redis;
pub use crate::protocol::redis::watch as of_redis;
use crate::scenario::Plan;
use crate::scenario::plan::StopScope;

/// Longer pauses are cut to this.
pub const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// Most events of a subscription.
pub const MOST_EVENTS: u32 = 3;
/// Longest that is waited for the events of a subscription after the first one.
pub const LONGEST_LISTENING: Duration = Duration::from_secs(5);

/// Somebody who looks at all that a user does.
pub trait Observer: Watch + of_redis::Watch {
    /// A step has been done or left out.
    fn note(&self, event: &Event<'_>);
}

/// What a user does besides requests.
#[derive(Debug)]
pub enum Event<'a> {
    /// A list of steps begins: `on_start`, a task, `on_stop`.
    Section(&'a str),
    /// A request begins that a run counts as one, whatever is sent for it; the method and the name of its row.
    Request(&'a str),
    /// A variable has a new value.
    Set(&'a str, &'a Value),
    /// A step was left out because its `when` does not hold.
    Skipped(&'a str),
    /// An `if` has chosen.
    Chosen {
        /// `then`, or else `else`.
        then: bool,
    },
    /// A loop begins a pass.
    Pass {
        /// Which kind of loop.
        word: &'static str,
        /// From 1.
        number: u32,
        /// How many there will be, if that is known.
        of: Option<u32>,
    },
    /// A flow begins.
    Call(&'a str),
    /// A pause that would take so long; it is cut to [`LONGEST_WAIT`].
    Wait(Duration),
    /// A line of the log, masked.
    Log(&'a str),
    /// A `stop`.
    Stop(StopScope),
    /// The server has acknowledged the connection of a GraphQL subscription.
    Acknowledged {
        /// The payload of `connection_init`.
        params: Option<&'a [u8]>,
        /// From the opening handshake.
        after: Duration,
    },
    /// A GraphQL subscription is asked for.
    Subscribed {
        /// The name of its row.
        name: &'a str,
        /// The payload of `subscribe`.
        payload: &'a [u8],
    },
    /// An event of a GraphQL subscription has come.
    Received {
        /// From 1.
        number: u32,
        /// As it stands.
        payload: &'a str,
        /// Since the event before, or since the subscription.
        after: Duration,
    },
    /// A GraphQL subscription is over.
    Listened {
        /// `complete`, `error` or `broken`; anything else when the user left it.
        how: &'static str,
        /// How many have come.
        events: u32,
        /// Since the subscription.
        length: Duration,
    },
    /// A step failed without a request.
    Exception {
        /// Where.
        place: &'a str,
        /// What happened, masked.
        message: &'a str,
    },
}

/// What is tried.
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
/// When the operating system refuses a runtime, TLS cannot be set up, or a data file cannot be used.
pub fn run<O: Observer + 'static>(plan: Arc<Plan>, choice: Choice<'_>, observer: &Rc<O>) -> Result<(), EngineError> {
    let factory = Factory::new(&plan)?;
    let redis = plan.redis.as_ref().map(|target| redis::Factory::new(target, Arc::clone(&plan.secrets))).transpose()?;
    let others = Arc::default();
    let feeders = feeder::open(&plan.feeders, choice.seed)?;
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    // Nobody orders and nobody counts: the ends of these channels are dropped.
    let (_, orders) = mpsc::unbounded_channel();
    let (intervals, _) = mpsc::channel(1);
    let (_, spares) = mpsc::channel(1);
    let setup = shard::Setup {
        index: 0,
        shards: 1,
        plan,
        seed: choice.seed,
        feeders,
        factory,
        redis,
        others,
        orders,
        peers: Peers::none(),
        intervals,
        spares,
        heartbeat: Arc::new(Heartbeat::start()),
    };
    runtime.block_on(async {
        let mut client = setup.factory.client();
        let watch: Rc<dyn Watch> = Rc::<O>::clone(observer);
        client.watched_by(watch);
        let mut shard = shard::Shard::new(&setup);
        shard.observer = Some(Rc::<O>::clone(observer) as Rc<dyn Observer>);
        let who = Identity { number: 0, class: choice.class };
        let shard = Rc::new(shard);
        let mut redis = setup.redis.as_ref().map(|factory| Box::new(factory.client(Rc::clone(&shard))));
        if let Some(redis) = &mut redis {
            redis.watched_by(Rc::<O>::clone(observer));
        }
        let clients = Clients { http: client, redis };
        let user = User::new(shard, who, Rc::<Signal>::default(), clients);
        user.try_once(choice.tasks).await;
    });
    Ok(())
}
