//! Why a provisioning failed, in words for the owner.
//!
//! How far the saga came says it better than the error, which is written for operators.

use contracts::provision::Saga;

pub(crate) fn for_owner(saga: &Saga) -> &'static str {
    let placed = saga.reserve.is_some();
    match (placed, &saga.worker, saga.launched.is_some()) {
        (false, _, _) => "We could not find a place for your agent.",
        (true, None, _) => "We could not get a machine ready for your agent.",
        (true, Some(_), false) => "Your agent could not be started.",
        (true, Some(_), true) => "Your agent started but did not answer in time.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::provision::{Launched, ReadyWorker, Reserved};
    use testkit::make;

    #[test]
    fn the_reason_follows_how_far_the_saga_came() {
        let nothing = make::saga();
        let placed = Saga {
            reserve: Some(Reserved { worker_id: None, blank_id: None, woken: false }),
            ..nothing.clone()
        };
        let worker = ReadyWorker {
            worker_id: nothing.new_worker_id.clone(),
            node_id: "i-1".to_owned(),
            address: [10, 0, 0, 1].into(),
            port: 18789,
        };
        let awaited = Saga { worker: Some(worker), ..placed.clone() };
        let container = "openclaw-x".to_owned();
        let launched = Saga {
            launched: Some(Launched { container, adopted: false, configuration: 0 }),
            ..awaited.clone()
        };
        let cases = [
            ("nothing", &nothing, "place"),
            ("placed", &placed, "machine"),
            ("awaited", &awaited, "started"),
            ("launched", &launched, "answer"),
        ];
        for (case, saga, word) in cases {
            assert!(for_owner(saga).contains(word), "{case}");
        }
    }
}
