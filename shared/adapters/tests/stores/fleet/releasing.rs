//! What was taken comes back once, in any order of events.

use super::{
    AT, DEMAND, assert_balanced, claim, claim_id, fleet_of, holder, store, stored, unknown,
};
use domain::worker::FIRST_PORT;
use ports::fleet::Fleet;
use testkit::make::worker;
use tokio::task::JoinSet;

#[tokio::test]
#[ignore = "needs the local engine"]
async fn releasing_gives_back_exactly_once() {
    let w = worker("w", 4_096);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let (project, other) = (holder("a"), holder("b"));
    fleet.release(&w.id, &project, &claim_id(&project, 1), AT).await.unwrap();
    fleet.release(&unknown(), &project, &claim_id(&project, 1), AT).await.unwrap();
    fleet.reserve(&w.id, &project, &claim(&project, 1, FIRST_PORT)).await.unwrap();
    fleet.reserve(&w.id, &other, &claim(&other, 1, FIRST_PORT + 1)).await.unwrap();

    let mut tries = JoinSet::new();
    for _ in 0..8 {
        let (fleet, worker, project) = (fleet.clone(), w.id.clone(), project.clone());
        tries.spawn(async move {
            fleet.release(&worker, &project, &claim_id(&project, 1), AT).await.unwrap();
        });
    }
    tries.join_all().await;
    fleet.release(&w.id, &project, &claim_id(&project, 1), AT).await.unwrap();

    let after = stored(&fleet, &w.id).await;
    assert_balanced(&after);
    assert_eq!(after.reservations.keys().collect::<Vec<_>>(), [&other], "only its own");
    fleet.release(&w.id, &other, &claim_id(&other, 1), AT).await.unwrap();
    assert_eq!(stored(&fleet, &w.id).await, w, "nothing is left of either");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn releasing_late_leaves_a_newer_reservation() {
    let w = worker("w", 4_096);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let project = holder("a");
    fleet.reserve(&w.id, &project, &claim(&project, 1, FIRST_PORT)).await.unwrap();
    fleet.release(&w.id, &project, &claim_id(&project, 1), AT).await.unwrap();
    let newer = claim(&project, 2, FIRST_PORT);
    fleet.reserve(&w.id, &project, &newer).await.unwrap();

    fleet.release(&w.id, &project, &claim_id(&project, 1), AT).await.unwrap();
    let after = stored(&fleet, &w.id).await;
    assert_balanced(&after);
    assert_eq!(after.reservations, [(project, newer)].into());
}

/// A release reads before it writes. In between the same reservation may go and come back, on
/// another port.
#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_reservation_that_comes_and_goes_loses_no_port() {
    const PORTS: std::ops::Range<u16> = FIRST_PORT..FIRST_PORT + 8;
    let w = worker("w", 8 * DEMAND.memory_mib);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let project = holder("a");
    let mut tries = JoinSet::new();
    for port in PORTS {
        let (fleet, worker, project) = (fleet.clone(), w.id.clone(), project.clone());
        tries.spawn(async move {
            // Out of step with each other, so that all orders are met.
            for round in 0..10 {
                let taken = fleet.reserve(&worker, &project, &claim(&project, 1, port)).await;
                taken.expect("it fits, or is held");
                for _ in 0..=(port + round) % 3 {
                    let released =
                        fleet.release(&worker, &project, &claim_id(&project, 1), AT).await;
                    released.expect("a release");
                }
            }
        });
    }
    tries.join_all().await;
    fleet.release(&w.id, &project, &claim_id(&project, 1), AT).await.unwrap();
    assert_eq!(stored(&fleet, &w.id).await, w);
    for port in PORTS {
        let project = holder(&format!("p{port}"));
        let claim = claim(&project, 1, port);
        assert_eq!(fleet.reserve(&w.id, &project, &claim).await.unwrap(), claim, "port {port}");
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn what_was_given_up_is_remembered() {
    let fleet = store().await;
    let project = holder("a");
    let (given_up, other) = (claim_id(&project, 1), claim_id(&project, 2));
    assert!(!fleet.is_given_up(&given_up).await.unwrap());
    for _ in 0..2 {
        fleet.give_up(&given_up).await.unwrap();
        assert!(fleet.is_given_up(&given_up).await.unwrap());
    }
    assert!(!fleet.is_given_up(&other).await.unwrap());
    assert_eq!(fleet.workers().await.unwrap(), [], "a tombstone is no worker");
}
