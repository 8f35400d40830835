//! The compiled scenario: immutable, shared by all shards behind one `Arc`. Everything that does not vary is built here.
//!
//! In: a checked file. Out: steps whose templates, paths and patterns are compiled, names that have become numbers
//! ([`SlotId`](super::eval::template::SlotId), [`FlowId`], [`FeederId`], [`EndpointId`], [`ClientId`]), and the load as a pure
//! function of time.

mod address;
mod bind;
mod client;
mod feeder;
mod graphql;
pub(crate) mod host;
mod http;
mod line;
mod load;
mod pause;
mod proxy;
mod quota;
mod redis;
mod report;
mod schedule;
mod select;
mod stage;
mod step;
mod subscription;
mod threshold;

use std::sync::Arc;

pub use address::{Address, AddressError};
pub use client::{ClientId, ClientOptions, Connections, HttpVersion, Identity};
pub use feeder::{Bind, Feeder, FeederId, OnEnd, Order, Row};
pub(crate) use graphql::sha256;
pub use graphql::{ErrorPolicy, GraphqlStep, Hashed, OperationKind, OperationSize, Persisted};
pub use http::{
    Accepted, Auth, Body, CONTENT_TYPE_FORM, CONTENT_TYPE_JSON, Endpoint, EndpointId, FixedPath, HttpStep, MAX_KEPT,
    Multipart, Part, PartContent, UrlTemplate,
};
pub use load::{Class, Load, Start, Task};
pub use pause::{Pause, Wait};
pub use proxy::{Proxies, ProxyError};
pub use quota::Quota;
pub use redis::{Envelope, PublishStep, RedisProtocol, RedisStep, RedisTarget, SubscribeStep};
pub use report::{Baseline, Regression, Reports, Search, Vary};
pub use schedule::Schedule;
pub use select::SelectOptions;
pub use stage::{Goal, Slope, Stage};
pub(crate) use step::walk;
pub use step::{Action, Flow, FlowId, LoopCount, MAX_ITERATIONS, Step, StopScope};
pub use subscription::{Limit, MAX_EVENTS, SubscriptionStep};
pub use threshold::{Check, Metric, Source, Target, Threshold};

use super::eval::template::{Scope, SlotTable};
use super::secrets::Redactor;

/// What to run and how much of it.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Name of the scenario.
    pub name: Arc<str>,
    /// Base URL, as shown.
    pub host: Arc<str>,
    /// How many users at the peak, how fast, how long; the summary of `schedule` for those who need no more.
    pub load: Load,
    /// The load as a function of time: how many users, or how many arrivals per second, at every moment.
    pub schedule: Schedule,
    /// At least one class.
    pub classes: Vec<Class>,
    /// Step lists that [`Action::Call`] runs. No flow calls itself, also not through others.
    pub flows: Vec<Flow>,
    /// Every row of the statistics, in order of appearance.
    pub endpoints: Vec<Endpoint>,
    /// The size of the GraphQL operations of a row.
    pub operations: Vec<(EndpointId, OperationSize)>,
    /// The different connection settings; [`ClientId`] points here and the first is the usual one.
    pub clients: Vec<ClientOptions>,
    /// Data files; each fills one slot of every user.
    pub feeders: Vec<Feeder>,
    /// Where Redis steps go, if there are any.
    pub redis: Option<RedisTarget>,
    /// Values of `vars`, read by templates.
    pub vars: Arc<minijinja::Value>,
    /// The names of the slots, and the initial value of each.
    pub slots: Arc<SlotTable>,
    /// Thresholds, evaluated over the whole run or a part of it.
    pub thresholds: Vec<Threshold>,
    /// Files to write at the end.
    pub reports: Reports,
    /// What the run is compared with.
    pub baseline: Option<Baseline>,
    /// The search for the largest load that passes; usually set by a profile.
    pub search: Option<Search>,
    /// VU-hours after which the run is stopped.
    pub vu_budget: Option<f64>,
    /// Notes for the reader, one sentence each: keys without effect, and what flags have replaced.
    pub remarks: Vec<String>,
    /// Keys with which it cannot be run yet, each with its place and what to do instead.
    pub refusals: Vec<String>,
    /// Masks secrets. Text of a request or response (examples, exceptions, logs) must be masked before it is kept.
    pub secrets: Arc<Redactor>,
}

impl Plan {
    /// The scope of user `user_id` (from 1): vars in their slots, all else undefined. Equal seeds and users draw equal
    /// values.
    pub fn scope(&self, seed: u64, user_id: u64) -> Scope {
        let mut scope = Scope::with_slots(seed, user_id, Arc::clone(&self.vars), Arc::clone(&self.slots));
        scope.secrets = Arc::clone(&self.secrets);
        scope
    }

    /// True when some certificates are not checked: `tls.insecure` for HTTP or for Redis.
    pub fn is_insecure(&self) -> bool {
        let redis = self.redis.iter().map(|target| &target.tls);
        self.clients.iter().chain(redis).any(|options| options.insecure)
    }

    /// Why this plan cannot be run yet, a line for each reason; `None` when it can. A run refuses to start with this text.
    pub fn not_runnable(&self) -> Option<String> {
        let search = self.search.is_some().then(|| "the search of a profile is not yet runnable".to_owned());
        search.or_else(|| (!self.refusals.is_empty()).then(|| self.refusals.join("\n")))
    }
}
