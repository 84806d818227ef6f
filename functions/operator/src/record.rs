//! The audit of commands: the steps of the saga `exec` that keep what is about to be done, and what became
//! of it. They are part of the saga, so that nothing runs unrecorded, whoever starts it.

use crate::handler::{Ports, World};
use contracts::exec::Saga;
use ports::{
    Unavailable,
    audit::{Audit, Entry, Verdict},
};
use serde::Deserialize;

/// What the state machine sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "step", content = "saga")]
pub enum Step {
    RecordCommand(Saga),
    UndoRecordCommand(Saga),
    RecordOutcome(Saga),
}

pub(crate) async fn record<P: Ports>(world: &World<'_, P>, step: &Step) -> Result<(), Unavailable> {
    match step {
        Step::RecordCommand(saga) => world.audit.record(&Entry::of(saga, Verdict::Begun)).await,
        // What was recorded stays: it may have run. It only says how much is known.
        Step::UndoRecordCommand(saga) | Step::RecordOutcome(saga) => {
            let verdict = saga.outcome.as_ref().map_or(Verdict::Unknown, Verdict::from);
            world.audit.conclude(&Entry::of(saga, verdict)).await
        }
    }
}
