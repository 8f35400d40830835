//! The table of protocols: what each shares among all users, and what it keeps for one user.
//!
//! A protocol is one folder beside this file, and a line in each of the blocks below.

use std::rc::Rc;
use std::sync::Arc;

use super::context::UserContext;
use super::message_sink::MessageSink;
use super::net::tls::TlsError;
use super::redis::RedisError;
use super::result::StepResult;
use super::{graphql, http, redis};
use crate::scenario::Plan;
use crate::scenario::eval::template::Scope;
use crate::scenario::plan::Action;
use crate::stats::server::ServerFigures;

/// A protocol cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// The TLS library could not be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The Redis of the scenario cannot be spoken to.
    #[error(transparent)]
    Redis(#[from] RedisError),
}

/// What all users of a run share.
#[derive(Debug, Clone)]
pub struct Factories {
    http: http::Factory,
    redis: Option<redis::Factory>,
}

/// One user's connections. They are opened when they are first used.
pub struct Sessions {
    http: http::UserClient,
    /// There in a plan that has a Redis.
    redis: Option<Box<redis::UserClient>>,
}

impl Factories {
    /// What the steps of `plan` need.
    ///
    /// # Errors
    /// When TLS cannot be set up, or an address is not valid.
    pub fn new(plan: &Plan) -> Result<Self, ProtocolError> {
        let redis = plan.redis.as_ref().map(|target| redis::Factory::new(target, Arc::clone(&plan.secrets)));
        Ok(Self { http: http::Factory::new(plan)?, redis: redis.transpose()? })
    }

    /// The sessions of a new user. What comes without being asked for goes to `sink`.
    pub fn sessions(&self, sink: Rc<dyn MessageSink>) -> Sessions {
        Sessions { http: self.http.client(), redis: self.redis.as_ref().map(|factory| Box::new(factory.client(sink))) }
    }

    /// Asks the servers under load how they are, again and again; returns where there is none that can be asked.
    pub async fn watch_servers(self, report: impl Fn(ServerFigures)) {
        if let Some(redis) = self.redis {
            redis::watch(&redis, report).await;
        }
    }
}

impl Sessions {
    /// Executes a step that sends something; any other does nothing. `result` is that of a step that passes, to begin
    /// with.
    #[expect(clippy::manual_async_fn, reason = "an async fn has room twice for its arguments, for every user")]
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
                // Rare, and large: every user would else have room for one, also where nobody subscribes.
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

    /// Ends what the user has begun, such as subscriptions, and closes what needs closing.
    pub async fn finish(&mut self) {
        if let Some(redis) = &mut self.redis {
            redis.finish().await;
        }
    }
}
