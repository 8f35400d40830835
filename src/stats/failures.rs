//! Failures grouped by endpoint and reason. The number of groups is limited: a different error for every request needs
//! no more memory than a repeated one.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::SystemTime;

use super::sample::{Example, Reason};
use super::snapshot::{FailureRow, FailureView};
use crate::row_kind::RowKind;

/// Maximum number of groups in one interval.
const MAX_KINDS: usize = 200;
/// Maximum number of groups in a run; further failures are only counted.
const MAX_RUN_KINDS: usize = 1_000;
/// Maximum number of rows in a snapshot.
const MAX_ROWS: usize = 200;
/// Maximum number of further kinds that are counted exactly.
const MAX_OVERFLOW: usize = 10_000;
/// Maximum number of examples per shard.
pub(super) const MAX_EXAMPLES: usize = 100;

/// Hash of endpoint and reason; the same on every shard.
pub(super) fn fingerprint(endpoint: u32, reason: &Reason) -> u64 {
    let mut hasher = DefaultHasher::new();
    (endpoint, reason).hash(&mut hasher);
    hasher.finish()
}

/// A group of failures with the same endpoint and reason.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub count: u64,
    pub first: SystemTime,
    pub last: SystemTime,
    pub example: Option<Arc<Example>>,
}

/// Failures without a group: their number, and the hashes of their kinds.
#[derive(Debug, Default)]
struct Overflow {
    count: u64,
    kinds: HashSet<u64>,
}

impl Overflow {
    fn count(&mut self, fingerprint: u64, count: u64) {
        self.count += count;
        if self.kinds.len() < MAX_OVERFLOW {
            self.kinds.insert(fingerprint);
        }
    }
}

/// Failures of one shard in one interval.
#[derive(Debug, Default)]
pub(super) struct Groups {
    map: HashMap<(u32, Reason), Group>,
    overflow: Overflow,
}

impl Groups {
    pub fn count(&mut self, endpoint: u32, reason: Reason, example: Option<Example>, at: SystemTime) {
        let full = self.map.len() >= MAX_KINDS;
        let key = (endpoint, reason);
        if let Some(group) = self.map.get_mut(&key) {
            group.count += 1;
            group.last = at;
            if let Some(example) = example {
                group.example.get_or_insert_with(|| Arc::new(example));
            }
        } else if full {
            self.overflow.count(fingerprint(key.0, &key.1), 1);
        } else {
            self.map.insert(key, Group { count: 1, first: at, last: at, example: example.map(Arc::new) });
        }
    }

    #[cfg(test)]
    pub fn iter(&self) -> impl Iterator<Item = (&(u32, Reason), &Group)> {
        self.map.iter()
    }

    pub fn clear(&mut self) {
        self.map.clear();
        self.overflow.count = 0;
        self.overflow.kinds.clear();
    }
}

/// Failures of the whole run since the last reset.
#[derive(Debug, Default)]
pub(super) struct Failures {
    map: HashMap<(u32, Reason), (Group, Arc<str>)>,
    overflow: Overflow,
    /// Number of failures caused by this machine, and the latest reason.
    refused: Option<(u64, Arc<str>)>,
}

impl Failures {
    /// Moves the groups of an interval into the totals and leaves the interval empty.
    pub fn absorb(&mut self, groups: &mut Groups) {
        for (key, group) in groups.map.drain() {
            if let Reason::Generator(why) = &key.1 {
                let count = self.refused.as_ref().map_or(0, |(count, _)| *count);
                self.refused = Some((count + group.count, Arc::clone(why)));
            }
            let full = self.map.len() >= MAX_RUN_KINDS;
            if let Some((known, _)) = self.map.get_mut(&key) {
                known.count += group.count;
                known.first = known.first.min(group.first);
                known.last = known.last.max(group.last);
                known.example = known.example.take().or(group.example);
            } else if full {
                self.overflow.count(fingerprint(key.0, &key.1), group.count);
            } else {
                let words = key.1.to_string().into();
                self.map.insert(key, (group, words));
            }
        }
        let Overflow { count, kinds } = &mut groups.overflow;
        self.overflow.count += std::mem::take(count);
        for kind in kinds.drain() {
            self.overflow.count(kind, 0);
        }
    }

    /// Number of failures caused by this machine, and the latest reason.
    pub fn refused(&self) -> Option<(u64, &Arc<str>)> {
        self.refused.as_ref().map(|(count, why)| (*count, why))
    }

    /// Number of kinds without a group. A kind that overflowed on one shard may have a group from another.
    fn kinds_without_group(&self) -> usize {
        if self.overflow.count == 0 {
            return 0;
        }
        let known: HashSet<u64> = self.map.keys().map(|(endpoint, reason)| fingerprint(*endpoint, reason)).collect();
        self.overflow.kinds.difference(&known).count().max(1)
    }

    /// Most frequent first. Equal counts have a stable order, so that rows do not jump on the screen.
    pub fn view(&self, endpoints: &[(RowKind, Arc<str>)]) -> FailureView {
        let mut groups: Vec<_> = self.map.iter().collect();
        groups
            .sort_unstable_by(|(a_key, (a, _)), (b_key, (b, _))| b.count.cmp(&a.count).then_with(|| a_key.cmp(b_key)));
        let rest = groups.split_off(groups.len().min(MAX_ROWS));
        let ungrouped = self.kinds_without_group();
        FailureView {
            rows: groups.into_iter().map(|(key, (group, words))| row(endpoints, key, group, words)).collect(),
            more_kinds: (rest.len() + ungrouped) as u64,
            more_count: rest.iter().map(|(_, (group, _))| group.count).sum::<u64>() + self.overflow.count,
        }
    }
}

fn row(endpoints: &[(RowKind, Arc<str>)], key: &(u32, Reason), group: &Group, words: &Arc<str>) -> FailureRow {
    let (kind, name) = endpoints.get(key.0 as usize).cloned().unwrap_or_default();
    FailureRow {
        id: fingerprint(key.0, &key.1),
        kind,
        name,
        reason: Arc::clone(words),
        silence: key.1.silence(),
        count: group.count,
        first: group.first,
        last: group.last,
        example: group.example.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_limited_and_every_failure_is_counted() {
        let mut run = Failures::default();
        let mut interval = Groups::default();
        let mut sent = 0;
        for round in 0..30u64 {
            for kind in 0..300u64 {
                let reason = Reason::Other(format!("error {}", round * 300 + kind).into());
                interval.count(0, reason, None, SystemTime::UNIX_EPOCH);
                sent += 1;
            }
            assert_eq!(interval.map.len(), MAX_KINDS);
            run.absorb(&mut interval);
            interval.clear();
        }
        let view = run.view(&[(RowKind::http("GET"), "/".into())]);
        assert_eq!(view.rows.len(), MAX_ROWS);
        assert_eq!(view.rows.iter().map(|r| r.count).sum::<u64>() + view.more_count, sent);
        assert_eq!(view.rows.len() as u64 + view.more_kinds, 9_000);
        assert_eq!(run.map.len(), MAX_RUN_KINDS);
    }

    #[test]
    fn groups_are_merged_and_sorted_by_count() {
        let at = |s| SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(s);
        let example = |text: &str| Some(Example { status: Some(503), body: text.into(), ..Example::default() });
        let (mut run, mut one, mut two) = (Failures::default(), Groups::default(), Groups::default());
        one.count(0, Reason::ConnectionRefused, None, at(5));
        two.count(1, Reason::Status(503), None, at(3));
        two.count(1, Reason::Status(503), example("first"), at(9));
        one.count(1, Reason::Status(503), example("second"), at(4));
        run.absorb(&mut two);
        run.absorb(&mut one);
        let view = run.view(&[(RowKind::http("GET"), "/a".into()), (RowKind::http("POST"), "/b".into())]);
        let row = &view.rows[0];
        assert_eq!((row.kind.name(), &*row.name, row.count, row.first, row.last), ("POST", "/b", 3, at(3), at(9)));
        assert_eq!(&*row.reason, "HTTP 503 Service Unavailable");
        assert_eq!(row.example.as_ref().unwrap().body, "first");
        assert_eq!((view.rows.len(), view.more_kinds, view.more_count), (2, 0, 0));
    }
}
