//! Messages that come at their time, once or more.

use crate::Unavailable;
use jiff::Timestamp;

/// Alarm clocks for one kind of message.
pub trait Timers<M> {
    /// `message` comes at `at`, which is still to come. A timer of that name that is set already is
    /// moved.
    async fn set(&self, name: &str, at: Timestamp, message: &M) -> Result<(), Unavailable>;

    /// Nothing comes. A timer that is not set is success; a message may be on its way already.
    async fn clear(&self, name: &str) -> Result<(), Unavailable>;
}
