//! Request counters of each endpoint, the number of concurrent requests, and the random numbers of each request.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use serde_json::{Map, Value};

/// The endpoints of the shop. `Other` is any request that matches none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Home,
    Login,
    Products,
    Product,
    Cart,
    Checkout,
    Search,
    Report,
    Graphql,
    Other,
}

impl Endpoint {
    pub(super) const ALL: [Endpoint; 10] = [
        Endpoint::Home,
        Endpoint::Login,
        Endpoint::Products,
        Endpoint::Product,
        Endpoint::Cart,
        Endpoint::Checkout,
        Endpoint::Search,
        Endpoint::Report,
        Endpoint::Graphql,
        Endpoint::Other,
    ];

    /// The key in `GET /_count`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Endpoint::Home => "GET /",
            Endpoint::Login => "POST /api/login",
            Endpoint::Products => "GET /api/products",
            Endpoint::Product => "GET /api/products/{id}",
            Endpoint::Cart => "POST /api/cart",
            Endpoint::Checkout => "POST /api/checkout",
            Endpoint::Search => "GET /api/search",
            Endpoint::Report => "GET /api/report",
            Endpoint::Graphql => "/graphql",
            Endpoint::Other => "other",
        }
    }
}

/// Shared by all handlers.
#[derive(Debug, Default)]
pub(super) struct RequestCounters {
    requests: [AtomicU64; Endpoint::ALL.len()],
    in_progress: AtomicUsize,
    events: AtomicU64,
    seed: AtomicU64,
    faultless: AtomicBool,
    /// Requests of each endpoint since the seed was set.
    drawn: [AtomicU64; Endpoint::ALL.len()],
}

impl RequestCounters {
    /// Counts a request, which is in progress until the guard is dropped, even if the client disconnects.
    pub(super) fn enter(&self, endpoint: Endpoint) -> InProgress<'_> {
        self.requests[endpoint as usize].fetch_add(1, Ordering::Relaxed);
        self.in_progress.fetch_add(1, Ordering::Relaxed);
        InProgress(self)
    }

    /// Sets the seed of random numbers, and whether requests may fail randomly.
    pub(super) fn set_seed(&self, seed: u64, faults: bool) {
        self.seed.store(seed, Ordering::Relaxed);
        self.faultless.store(!faults, Ordering::Relaxed);
        self.drawn.iter().for_each(|drawn| drawn.store(0, Ordering::Relaxed));
    }

    /// True while requests may fail randomly.
    pub(super) fn has_faults(&self) -> bool {
        !self.faultless.load(Ordering::Relaxed)
    }

    /// The random numbers of the next request of an endpoint: they depend only on the seed and on the number of
    /// preceding requests of that endpoint.
    pub(super) fn next_rng(&self, endpoint: Endpoint) -> fastrand::Rng {
        // Odd constants spread consecutive numbers over the whole range.
        let number = self.drawn[endpoint as usize].fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let salt = (endpoint as u64 + 1).wrapping_mul(0xd1b5_4a32_d192_ed03);
        fastrand::Rng::with_seed(self.seed.load(Ordering::Relaxed) ^ number ^ salt)
    }

    /// Counts an event of a subscription.
    pub(super) fn event(&self) {
        self.events.fetch_add(1, Ordering::Relaxed);
    }

    /// Number of requests in progress.
    pub(super) fn in_progress(&self) -> usize {
        self.in_progress.load(Ordering::Relaxed)
    }

    /// Counts by endpoint, their sum as `total`, and the events of subscriptions.
    pub(super) fn to_json(&self) -> Value {
        let mut counts = Map::new();
        let mut total = 0;
        for endpoint in Endpoint::ALL {
            let n = self.requests[endpoint as usize].load(Ordering::Relaxed);
            total += n;
            counts.insert(endpoint.name().to_owned(), n.into());
        }
        counts.insert("total".to_owned(), total.into());
        // Events are not responses, so they are not in the total.
        counts.insert("events".to_owned(), self.events.load(Ordering::Relaxed).into());
        Value::Object(counts)
    }
}

/// Guard of a request in progress.
#[derive(Debug)]
pub(super) struct InProgress<'a>(&'a RequestCounters);

impl Drop for InProgress<'_> {
    fn drop(&mut self) {
        self.0.in_progress.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_depend_on_the_seed_and_the_endpoint() {
        let draws = |seed, between: usize| {
            let counters = RequestCounters::default();
            counters.set_seed(seed, true);
            let draw = |_| {
                for _ in 0..between {
                    counters.next_rng(Endpoint::Home);
                }
                counters.next_rng(Endpoint::Cart).u64(..)
            };
            let first: Vec<u64> = (0..50).map(draw).collect();
            // Setting the seed again restarts the sequence.
            counters.set_seed(seed, true);
            assert_eq!((0..50).map(draw).collect::<Vec<_>>(), first);
            first
        };
        assert_eq!(draws(7, 0), draws(7, 3));
        assert_ne!(draws(7, 0), draws(8, 0));
        let mut all = draws(7, 0);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 50);
    }

    #[test]
    fn requests_are_counted_by_endpoint() {
        let counters = RequestCounters::default();
        for (times, endpoint) in Endpoint::ALL.into_iter().enumerate() {
            for _ in 0..=times {
                drop(counters.enter(endpoint));
            }
        }
        counters.event();
        let guard = counters.enter(Endpoint::Search);
        assert_eq!(counters.in_progress(), 1);
        drop(guard);
        assert_eq!(counters.in_progress(), 0);
        let json = counters.to_json();
        assert_eq!(json["GET /"], 1);
        assert_eq!(json["GET /api/search"], 8);
        assert_eq!(json["/graphql"], 9);
        assert_eq!(json["other"], 10);
        assert_eq!((&json["total"], &json["events"]), (&56.into(), &1.into()));
    }
}
