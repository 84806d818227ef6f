//! Faults on demand.

use ports::Unavailable;
use std::{
    cell::Cell,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    sync::atomic::{AtomicU32, Ordering},
    task::Poll,
};

/// How many of the next calls fail, and how many succeed before that.
#[derive(Debug, Default)]
pub struct Outage {
    before: AtomicU32,
    calls: AtomicU32,
}

impl Outage {
    /// Lets the next `calls` calls fail. `u32::MAX` is as good as for ever, 0 ends an outage.
    pub fn begin(&self, calls: u32) {
        self.calls.store(calls, Ordering::SeqCst);
    }

    /// Lets `before` more calls succeed and then `calls` calls fail.
    pub fn begin_after(&self, before: u32, calls: u32) {
        self.before.store(before, Ordering::SeqCst);
        self.begin(calls);
    }

    /// What every fake asks first, and what ends a function under [`killed_after`].
    pub fn check(&self, what: &'static str) -> Result<(), Unavailable> {
        live_on();
        let less = |left: u32| left.checked_sub(1);
        if self.before.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
            return Ok(());
        }
        match self.calls.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) {
            Ok(_) => Err(Unavailable::new(what, "the test wants it to be down")),
            Err(_) => Ok(()),
        }
    }
}

thread_local! {
    /// How many more calls the function lives for that runs on this thread. `None`: for ever.
    static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Unwinds from the fake that was called to [`killed_after`].
struct Killed;

/// Runs `function` until it has made `calls` calls, of all fakes together. The next one kills it: that
/// call is not made, and the function is dropped where it stands. `None` then.
///
/// The count belongs to the thread and every fake asks [`Outage::check`], so none can be forgotten.
/// Dropping alone would not do: fakes answer at once, so a function could go on to its end within the
/// poll in which it was to die.
pub async fn killed_after<T>(calls: u32, function: impl Future<Output = T>) -> Option<T> {
    let mut function = pin!(function);
    LEFT.set(Some(calls));
    let ended = poll_fn(|context| {
        match catch_unwind(AssertUnwindSafe(|| function.as_mut().poll(context))) {
            Ok(polled) => polled.map(Some),
            Err(cause) if cause.is::<Killed>() => Poll::Ready(None),
            Err(cause) => resume_unwind(cause),
        }
    })
    .await;
    LEFT.set(None);
    ended
}

/// Does not return to a function whose time has come.
fn live_on() {
    let Some(left) = LEFT.get() else { return };
    match left.checked_sub(1) {
        Some(left) => LEFT.set(Some(left)),
        // Not a panic: nothing is wrong, and nothing is printed.
        None => resume_unwind(Box::new(Killed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bundles::FakeBundles, queue::FakeQueue};
    use ports::{bundles::Bundles, queue::Queue};
    use std::cell::RefCell;

    #[tokio::test]
    async fn a_function_dies_between_any_two_calls_of_any_ports_and_makes_no_other() {
        for calls in 0..4 {
            let (bundles, queue) = (FakeBundles::default(), FakeQueue::default());
            let trail = RefCell::new(0);
            let function = async {
                // What fails is not asked for again: it would be seen in the trail.
                for _ in 0..2 {
                    let _ = bundles.list().await;
                    *trail.borrow_mut() += 1;
                    let _ = queue.send(&()).await;
                    *trail.borrow_mut() += 1;
                }
            };
            assert_eq!(killed_after(calls, function).await, None, "{calls}");
            assert_eq!((*trail.borrow(), queue.sent().len()), (calls, calls as usize / 2));
        }
    }

    #[tokio::test]
    async fn who_needs_no_more_calls_than_it_has_lives_and_the_next_one_is_not_counted() {
        let queue = FakeQueue::default();
        assert!(killed_after(1, queue.send(&())).await.is_some_and(|it| it.is_ok()));
        for _ in 0..3 {
            queue.send(&()).await.unwrap();
        }
        assert_eq!(queue.sent().len(), 4);
    }
}
