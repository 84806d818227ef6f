//! Executions of the state machines as they are deployed.

use crate::asl::{Execution, machine};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, LazyLock},
    time::Duration,
};
use testkit::sagas::FakeSagas;

static MACHINES: LazyLock<BTreeMap<&str, Arc<Value>>> = LazyLock::new(|| {
    let names =
        ["provision", "blank", "grow", "drain", "configure", "halt", "resize", "restart", "erase"];
    names.into_iter().map(|it| (it, Arc::new(machine(it)))).collect()
});

#[derive(Default)]
pub(super) struct Executions {
    running: BTreeMap<String, Running>,
    ended: BTreeMap<String, End>,
    /// How many that functions asked for were taken up, by state machine.
    taken_up: BTreeMap<&'static str, usize>,
}

#[derive(Debug)]
pub(super) struct Running {
    pub(super) execution: Execution,
    pub(super) due: Duration,
}

impl fmt::Debug for Executions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "running: {:?}, ended: {:?}", self.running.keys(), self.ended)
    }
}

/// How an execution ended. One that failed rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Well,
    Failed,
}

impl Executions {
    /// Starts what functions have asked for since the last time. Returns the names.
    pub(super) fn take_up<'a>(
        &mut self,
        sagas: impl IntoIterator<Item = (&'static str, &'a FakeSagas)>,
        due: Duration,
    ) -> Vec<String> {
        let mut names = Vec::new();
        for (of, sagas) in sagas {
            let taken_up = self.taken_up.entry(of).or_default();
            for (name, input) in sagas.started_after(*taken_up) {
                *taken_up += 1;
                let input = serde_json::from_str(&input).expect("the input is JSON");
                let execution = Execution::start(Arc::clone(&MACHINES[of]), input);
                self.running.insert(name.clone(), Running { execution, due });
                names.push(name);
            }
        }
        names
    }

    pub(super) fn is_running(&self, name: &str) -> bool {
        self.running.contains_key(name)
    }

    pub(super) fn any_running(&self, prefix: &str) -> bool {
        let mut from = self.running.range(prefix.to_owned()..);
        from.next().is_some_and(|(name, _)| name.starts_with(prefix))
    }

    /// Whether the execution called `name` has failed, and so has woken somebody.
    pub(super) fn has_rung(&self, name: &str) -> bool {
        self.ended.get(name) == Some(&End::Failed)
    }

    pub(super) fn due(&self, now: Duration) -> Vec<String> {
        let due = self.running.iter().filter(|(_, it)| it.due <= now);
        due.map(|(name, _)| name.clone()).collect()
    }

    /// When the next one goes on.
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.running.values().map(|it| it.due).min()
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Running> {
        self.running.remove(name)
    }

    pub(super) fn put_back(&mut self, name: &str, running: Running) {
        self.running.insert(name.to_owned(), running);
    }

    pub(super) fn end(&mut self, name: &str, failed: bool) {
        let end = if failed { End::Failed } else { End::Well };
        self.ended.insert(name.to_owned(), end);
    }
}
