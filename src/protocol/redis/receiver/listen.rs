//! What a subscriber does while it is connected: it receives, executes commands, and notices that the server is silent.

use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval, timeout};

use super::task::{End, Leaving, PAUSE, Receiver};
use crate::protocol::redis::backlog::Backlog;
use crate::protocol::redis::clock;
use crate::protocol::redis::connection::Connection;
use crate::protocol::redis::error::WireError;
use crate::protocol::redis::info::Info;
use crate::protocol::redis::receiver_command::{Kind, ReceiverCommand};
use crate::protocol::redis::resp::flat;
use crate::protocol::redis::shared::CONNECT_TIMEOUT;
use crate::protocol::redis::subscriptions::Refused;

/// How often gaps and silence are looked at.
const TICK: Duration = Duration::from_millis(500);
/// After so many of these looks, a name that was refused is asked for again.
const AGAIN: u32 = 4;
/// A server that says nothing for so long is asked whether it is there; twice as long, and it is gone.
const SILENCE: Duration = Duration::from_secs(20);

impl Receiver {
    /// Subscribes to everything and receives until the connection breaks or nobody wants it any more.
    pub(super) async fn listen(&mut self, mut connection: Connection) -> Result<End, WireError> {
        if self.outage.is_some() {
            // Ask why, before this connection can do nothing but receive.
            match timeout(self.shared.quiet(), connection.ask(&["INFO"])).await {
                Ok(Ok(value)) => self.shared.note(&Info::read(&value.into_text()).counters()),
                // Who may not ask can still listen.
                Ok(Err(_)) => {}
                Err(_) => return Err(WireError::Late(self.shared.quiet())),
            }
        }
        let commands = self.subscriptions().commands();
        self.send(&mut connection, &commands).await?;
        self.ticks = 0;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.heard = Instant::now();
        self.asked = false;
        let mut backlog = Backlog::default();
        loop {
            // What comes comes last: there may be no end of it, and commands must not wait for that.
            tokio::select! {
                biased;
                command = self.commands.recv() => match command {
                    None => return Ok(End::Gone),
                    Some(command) => self.handle(&mut connection, command).await?,
                },
                _ = tick.tick() => self.check(&mut connection).await?,
                received = connection.receive() => {
                    let now = clock::now();
                    let bytes = received?;
                    self.heard = Instant::now();
                    self.asked = false;
                    if let Some(behind) = backlog.read(bytes, now, || connection.unread()) {
                        self.sink.backlog(behind);
                    }
                    self.take(&mut connection, now)?;
                    // One busy connection must not keep the others of this thread waiting.
                    tokio::task::yield_now().await;
                }
            }
            self.leave();
            if self.subscriptions().is_empty() {
                return Ok(End::Idle);
            }
        }
    }

    /// Does what the user wants.
    async fn handle(&mut self, connection: &mut Connection, command: ReceiverCommand) -> Result<(), WireError> {
        match command {
            ReceiverCommand::Subscribe(wanted, answer) => {
                self.subscriptions().want(wanted);
                (self.waiting, self.refusal) = (Some(answer), None);
                self.connect = None;
                let commands = self.subscriptions().commands();
                self.send(connection, &commands).await?;
                self.confirm();
            }
            ReceiverCommand::Unsubscribe(names, answer) => {
                let now = Instant::now();
                (self.leaving, self.heard) = (Some(Leaving { since: now, answer }), now);
                let commands = self.subscriptions().leave(names.as_deref());
                self.send(connection, &commands).await?;
            }
        }
        Ok(())
    }

    /// Sends commands to a server that may not read them.
    async fn send(&self, connection: &mut Connection, commands: &[u8]) -> Result<(), WireError> {
        let sent = timeout(CONNECT_TIMEOUT, connection.send(commands)).await;
        sent.unwrap_or(Err(WireError::Late(CONNECT_TIMEOUT)))
    }

    /// Everything that has arrived. `now` is when.
    fn take(&mut self, connection: &mut Connection, now: u64) -> Result<(), WireError> {
        while let Some(reply) = connection.arrived()? {
            let Some([kind, first, second, third]) = flat(reply) else {
                if let Some(text) = reply.strip_prefix(b"-") {
                    let text = String::from_utf8_lossy(text).trim_end().to_owned();
                    self.refused(text)?;
                } else {
                    self.subscriptions().ponged();
                }
                continue;
            };
            match kind {
                b"message" => self.subscriptions().message((Kind::Channel, first), second, now),
                b"pmessage" => self.subscriptions().message((Kind::Pattern, first), third, now),
                b"smessage" => self.subscriptions().message((Kind::Shard, first), second, now),
                b"subscribe" => self.confirmed(Kind::Channel, first),
                b"psubscribe" => self.confirmed(Kind::Pattern, first),
                b"ssubscribe" => self.confirmed(Kind::Shard, first),
                b"unsubscribe" => self.subscriptions().ended((Kind::Channel, first)),
                b"punsubscribe" => self.subscriptions().ended((Kind::Pattern, first)),
                b"sunsubscribe" => self.subscriptions().ended((Kind::Shard, first)),
                b"pong" => self.subscriptions().ponged(),
                _ => {}
            }
        }
        Ok(())
    }

    fn confirmed(&mut self, kind: Kind, name: &[u8]) {
        if self.subscriptions().confirm((kind, name)) {
            self.confirm();
        }
    }

    /// The server has refused something. That is the failure of the name that was asked for; the others go on.
    fn refused(&mut self, text: String) -> Result<(), WireError> {
        let error = WireError::Refused(text);
        let refused = self.subscriptions().refused(error.passes());
        match refused {
            Refused::Connection => return Err(error),
            Refused::End | Refused::Other => {}
            Refused::Name(row, first) => {
                let failure = error.failure(&self.shared.secrets);
                if self.waiting.is_some() {
                    self.refusal.get_or_insert(failure);
                } else if first {
                    self.sample(row, self.heard, Some(failure));
                }
                self.confirm();
            }
        }
        Ok(())
    }

    /// Says so when everything is confirmed or refused.
    fn confirm(&mut self) {
        if !self.subscriptions().are_settled() {
            return;
        }
        self.pause = PAUSE;
        let failing = self.failing.take();
        if let Some(answer) = self.waiting.take() {
            // Whoever asked may have gone meanwhile.
            let _ = answer.send(self.refusal.take().map_or(Ok(self.connect), Err));
        } else if let Some(outage) = self.outage.take() {
            let failure = self.why(&outage.error);
            self.report(outage.since, Some(failure));
        } else if let Some(since) = failing {
            self.report(since, None);
        }
    }

    /// Counts gaps that have been open for too long, and finds out about a server that has gone silent.
    async fn check(&mut self, connection: &mut Connection) -> Result<(), WireError> {
        self.subscriptions().expire();
        let silent = self.heard.elapsed();
        if silent >= SILENCE * 2 {
            return Err(WireError::Late(SILENCE));
        }
        if silent >= SILENCE && !self.asked {
            self.asked = true;
            let ping = self.subscriptions().ping();
            self.send(connection, &ping).await?;
        }
        self.ticks = self.ticks.wrapping_add(1);
        if self.ticks.is_multiple_of(AGAIN) {
            let commands = self.subscriptions().again();
            self.send(connection, &commands).await?;
        }
        Ok(())
    }
}
