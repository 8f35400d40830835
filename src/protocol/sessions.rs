//! The table of protocols: what each shares among all users, and what it holds for each user.
//!
//! A protocol is a folder next to this file, and a line in each block below.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::context::UserContext;
use super::message_sink::MessageSink;
use super::net::tls::TlsError;
use super::redis::RedisSetupError;
use super::result::StepResult;
use super::{graphql, http, redis};
use crate::scenario::Plan;
use crate::scenario::eval::template::Scope;
use crate::scenario::plan::Action;
use crate::stats::server::ServerFigures;

/// A protocol cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// The TLS library could not be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The Redis target of the scenario is invalid.
    #[error(transparent)]
    Redis(#[from] RedisSetupError),
}

/// What all users of a run share.
#[derive(Debug, Clone)]
pub struct Factories {
    http: http::HttpClientFactory,
    redis: Option<redis::RedisClientFactory>,
}

/// One user's connections, opened on first use.
pub struct Sessions {
    http: http::HttpClient,
    /// `None` if the plan has no Redis target.
    redis: Option<Box<redis::RedisClient>>,
}

impl Factories {
    /// Creates what the steps of `plan` need.
    ///
    /// # Errors
    /// When TLS cannot be set up, or an address is not valid.
    pub fn new(plan: &Plan) -> Result<Self, ProtocolError> {
        let redis = plan.redis.as_ref().map(|target| redis::RedisClientFactory::new(target, Arc::clone(&plan.secrets)));
        Ok(Self { http: http::HttpClientFactory::new(plan)?, redis: redis.transpose()? })
    }

    /// The sessions of a new user. Measurements of receivers go to `sink`.
    pub fn sessions(&self, sink: Rc<dyn MessageSink>) -> Sessions {
        Sessions { http: self.http.client(), redis: self.redis.as_ref().map(|factory| Box::new(factory.client(sink))) }
    }

    /// Executes the commands of the plan that come before the users, counting them in `done`.
    ///
    /// # Errors
    /// When not all could be executed; the reason.
    pub async fn prefill(self, plan: &Plan, seed: u64, done: &AtomicU64) -> Result<(), String> {
        let Some(factory) = self.redis.filter(|_| !plan.prefill.is_empty()) else { return Ok(()) };
        // No user has this number.
        let mut scope = plan.scope(seed, 0);
        scope.sequences = Some(Arc::default());
        redis::prefill(factory, &plan.prefill, scope, done).await
    }

    /// Samples the servers under load at intervals; returns at once if none can be monitored.
    pub async fn watch_servers(self, report: impl Fn(ServerFigures)) {
        if let Some(redis) = self.redis {
            redis::watch(&redis, report).await;
        }
    }
}

impl Sessions {
    /// Executes a step that sends something; does nothing for other steps. `result` must be new.
    #[expect(clippy::manual_async_fn, reason = "the future of an async fn stores its arguments twice, for every user")]
    pub fn execute<'a>(
        &'a mut self,
        action: &'a Action,
        scope: &'a mut Scope,
        context: &'a dyn UserContext,
        result: &'a mut StepResult,
    ) -> impl Future<Output = ()> + 'a {
        async move {
            match (action, &mut self.redis) {
                (Action::Http(step), _) => self.http.execute(step, scope, context, result).await,
                (Action::Graphql(step), _) => graphql::execute(&mut self.http, step, scope, context, result).await,
                // Boxed: rare and large, and would otherwise grow the future of every user.
                (Action::Subscription(step), _) => {
                    Box::pin(graphql::listen(&mut self.http, step, scope, context, result)).await;
                }
                (Action::Publish(step), Some(redis)) => redis.publish(step, scope, context, result).await,
                (Action::Subscribe(step), Some(redis)) => redis.subscribe(step, scope, context, result).await,
                (Action::Unsubscribe(names), Some(redis)) => redis.unsubscribe(names, scope, context, result).await,
                (Action::Redis(step), Some(redis)) => redis.command(step, scope, context, result).await,
                _ => {}
            }
        }
    }

    /// Ends what the user has started, such as subscriptions, and closes its connections.
    pub async fn finish(&mut self) {
        if let Some(redis) = &mut self.redis {
            redis.finish().await;
        }
    }
}
