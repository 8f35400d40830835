//! A connected subscriber: receives messages, executes commands, and detects a silent server.

use std::time::{Duration, Instant};

use ::redis::{ServerError, ServerErrorKind, Value, cmd, parse_redis_value};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::task::{MIN_PAUSE, PendingUnsubscribe, Receiver, ReceiverEnd};
use crate::protocol::redis::backlog::Backlog;
use crate::protocol::redis::clock;
use crate::protocol::redis::error::RedisError;
use crate::protocol::redis::info::Info;
use crate::protocol::redis::receiver_command::{ReceiverCommand, SubscriptionKind};
use crate::protocol::redis::resp::flat_elements;
use crate::protocol::redis::shared::CONNECT_TIMEOUT;
use crate::protocol::redis::socket::RedisSocket;
use crate::protocol::redis::subscriptions::Refused;
use crate::protocol::redis::value;

/// Interval of checks for gaps and silence.
const TICK: Duration = Duration::from_millis(500);
/// Time for messages to get from one node of a cluster to another.
const NODE_DELAY: Duration = Duration::from_millis(400);
/// A refused subscription is retried after this many ticks.
const RETRY_TICKS: u32 = 4;
/// After this much silence the server is pinged; after twice as much the connection is given up.
const SILENCE: Duration = Duration::from_secs(20);

impl Receiver {
    /// Subscribes to everything and receives until the connection breaks or there is nothing left to listen to.
    pub(super) async fn listen(&mut self, mut connection: RedisSocket) -> Result<ReceiverEnd, RedisError> {
        if self.outage.is_some() {
            // Find out why the last connection broke; once subscribed, this one can only receive.
            match timeout(self.shared.silence_limit(), connection.command(&cmd("INFO"))).await {
                Ok(Ok(value)) => self.shared.update_counters(&Info::read(&value::text(&value)).counters()),
                // An ACL may forbid it, which does not affect the subscription.
                Ok(Err(_)) => {}
                Err(_) => return Err(RedisError::TimedOut(self.shared.silence_limit())),
            }
        }
        let commands = self.subscriptions().commands();
        self.send(&mut connection, &commands).await?;
        self.ticks = 0;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.last_received = Instant::now();
        self.pinged = false;
        let mut backlog = Backlog::default();
        loop {
            // Receiving has the lowest priority: it may never pause, and commands must not wait for it.
            tokio::select! {
                biased;
                command = self.commands.recv() => match command {
                    None => return Ok(ReceiverEnd::Gone),
                    Some(command) => self.handle(&mut connection, command).await?,
                },
                _ = tick.tick() => self.check(&mut connection).await?,
                received = connection.receive() => {
                    let now = clock::now();
                    let bytes = received?;
                    self.last_received = Instant::now();
                    self.pinged = false;
                    if let Some(behind) = backlog.read(bytes, now, || connection.unread()) {
                        self.sink.backlog(behind);
                    }
                    self.take(&mut connection, now)?;
                    // A busy connection must not starve the others of this thread.
                    tokio::task::yield_now().await;
                }
            }
            self.leave();
            if self.subscriptions().is_empty() {
                return Ok(ReceiverEnd::Idle);
            }
        }
    }

    /// Executes a command of the user.
    async fn handle(&mut self, connection: &mut RedisSocket, command: ReceiverCommand) -> Result<(), RedisError> {
        match command {
            ReceiverCommand::Subscribe(wanted, done) => {
                self.subscriptions().add(wanted);
                (self.waiting, self.refusal) = (Some(done), None);
                self.connect = None;
                self.release(connection).await?;
                let commands = self.subscriptions().commands();
                self.send(connection, &commands).await?;
                self.confirm();
            }
            ReceiverCommand::Unsubscribe(names, done) => {
                let now = Instant::now();
                (self.leaving, self.last_received) = (Some(PendingUnsubscribe { since: now, done }), now);
                let commands = self.subscriptions().leave(names.as_deref());
                self.release(connection).await?;
                if self.crosses_nodes() {
                    self.held = Some((now, commands));
                } else {
                    self.send(connection, &commands).await?;
                }
            }
        }
        Ok(())
    }

    /// Sends what was held back: responses must be in the order of the commands.
    async fn release(&mut self, connection: &mut RedisSocket) -> Result<(), RedisError> {
        let Some((_, commands)) = self.held.take() else { return Ok(()) };
        self.last_received = Instant::now();
        self.send(connection, &commands).await
    }

    /// Sends commands, with a time-out in case the server does not read.
    async fn send(&self, connection: &mut RedisSocket, commands: &[u8]) -> Result<(), RedisError> {
        let sent = timeout(CONNECT_TIMEOUT, connection.send(commands)).await;
        sent.unwrap_or(Err(RedisError::TimedOut(CONNECT_TIMEOUT)))
    }

    /// Handles everything that arrived; `now` is the time of arrival in nanoseconds.
    fn take(&mut self, connection: &mut RedisSocket, now: u64) -> Result<(), RedisError> {
        while let Some(done) = connection.next_response()? {
            let Some([kind, first, second, third]) = flat_elements(done) else {
                match parse_redis_value(done) {
                    Ok(Value::ServerError(error)) => self.refused(error)?,
                    _ => self.subscriptions().pong(),
                }
                continue;
            };
            match kind {
                b"message" => self.subscriptions().message(SubscriptionKind::Channel, first, second, now),
                b"pmessage" => self.subscriptions().message(SubscriptionKind::Pattern, first, third, now),
                b"smessage" => self.subscriptions().message(SubscriptionKind::Shard, first, second, now),
                b"subscribe" => self.confirmed(SubscriptionKind::Channel, first),
                b"psubscribe" => self.confirmed(SubscriptionKind::Pattern, first),
                b"ssubscribe" => self.confirmed(SubscriptionKind::Shard, first),
                b"unsubscribe" => self.subscriptions().ended(SubscriptionKind::Channel, first),
                b"punsubscribe" => self.subscriptions().ended(SubscriptionKind::Pattern, first),
                b"sunsubscribe" => {
                    if self.anchor.is_some() && self.leaving.is_none() {
                        return Err(self.moved());
                    }
                    self.subscriptions().ended(SubscriptionKind::Shard, first);
                }
                b"pong" => self.subscriptions().pong(),
                _ => {}
            }
        }
        Ok(())
    }

    /// The slot of the channels is on another node now: the connection to that one takes over.
    fn moved(&self) -> RedisError {
        self.shared.servers.learn_again();
        RedisError::Unexpected("cluster: the slot of the channel moved to another node".to_owned())
    }

    fn confirmed(&mut self, kind: SubscriptionKind, name: &[u8]) {
        if self.subscriptions().confirm(kind, name) {
            self.confirm();
        }
    }

    /// Handles an error response: the failure of the subscription it belongs to; the others continue.
    fn refused(&mut self, error: ServerError) -> Result<(), RedisError> {
        if self.anchor.is_some() && error.kind() == Some(ServerErrorKind::Moved) {
            return Err(self.moved());
        }
        let error = RedisError::Refused(error);
        let refused = self.subscriptions().refused(error.is_temporary());
        match refused {
            Refused::Connection => return Err(error),
            Refused::End | Refused::Other => {}
            Refused::Name(row, first) => {
                let failure = error.failure(&self.shared.secrets);
                if self.waiting.is_some() {
                    self.refusal.get_or_insert(failure);
                } else if first {
                    self.sample(row, self.last_received, Some(failure));
                }
                self.confirm();
            }
        }
        Ok(())
    }

    /// Reports once all subscriptions are confirmed or refused.
    fn confirm(&mut self) {
        if !self.subscriptions().are_settled() {
            return;
        }
        self.pause = MIN_PAUSE;
        let failing = self.failing.take();
        if let Some(done) = self.waiting.take() {
            // The user may have stopped waiting.
            let _ = done.send(self.refusal.take().map_or(Ok(self.connect), Err));
        } else if let Some(outage) = self.outage.take() {
            let failure = self.outage_failure(&outage.error);
            self.report(outage.since, Some(failure));
        } else if let Some(since) = failing {
            self.report(since, None);
        }
    }

    /// Counts gaps that are overdue, and detects a server that has gone silent.
    async fn check(&mut self, connection: &mut RedisSocket) -> Result<(), RedisError> {
        self.subscriptions().expire();
        if let Some((since, _)) = &self.held {
            return if since.elapsed() >= NODE_DELAY { self.release(connection).await } else { Ok(()) };
        }
        let silent = self.last_received.elapsed();
        if silent >= SILENCE * 2 {
            return Err(RedisError::TimedOut(SILENCE));
        }
        if silent >= SILENCE && !self.pinged {
            self.pinged = true;
            let ping = self.subscriptions().ping();
            self.send(connection, &ping).await?;
        }
        self.ticks = self.ticks.wrapping_add(1);
        if self.ticks.is_multiple_of(RETRY_TICKS) {
            let commands = self.subscriptions().retry_refused();
            self.send(connection, &commands).await?;
        }
        Ok(())
    }
}
