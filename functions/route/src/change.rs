//! What each step wants of a host. Pure.

use contracts::{erase::Saga as EraseSaga, halt::Saga as HaltSaga, provision::Saga};
use domain::{
    project::Purpose,
    route::{Page, Target},
};
use ports::routes::{Change, Phase};

pub(crate) fn held(saga: &Saga) -> Change {
    of_attempt(saga, Phase::Holding, Target::Page(Page::Provisioning))
}

/// `None`: the saga has not said where the instance is.
pub(crate) fn serving(saga: &Saga) -> Option<Change> {
    let worker = saga.worker.as_ref()?;
    let target = Target::Upstream { address: worker.address, port: worker.port };
    Some(of_attempt(saga, Phase::Serving, target))
}

/// What visitors see while nothing runs that could answer them.
pub(crate) fn page_of(saga: &HaltSaga) -> Change {
    let page = match saga.purpose {
        Purpose::Suspend => Page::Suspended,
        Purpose::Stop => Page::Stopped,
        Purpose::Sleep => Page::Asleep,
        Purpose::Move { .. } | Purpose::Restore { .. } => Page::Provisioning,
    };
    of_halt(saga, false, Target::Page(page))
}

/// Its own address again, or word that nothing is there.
pub(crate) fn serving_again(saga: &HaltSaga) -> Change {
    let target = saga.worker().map_or(Target::Page(Page::Failed), |it| Target::Upstream {
        address: it.address,
        port: it.port,
    });
    of_halt(saga, true, target)
}

pub(crate) fn withdrawn(saga: &EraseSaga) -> Change {
    Change {
        host: saga.host.clone(),
        project_id: saga.project_id.clone(),
        attempt: saga.attempt,
        phase: Phase::Withdrawn,
        target: None,
    }
}

fn of_attempt(saga: &Saga, phase: Phase, target: Target) -> Change {
    Change {
        host: saga.host.clone(),
        project_id: saga.project_id.clone(),
        attempt: saga.attempt,
        phase,
        target: Some(target),
    }
}

fn of_halt(saga: &HaltSaga, is_undone: bool, target: Target) -> Change {
    Change {
        host: saga.host.clone(),
        project_id: saga.project_id.clone(),
        attempt: saga.attempt,
        phase: Phase::Halting { number: saga.number, is_undone },
        target: Some(target),
    }
}
