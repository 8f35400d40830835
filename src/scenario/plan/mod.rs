//! The compiled scenario: immutable, and shared by all shards behind one `Arc`. Everything constant is computed here.
//!
//! Input: a validated file. Output: steps with compiled templates, paths and patterns; names resolved to numbers
//! ([`SlotId`](super::eval::template::SlotId), [`FlowId`], [`FeederId`], [`EndpointId`], [`ClientId`]); and the load as
//! a pure function of time.

mod address;
mod bind;
mod client;
mod elsewhere;
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
pub mod redis_keys;
mod report;
mod schedule;
mod select;
mod stage;
mod step;
mod subscription;
mod threshold;
mod traces;

use std::sync::Arc;

pub use address::{Address, AddressError, ServerAddress};
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
pub(crate) use redis::is_blocking;
pub use redis::{
    Argument, Envelope, Prefill, PublishStep, RedisProtocol, RedisStep, RedisTarget, Sentinel, SubscribeStep,
};
pub use report::{Baseline, Regression, Reports, Search, Vary};
pub use schedule::Schedule;
pub use select::SelectOptions;
pub use stage::{Goal, Slope, Stage};
pub(crate) use step::walk;
pub use step::{Action, Flow, FlowId, LoopCount, MAX_ITERATIONS, Step, StopScope};
pub use subscription::{Limit, MAX_EVENTS, SubscriptionStep};
pub use threshold::{Check, Metric, Source, Target, Threshold};
pub use traces::TraceHeaders;

use super::eval::template::{Scope, SlotTable};
use super::secrets::Redactor;

/// A scenario, ready to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Name of the scenario.
    pub name: Arc<str>,
    /// Base URL, as displayed.
    pub host: Arc<str>,
    /// Peak number of users, spawn rate and run time; a summary of `schedule`.
    pub load: Load,
    /// The load as a function of time: number of users or arrivals per second.
    pub schedule: Schedule,
    /// At least one class.
    pub classes: Vec<Class>,
    /// Step lists for [`Action::Call`]. Flows are not recursive.
    pub flows: Vec<Flow>,
    /// Rows of the statistics, in order of appearance.
    pub endpoints: Vec<Endpoint>,
    /// Sizes of GraphQL operations, by row.
    pub operations: Vec<(EndpointId, OperationSize)>,
    /// Connection settings, indexed by [`ClientId`]; the first are the defaults.
    pub clients: Vec<ClientOptions>,
    /// Data files; each fills a slot of every user.
    pub feeders: Vec<Feeder>,
    /// Redis server, if there are Redis steps.
    pub redis: Option<RedisTarget>,
    /// Commands executed on it before the users start.
    pub prefill: Vec<Prefill>,
    /// Values of `vars`.
    pub vars: Arc<minijinja::Value>,
    /// Names and initial values of the slots.
    pub slots: Arc<SlotTable>,
    /// Thresholds of the run.
    pub thresholds: Vec<Threshold>,
    /// Files to write at the end.
    pub reports: Reports,
    /// Baseline to compare with.
    pub baseline: Option<Baseline>,
    /// Search for the highest load that passes; usually set by a profile.
    pub search: Option<Search>,
    /// VU-hours at which the run is stopped.
    pub vu_budget: Option<f64>,
    /// Whether HTTP requests start distributed traces.
    pub traces: Option<TraceHeaders>,
    /// Notes for the user, one sentence each: keys without effect, and values replaced by flags.
    pub remarks: Vec<String>,
    /// Unsupported keys, each with its position and an alternative.
    pub refusals: Vec<String>,
    /// Redactor. Texts of requests and responses (examples, exceptions, logs) must be masked before they are stored.
    pub secrets: Arc<Redactor>,
}

impl Plan {
    /// Scope of user `user_id` (from 1): `vars` are set, everything else is undefined. Equal seeds and users have equal
    /// random values.
    pub fn scope(&self, seed: u64, user_id: u64) -> Scope {
        let mut scope = Scope::with_slots(seed, user_id, Arc::clone(&self.vars), Arc::clone(&self.slots));
        scope.secrets = Arc::clone(&self.secrets);
        scope
    }

    /// True if some certificates are not verified: `tls.insecure` for HTTP or Redis.
    pub fn is_insecure(&self) -> bool {
        let redis = self.redis.iter().map(|target| &target.tls);
        self.clients.iter().chain(redis).any(|options| options.insecure)
    }

    /// Why this plan cannot be run yet, one line per reason; `None` if it can.
    pub fn not_runnable(&self) -> Option<String> {
        let search = self.search.is_some().then(|| "search is not supported yet".to_owned());
        search.or_else(|| (!self.refusals.is_empty()).then(|| self.refusals.join("\n")))
    }
}
