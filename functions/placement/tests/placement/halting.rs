//! The place of an instance that comes to rest, and of one that comes back.

use crate::bench::{Bench, demand_mib, full_but_for_a_blank, id};
use contracts::{
    halt::{Located, Saga},
    inspect::{self, Wanted},
    provision::{ReadyWorker, Saga as ProvisionSaga},
};
use domain::{
    backup::Backup,
    plan::PlanId,
    project::{Project, Purpose},
    worker::State,
};
use jiff::Timestamp;
use placement::{Call, Config, PlaceError};
use runtime::fault::Fault;
use testkit::make::{self, worker};

fn halt() -> Saga {
    Saga::of(&make::project(), Purpose::Suspend)
}

async fn located(bench: &Bench) -> Option<ReadyWorker> {
    let answer = bench.run(Call::Locate(halt())).await.expect("locates");
    let located: Located = serde_json::from_value(answer).expect("says where");
    located.worker
}

#[tokio::test]
async fn an_instance_is_found_where_it_was_placed() {
    let bench = Bench::of([worker("a", 8192), worker("b", demand_mib())]);
    assert_eq!(located(&bench).await, None, "nothing is placed yet");
    bench.place_of(&make::saga()).await;
    let place = located(&bench).await.expect("is on b");
    let port = bench.held("b", &make::saga()).expect("is on b").port;
    assert_eq!((place.worker_id, place.node_id.as_str(), place.port), (id("b"), "i-b", port));
}

#[tokio::test]
async fn an_instance_on_a_lost_worker_is_not_halted() {
    let bench = Bench::of([worker("a", 8192)]);
    bench.place_of(&make::saga()).await;
    bench.add(domain::worker::Worker { state: State::Error, ..bench.worker("a") });
    let error = bench.run(Call::Locate(halt())).await.expect_err("is lost");
    assert!(matches!(error, PlaceError::WorkerLost), "{error}");
    assert_eq!(bench.fault(Call::Locate(halt())).await, Some(Fault::Terminal));
}

#[tokio::test]
async fn who_only_looks_finds_an_instance_where_it_is_and_on_a_lost_worker_nothing() {
    let bench = Bench::of([worker("a", 8192)]);
    let saga = make::saga();
    let wanted = Wanted { project_id: saga.project_id, reservation_id: saga.reservation_id };
    let found = async || {
        let answer = bench.run(Call::FindInstance(wanted.clone())).await.expect("looks");
        let found: inspect::Located = serde_json::from_value(answer).expect("says where");
        found.worker.map(|it| it.worker_id)
    };
    assert_eq!(found().await, None, "nothing is placed yet");
    bench.place_of(&make::saga()).await;
    assert_eq!(found().await, Some(id("a")));
    for (state, expected) in [(State::Draining, Some(id("a"))), (State::Error, None)] {
        bench.add(domain::worker::Worker { state, ..bench.worker("a") });
        assert_eq!(found().await, expected, "{state:?}");
    }
}

#[tokio::test]
async fn a_release_gives_back_exactly_what_was_taken_and_its_count() {
    let bench = Bench::of([worker("a", 8192)]);
    let config =
        Config { maximum_instances: [(PlanId::Standard, 1)].into(), ..bench.config.clone() };
    let bench = Bench { config, ..bench };
    let before = bench.snapshot();
    bench.place_of(&make::saga()).await;
    for round in ["once", "twice"] {
        bench.run(Call::Release(halt())).await.expect(round);
        assert_eq!(bench.snapshot(), before, "{round}");
        assert!(bench.fleet.counted.borrow()[&PlanId::Standard].is_empty(), "{round}");
    }
    let late = bench.refused(&make::saga()).await;
    assert!(matches!(late, PlaceError::GivenUp), "{late}");
}

/// A blank has started already, from nothing.
#[tokio::test]
async fn what_starts_from_a_backup_claims_no_blank() {
    let (attempt, number, bytes) = (1, 0, 1);
    let taken_at = Timestamp::UNIX_EPOCH;
    let backup = Backup { attempt, number, sha256: None, bytes, taken_at, replaces: None };
    let resumed = Project { attempt: 2, backup: Some(backup), ..make::project() };
    let resumed = ProvisionSaga::of(&resumed);
    let bench = Bench::of([full_but_for_a_blank("a", "warm")]);
    assert_eq!(bench.place_of(&resumed).await, None, "the blank's place is no room");
    let bench = Bench::of([full_but_for_a_blank("a", "warm"), worker("b", 8192)]);
    assert_eq!(bench.place_of(&resumed).await.as_deref(), Some("b"));
}
