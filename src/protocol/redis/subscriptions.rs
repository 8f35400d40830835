//! The subscriptions of one subscriber, and the accounting of their messages.
//!
//! In: subscriptions to make, and received messages. Out: deliveries and tallies for the [`MessageSink`], and the
//! commands that subscribe and unsubscribe. However a subscription ends, its messages are accounted for.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ::redis::cmd;

use super::receiver_command::{SubscriptionKind, SubscriptionRequest};
use super::shared::RedisShared;
use super::streams::StreamState;
use super::subscription_table::{Subscription, SubscriptionKey, SubscriptionState, SubscriptionTable};
use super::track::Missing;
use super::{clock, envelope};
use crate::protocol::message_sink::{Delivery, MessageSink};
use crate::stats::delivery::Tally;

/// A command whose response is pending. Responses arrive in order, and an error does not say what it refers to.
#[derive(Debug)]
enum PendingCommand {
    Begin(SubscriptionKey),
    /// Unsubscribes; with what had been published by then, or `None` if it is settled already.
    End(SubscriptionKey, Option<Vec<StreamState>>),
    Ping,
}

/// What an error response refers to.
pub enum Refused {
    /// A subscription of this `SUBSCRIBE` row; false if it was refused before.
    Name(u32, bool),
    /// An unsubscription.
    End,
    /// Something without consequences.
    Other,
    /// No command: the connection itself.
    Connection,
}

/// All subscriptions of one user.
pub struct Subscriptions {
    shared: Arc<RedisShared>,
    sink: Rc<dyn MessageSink>,
    names: SubscriptionTable,
    /// Subscriptions to request; some may have ended meanwhile.
    fresh: Vec<SubscriptionKey>,
    sent: VecDeque<PendingCommand>,
    /// Number of unsubscriptions that are not settled.
    leaving: usize,
    /// Some subscription may have a gap that is not counted yet.
    gapped: bool,
}

impl Subscriptions {
    /// Without subscriptions.
    pub fn new(shared: Arc<RedisShared>, sink: Rc<dyn MessageSink>) -> Self {
        let (fresh, sent) = (Vec::new(), VecDeque::new());
        Self { shared, sink, names: SubscriptionTable::default(), fresh, sent, leaving: 0, gapped: false }
    }

    /// True if there is nothing to listen to.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The `SUBSCRIBE` row to report this connection in: that of a subscription that was confirmed before, if there is
    /// one.
    pub fn row(&self) -> Option<u32> {
        let mut all = self.names.iter().map(|(_, _, subscription)| subscription);
        let first = all.next()?;
        let was_confirmed = if first.was_confirmed { Some(first) } else { all.find(|s| s.was_confirmed) };
        Some(was_confirmed.unwrap_or(first).row)
    }

    /// Adds subscriptions; existing ones stay, but those that were refused are requested again.
    pub fn add(&mut self, wanted: Vec<SubscriptionRequest>) {
        for SubscriptionRequest { kind, name, row, deliver } in wanted {
            match self.names.find(kind, name.as_bytes()) {
                None => self.names.add((kind, Arc::clone(&name)), Subscription::new(row, deliver)),
                Some(known) if known.state() == SubscriptionState::Refused => {
                    known.refusal_reported = false;
                    self.names.set(kind, name.as_bytes(), SubscriptionState::New);
                }
                Some(_) => continue,
            }
            self.fresh.push((kind, name));
        }
    }

    /// The commands for pending subscriptions, one for each, so that a refusal affects only one.
    pub fn commands(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        for key in std::mem::take(&mut self.fresh) {
            let (kind, name) = (key.0, key.1.as_bytes());
            if self.names.find(kind, name).is_some_and(|known| known.state() == SubscriptionState::New) {
                self.names.set(kind, name, SubscriptionState::Asked);
                cmd(kind.verbs().0).arg(name).write_packed_command(&mut out);
                self.sent.push_back(PendingCommand::Begin(key));
            }
        }
        out
    }

    /// The commands that retry refused subscriptions.
    pub fn retry_refused(&mut self) -> Vec<u8> {
        if self.names.has_refused() {
            let refused =
                self.names.iter().filter(|(.., subscription)| subscription.state() == SubscriptionState::Refused);
            let refused: Vec<SubscriptionKey> = refused.map(|(kind, name, _)| (kind, Arc::clone(name))).collect();
            for key in refused {
                self.names.set(key.0, key.1.as_bytes(), SubscriptionState::New);
                self.fresh.push(key);
            }
        }
        self.commands()
    }

    /// A `PING`, to check that the server responds.
    pub fn ping(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        cmd("PING").write_packed_command(&mut out);
        self.sent.push_back(PendingCommand::Ping);
        out
    }

    /// Handles the response to a ping.
    pub fn pong(&mut self) {
        if matches!(self.sent.front(), Some(PendingCommand::Ping)) {
            self.sent.pop_front();
        }
    }

    /// Handles a confirmation; false if we did not subscribe to that name.
    pub fn confirm(&mut self, kind: SubscriptionKind, name: &[u8]) -> bool {
        if matches!(self.sent.front(), Some(PendingCommand::Begin((k, n))) if *k == kind && n.as_bytes() == name) {
            self.sent.pop_front();
        }
        let Some(before) = self.names.find(kind, name).map(|subscription| subscription.state()) else { return false };
        if before != SubscriptionState::Confirmed
            && let Some(subscription) = self.names.set(kind, name, SubscriptionState::Confirmed)
        {
            (subscription.was_confirmed, subscription.refusal_reported) = (true, false);
            if subscription.deliver.is_some() {
                let published =
                    self.shared.streams.of(&String::from_utf8_lossy(name), kind == SubscriptionKind::Pattern);
                subscription.tracker.connected(clock::now(), published.into_iter());
            }
        }
        true
    }

    /// Handles the end of a subscription, requested or not.
    pub fn ended(&mut self, kind: SubscriptionKind, name: &[u8]) {
        if matches!(self.sent.front(), Some(PendingCommand::End((k, n), _)) if *k == kind && n.as_bytes() == name) {
            // Exact, because responses are in order: every message accepted before the command was sent arrives before
            // its response.
            self.left(Missing::Lost);
        } else if self.names.find(kind, name).is_some_and(|known| known.state() == SubscriptionState::Confirmed)
            && let Some(subscription) = self.names.set(kind, name, SubscriptionState::Refused)
        {
            // The channels of a shard move to another node with it.
            subscription.tracker.disconnected();
        }
    }

    /// Handles an error response. A subscription that was never confirmed is removed, unless the error is temporary
    /// (`is_temporary`).
    pub fn refused(&mut self, is_temporary: bool) -> Refused {
        match self.sent.front() {
            None => Refused::Connection,
            Some(PendingCommand::End(..)) => {
                self.left(Missing::Lost);
                Refused::End
            }
            Some(PendingCommand::Ping | PendingCommand::Begin(_)) => match self.sent.pop_front() {
                Some(PendingCommand::Begin(key)) => self.name_refused(&key, is_temporary),
                _ => Refused::Other,
            },
        }
    }

    fn name_refused(&mut self, key: &SubscriptionKey, is_temporary: bool) -> Refused {
        let Some(subscription) = self.names.find(key.0, key.1.as_bytes()) else { return Refused::Other };
        let (row, first) = (subscription.row, !std::mem::replace(&mut subscription.refusal_reported, true));
        if subscription.was_confirmed || is_temporary {
            self.names.set(key.0, key.1.as_bytes(), SubscriptionState::Refused);
        } else {
            self.names.remove(key);
        }
        Refused::Name(row, first)
    }

    /// Whether every subscription is confirmed or refused.
    pub fn are_settled(&self) -> bool {
        self.names.are_settled()
    }

    /// Handles the end of the connection, which counts as one disconnect; returns whether any subscription was
    /// confirmed on it. Settles pending unsubscriptions.
    pub fn disconnected(&mut self) -> bool {
        let row = self.row();
        let mut was_confirmed = false;
        for subscription in self.names.values_mut().filter(|known| known.state() == SubscriptionState::Confirmed) {
            subscription.tracker.disconnected();
            was_confirmed = true;
        }
        while !self.sent.is_empty() {
            self.left(Missing::Lost);
        }
        self.fresh = self.names.keys(None);
        for (kind, name) in &self.fresh {
            self.names.set(*kind, name.as_bytes(), SubscriptionState::New);
        }
        if let Some(row) = row.filter(|_| was_confirmed) {
            self.sink.tally(row, &Tally { disconnects: 1, ..Tally::default() });
        }
        was_confirmed
    }

    /// Handles a message received at `now` (nanoseconds).
    pub fn message(&mut self, kind: SubscriptionKind, name: &[u8], message: &[u8], now: u64) {
        let Some(subscription) = self.names.find(kind, name) else { return };
        let Some(row) = subscription.deliver else { return };
        let shared = &self.shared;
        // Clock and numbers of another run are unrelated to ours.
        let ours = envelope::read(message, shared.envelope).filter(|stamp| stamp.run == shared.run);
        let Some(stamp) = ours else {
            return self.sink.tally(row, &Tally { received: 1, foreign: 1, ..Tally::default() });
        };
        let lookup = || shared.streams.entry(stamp.stream);
        let tally = subscription.tracker.receive(stamp.stream, stamp.number, now, lookup);
        self.gapped |= subscription.tracker.is_gapped();
        self.sink.tally(row, &tally);
        if tally.foreign == 0 {
            let latency = Duration::from_nanos(now.saturating_sub(stamp.sent));
            self.sink.delivered(row, Delivery { latency, bytes: message.len() as u64 });
        }
    }

    /// Counts gaps that are overdue.
    pub fn expire(&mut self) {
        if !std::mem::take(&mut self.gapped) {
            return;
        }
        let now = clock::now();
        for subscription in self.names.values_mut() {
            if let Some(row) = subscription.deliver {
                self.sink.tally(row, &subscription.tracker.expire(now, self.shared.drain));
                self.gapped |= subscription.tracker.is_gapped();
            }
        }
    }

    /// Starts to unsubscribe from these names, or from all; returns the commands.
    pub fn leave(&mut self, names: Option<&[Arc<str>]>) -> Vec<u8> {
        let mut out = Vec::new();
        for key in self.names.keys(names) {
            let due = self.shared.streams.of(&key.1, key.0 == SubscriptionKind::Pattern);
            cmd(key.0.verbs().1).arg(&*key.1).write_packed_command(&mut out);
            self.sent.push_back(PendingCommand::End(key, Some(due)));
            self.leaving += 1;
        }
        out
    }

    /// Whether an unsubscription has not been confirmed.
    pub fn is_leaving(&self) -> bool {
        self.leaving > 0
    }

    /// Stops waiting for pending unsubscriptions. Their confirmations may still arrive.
    pub fn give_up(&mut self) {
        for at in 0..self.sent.len() {
            if let Some(PendingCommand::End(key, due)) = self.sent.get_mut(at)
                && let Some(due) = due.take()
            {
                let key = key.clone();
                self.forget(&key, due, Missing::Unsettled);
            }
        }
    }

    /// Ends all subscriptions at once; messages that have not arrived count as unsettled.
    pub fn abandon(&mut self) {
        self.give_up();
        for key in self.names.keys(None) {
            self.leaving += 1;
            let due = self.shared.streams.of(&key.1, key.0 == SubscriptionKind::Pattern);
            self.forget(&key, due, Missing::Unsettled);
        }
    }

    /// Removes the oldest pending command, and settles it if it is an unsubscription.
    fn left(&mut self, rest: Missing) {
        if let Some(PendingCommand::End(key, Some(due))) = self.sent.pop_front() {
            self.forget(&key, due, rest);
        }
    }

    /// Removes a subscription, and settles what was published on it.
    fn forget(&mut self, key: &SubscriptionKey, due: Vec<StreamState>, rest: Missing) {
        self.leaving -= 1;
        if let Some(mut subscription) = self.names.remove(key)
            && let Some(row) = subscription.deliver
        {
            self.sink.tally(row, &subscription.tracker.settle(due.into_iter(), rest));
        }
    }
}
