//! The names that one subscriber listens to, and what becomes of their messages.
//!
//! In: names that are wanted, and what arrives on them. Out: deliveries and tallies to the [`Sink`], and the commands
//! that subscribe and unsubscribe.

use std::collections::BTreeMap;
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
    /// Confirmed on the present connection.
    confirmed: bool,
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
}

impl<S: Sink> Subscriptions<S> {
    /// To nothing yet.
    pub fn new(shared: Arc<Shared>, sink: Rc<S>) -> Self {
        Self { shared, sink, names: BTreeMap::new() }
    }

    /// True when there is nothing to listen to.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The `SUBSCRIBE` row of this connection.
    pub fn row(&self) -> Option<u32> {
        self.names.values().next().map(|s| s.row)
    }

    /// Adds names; those that are known stay as they are.
    pub fn want(&mut self, wanted: Vec<Wanted>) {
        for Wanted { kind, name, row, deliver } in wanted {
            let subscription = Subscription { row, deliver, tracker: Tracker::default(), confirmed: false };
            self.names.entry((kind, name)).or_insert(subscription);
        }
    }

    /// The commands for the names that the server has not confirmed yet.
    pub fn commands(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for kind in Kind::ALL {
            let names =
                self.names.iter().filter(|((k, _), s)| *k == kind && !s.confirmed).map(|((_, name), _)| &**name);
            let words: Vec<&str> = std::iter::once(kind.verbs().0).chain(names).collect();
            if kind == Kind::Shard {
                // Names of one command must share a slot, so each goes alone.
                words[1..].iter().for_each(|name| encode::command(&mut out, &[words[0], name]));
            } else if words.len() > 1 {
                encode::command(&mut out, &words);
            }
        }
        out
    }

    /// The server has confirmed a name; false when it is none of ours.
    pub fn confirm(&mut self, (kind, name): (Kind, &[u8])) -> bool {
        let now = clock::now();
        let Some((name, subscription)) = find(&mut self.names, kind, name) else { return false };
        if !subscription.confirmed {
            subscription.confirmed = true;
            if subscription.deliver.is_some() {
                subscription.tracker.connected(now, known(&self.shared, name, kind).into_iter());
            }
        }
        true
    }

    /// Whether every name is confirmed.
    pub fn are_confirmed(&self) -> bool {
        self.names.values().all(|s| s.confirmed)
    }

    /// The connection is gone. Counted once, whatever number of names it had, where the subscription is; true when
    /// any name was confirmed on it.
    pub fn disconnected(&mut self) -> bool {
        let mut stood = false;
        for subscription in self.names.values_mut().filter(|s| s.confirmed) {
            subscription.confirmed = false;
            subscription.tracker.disconnected();
            stood = true;
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
    pub fn leaving(&self, names: Option<&[Arc<str>]>) -> (Vec<Leaving>, Vec<u8>) {
        let chosen = self.names.keys().filter(|(_, name)| names.is_none_or(|n| n.contains(name)));
        let leaving: Vec<Leaving> = chosen
            .map(|(kind, name)| Leaving { kind: *kind, name: Arc::clone(name), due: known(&self.shared, name, *kind) })
            .collect();
        let mut out = Vec::new();
        leaving.iter().for_each(|left| encode::command(&mut out, &[left.kind.verbs().1, &left.name]));
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
