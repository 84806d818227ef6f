//! Messages that keep an order.

/// A message of a queue that keeps the order within each group, and takes a message once within five
/// minutes. Both names have at most 128 characters, letters, digits and punctuation.
pub trait Ordered {
    fn group(&self) -> &str;

    /// By what a repeat is known.
    fn deduplication(&self) -> String;
}
