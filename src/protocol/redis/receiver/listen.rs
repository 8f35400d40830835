//! A connected subscriber: receives messages, executes commands, and detects a silent server.

use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval, timeout};

use super::task::{MIN_PAUSE, PendingUnsubscribe, Receiver, ReceiverEnd};
use crate::protocol::redis::backlog::Backlog;
use crate::protocol::redis::clock;
use crate::protocol::redis::connection::RedisConnection;
use crate::protocol::redis::error::RedisError;
use crate::protocol::redis::info::Info;
use crate::protocol::redis::receiver_command::{ReceiverCommand, SubscriptionKind};
use crate::protocol::redis::resp::flat_elements;
use crate::protocol::redis::shared::CONNECT_TIMEOUT;
use crate::protocol::redis::subscriptions::Refused;

/// Interval of checks for gaps and silence.
const TICK: Duration = Duration::from_millis(500);
/// A refused subscription is retried after this many ticks.
const RETRY_TICKS: u32 = 4;
/// After this much silence the server is pinged; after twice as much the connection is given up.
const SILENCE: Duration = Duration::from_secs(20);

impl Receiver {
    /// Subscribes to everything and receives until the connection breaks or there is nothing left to listen to.
    pub(super) async fn listen(&mut self, mut connection: RedisConnection) -> Result<ReceiverEnd, RedisError> {
        if self.outage.is_some() {
            // Find out why the last connection broke; once subscribed, this one can only receive.
            match timeout(self.shared.silence_limit(), connection.command(&["INFO"])).await {
                Ok(Ok(value)) => self.shared.update_counters(&Info::read(&value.into_text()).counters()),
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
    async fn handle(&mut self, connection: &mut RedisConnection, command: ReceiverCommand) -> Result<(), RedisError> {
        match command {
            ReceiverCommand::Subscribe(wanted, done) => {
                self.subscriptions().add(wanted);
                (self.waiting, self.refusal) = (Some(done), None);
                self.connect = None;
                let commands = self.subscriptions().commands();
                self.send(connection, &commands).await?;
                self.confirm();
            }
            ReceiverCommand::Unsubscribe(names, done) => {
                let now = Instant::now();
                (self.leaving, self.last_received) = (Some(PendingUnsubscribe { since: now, done }), now);
                let commands = self.subscriptions().leave(names.as_deref());
                self.send(connection, &commands).await?;
            }
        }
        Ok(())
    }

    /// Sends commands, with a time-out in case the server does not read.
    async fn send(&self, connection: &mut RedisConnection, commands: &[u8]) -> Result<(), RedisError> {
        let sent = timeout(CONNECT_TIMEOUT, connection.send(commands)).await;
        sent.unwrap_or(Err(RedisError::TimedOut(CONNECT_TIMEOUT)))
    }

    /// Handles everything that arrived; `now` is the time of arrival in nanoseconds.
    fn take(&mut self, connection: &mut RedisConnection, now: u64) -> Result<(), RedisError> {
        while let Some(done) = connection.next_response()? {
            let Some([kind, first, second, third]) = flat_elements(done) else {
                if let Some(text) = done.strip_prefix(b"-") {
                    let text = String::from_utf8_lossy(text).trim_end().to_owned();
                    self.refused(text)?;
                } else {
                    self.subscriptions().pong();
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
                b"sunsubscribe" => self.subscriptions().ended(SubscriptionKind::Shard, first),
                b"pong" => self.subscriptions().pong(),
                _ => {}
            }
        }
        Ok(())
    }

    fn confirmed(&mut self, kind: SubscriptionKind, name: &[u8]) {
        if self.subscriptions().confirm(kind, name) {
            self.confirm();
        }
    }

    /// Handles an error response: the failure of the subscription it belongs to; the others continue.
    fn refused(&mut self, text: String) -> Result<(), RedisError> {
        let error = RedisError::Refused(text);
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
    async fn check(&mut self, connection: &mut RedisConnection) -> Result<(), RedisError> {
        self.subscriptions().expire();
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
