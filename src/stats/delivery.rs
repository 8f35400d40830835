//! Whether published messages arrived: counters of one channel, kept by shards and added up for the run.
//!
//! Latency of delivery goes into the channel's `DELIVER` row like any other time; here is what a latency cannot say.

/// What became of the messages of one channel (or pattern), over all subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Messages that came, each copy for each subscriber.
    pub received: u64,
    /// Of these, messages that carried no stamp of ours: they are in no other figure.
    pub foreign: u64,
    /// Numbers that never came although the connection stood.
    pub lost_in_stream: u64,
    /// Numbers that never came because the subscriber was disconnected meanwhile.
    pub lost_disconnected: u64,
    /// Messages that came after they had been counted as lost.
    pub late: u64,
    /// Messages that came once more.
    pub duplicates: u64,
    /// Messages that came after one with a higher number.
    pub out_of_order: u64,
    /// Connections of subscribers that broke.
    pub disconnects: u64,
    /// Messages that the server accepted.
    pub published: u64,
    /// Receivers that the server answered to the publishers, summed up.
    pub sent_to: u64,
}

impl Tally {
    /// Adds the counters of another shard or interval.
    pub fn merge(&mut self, other: &Tally) {
        let Tally {
            received,
            foreign,
            lost_in_stream,
            lost_disconnected,
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
        self.late += late;
        self.duplicates += duplicates;
        self.out_of_order += out_of_order;
        self.disconnects += disconnects;
        self.published += published;
        self.sent_to += sent_to;
    }

    /// Messages that never came, whatever the cause.
    pub fn lost(&self) -> u64 {
        (self.lost_in_stream + self.lost_disconnected).saturating_sub(self.late)
    }

    /// Different messages of ours that came.
    pub fn delivered(&self) -> u64 {
        self.received.saturating_sub(self.foreign + self.duplicates)
    }

    /// Lost messages of all that should have come; 0 when none should.
    pub fn lost_ratio(&self) -> f64 {
        ratio(self.lost(), self.lost() + self.delivered())
    }

    /// Deliveries for each message published: the number of subscribers, as long as nothing is lost.
    pub fn fan_out(&self) -> f64 {
        ratio(self.delivered(), self.published)
    }

    /// True when nothing has happened.
    pub fn is_empty(&self) -> bool {
        *self == Tally::default()
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The tallies of some rows, by endpoint. There are few, so a list is searched fastest.
#[derive(Debug, Clone, Default)]
pub struct Deliveries {
    rows: Vec<(u32, Tally)>,
}

impl Deliveries {
    /// The tally of an endpoint, empty at first.
    pub fn row(&mut self, endpoint: u32) -> &mut Tally {
        let at = match self.rows.iter().position(|(known, _)| *known == endpoint) {
            Some(at) => at,
            None => {
                self.rows.push((endpoint, Tally::default()));
                self.rows.len() - 1
            }
        };
        &mut self.rows[at].1
    }

    /// Adds all rows of another shard or interval.
    pub fn merge(&mut self, other: &Deliveries) {
        for (endpoint, tally) in &other.rows {
            self.row(*endpoint).merge(tally);
        }
    }

    /// Forgets all figures.
    pub fn clear(&mut self) {
        self.rows.clear();
    }

    /// Rows with figures, in order of first use.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Tally)> {
        self.rows.iter().map(|(endpoint, tally)| (*endpoint, tally))
    }

    /// All rows together.
    pub fn total(&self) -> Tally {
        self.rows.iter().fold(Tally::default(), |mut sum, (_, tally)| {
            sum.merge(tally);
            sum
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_add_up() {
        let part = Tally { received: 95, foreign: 2, duplicates: 3, lost_in_stream: 6, late: 1, ..Tally::default() };
        let other = Tally { lost_disconnected: 5, published: 10, sent_to: 100, ..Tally::default() };
        let (mut left, mut right) = (Deliveries::default(), Deliveries::default());
        left.row(4).merge(&part);
        right.row(7).merge(&part);
        right.row(4).merge(&other);
        left.merge(&right);
        assert_eq!(left.iter().map(|(row, tally)| (row, tally.lost())).collect::<Vec<_>>(), [(4, 10), (7, 5)]);
        let row = *left.row(4);
        assert_eq!((row.delivered(), row.lost()), (90, 10));
        assert!((row.lost_ratio() - 0.1).abs() < 1e-12 && (row.fan_out() - 9.0).abs() < 1e-12);
        assert_eq!(left.total().received, 190);
        assert_eq!(Tally::default().lost_ratio(), 0.0);
        left.clear();
        assert!(left.total().is_empty());
    }
}
