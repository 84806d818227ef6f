//! Chance, so that tests own it.

pub trait Random {
    /// Uniform over all values.
    fn next(&self) -> u64;
}
