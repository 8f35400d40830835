//! How often each endpoint was asked, how many requests are inside the shop right now, and what chance brings each.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use serde_json::{Map, Value};

/// The endpoints of the shop. `Other` takes every request that fits none.
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

    /// Its name in `GET /_count`.
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
pub(super) struct Counters {
    asked: [AtomicU64; Endpoint::ALL.len()],
    inside: AtomicUsize,
    events: AtomicU64,
    seed: AtomicU64,
    faultless: AtomicBool,
    /// Requests of each endpoint since the seed was set.
    drawn: [AtomicU64; Endpoint::ALL.len()],
}

impl Counters {
    /// Counts a request; it is inside until the guard is dropped, also when the client goes away.
    pub(super) fn enter(&self, endpoint: Endpoint) -> Inside<'_> {
        self.asked[endpoint as usize].fetch_add(1, Ordering::Relaxed);
        self.inside.fetch_add(1, Ordering::Relaxed);
        Inside(self)
    }

    /// From now on chance goes by this seed, and requests fail only if there are `faults`.
    pub(super) fn behave(&self, seed: u64, faults: bool) {
        self.seed.store(seed, Ordering::Relaxed);
        self.faultless.store(!faults, Ordering::Relaxed);
        self.drawn.iter().for_each(|drawn| drawn.store(0, Ordering::Relaxed));
    }

    /// True while requests may fail by chance.
    pub(super) fn has_faults(&self) -> bool {
        !self.faultless.load(Ordering::Relaxed)
    }

    /// The chance of the next request of an endpoint: it follows from the seed and from how many came before it, not from
    /// what happens at other endpoints.
    pub(super) fn chance(&self, endpoint: Endpoint) -> fastrand::Rng {
        // Odd constants of no meaning, so that neighbours have nothing in common.
        let number = self.drawn[endpoint as usize].fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = (endpoint as u64 + 1).wrapping_mul(0xd1b5_4a32_d192_ed03);
        fastrand::Rng::with_seed(self.seed.load(Ordering::Relaxed) ^ number ^ place)
    }

    /// Counts an event of a subscription.
    pub(super) fn event(&self) {
        self.events.fetch_add(1, Ordering::Relaxed);
    }

    /// Requests being answered.
    pub(super) fn inside(&self) -> usize {
        self.inside.load(Ordering::Relaxed)
    }

    /// Counts by endpoint, their sum as `total`, and the events of subscriptions.
    pub(super) fn to_json(&self) -> Value {
        let mut counts = Map::new();
        let mut total = 0;
        for endpoint in Endpoint::ALL {
            let n = self.asked[endpoint as usize].load(Ordering::Relaxed);
            total += n;
            counts.insert(endpoint.name().to_owned(), n.into());
        }
        counts.insert("total".to_owned(), total.into());
        // What subscribers were sent is no answer to a request.
        counts.insert("events".to_owned(), self.events.load(Ordering::Relaxed).into());
        Value::Object(counts)
    }
}

/// A request inside the shop.
#[derive(Debug)]
pub(super) struct Inside<'a>(&'a Counters);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_follows_the_seed_and_each_endpoints_own_requests() {
        let draws = |seed, between: usize| {
            let counters = Counters::default();
            counters.behave(seed, true);
            let draw = |_| {
                for _ in 0..between {
                    counters.chance(Endpoint::Home);
                }
                counters.chance(Endpoint::Cart).u64(..)
            };
            let first: Vec<u64> = (0..50).map(draw).collect();
            // A new run begins at the beginning.
            counters.behave(seed, true);
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
    fn each_endpoint_has_its_own_counter_and_requests_leave() {
        let counters = Counters::default();
        for (times, endpoint) in Endpoint::ALL.into_iter().enumerate() {
            for _ in 0..=times {
                drop(counters.enter(endpoint));
            }
        }
        counters.event();
        let guard = counters.enter(Endpoint::Search);
        assert_eq!(counters.inside(), 1);
        drop(guard);
        assert_eq!(counters.inside(), 0);
        let json = counters.to_json();
        assert_eq!(json["GET /"], 1);
        assert_eq!(json["GET /api/search"], 8);
        assert_eq!(json["/graphql"], 9);
        assert_eq!(json["other"], 10);
        assert_eq!((&json["total"], &json["events"]), (&56.into(), &1.into()));
    }
}
