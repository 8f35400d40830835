//! The channels and patterns of one subscriber, looked up by hash for each message, and their state on the current
//! connection.

use std::collections::HashMap;
use std::sync::Arc;

use super::receiver_command::SubscriptionKind;
use super::track::Tracker;

/// A channel or pattern, and the command that subscribes to it.
pub type SubscriptionKey = (SubscriptionKind, Arc<str>);

/// A subscription to one channel or pattern.
#[derive(Debug)]
pub struct Subscription {
    /// The `SUBSCRIBE` row.
    pub row: u32,
    /// The `DELIVER` row; `None` if it is not measured.
    pub deliver: Option<u32>,
    /// Tracks received messages.
    pub tracker: Tracker,
    /// A refusal was reported, and the subscription has not been confirmed since.
    pub refusal_reported: bool,
    /// Was confirmed at least once, on any connection.
    pub was_confirmed: bool,
    state: SubscriptionState,
}

impl Subscription {
    /// A subscription that was not requested yet.
    pub fn new(row: u32, deliver: Option<u32>) -> Self {
        Self {
            row,
            deliver,
            tracker: Tracker::default(),
            refusal_reported: false,
            was_confirmed: false,
            state: SubscriptionState::New,
        }
    }

    /// The state on the current connection.
    pub fn state(&self) -> SubscriptionState {
        self.state
    }
}

/// The state of a subscription on the current connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionState {
    /// Not requested yet.
    New,
    /// Requested, without a response so far.
    Asked,
    /// Confirmed: the server delivers its messages.
    Confirmed,
    /// Refused; retried later.
    Refused,
}

impl SubscriptionState {
    fn is_open(self) -> bool {
        matches!(self, SubscriptionState::New | SubscriptionState::Asked)
    }
}

/// All subscriptions, with counts that avoid iterating over them.
#[derive(Debug, Default)]
pub struct SubscriptionTable {
    channels: HashMap<Arc<str>, Subscription>,
    patterns: HashMap<Arc<str>, Subscription>,
    shards: HashMap<Arc<str>, Subscription>,
    /// Number of subscriptions that are neither confirmed nor refused.
    open: usize,
    refused: usize,
}

impl SubscriptionTable {
    fn of(&mut self, kind: SubscriptionKind) -> &mut HashMap<Arc<str>, Subscription> {
        match kind {
            SubscriptionKind::Channel => &mut self.channels,
            SubscriptionKind::Pattern => &mut self.patterns,
            SubscriptionKind::Shard => &mut self.shards,
        }
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.channels.is_empty() && self.patterns.is_empty() && self.shards.is_empty()
    }

    /// True if each is confirmed or refused.
    pub fn are_settled(&self) -> bool {
        self.open == 0
    }

    /// Whether any is refused.
    pub fn has_refused(&self) -> bool {
        self.refused > 0
    }

    /// The subscription with this name, as sent by the server.
    pub fn find(&mut self, kind: SubscriptionKind, name: &[u8]) -> Option<&mut Subscription> {
        // Ours are all UTF-8.
        self.of(kind).get_mut(std::str::from_utf8(name).ok()?)
    }

    /// Adds a name.
    pub fn add(&mut self, (kind, name): SubscriptionKey, subscription: Subscription) {
        self.count(None, Some(subscription.state));
        if let Some(old) = self.of(kind).insert(name, subscription) {
            self.count(Some(old.state), None);
        }
    }

    /// Removes a subscription.
    pub fn remove(&mut self, (kind, name): &SubscriptionKey) -> Option<Subscription> {
        let removed = self.of(*kind).remove(name)?;
        self.count(Some(removed.state), None);
        Some(removed)
    }

    /// Sets the state of a subscription, and returns it.
    pub fn set(&mut self, kind: SubscriptionKind, name: &[u8], state: SubscriptionState) -> Option<&mut Subscription> {
        let before = std::mem::replace(&mut self.find(kind, name)?.state, state);
        self.count(Some(before), Some(state));
        self.find(kind, name)
    }

    fn count(&mut self, before: Option<SubscriptionState>, after: Option<SubscriptionState>) {
        self.open -= usize::from(before.is_some_and(SubscriptionState::is_open));
        self.open += usize::from(after.is_some_and(SubscriptionState::is_open));
        self.refused -= usize::from(before == Some(SubscriptionState::Refused));
        self.refused += usize::from(after == Some(SubscriptionState::Refused));
    }

    /// Iterates over all subscriptions.
    pub fn iter(&self) -> impl Iterator<Item = (SubscriptionKind, &Arc<str>, &Subscription)> {
        let channels = self.channels.iter().map(|(name, known)| (SubscriptionKind::Channel, name, known));
        let patterns = self.patterns.iter().map(|(name, known)| (SubscriptionKind::Pattern, name, known));
        let shards = self.shards.iter().map(|(name, known)| (SubscriptionKind::Shard, name, known));
        channels.chain(patterns).chain(shards)
    }

    /// Iterates over all subscriptions, mutably.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Subscription> {
        self.channels.values_mut().chain(self.patterns.values_mut()).chain(self.shards.values_mut())
    }

    /// Those of these names that are subscribed to, of any kind; all if there are no names.
    pub fn keys(&self, names: Option<&[Arc<str>]>) -> Vec<SubscriptionKey> {
        let Some(names) = names else {
            return self.iter().map(|(kind, name, _)| (kind, Arc::clone(name))).collect();
        };
        let kinds = [
            (SubscriptionKind::Channel, &self.channels),
            (SubscriptionKind::Pattern, &self.patterns),
            (SubscriptionKind::Shard, &self.shards),
        ];
        let of = |name: &Arc<str>| kinds.map(|(kind, known)| Some((kind, Arc::clone(known.get_key_value(name)?.0))));
        names.iter().flat_map(of).flatten().collect()
    }
}
