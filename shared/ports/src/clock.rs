//! Time, so that tests own it.

use jiff::Timestamp;
use std::time::Duration;

pub trait Clock {
    fn now(&self) -> Timestamp;

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}
