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
