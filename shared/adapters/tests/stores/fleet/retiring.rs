//! A worker leaves the fleet when nothing is reserved on it.

use super::{AT, claim, claim_id, fleet_of, holder, is_lost, store, stored, unknown};
use domain::worker::{FIRST_PORT, State, Worker};
use ports::fleet::Fleet;
use testkit::make::worker;

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_worker_is_retired_once_nothing_is_reserved_on_it() {
    let w = worker("w", 4_096);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let (one, two) = (holder("a"), holder("b"));
    fleet.reserve(&w.id, &one, &claim(&one, 1, FIRST_PORT)).await.unwrap();
    assert!(!fleet.retire_if_empty(&w.id).await.unwrap(), "something is reserved");
    fleet.reserve(&w.id, &two, &claim(&two, 1, FIRST_PORT + 1)).await.expect("it still admits");
    for project in [&one, &two] {
        fleet.release(&w.id, project, &claim_id(project, 1), AT).await.unwrap();
    }

    for _ in 0..2 {
        assert!(fleet.retire_if_empty(&w.id).await.unwrap());
        assert!(is_lost(&fleet.reserve(&w.id, &one, &claim(&one, 2, FIRST_PORT)).await));
    }
    assert_eq!(fleet.workers().await.unwrap(), []);
    let retired = Worker { state: State::Terminated, ..w };
    assert_eq!(stored(&fleet, &retired.id).await, retired);

    assert!(!fleet.retire_if_empty(&unknown()).await.unwrap());
    assert_eq!(fleet.find(&unknown()).await.unwrap(), None);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_retiring_and_reserving_at_the_same_moment_one_wins() {
    let fleet = store().await;
    let project = holder("a");
    for round in 0..16 {
        let w = worker(&format!("w{round}"), 4_096);
        fleet.ensure_recorded(&w).await.unwrap();
        let claim = claim(&project, 1, FIRST_PORT);
        let (retired, reserved) =
            tokio::join!(fleet.retire_if_empty(&w.id), fleet.reserve(&w.id, &project, &claim));
        assert_eq!(retired.unwrap(), is_lost(&reserved), "{round}");
        let after = stored(&fleet, &w.id).await;
        assert_eq!(after.state == State::Terminated, after.reservations.is_empty(), "{round}");
    }
}
