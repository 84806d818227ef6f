//! State machines that start and then do what the test says.

use crate::outage::Outage;
use jiff::Timestamp;
use ports::{
    Unavailable,
    sagas::{Course, Sagas, StepRun},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

#[derive(Debug, Default)]
pub struct FakeSagas {
    started: Mutex<Vec<(String, String)>>,
    histories: Mutex<BTreeMap<String, Vec<StepRun>>>,
    failures: Mutex<Vec<Timestamp>>,
    courses: Mutex<BTreeMap<String, Course>>,
    results: Mutex<BTreeMap<String, String>>,
    pub outage: Outage,
}

impl FakeSagas {
    /// Names and inputs of all executions, oldest first, each once.
    pub fn started(&self) -> Vec<(String, String)> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same without the oldest `count`.
    pub fn started_after(&self, count: usize) -> Vec<(String, String)> {
        let started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        started.iter().skip(count).cloned().collect()
    }

    /// What the execution called `name` shall have done so far.
    pub fn tell(&self, name: &str, history: Vec<StepRun>) {
        let mut histories = self.histories.lock().unwrap_or_else(PoisonError::into_inner);
        histories.insert(name.to_owned(), history);
    }

    /// The execution called `name` shall stand like this. It runs otherwise, once it is started.
    pub fn set_course(&self, name: &str, course: Course) {
        let mut courses = self.courses.lock().unwrap_or_else(PoisonError::into_inner);
        courses.insert(name.to_owned(), course);
    }

    /// The execution called `name` shall have ended well at `at`, with `state`.
    pub fn finish(&self, name: &str, at: Timestamp, state: String) {
        self.set_course(name, Course::Ended { at });
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        results.insert(name.to_owned(), state);
    }

    /// Some execution shall have failed at `at`.
    pub fn fail(&self, at: Timestamp) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).push(at);
    }
}

impl Sagas for FakeSagas {
    async fn ensure_started(&self, name: &str, input: &str) -> Result<(), Unavailable> {
        self.outage.check("state machine")?;
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        if started.iter().all(|(it, _)| it != name) {
            started.push((name.to_owned(), input.to_owned()));
        }
        Ok(())
    }

    async fn history(&self, name: &str) -> Result<Vec<StepRun>, Unavailable> {
        self.outage.check("state machine")?;
        let histories = self.histories.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(histories.get(name).cloned().unwrap_or_default())
    }

    async fn course(&self, name: &str) -> Result<Option<Course>, Unavailable> {
        self.outage.check("state machine")?;
        let courses = self.courses.lock().unwrap_or_else(PoisonError::into_inner);
        let is_started = self.started().iter().any(|(it, _)| it == name);
        let course = courses.get(name).copied().unwrap_or(Course::Running);
        Ok(is_started.then_some(course))
    }

    async fn result(&self, name: &str) -> Result<Option<String>, Unavailable> {
        self.outage.check("state machine")?;
        let results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(results.get(name).cloned())
    }

    async fn failures_since(&self, since: Timestamp) -> Result<Vec<Timestamp>, Unavailable> {
        self.outage.check("state machine")?;
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let mut recent: Vec<_> = failures.iter().copied().filter(|it| *it >= since).collect();
        recent.sort_unstable_by(|a, b| b.cmp(a));
        Ok(recent)
    }
}
