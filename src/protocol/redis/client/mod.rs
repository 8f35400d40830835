//! The Redis client of one user: its connections for commands and publishing, and its receivers.

mod command;
mod lanes;
mod publish;
mod routes;
mod subscribe;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use ::redis::Cmd;
use ::redis::cluster_routing::Slot;

use self::routes::Routes;
use super::nested_errors::Transaction;
use super::receiver::ReceiverHandle;
use super::receiver_command::SubscriptionRequest;
use super::shared::{RedisSetupError, RedisShared};
use super::streams::PublishedStream;
use crate::protocol::message_sink::MessageSink;
use crate::scenario::plan::RedisTarget;
use crate::scenario::secrets::Redactor;

/// Creates clients, and holds what they share.
#[derive(Debug, Clone)]
pub struct RedisClientFactory(Arc<RedisShared>);

impl RedisClientFactory {
    /// For the target and the secrets of a plan. Does not connect yet.
    ///
    /// # Errors
    /// When the address is invalid, or TLS cannot be set up.
    pub fn new(target: &RedisTarget, secrets: Arc<Redactor>) -> Result<Self, RedisSetupError> {
        Ok(Self(Arc::new(RedisShared::new(target, secrets)?)))
    }

    /// A client that is not connected.
    pub fn client(&self, sink: Rc<dyn MessageSink>) -> RedisClient {
        RedisClient {
            shared: Arc::clone(&self.0),
            sink,
            routes: Routes::new(Arc::clone(&self.0.servers)),
            streams: HashMap::new(),
            channel: String::new(),
            payload: Vec::new(),
            size: 0,
            message: Vec::new(),
            command: Cmd::new(),
            word: String::new(),
            verb: String::new(),
            transaction: Transaction::default(),
            wanted: Vec::new(),
            receiver: None,
            shards: HashMap::new(),
        }
    }

    pub(super) fn shared(&self) -> Arc<RedisShared> {
        Arc::clone(&self.0)
    }
}

/// One user's connections, and the command in progress.
pub struct RedisClient {
    shared: Arc<RedisShared>,
    sink: Rc<dyn MessageSink>,
    routes: Routes,
    /// Message numbering of each channel. Restarts with a new connection, because messages in flight may be lost.
    streams: HashMap<Arc<str>, Arc<PublishedStream>>,
    channel: String,
    payload: Vec<u8>,
    /// Padded size of the message.
    size: usize,
    /// The payload with its stamp.
    message: Vec<u8>,
    command: Cmd,
    /// A word of the command that is being filled in.
    word: String,
    /// Name of the command, in upper case.
    verb: String,
    transaction: Transaction,
    wanted: Vec<SubscriptionRequest>,
    /// Started by the first subscription.
    receiver: Option<ReceiverHandle>,
    /// In a cluster, the receivers of sharded channels, by slot: the channels of a slot move together.
    shards: HashMap<Slot, ReceiverHandle>,
}
