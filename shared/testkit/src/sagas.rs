//! State machines that start and then do what the test says.

use crate::outage::Outage;
use ports::{
    Unavailable,
    sagas::{Sagas, StepRun},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

#[derive(Debug, Default)]
pub struct FakeSagas {
    started: Mutex<Vec<(String, String)>>,
    histories: Mutex<BTreeMap<String, Vec<StepRun>>>,
    pub outage: Outage,
}

impl FakeSagas {
    /// Names and inputs of all executions, oldest first, each once.
    pub fn started(&self) -> Vec<(String, String)> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the execution called `name` shall have done so far.
    pub fn tell(&self, name: &str, history: Vec<StepRun>) {
        let mut histories = self.histories.lock().unwrap_or_else(PoisonError::into_inner);
        histories.insert(name.to_owned(), history);
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
}
