//! Chance that can be repeated.

use ports::random::Random;
use std::cell::Cell;

/// The same numbers again for the same seed (`SplitMix64`).
#[derive(Debug, Default)]
pub struct FakeRandom(Cell<u64>);

impl FakeRandom {
    pub fn seeded(seed: u64) -> Self {
        Self(Cell::new(seed))
    }
}

impl Random for FakeRandom {
    fn next(&self) -> u64 {
        self.0.set(self.0.get().wrapping_add(0x9E37_79B9_7F4A_7C15));
        let z = self.0.get();
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
