//! What is logged: some alarms go by it.

use std::{
    io::{Result, Write, sink},
    sync::{Arc, Mutex, Once, PoisonError},
};
use tracing::{Level, subscriber::DefaultGuard};

static KEPT_ENABLED: Once = Once::new();

/// Everything that a test's own thread logs as long as this lives, a line each.
#[derive(Debug)]
pub struct Logs {
    caught: Caught,
    _until_dropped: DefaultGuard,
}

#[derive(Clone, Debug, Default)]
struct Caught(Arc<Mutex<Vec<u8>>>);

impl Logs {
    pub fn catch() -> Self {
        Self::from(Level::INFO)
    }

    /// Only what is an error, which most alarms go by.
    pub fn catch_errors() -> Self {
        Self::from(Level::ERROR)
    }

    fn from(level: Level) -> Self {
        KEPT_ENABLED.call_once(keep_enabled);
        let caught = Caught::default();
        let writer = caught.clone();
        let logging = tracing_subscriber::fmt().without_time().with_ansi(false);
        let logging = logging.with_max_level(level);
        let subscriber = logging.with_writer(move || writer.clone()).finish();
        Self { caught, _until_dropped: tracing::subscriber::set_default(subscriber) }
    }

    /// The lines so far that hold every one of `words`: a level, a message, `field=value`.
    pub fn lines(&self, words: &[&str]) -> Vec<String> {
        let caught = self.caught.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&caught);
        let wanted = text.lines().filter(|line| words.iter().all(|it| line.contains(it)));
        wanted.map(str::to_owned).collect()
    }

    /// The lines since the last time.
    pub fn take(&self) -> Vec<String> {
        let caught = &mut *self.caught.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&std::mem::take(caught)).into_owned();
        text.lines().map(str::to_owned).collect()
    }
}

/// Somebody listens to everything from now on. A place in the code that another thread reaches for
/// the first time just while a listener comes or goes is otherwise taken for one that nobody listens
/// to, and stays silent for the listeners of all threads.
fn keep_enabled() {
    let nowhere = tracing_subscriber::fmt().with_max_level(Level::INFO).with_writer(sink).finish();
    // Who set one before listens himself.
    let _set_before = tracing::subscriber::set_global_default(nowhere);
}

impl Write for Caught {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
