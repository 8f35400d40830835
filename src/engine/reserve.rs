//! Memory that a thread takes at its start, so that a run of hours is no larger at its end than after its first minute.

use std::hint::black_box;

/// What the snapshots of a second, of different sizes and short life, take between data that stays: 0.5 MiB over two
/// hours, measured with `benches/soak/two-hours`.
const FRAGMENTS: usize = 1 << 20;
/// Below the 128 KiB from which glibc takes an allocation from the system and gives it back at once.
const BLOCK: usize = 64 << 10;

/// Keeps free memory in this thread's arena until it is dropped.
pub(super) struct Reserve {
    /// Lies behind what was given back, so that it is not the end of the arena, which goes back to the system.
    _last: Box<[u8]>,
}

impl Reserve {
    /// Takes the memory, writes to it, so that it is resident, and gives it back to this thread's arena.
    pub(super) fn take() -> Self {
        // Ones: the system would give zeros without memory behind them.
        let blocks: Vec<Vec<u8>> = (0..FRAGMENTS / BLOCK).map(|_| black_box(vec![1; BLOCK])).collect();
        let last = black_box(vec![1; BLOCK].into_boxed_slice());
        drop(black_box(blocks));
        Self { _last: last }
    }
}
