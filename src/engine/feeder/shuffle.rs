//! Random permutations without a list in memory.

/// Hashes a number; different numbers have different hashes (SplitMix64).
pub fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// Position of number `at` of `0..n` in the permutation selected by `key`. Different numbers have different positions.
///
/// A Feistel network permutes the next larger power of four; results outside of `0..n` are permuted again, at most four
/// times on average.
pub fn place(at: u64, n: u64, key: u64) -> u64 {
    debug_assert!(at < n, "a place outside of the list");
    // Half of the bits of n - 1, rounded up.
    let half = (64 - n.saturating_sub(1).leading_zeros()).div_ceil(2);
    if half == 0 {
        return 0;
    }
    let mask = (1u64 << half) - 1;
    let mut at = at;
    loop {
        let (mut left, mut right) = (at >> half & mask, at & mask);
        for round in 0..4 {
            (left, right) = (right, left ^ (mix(key ^ mix(right ^ round << 56)) & mask));
        }
        at = left << half | right;
        if at < n {
            return at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_unique() {
        for n in [1, 2, 3, 4, 5, 7, 16, 17, 100, 1_000, 4_097] {
            for key in [0, 1, 42] {
                let mut places: Vec<u64> = (0..n).map(|at| place(at, n, key)).collect();
                places.sort_unstable();
                assert!(places.iter().copied().eq(0..n), "n = {n}, key = {key}");
            }
        }
    }

    #[test]
    fn different_keys_give_different_orders() {
        let order = |key| (0..100).map(|at| place(at, 100, key)).collect::<Vec<_>>();
        assert_ne!(order(1), order(2));
        assert_ne!(order(1), (0..100).collect::<Vec<_>>());
        // About one of 100 positions is unchanged.
        assert!((0..100).filter(|at| place(*at, 100, 7) == *at).count() < 10);
    }
}
