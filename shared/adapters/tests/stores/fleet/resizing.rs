//! A reservation grows and shrinks in its place, and takes nothing that is not there.

use super::{DEMAND, assert_balanced, claim, fleet_of, holder, is_lost, stored, unknown};
use adapters::dynamodb::fleet::DynamoFleet;
use domain::{
    capacity::Capacity,
    id::WorkerId,
    plan::PlanId,
    worker::{FIRST_PORT, Holder, Reservation, State, Worker},
};
use ports::fleet::{Change, Fleet};
use testkit::make::worker;
use tokio::task::JoinSet;

fn wide(held: &Reservation) -> Reservation {
    let demand = Capacity { memory_mib: 3 * DEMAND.memory_mib, cpu_millis: 2 * DEMAND.cpu_millis };
    Reservation { demand, ..held.clone() }
}

/// A worker with room for four, and one on it.
async fn with_one() -> (DynamoFleet, WorkerId, Holder, Reservation) {
    let w = worker("w", 4 * DEMAND.memory_mib);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let project = holder("a");
    let held = claim(&project, 1, FIRST_PORT);
    fleet.reserve(&w.id, &project, &held).await.expect("has room");
    (fleet, w.id, project, held)
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn what_grows_and_shrinks_again_leaves_the_worker_as_it_was() {
    let (fleet, id, project, held) = with_one().await;
    let before = stored(&fleet, &id).await;
    for round in ["once", "twice"] {
        fleet.resize(&id, &project, &held, &wide(&held)).await.expect(round);
        let grown = stored(&fleet, &id).await;
        assert_balanced(&grown);
        assert_eq!(grown.reservations[&project], wide(&held), "{round}");
    }
    for round in ["once", "twice"] {
        fleet.resize(&id, &project, &wide(&held), &held).await.expect(round);
        assert_eq!(stored(&fleet, &id).await, before, "{round}");
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_plan_may_change_and_nothing_else() {
    let (fleet, id, project, held) = with_one().await;
    let pro = Reservation { plan: PlanId::Pro, ..held.clone() };
    fleet.resize(&id, &project, &held, &pro).await.unwrap();
    let after = stored(&fleet, &id).await;
    assert_balanced(&after);
    assert_eq!(after.reservations[&project], pro);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn nothing_grows_without_room_or_in_the_place_of_something_else() {
    let (fleet, id, project, held) = with_one().await;
    let (other, stranger) = (holder("b"), holder("c"));
    fleet.reserve(&id, &other, &claim(&other, 1, FIRST_PORT + 1)).await.unwrap();
    fleet.reserve(&id, &stranger, &claim(&stranger, 1, FIRST_PORT + 2)).await.unwrap();
    let before = stored(&fleet, &id).await;
    let newer = claim(&project, 2, FIRST_PORT);
    let cases = [
        ("no room", &id, &project, &held),
        ("another claim of the same", &id, &project, &newer),
        ("nobody's", &id, &holder("d"), &held),
        ("nowhere", &unknown(), &project, &held),
    ]
    .map(|(case, id, holder, held)| (case, id.clone(), holder.clone(), held.clone()));
    for (case, id, holder, held) in cases {
        let resized = fleet.resize(&id, &holder, &held, &wide(&held)).await;
        assert!(is_lost(&resized), "{case}: {resized:?}");
    }
    assert_eq!(stored(&fleet, &id).await, before);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn nothing_changes_on_a_worker_that_is_lost() {
    let (fleet, id, project, held) = with_one().await;
    let lost = Change::by(domain::worker::Event::Lost, super::LATER);
    assert!(fleet.change(&id, &lost).await.unwrap());
    let before: Worker = stored(&fleet, &id).await;
    assert_eq!(before.state, State::Error);
    assert!(is_lost(&fleet.resize(&id, &project, &held, &wide(&held)).await));
    assert_eq!(stored(&fleet, &id).await, before);
}

/// Room for four: of three that want to have three times as much, one gets it.
#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_several_that_grow_at_the_same_moment_only_those_do_for_whom_there_is_room() {
    let w = worker("w", 5 * DEMAND.memory_mib);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let mut tries = JoinSet::new();
    for index in 0..3 {
        let project = holder(&format!("p{index}"));
        let held = claim(&project, 1, FIRST_PORT + index);
        fleet.reserve(&w.id, &project, &held).await.unwrap();
        let (fleet, id) = (fleet.clone(), w.id.clone());
        tries.spawn(async move { fleet.resize(&id, &project, &held, &wide(&held)).await });
    }
    let results = tries.join_all().await;
    let won = results.iter().filter(|it| it.is_ok()).count();
    assert!(results.iter().all(|it| it.is_ok() || is_lost(it)), "{results:?}");
    assert_eq!(won, 1);
    assert_balanced(&stored(&fleet, &w.id).await);
}
