//! The names that one subscriber listens to, and what becomes of their messages.
//!
//! In: names that are wanted, and what arrives on them. Out: deliveries and tallies to the [`MessageSink`], and the commands
//! that subscribe and unsubscribe. Whatever way a name is left, what was published on it is accounted for.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::names::{Key, Names, State, Subscription};
use super::receiver_command::{Kind, Wanted};
use super::resp::encode;
use super::shared::Shared;
use super::streams::Known;
use super::track::Rest;
use super::{clock, envelope};
use crate::protocol::message_sink::{Delivery, MessageSink};
use crate::stats::delivery::Tally;

/// What was sent and is answered in its turn: an error names nothing, so its place tells what it is about.
#[derive(Debug)]
enum Sent {
    Begin(Key),
    /// With what had been published by then; `None` when it is settled already.
    End(Key, Option<Vec<Known>>),
    Ping,
}

/// What an error was about.
pub enum Refused {
    /// A name of this `SUBSCRIBE` row; false when it has been refused before.
    Name(u32, bool),
    /// The end of a name.
    End,
    /// Something that is not missed.
    Other,
    /// Nothing that was asked: the connection itself.
    Connection,
}

/// All subscriptions of one connection.
pub struct Subscriptions {
    shared: Arc<Shared>,
    sink: Rc<dyn MessageSink>,
    names: Names,
    /// To be asked for, some of them perhaps gone meanwhile.
    fresh: Vec<Key>,
    sent: VecDeque<Sent>,
    /// Names that are being left and not settled yet.
    leaving: usize,
    /// Some name may have a gap that is not counted yet.
    gapped: bool,
}

impl Subscriptions {
    /// To nothing yet.
    pub fn new(shared: Arc<Shared>, sink: Rc<dyn MessageSink>) -> Self {
        let (fresh, sent) = (Vec::new(), VecDeque::new());
        Self { shared, sink, names: Names::default(), fresh, sent, leaving: 0, gapped: false }
    }

    /// True when there is nothing to listen to.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The `SUBSCRIBE` row of this connection: that of a name that has stood, if there is one.
    pub fn row(&self) -> Option<u32> {
        let mut all = self.names.iter().map(|(_, _, subscription)| subscription);
        let first = all.next()?;
        let stood = if first.stood { Some(first) } else { all.find(|s| s.stood) };
        Some(stood.unwrap_or(first).row)
    }

    /// Adds names; those that are known stay as they are, but one that was refused is asked for again.
    pub fn want(&mut self, wanted: Vec<Wanted>) {
        for Wanted { kind, name, row, deliver } in wanted {
            match self.names.find(kind, name.as_bytes()) {
                None => self.names.add((kind, Arc::clone(&name)), Subscription::new(row, deliver)),
                Some(known) if known.state() == State::Refused => {
                    known.told = false;
                    self.names.set(kind, name.as_bytes(), State::New);
                }
                Some(_) => continue,
            }
            self.fresh.push((kind, name));
        }
    }

    /// The commands for the names that are to be asked for, each in one of its own: what is refused to one of them must
    /// not be refused to the others.
    pub fn commands(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        for key in std::mem::take(&mut self.fresh) {
            let (kind, name) = (key.0, key.1.as_bytes());
            if self.names.find(kind, name).is_some_and(|known| known.state() == State::New) {
                self.names.set(kind, name, State::Asked);
                encode::command(&mut out, &[kind.verbs().0.as_bytes(), name]);
                self.sent.push_back(Sent::Begin(key));
            }
        }
        out
    }

    /// The commands for the names that were refused, once more.
    pub fn again(&mut self) -> Vec<u8> {
        if self.names.has_refused() {
            let refused = self.names.iter().filter(|(.., subscription)| subscription.state() == State::Refused);
            let refused: Vec<Key> = refused.map(|(kind, name, _)| (kind, Arc::clone(name))).collect();
            for key in refused {
                self.names.set(key.0, key.1.as_bytes(), State::New);
                self.fresh.push(key);
            }
        }
        self.commands()
    }

    /// The command that finds out whether the server is there.
    pub fn ping(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        encode::command(&mut out, &["PING"]);
        self.sent.push_back(Sent::Ping);
        out
    }

    /// A ping was answered.
    pub fn ponged(&mut self) {
        if matches!(self.sent.front(), Some(Sent::Ping)) {
            self.sent.pop_front();
        }
    }

    /// The server has confirmed a name; false when it is none of ours.
    pub fn confirm(&mut self, (kind, name): (Kind, &[u8])) -> bool {
        if matches!(self.sent.front(), Some(Sent::Begin((k, n))) if *k == kind && n.as_bytes() == name) {
            self.sent.pop_front();
        }
        let Some(before) = self.names.find(kind, name).map(|subscription| subscription.state()) else { return false };
        if before != State::Confirmed
            && let Some(subscription) = self.names.set(kind, name, State::Confirmed)
        {
            (subscription.stood, subscription.told) = (true, false);
            if subscription.deliver.is_some() {
                let published = self.shared.streams.of(&String::from_utf8_lossy(name), kind == Kind::Pattern);
                subscription.tracker.connected(clock::now(), published.into_iter());
            }
        }
        true
    }

    /// The server has confirmed the end of a name, or ended it itself.
    pub fn ended(&mut self, (kind, name): (Kind, &[u8])) {
        if matches!(self.sent.front(), Some(Sent::End((k, n), _)) if *k == kind && n.as_bytes() == name) {
            // The order of responses on one connection makes this exact: what was accepted when the command was sent
            // comes before its response.
            self.left(Rest::Lost);
        } else if self.names.find(kind, name).is_some_and(|known| known.state() == State::Confirmed)
            && let Some(subscription) = self.names.set(kind, name, State::Refused)
        {
            // A shard's channels go with it to another node.
            subscription.tracker.disconnected();
        }
    }

    /// The server has answered with an error. A name that never stood is forgotten, unless what is wrong `passes`.
    pub fn refused(&mut self, passes: bool) -> Refused {
        match self.sent.front() {
            None => Refused::Connection,
            Some(Sent::End(..)) => {
                self.left(Rest::Lost);
                Refused::End
            }
            Some(Sent::Ping | Sent::Begin(_)) => match self.sent.pop_front() {
                Some(Sent::Begin(key)) => self.name_refused(&key, passes),
                _ => Refused::Other,
            },
        }
    }

    fn name_refused(&mut self, key: &Key, passes: bool) -> Refused {
        let Some(subscription) = self.names.find(key.0, key.1.as_bytes()) else { return Refused::Other };
        let (row, first) = (subscription.row, !std::mem::replace(&mut subscription.told, true));
        if subscription.stood || passes {
            self.names.set(key.0, key.1.as_bytes(), State::Refused);
        } else {
            self.names.remove(key);
        }
        Refused::Name(row, first)
    }

    /// Whether every name is confirmed, or refused.
    pub fn are_settled(&self) -> bool {
        self.names.are_settled()
    }

    /// The connection is gone. Counted once, whatever number of names it had, where the subscription is; true when
    /// any name was confirmed on it. Names that were being left are settled.
    pub fn disconnected(&mut self) -> bool {
        let row = self.row();
        let mut stood = false;
        for subscription in self.names.values_mut().filter(|known| known.state() == State::Confirmed) {
            subscription.tracker.disconnected();
            stood = true;
        }
        while !self.sent.is_empty() {
            self.left(Rest::Lost);
        }
        self.fresh = self.names.keys(None);
        for (kind, name) in &self.fresh {
            self.names.set(*kind, name.as_bytes(), State::New);
        }
        if let Some(row) = row.filter(|_| stood) {
            self.sink.tally(row, &Tally { disconnects: 1, ..Tally::default() });
        }
        stood
    }

    /// A message has come at `now`.
    pub fn message(&mut self, (kind, name): (Kind, &[u8]), message: &[u8], now: u64) {
        let Some(subscription) = self.names.find(kind, name) else { return };
        let Some(row) = subscription.deliver else { return };
        let shared = &self.shared;
        // The clock of another run, and its numbers, say nothing about ours.
        let ours = envelope::read(message, shared.envelope).filter(|stamp| stamp.run == shared.run);
        let Some(stamp) = ours else {
            return self.sink.tally(row, &Tally { received: 1, foreign: 1, ..Tally::default() });
        };
        let book = || shared.streams.entry(stamp.stream);
        let tally = subscription.tracker.arrive((stamp.stream, stamp.number), now, book);
        self.gapped |= subscription.tracker.is_gapped();
        self.sink.tally(row, &tally);
        if tally.foreign == 0 {
            let latency = Duration::from_nanos(now.saturating_sub(stamp.sent));
            self.sink.delivered(row, Delivery { latency, bytes: message.len() as u64 });
        }
    }

    /// Counts gaps that have been open for too long.
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

    /// Begins to leave these names, or all: the commands that end them.
    pub fn leave(&mut self, names: Option<&[Arc<str>]>) -> Vec<u8> {
        let mut out = Vec::new();
        for key in self.names.keys(names) {
            let due = self.shared.streams.of(&key.1, key.0 == Kind::Pattern);
            encode::command(&mut out, &[key.0.verbs().1, &key.1]);
            self.sent.push_back(Sent::End(key, Some(due)));
            self.leaving += 1;
        }
        out
    }

    /// Whether a name is being left whose end the server has not confirmed.
    pub fn is_leaving(&self) -> bool {
        self.leaving > 0
    }

    /// Waits no longer for the ends of names that are being left. Their confirmations may still come.
    pub fn give_up(&mut self) {
        for at in 0..self.sent.len() {
            if let Some(Sent::End(key, due)) = self.sent.get_mut(at)
                && let Some(due) = due.take()
            {
                let key = key.clone();
                self.forget(&key, due, Rest::Unsettled);
            }
        }
    }

    /// Leaves everything at once, as when nobody listens any more: what has not come by now is not settled.
    pub fn abandon(&mut self) {
        self.give_up();
        for key in self.names.keys(None) {
            self.leaving += 1;
            let due = self.shared.streams.of(&key.1, key.0 == Kind::Pattern);
            self.forget(&key, due, Rest::Unsettled);
        }
    }

    /// The first of what was sent is answered, or never will be.
    fn left(&mut self, rest: Rest) {
        if let Some(Sent::End(key, Some(due))) = self.sent.pop_front() {
            self.forget(&key, due, rest);
        }
    }

    /// Forgets a name that was being left, and settles what was `due` on it.
    fn forget(&mut self, key: &Key, due: Vec<Known>, rest: Rest) {
        self.leaving -= 1;
        if let Some(mut subscription) = self.names.remove(key)
            && let Some(row) = subscription.deliver
        {
            self.sink.tally(row, &subscription.tracker.settle(due.into_iter(), rest));
        }
    }
}
