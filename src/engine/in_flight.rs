//! Requests in flight, with their send times.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// Requests in flight of one shard. Memory grows only with the maximum number of concurrent requests.
#[derive(Debug, Default)]
pub struct InFlight {
    count: Cell<u32>,
    slots: RefCell<Slots>,
}

#[derive(Debug, Default)]
struct Slots {
    since: Vec<Option<Instant>>,
    free: Vec<usize>,
}

/// A request in flight, for [`InFlight::end`].
#[derive(Debug)]
pub struct Ticket(Option<usize>);

impl InFlight {
    /// Adds a request sent at `since`.
    pub fn begin(&self, since: Instant) -> Ticket {
        self.count.set(self.count.get() + 1);
        let slots = &mut *self.slots.borrow_mut();
        Ticket(Some(match slots.free.pop() {
            Some(at) => {
                slots.since[at] = Some(since);
                at
            }
            None => {
                slots.since.push(Some(since));
                slots.since.len() - 1
            }
        }))
    }

    /// Adds a request whose response may take arbitrarily long, such as a subscription: it has no age.
    pub fn begin_listening(&self) -> Ticket {
        self.count.set(self.count.get() + 1);
        Ticket(None)
    }

    /// Removes a request, with or without response.
    pub fn end(&self, ticket: &mut Ticket) {
        self.count.set(self.count.get() - 1);
        if let Some(at) = ticket.0.take() {
            let slots = &mut *self.slots.borrow_mut();
            slots.since[at] = None;
            slots.free.push(at);
        }
    }

    /// Number of requests in flight.
    pub fn count(&self) -> u32 {
        self.count.get()
    }

    /// Age of the oldest request. Linear in the number of requests.
    pub fn oldest(&self, now: Instant) -> Option<Duration> {
        let oldest = self.slots.borrow().since.iter().flatten().min().copied();
        oldest.map(|since| now.saturating_duration_since(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oldest_request_is_tracked() {
        let (all, start) = (InFlight::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!((all.count(), all.oldest(at(9))), (0, None));
        let mut first = all.begin(at(1));
        let mut second = all.begin(at(2));
        let mut listener = all.begin_listening();
        assert_eq!((all.count(), all.oldest(at(9))), (3, Some(Duration::from_secs(8))));
        all.end(&mut first);
        assert_eq!((all.count(), all.oldest(at(9))), (2, Some(Duration::from_secs(7))));
        // The slot is reused.
        let mut third = all.begin(at(5));
        all.end(&mut second);
        assert_eq!(all.oldest(at(9)), Some(Duration::from_secs(4)));
        assert_eq!(all.slots.borrow().since.len(), 2);
        all.end(&mut third);
        assert_eq!((all.count(), all.oldest(at(9))), (1, None));
        all.end(&mut listener);
        assert_eq!(all.count(), 0);
    }
}
