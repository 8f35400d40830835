//! The names of one subscriber, found by a hash for each message, and how far each has come on the present connection.

use std::collections::HashMap;
use std::sync::Arc;

use super::receiver_command::Kind;
use super::track::Tracker;

/// A name and how it is subscribed to.
pub type Key = (Kind, Arc<str>);

/// One name.
#[derive(Debug)]
pub struct Subscription {
    /// The `SUBSCRIBE` row.
    pub row: u32,
    /// The `DELIVER` row; `None` is not measured.
    pub deliver: Option<u32>,
    /// What has come.
    pub tracker: Tracker,
    /// A refusal has been reported, and it has not been confirmed since.
    pub told: bool,
    /// Confirmed on any connection so far.
    pub stood: bool,
    state: State,
}

impl Subscription {
    /// Not asked for yet.
    pub fn new(row: u32, deliver: Option<u32>) -> Self {
        Self { row, deliver, tracker: Tracker::default(), told: false, stood: false, state: State::New }
    }

    /// Where it is on the present connection.
    pub fn state(&self) -> State {
        self.state
    }
}

/// Where a name is on the present connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// To be asked for.
    New,
    /// Asked for, without a response so far.
    Asked,
    /// The server sends its messages.
    Confirmed,
    /// Refused, but it may be granted later.
    Refused,
}

impl State {
    fn is_open(self) -> bool {
        matches!(self, State::New | State::Asked)
    }
}

/// All names, with the counts that would otherwise need a look at each of them.
#[derive(Debug, Default)]
pub struct Names {
    channels: HashMap<Arc<str>, Subscription>,
    patterns: HashMap<Arc<str>, Subscription>,
    shards: HashMap<Arc<str>, Subscription>,
    /// Neither confirmed nor refused.
    open: usize,
    refused: usize,
}

impl Names {
    fn of(&mut self, kind: Kind) -> &mut HashMap<Arc<str>, Subscription> {
        match kind {
            Kind::Channel => &mut self.channels,
            Kind::Pattern => &mut self.patterns,
            Kind::Shard => &mut self.shards,
        }
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.channels.is_empty() && self.patterns.is_empty() && self.shards.is_empty()
    }

    /// True when each is confirmed or refused.
    pub fn are_settled(&self) -> bool {
        self.open == 0
    }

    /// Whether any is refused.
    pub fn has_refused(&self) -> bool {
        self.refused > 0
    }

    /// A name as the server writes it.
    pub fn find(&mut self, kind: Kind, name: &[u8]) -> Option<&mut Subscription> {
        // Ours are all UTF-8.
        self.of(kind).get_mut(std::str::from_utf8(name).ok()?)
    }

    /// Adds a name.
    pub fn add(&mut self, (kind, name): Key, subscription: Subscription) {
        self.count(None, Some(subscription.state));
        if let Some(old) = self.of(kind).insert(name, subscription) {
            self.count(Some(old.state), None);
        }
    }

    /// Forgets a name.
    pub fn remove(&mut self, (kind, name): &Key) -> Option<Subscription> {
        let removed = self.of(*kind).remove(name)?;
        self.count(Some(removed.state), None);
        Some(removed)
    }

    /// Notes where a name has come to, and returns it.
    pub fn set(&mut self, kind: Kind, name: &[u8], state: State) -> Option<&mut Subscription> {
        let before = std::mem::replace(&mut self.find(kind, name)?.state, state);
        self.count(Some(before), Some(state));
        self.find(kind, name)
    }

    fn count(&mut self, before: Option<State>, after: Option<State>) {
        self.open -= usize::from(before.is_some_and(State::is_open));
        self.open += usize::from(after.is_some_and(State::is_open));
        self.refused -= usize::from(before == Some(State::Refused));
        self.refused += usize::from(after == Some(State::Refused));
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, &Arc<str>, &Subscription)> {
        let channels = self.channels.iter().map(|(name, known)| (Kind::Channel, name, known));
        let patterns = self.patterns.iter().map(|(name, known)| (Kind::Pattern, name, known));
        let shards = self.shards.iter().map(|(name, known)| (Kind::Shard, name, known));
        channels.chain(patterns).chain(shards)
    }

    /// All of them, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Subscription> {
        self.channels.values_mut().chain(self.patterns.values_mut()).chain(self.shards.values_mut())
    }

    /// Those of these names that are there, or all, of whatever kind.
    pub fn keys(&self, names: Option<&[Arc<str>]>) -> Vec<Key> {
        let Some(names) = names else {
            return self.iter().map(|(kind, name, _)| (kind, Arc::clone(name))).collect();
        };
        let kinds = [(Kind::Channel, &self.channels), (Kind::Pattern, &self.patterns), (Kind::Shard, &self.shards)];
        let of = |name: &Arc<str>| kinds.map(|(kind, known)| Some((kind, Arc::clone(known.get_key_value(name)?.0))));
        names.iter().flat_map(of).flatten().collect()
    }
}
