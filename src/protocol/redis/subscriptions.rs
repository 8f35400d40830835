//! The names that one subscriber listens to, and what becomes of their messages.
//!
//! In: names that are wanted, and what arrives on them. Out: deliveries and tallies to the [`Sink`], and the commands
//! that subscribe and unsubscribe.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::order::{Kind, Wanted};
use super::resp::encode;
use super::shared::Shared;
use super::streams::Stream;
use super::track::{Known, Tracker};
use super::{Delivery, Sink, clock, envelope};
use crate::stats::delivery::Tally;

struct Subscription {
    row: u32,
    deliver: Option<u32>,
    tracker: Tracker,
    state: State,
    /// A refusal has been reported, and it has not stood since.
    told: bool,
    /// Confirmed on any connection so far.
    stood: bool,
}

/// Where a name is on the present connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// To be asked for.
    New,
    Asked,
    Confirmed,
    /// Refused, but it may be granted later.
    Refused,
}

/// What was sent and is answered in its turn: an error names nothing, so its place tells what it is about.
#[derive(Debug)]
enum Sent {
    Begin(Kind, Arc<str>),
    End(Kind, Arc<str>),
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

/// A name, what is still due on it, and how it was subscribed to.
pub struct Leaving {
    kind: Kind,
    name: Arc<str>,
    due: Vec<Known>,
}

/// All subscriptions of one connection.
pub struct Subscriptions<S> {
    shared: Arc<Shared>,
    sink: Rc<S>,
    names: BTreeMap<(Kind, Arc<str>), Subscription>,
    sent: VecDeque<Sent>,
}

impl<S: Sink> Subscriptions<S> {
    /// To nothing yet.
    pub fn new(shared: Arc<Shared>, sink: Rc<S>) -> Self {
        Self { shared, sink, names: BTreeMap::new(), sent: VecDeque::new() }
    }

    /// True when there is nothing to listen to.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The `SUBSCRIBE` row of this connection: that of a name that has stood, if there is one.
    pub fn row(&self) -> Option<u32> {
        let stood = self.names.values().find(|s| s.stood);
        stood.or_else(|| self.names.values().next()).map(|s| s.row)
    }

    /// Adds names; those that are known stay as they are, but one that was refused is asked for again.
    pub fn want(&mut self, wanted: Vec<Wanted>) {
        for Wanted { kind, name, row, deliver } in wanted {
            let tracker = Tracker::default();
            let new = Subscription { row, deliver, tracker, state: State::New, told: false, stood: false };
            let subscription = self.names.entry((kind, name)).or_insert(new);
            if subscription.state == State::Refused {
                (subscription.state, subscription.told) = (State::New, false);
            }
        }
    }

    /// The commands for the names that are to be asked for, each in one of its own: what is refused to one of them must
    /// not be refused to the others.
    pub fn commands(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        for ((kind, name), subscription) in self.names.iter_mut().filter(|(_, s)| s.state == State::New) {
            subscription.state = State::Asked;
            encode::command(&mut out, &[kind.verbs().0, name]);
            self.sent.push_back(Sent::Begin(*kind, Arc::clone(name)));
        }
        out
    }

    /// The commands for a connection that has just been opened.
    pub fn anew(&mut self) -> Vec<u8> {
        self.sent.clear();
        self.commands()
    }

    /// The commands for the names that were refused, once more.
    pub fn again(&mut self) -> Vec<u8> {
        for subscription in self.names.values_mut().filter(|s| s.state == State::Refused) {
            subscription.state = State::New;
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
        let now = clock::now();
        if matches!(self.sent.front(), Some(Sent::Begin(k, n)) if *k == kind && n.as_bytes() == name) {
            self.sent.pop_front();
        }
        let Some((name, subscription)) = find(&mut self.names, kind, name) else { return false };
        if subscription.state != State::Confirmed {
            (subscription.state, subscription.stood, subscription.told) = (State::Confirmed, true, false);
            if subscription.deliver.is_some() {
                subscription.tracker.connected(now, known(&self.shared, name, kind).into_iter());
            }
        }
        true
    }

    /// The server has confirmed the end of a name, or ended it itself. True when we had asked for that.
    pub fn ended(&mut self, (kind, name): (Kind, &[u8])) -> bool {
        let asked = matches!(self.sent.front(), Some(Sent::End(k, n)) if *k == kind && n.as_bytes() == name);
        if asked {
            self.sent.pop_front();
        } else if let Some((_, subscription)) = find(&mut self.names, kind, name)
            && subscription.state == State::Confirmed
        {
            // A shard's channels go with it to another node.
            subscription.state = State::Refused;
            subscription.tracker.disconnected();
        }
        asked
    }

    /// The server has answered with an error. A name that never stood is forgotten, unless what is wrong `passes`.
    pub fn refused(&mut self, passes: bool) -> Refused {
        match self.sent.pop_front() {
            None => Refused::Connection,
            Some(Sent::Ping) => Refused::Other,
            Some(Sent::End(..)) => Refused::End,
            Some(Sent::Begin(kind, name)) => {
                let key = (kind, name);
                let Some(subscription) = self.names.get_mut(&key) else { return Refused::Other };
                let (row, first) = (subscription.row, !std::mem::replace(&mut subscription.told, true));
                if subscription.stood || passes {
                    subscription.state = State::Refused;
                } else {
                    self.names.remove(&key);
                }
                Refused::Name(row, first)
            }
        }
    }

    /// Whether every name is confirmed, or refused.
    pub fn are_settled(&self) -> bool {
        self.names.values().all(|s| matches!(s.state, State::Confirmed | State::Refused))
    }

    /// The connection is gone. Counted once, whatever number of names it had, where the subscription is; true when
    /// any name was confirmed on it.
    pub fn disconnected(&mut self) -> bool {
        let mut stood = false;
        self.sent.clear();
        for subscription in self.names.values_mut() {
            if std::mem::replace(&mut subscription.state, State::New) == State::Confirmed {
                subscription.tracker.disconnected();
                stood = true;
            }
        }
        if let Some(row) = self.row().filter(|_| stood) {
            self.sink.tally(row, &Tally { disconnects: 1, ..Tally::default() });
        }
        stood
    }

    /// A message has come at `now`.
    pub fn message(&mut self, (kind, name): (Kind, &[u8]), message: &[u8], now: u64) {
        let Some((name, subscription)) = find(&mut self.names, kind, name) else { return };
        let Some(row) = subscription.deliver else { return };
        let Some(stamp) = envelope::read(message, self.shared.envelope) else {
            self.sink.tally(row, &Tally { received: 1, foreign: 1, ..Tally::default() });
            return;
        };
        let created = || {
            let streams = self.shared.streams.of(name, kind == Kind::Pattern);
            streams.iter().find(|stream| stream.id == stamp.stream).map(|stream| stream.created)
        };
        let tally = subscription.tracker.arrive((stamp.stream, stamp.number), now, created);
        self.sink.tally(row, &tally);
        let latency = Duration::from_nanos(now.saturating_sub(stamp.sent));
        self.sink.delivered(row, Delivery { latency, bytes: message.len() as u64 });
    }

    /// Counts gaps that have been open for too long.
    pub fn expire(&mut self) {
        let now = clock::now();
        for subscription in self.names.values_mut() {
            if let Some(row) = subscription.deliver {
                self.sink.tally(row, &subscription.tracker.expire(now, self.shared.drain));
            }
        }
    }

    /// These names, or all, with what has been published on them by now; and the commands that give them up.
    pub fn leaving(&mut self, names: Option<&[Arc<str>]>) -> (Vec<Leaving>, Vec<u8>) {
        let chosen = self.names.keys().filter(|(_, name)| names.is_none_or(|n| n.contains(name)));
        let leaving: Vec<Leaving> = chosen
            .map(|(kind, name)| Leaving { kind: *kind, name: Arc::clone(name), due: known(&self.shared, name, *kind) })
            .collect();
        let mut out = Vec::new();
        for Leaving { kind, name, .. } in &leaving {
            encode::command(&mut out, &[kind.verbs().1, name]);
            self.sent.push_back(Sent::End(*kind, Arc::clone(name)));
        }
        (leaving, out)
    }

    /// Forgets names; what was due on them and has not come is lost.
    pub fn forget(&mut self, leaving: Vec<Leaving>) {
        for Leaving { kind, name, due } in leaving {
            if let Some(mut subscription) = self.names.remove(&(kind, name))
                && let Some(row) = subscription.deliver
            {
                self.sink.tally(row, &subscription.tracker.settle(due.into_iter()));
            }
        }
    }
}

fn find<'a>(
    names: &'a mut BTreeMap<(Kind, Arc<str>), Subscription>,
    kind: Kind,
    name: &[u8],
) -> Option<(&'a Arc<str>, &'a mut Subscription)> {
    // A user listens to few names, and this saves a copy of the name for every message.
    let mut found = names.iter_mut().filter(|((k, n), _)| *k == kind && n.as_bytes() == name);
    found.next().map(|((_, name), subscription)| (name, subscription))
}

fn known(shared: &Shared, name: &str, kind: Kind) -> Vec<Known> {
    let known = |s: &Arc<Stream>| Known { stream: s.id, created: s.created, published: s.published() };
    shared.streams.of(name, kind == Kind::Pattern).iter().map(known).collect()
}
