//! Delays and faults of the endpoints, computed from random numbers that are passed in.

use std::time::Duration;

use axum::http::StatusCode;

use super::counters::Endpoint;

/// Share of responses that are slow for no visible reason.
const SLOW_SHARE: f64 = 0.01;
/// Share of random 500s, except for the checkout.
const ERROR_SHARE: f64 = 0.003;
/// Share of random 503s of the checkout.
const CHECKOUT_ERROR_SHARE: f64 = 0.025;
/// Maximum delay.
const MAX_DELAY: Duration = Duration::from_secs(5);

/// Median delay in milliseconds, and the standard deviation of its logarithm.
fn delay_parameters(endpoint: Endpoint) -> (f64, f64) {
    match endpoint {
        Endpoint::Home => (15.0, 0.30),
        Endpoint::Login => (45.0, 0.35),
        Endpoint::Products => (28.0, 0.45),
        Endpoint::Product => (22.0, 0.45),
        Endpoint::Cart => (35.0, 0.40),
        Endpoint::Checkout => (60.0, 0.55),
        Endpoint::Search => (25.0, 0.50),
        Endpoint::Report => (650.0, 0.30),
        Endpoint::Graphql => (18.0, 0.40),
        Endpoint::Other => (5.0, 0.20),
    }
}

/// A log-normal delay; that of the search grows with the number of concurrent requests.
pub(super) fn delay(endpoint: Endpoint, in_progress: usize, rng: &mut fastrand::Rng) -> Duration {
    let (median, sigma) = delay_parameters(endpoint);
    let mut millis = median * (sigma * normal(rng)).exp();
    if endpoint == Endpoint::Search {
        millis *= 1.0 + 0.15 * in_progress.saturating_sub(1) as f64;
    }
    if rng.f64() < SLOW_SHARE {
        millis = millis * 4.0 + 250.0;
    }
    Duration::from_secs_f64(millis / 1e3).min(MAX_DELAY)
}

/// The status of a random fault, if there is one.
pub(super) fn fault(endpoint: Endpoint, rng: &mut fastrand::Rng) -> Option<StatusCode> {
    let (share, status) = match endpoint {
        Endpoint::Checkout => (CHECKOUT_ERROR_SHARE, StatusCode::SERVICE_UNAVAILABLE),
        // Fails with 404 or 405 anyway.
        Endpoint::Other => return None,
        _ => (ERROR_SHARE, StatusCode::INTERNAL_SERVER_ERROR),
    };
    (rng.f64() < share).then_some(status)
}

/// A standard normal random number (Box–Muller).
fn normal(rng: &mut fastrand::Rng) -> f64 {
    // 1 - f64() is never 0, so that the logarithm is finite.
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.f64()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted_millis(endpoint: Endpoint, in_progress: usize) -> Vec<f64> {
        let mut rng = fastrand::Rng::with_seed(7);
        let mut all: Vec<f64> =
            (0..20_000).map(|_| delay(endpoint, in_progress, &mut rng).as_secs_f64() * 1e3).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    #[test]
    fn delays_have_the_specified_median_and_a_tail() {
        for endpoint in Endpoint::ALL {
            let all = sorted_millis(endpoint, 1);
            let (median, _) = delay_parameters(endpoint);
            let (p50, p995) = (all[10_000], all[19_900]);
            assert!((p50 / median - 1.0).abs() < 0.05, "{endpoint:?}: {p50} ms");
            assert!(p995 > median + 240.0, "{endpoint:?}: {p995} ms");
        }
    }

    #[test]
    fn only_the_search_degrades_with_load() {
        let median = |endpoint, in_progress| sorted_millis(endpoint, in_progress)[10_000];
        assert!(median(Endpoint::Search, 41) > 6.0 * median(Endpoint::Search, 1));
        assert_eq!(median(Endpoint::Cart, 41), median(Endpoint::Cart, 1));
        assert!(sorted_millis(Endpoint::Search, usize::MAX).iter().all(|ms| *ms <= 5_000.0));
    }

    #[test]
    fn faults_have_the_specified_rates() {
        for (endpoint, status, per_mille) in
            [(Endpoint::Checkout, 503, 20.0..30.0), (Endpoint::Cart, 500, 2.0..4.0), (Endpoint::Other, 0, -1.0..0.5)]
        {
            let mut rng = fastrand::Rng::with_seed(11);
            let faults: Vec<StatusCode> = (0..50_000).filter_map(|_| fault(endpoint, &mut rng)).collect();
            assert!(per_mille.contains(&(faults.len() as f64 / 50.0)), "{endpoint:?}: {}", faults.len());
            assert!(faults.iter().all(|s| s.as_u16() == status));
        }
    }
}
