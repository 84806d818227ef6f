//! Chance from the operating system.

use ports::random::Random;

#[derive(Clone, Copy, Debug)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn next(&self) -> u64 {
        // Without chance a choice is still a choice, only always the same one.
        getrandom::u64().unwrap_or_default()
    }
}
