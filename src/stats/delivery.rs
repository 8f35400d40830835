//! Message counters of one channel: whether published messages arrived. Recorded per shard and merged for the run. The
//! latency is in the channel's `DELIVER` row.

use serde::{Deserialize, Serialize};

use super::by_row::Merge;

/// Messages of one channel or pattern by outcome, over all subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Messages received, counting each copy that a subscriber gets.
    pub received: u64,
    /// Messages received without a timestamp of this run; counted only here and in `received`.
    pub foreign: u64,
    /// Messages lost while the connection was open.
    pub lost_in_stream: u64,
    /// Messages lost because the subscriber was disconnected.
    pub lost_disconnected: u64,
    /// Messages not yet received when the subscriber stopped waiting: lost, late or unread.
    pub unsettled: u64,
    /// Messages received after being counted as lost.
    pub late: u64,
    /// Messages received more than once.
    pub duplicates: u64,
    /// Messages received after one with a higher sequence number.
    pub out_of_order: u64,
    /// Broken subscriber connections.
    pub disconnects: u64,
    /// Messages accepted by the server.
    pub published: u64,
    /// Sum of the receivers that the server reported to publishers.
    pub sent_to: u64,
}

impl Tally {
    /// Messages that never arrived.
    pub fn lost(&self) -> u64 {
        (self.lost_in_stream + self.lost_disconnected).saturating_sub(self.late)
    }

    /// Distinct messages of this run that arrived.
    pub fn delivered(&self) -> u64 {
        self.received.saturating_sub(self.foreign + self.duplicates)
    }

    /// Ratio of lost messages to all that should have arrived; 0 without messages.
    pub fn lost_ratio(&self) -> f64 {
        ratio(self.lost(), self.lost() + self.delivered())
    }

    /// Deliveries per published message: the number of subscribers if nothing is lost. Messages whose publisher has no
    /// confirmation yet are not counted.
    pub fn fan_out(&self) -> f64 {
        ratio(self.delivered().min(self.sent_to), self.published)
    }

    /// True when every counter is 0.
    pub fn is_empty(&self) -> bool {
        *self == Tally::default()
    }
}

impl Merge for Tally {
    fn merge(&mut self, other: &Self) {
        let Tally {
            received,
            foreign,
            lost_in_stream,
            lost_disconnected,
            unsettled,
            late,
            duplicates,
            out_of_order,
            disconnects,
            published,
            sent_to,
        } = other;
        self.received += received;
        self.foreign += foreign;
        self.lost_in_stream += lost_in_stream;
        self.lost_disconnected += lost_disconnected;
        self.unsettled += unsettled;
        self.late += late;
        self.duplicates += duplicates;
        self.out_of_order += out_of_order;
        self.disconnects += disconnects;
        self.published += published;
        self.sent_to += sent_to;
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::by_row::ByRow;

    #[test]
    fn shards_are_merged() {
        let part = Tally { received: 95, foreign: 2, duplicates: 3, lost_in_stream: 6, late: 1, ..Tally::default() };
        let other = Tally { lost_disconnected: 5, published: 10, sent_to: 100, ..Tally::default() };
        let (mut left, mut right) = (ByRow::<Tally>::default(), ByRow::<Tally>::default());
        left.row(4).merge(&part);
        right.row(7).merge(&part);
        right.row(4).merge(&other);
        left.merge(&right);
        assert_eq!(left.iter().map(|(row, tally)| (row, tally.lost())).collect::<Vec<_>>(), [(4, 10), (7, 5)]);
        let row = *left.row(4);
        assert_eq!((row.delivered(), row.lost()), (90, 10));
        assert!((row.lost_ratio() - 0.1).abs() < 1e-12 && (row.fan_out() - 9.0).abs() < 1e-12);
        assert_eq!(left.total().received, 190);
        let ahead = Tally { received: 130, sent_to: 100, published: 10, ..Tally::default() };
        assert!((ahead.fan_out() - 10.0).abs() < 1e-12, "30 deliveries are not confirmed yet");
        assert_eq!(Tally::default().lost_ratio(), 0.0);
        left.clear();
        assert!(left.total().is_empty());
    }
}
