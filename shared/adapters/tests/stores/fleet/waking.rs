//! A place on a worker that is stopped wakes it.

use super::{DEMAND, LATER, assert_balanced, claim, fleet_of, holder, in_state, is_lost, stored};
use domain::worker::{Cordon, FIRST_PORT, Reservation, State, Worker};
use ports::fleet::Fleet;
use testkit::make::worker;
use tokio::task::JoinSet;

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_stopped_worker_is_reserved_and_starting_in_one_write() {
    let w = in_state(State::WarmStopped);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let project = holder("a");
    let claim = Reservation { since: LATER, ..claim(&project, 1, FIRST_PORT) };
    for round in ["once", "twice"] {
        let reserved = fleet.reserve_and_wake(&w.id, &project, &claim).await.unwrap();
        assert_eq!(reserved, claim, "{round}");
        let woken = Worker {
            state: State::Starting,
            free: w.total.minus(DEMAND).expect("has room"),
            reservations: [(project.clone(), claim.clone())].into(),
            changed_at: LATER,
            ..w.clone()
        };
        assert_eq!(stored(&fleet, &w.id).await, woken, "{round}");
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn only_what_is_stopped_and_has_room_is_woken() {
    let small = Worker { state: State::WarmStopped, ..worker("w", DEMAND.memory_mib - 1) };
    let cases = [
        ("full", small),
        ("cordoned", Worker { cordon: Some(Cordon::Operator), ..in_state(State::WarmStopped) }),
        ("ready", in_state(State::Ready)),
        ("starting for somebody else", in_state(State::Starting)),
        ("provisioning", in_state(State::Provisioning)),
        ("draining", in_state(State::Draining)),
        ("lost", in_state(State::Error)),
        ("terminated", in_state(State::Terminated)),
    ];
    let project = holder("a");
    let claim = claim(&project, 1, FIRST_PORT);
    for (case, w) in cases {
        let fleet = fleet_of(std::slice::from_ref(&w)).await;
        let reserved = fleet.reserve_and_wake(&w.id, &project, &claim).await;
        assert!(is_lost(&reserved), "{case}: {reserved:?}");
        assert_eq!(stored(&fleet, &w.id).await, w, "{case}");
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn nobody_is_placed_on_a_stopped_worker_without_waking_it() {
    for state in [State::WarmStopped, State::Starting] {
        let w = in_state(state);
        let fleet = fleet_of(std::slice::from_ref(&w)).await;
        let project = holder("a");
        let reserved = fleet.reserve(&w.id, &project, &claim(&project, 1, FIRST_PORT)).await;
        assert!(is_lost(&reserved), "{state:?}");
        assert_eq!(stored(&fleet, &w.id).await, w, "{state:?}");
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_eight_that_wake_one_worker_at_once_one_does() {
    let w = in_state(State::WarmStopped);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let mut tries = JoinSet::new();
    for number in 0..8 {
        let (fleet, worker) = (fleet.clone(), w.id.clone());
        let project = holder(&format!("p{number}"));
        tries.spawn(async move {
            let claim = claim(&project, 1, FIRST_PORT + number);
            fleet.reserve_and_wake(&worker, &project, &claim).await
        });
    }
    let (won, lost): (Vec<_>, Vec<_>) = tries.join_all().await.into_iter().partition(Result::is_ok);
    assert!(lost.iter().all(is_lost), "{lost:?}");
    assert_eq!(won.len(), 1);
    let after = stored(&fleet, &w.id).await;
    assert_eq!((after.state, after.reservations.len()), (State::Starting, 1));
    assert_balanced(&after);
}
