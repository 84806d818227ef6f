//! Capacity and ports are given out once.

use super::{
    AT, DEMAND, assert_balanced, claim, claim_id, fleet_of, holder, in_state, is_lost, stored,
    unknown,
};
use domain::{
    capacity::Capacity,
    worker::{Cordon, FIRST_PORT, State, Worker},
};
use ports::fleet::Fleet;
use testkit::make::worker;
use tokio::task::JoinSet;

#[tokio::test]
#[ignore = "needs the local engine"]
async fn reserving_twice_is_one_reservation_and_keeps_its_port() {
    let w = worker("w", DEMAND.memory_mib);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let project = holder("a");
    let first = claim(&project, 1, FIRST_PORT);
    assert_eq!(fleet.reserve(&w.id, &project, &first).await.unwrap(), first);
    // Now the worker is full; soon it admits nothing. Neither matters to what is held.
    let again = claim(&project, 1, FIRST_PORT + 1);
    assert_eq!(fleet.reserve(&w.id, &project, &again).await.unwrap(), first, "full");
    fleet.cordon(&w.id, Cordon::Operator).await.unwrap();
    assert_eq!(fleet.reserve(&w.id, &project, &again).await.unwrap(), first, "cordoned");

    let held = stored(&fleet, &w.id).await;
    assert_balanced(&held);
    assert_eq!(held.reservations, [(project, first)].into());
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_project_holds_one_reservation_of_a_worker() {
    let w = worker("w", 4_096);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let project = holder("a");
    let first = claim(&project, 1, FIRST_PORT);
    fleet.reserve(&w.id, &project, &first).await.unwrap();
    let later = claim(&project, 2, FIRST_PORT + 1);
    assert!(is_lost(&fleet.reserve(&w.id, &project, &later).await));
    assert_eq!(stored(&fleet, &w.id).await.reservations, [(project, first)].into());
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_worker_that_cannot_take_more_refuses() {
    let busy = Capacity { memory_mib: 4_096, cpu_millis: DEMAND.cpu_millis - 1 };
    let cases = [
        ("full", worker("w", DEMAND.memory_mib - 1)),
        ("out of CPU", Worker { total: busy, free: busy, ..worker("w", 4_096) }),
        ("cordoned", Worker { cordon: Some(Cordon::Operator), ..worker("w", 4_096) }),
        ("provisioning", in_state(State::Provisioning)),
        ("draining", in_state(State::Draining)),
        ("terminated", in_state(State::Terminated)),
    ];
    let project = holder("a");
    let claim = claim(&project, 1, FIRST_PORT);
    for (case, w) in cases {
        let fleet = fleet_of(std::slice::from_ref(&w)).await;
        assert!(is_lost(&fleet.reserve(&w.id, &project, &claim).await), "{case}");
        assert_eq!(stored(&fleet, &w.id).await, w, "{case}");
    }

    let w = worker("w", 4_096);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    fleet.cordon(&w.id, Cordon::Operator).await.unwrap();
    fleet.cordon(&unknown(), Cordon::Operator).await.unwrap();
    for id in [w.id, unknown()] {
        assert!(is_lost(&fleet.reserve(&id, &project, &claim).await), "{id}");
    }
    assert_eq!(fleet.find(&unknown()).await.unwrap(), None, "asking makes no worker");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_port_is_never_given_twice() {
    let w = worker("w", 4_096);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let (one, two) = (holder("a"), holder("b"));
    fleet.reserve(&w.id, &one, &claim(&one, 1, FIRST_PORT)).await.unwrap();
    let same_port = claim(&two, 1, FIRST_PORT);
    assert!(is_lost(&fleet.reserve(&w.id, &two, &same_port).await));
    assert_balanced(&stored(&fleet, &w.id).await);

    fleet.release(&w.id, &one, &claim_id(&one, 1), AT).await.unwrap();
    assert_eq!(fleet.reserve(&w.id, &two, &same_port).await.unwrap(), same_port);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn reservations_at_the_same_moment_take_what_there_is_and_no_more() {
    let workers: Vec<_> =
        (0..10).map(|it| worker(&format!("w{it}"), 2 * DEMAND.memory_mib)).collect();
    let fleet = fleet_of(&workers).await;
    let mut tries = JoinSet::new();
    // Six for every worker; always two of them want the same port. Whatever the order, two fit.
    for number in 0..60_u16 {
        let (fleet, worker) = (fleet.clone(), workers[usize::from(number % 10)].id.clone());
        let project = holder(&format!("p{number}"));
        let claim = claim(&project, 1, FIRST_PORT + number / 20);
        tries.spawn(async move { fleet.reserve(&worker, &project, &claim).await });
    }
    let (won, lost): (Vec<_>, Vec<_>) = tries.join_all().await.into_iter().partition(Result::is_ok);
    assert!(lost.iter().all(is_lost), "{lost:?}");
    assert_eq!(won.len(), 20);

    let workers = fleet.workers().await.unwrap();
    assert_eq!(workers.len(), 10);
    for worker in workers {
        assert_balanced(&worker);
        assert_eq!((worker.reservations.len(), worker.free.memory_mib), (2, 0), "{}", worker.id);
    }
}
