//! The fleet: capacity and ports are given out once and come back once, in any order of events.

use crate::engine;
use adapters::dynamodb::fleet::DynamoFleet;
use domain::{
    capacity::Capacity,
    id::{ProjectId, WorkerId},
    worker::{FIRST_PORT, Reservation, State, Worker},
};
use ports::fleet::{Fleet, RecordError, ReserveError};
use std::{collections::BTreeSet, net::Ipv4Addr};
use testkit::make::{project_id, worker};
use tokio::task::JoinSet;

const DEMAND: Capacity = Capacity { memory_mib: 1_024, cpu_millis: 500 };
const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 7);

async fn store() -> DynamoFleet {
    let (client, table) = engine::table().await;
    DynamoFleet::on(client, table, "test".to_owned())
}

/// A store with `workers` in it.
async fn fleet_of(workers: &[Worker]) -> DynamoFleet {
    let fleet = store().await;
    for worker in workers {
        fleet.ensure_recorded(worker).await.expect("a worker");
    }
    fleet
}

async fn stored(fleet: &DynamoFleet, id: &WorkerId) -> Worker {
    fleet.find(id).await.expect("the fleet answers").expect("the worker is there")
}

/// What attempt number `attempt` of `project` claims.
fn claim(project: &ProjectId, attempt: u32, port: u16) -> Reservation {
    Reservation { id: project.reservation(attempt), demand: DEMAND, port }
}

/// A worker that somebody is about to buy.
fn unbought(name: &str) -> Worker {
    let ready = worker(name, 4_096);
    Worker { state: State::Provisioning, machine_id: None, address: None, ..ready }
}

fn in_state(state: State) -> Worker {
    Worker { state, ..worker("w", 4_096) }
}

fn unknown() -> WorkerId {
    worker("nobody", 0).id
}

fn is_lost<T>(result: &Result<T, ReserveError>) -> bool {
    matches!(result, Err(ReserveError::LostRace))
}

fn is_refused(result: &Result<(), RecordError>) -> bool {
    matches!(result, Err(RecordError::Refused))
}

fn assert_balanced(worker: &Worker) {
    let held = || worker.reservations.values();
    let reserved = Capacity {
        memory_mib: held().map(|it| it.demand.memory_mib).sum(),
        cpu_millis: held().map(|it| it.demand.cpu_millis).sum(),
    };
    assert_eq!(worker.total.minus(reserved), Some(worker.free), "{}", worker.id);
    let ports: BTreeSet<_> = held().map(|it| it.port).collect();
    assert_eq!(ports.len(), worker.reservations.len(), "{}", worker.id);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn reserving_twice_is_one_reservation_and_keeps_its_port() {
    let w = worker("w", DEMAND.memory_mib);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let project = project_id("a");
    let first = claim(&project, 1, FIRST_PORT);
    assert_eq!(fleet.reserve(&w.id, &project, &first).await.unwrap(), first);
    // Now the worker is full; soon it admits nothing. Neither matters to what is held.
    let again = claim(&project, 1, FIRST_PORT + 1);
    assert_eq!(fleet.reserve(&w.id, &project, &again).await.unwrap(), first, "full");
    fleet.cordon(&w.id).await.unwrap();
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
    let project = project_id("a");
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
        ("cordoned", Worker { cordoned: true, ..worker("w", 4_096) }),
        ("provisioning", in_state(State::Provisioning)),
        ("draining", in_state(State::Draining)),
        ("terminated", in_state(State::Terminated)),
    ];
    let project = project_id("a");
    let claim = claim(&project, 1, FIRST_PORT);
    for (case, w) in cases {
        let fleet = fleet_of(std::slice::from_ref(&w)).await;
        assert!(is_lost(&fleet.reserve(&w.id, &project, &claim).await), "{case}");
        assert_eq!(stored(&fleet, &w.id).await, w, "{case}");
    }

    let w = worker("w", 4_096);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    fleet.cordon(&w.id).await.unwrap();
    fleet.cordon(&unknown()).await.unwrap();
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
    let (one, two) = (project_id("a"), project_id("b"));
    fleet.reserve(&w.id, &one, &claim(&one, 1, FIRST_PORT)).await.unwrap();
    let same_port = claim(&two, 1, FIRST_PORT);
    assert!(is_lost(&fleet.reserve(&w.id, &two, &same_port).await));
    assert_balanced(&stored(&fleet, &w.id).await);

    fleet.release(&w.id, &one, &one.reservation(1)).await.unwrap();
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
        let project = project_id(&format!("p{number}"));
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

#[tokio::test]
#[ignore = "needs the local engine"]
async fn releasing_gives_back_exactly_once() {
    let w = worker("w", 4_096);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let (project, other) = (project_id("a"), project_id("b"));
    fleet.release(&w.id, &project, &project.reservation(1)).await.unwrap();
    fleet.release(&unknown(), &project, &project.reservation(1)).await.unwrap();
    fleet.reserve(&w.id, &project, &claim(&project, 1, FIRST_PORT)).await.unwrap();
    fleet.reserve(&w.id, &other, &claim(&other, 1, FIRST_PORT + 1)).await.unwrap();

    let mut tries = JoinSet::new();
    for _ in 0..8 {
        let (fleet, worker, project) = (fleet.clone(), w.id.clone(), project.clone());
        tries.spawn(async move {
            fleet.release(&worker, &project, &project.reservation(1)).await.unwrap();
        });
    }
    tries.join_all().await;
    fleet.release(&w.id, &project, &project.reservation(1)).await.unwrap();

    let after = stored(&fleet, &w.id).await;
    assert_balanced(&after);
    assert_eq!(after.reservations.keys().collect::<Vec<_>>(), [&other], "only its own");
    fleet.release(&w.id, &other, &other.reservation(1)).await.unwrap();
    assert_eq!(stored(&fleet, &w.id).await, w, "nothing is left of either");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn releasing_late_leaves_a_newer_reservation() {
    let w = worker("w", 4_096);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let project = project_id("a");
    fleet.reserve(&w.id, &project, &claim(&project, 1, FIRST_PORT)).await.unwrap();
    fleet.release(&w.id, &project, &project.reservation(1)).await.unwrap();
    let newer = claim(&project, 2, FIRST_PORT);
    fleet.reserve(&w.id, &project, &newer).await.unwrap();

    fleet.release(&w.id, &project, &project.reservation(1)).await.unwrap();
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
    let project = project_id("a");
    let mut tries = JoinSet::new();
    for port in PORTS {
        let (fleet, worker, project) = (fleet.clone(), w.id.clone(), project.clone());
        tries.spawn(async move {
            // Out of step with each other, so that all orders are met.
            for round in 0..10 {
                let taken = fleet.reserve(&worker, &project, &claim(&project, 1, port)).await;
                taken.expect("it fits, or is held");
                for _ in 0..=(port + round) % 3 {
                    let released = fleet.release(&worker, &project, &project.reservation(1)).await;
                    released.expect("a release");
                }
            }
        });
    }
    tries.join_all().await;
    fleet.release(&w.id, &project, &project.reservation(1)).await.unwrap();
    assert_eq!(stored(&fleet, &w.id).await, w);
    for port in PORTS {
        let project = project_id(&format!("p{port}"));
        let claim = claim(&project, 1, port);
        assert_eq!(fleet.reserve(&w.id, &project, &claim).await.unwrap(), claim, "port {port}");
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn what_was_given_up_is_remembered() {
    let fleet = store().await;
    let project = project_id("a");
    let (given_up, other) = (project.reservation(1), project.reservation(2));
    assert!(!fleet.is_given_up(&given_up).await.unwrap());
    for _ in 0..2 {
        fleet.give_up(&given_up).await.unwrap();
        assert!(fleet.is_given_up(&given_up).await.unwrap());
    }
    assert!(!fleet.is_given_up(&other).await.unwrap());
    assert_eq!(fleet.workers().await.unwrap(), [], "a tombstone is no worker");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_recorded_worker_is_left_as_it_is() {
    let new = unbought("w");
    let fleet = fleet_of(std::slice::from_ref(&new)).await;
    assert_eq!(stored(&fleet, &new.id).await, new, "as it was given");
    fleet.record_machine(&new.id, "i-1").await.unwrap();
    fleet.record_ready(&new.id, ADDRESS).await.unwrap();
    let project = project_id("a");
    fleet.reserve(&new.id, &project, &claim(&project, 1, FIRST_PORT)).await.unwrap();
    fleet.cordon(&new.id).await.unwrap();

    let before = stored(&fleet, &new.id).await;
    fleet.ensure_recorded(&new).await.unwrap();
    assert_eq!(stored(&fleet, &new.id).await, before);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn only_what_never_became_a_machine_is_forgotten() {
    let machine_id = Some("i-1".to_owned());
    let retired = Worker { state: State::Terminated, ..unbought("w") };
    let cases = [
        ("unbought", unbought("w"), true),
        ("bought", Worker { machine_id, ..unbought("w") }, false),
        ("ready", worker("w", 4_096), false),
        ("draining", in_state(State::Draining), false),
        ("taken out before it was bought", retired, false),
    ];
    for (case, w, forgotten) in cases {
        let fleet = fleet_of(std::slice::from_ref(&w)).await;
        for _ in 0..2 {
            fleet.forget_unbought(&w.id).await.unwrap();
            let left = (!forgotten).then(|| w.clone());
            assert_eq!(fleet.find(&w.id).await.unwrap(), left, "{case}");
        }
        let other_offering = worker("w", 8_192);
        fleet.ensure_recorded(&other_offering).await.unwrap();
        let named = if forgotten { other_offering } else { w };
        assert_eq!(stored(&fleet, &named.id).await, named, "{case}");
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_worker_becomes_one_machine() {
    let w = unbought("w");
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    for _ in 0..2 {
        fleet.record_machine(&w.id, "i-1").await.unwrap();
    }
    assert!(is_refused(&fleet.record_machine(&w.id, "i-2").await), "another machine");
    assert_eq!(stored(&fleet, &w.id).await.machine_id.as_deref(), Some("i-1"));

    assert!(fleet.retire_if_empty(&w.id).await.unwrap());
    assert!(is_refused(&fleet.record_machine(&w.id, "i-1").await), "retired");
    let retired = Worker { state: State::Terminated, ..unbought("retired") };
    fleet.ensure_recorded(&retired).await.unwrap();
    assert!(is_refused(&fleet.record_machine(&retired.id, "i-3").await), "never bought");
    assert_eq!(stored(&fleet, &retired.id).await, retired);

    assert!(is_refused(&fleet.record_machine(&unknown(), "i-4").await), "unknown");
    assert_eq!(fleet.find(&unknown()).await.unwrap(), None);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn only_what_is_coming_up_or_is_up_becomes_ready() {
    let cases = [
        ("provisioning", in_state(State::Provisioning), true),
        ("ready", in_state(State::Ready), true),
        ("draining", in_state(State::Draining), false),
        ("terminated", in_state(State::Terminated), false),
    ];
    for (case, w, becomes_ready) in cases {
        let fleet = fleet_of(std::slice::from_ref(&w)).await;
        let recorded = fleet.record_ready(&w.id, ADDRESS).await;
        assert_eq!(is_refused(&recorded), !becomes_ready, "{case}");
        let ready = Worker { state: State::Ready, address: Some(ADDRESS), ..w.clone() };
        let expected = if becomes_ready { ready } else { w };
        assert_eq!(stored(&fleet, &expected.id).await, expected, "{case}");
    }
    let fleet = store().await;
    assert!(is_refused(&fleet.record_ready(&unknown(), ADDRESS).await), "unknown");
    assert_eq!(fleet.find(&unknown()).await.unwrap(), None);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_worker_is_retired_once_nothing_is_reserved_on_it() {
    let w = worker("w", 4_096);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let (one, two) = (project_id("a"), project_id("b"));
    fleet.reserve(&w.id, &one, &claim(&one, 1, FIRST_PORT)).await.unwrap();
    assert!(!fleet.retire_if_empty(&w.id).await.unwrap(), "something is reserved");
    fleet.reserve(&w.id, &two, &claim(&two, 1, FIRST_PORT + 1)).await.expect("it still admits");
    for project in [&one, &two] {
        fleet.release(&w.id, project, &project.reservation(1)).await.unwrap();
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
    let project = project_id("a");
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

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_pool_sees_its_own_workers_only() {
    let (client, table) = engine::table().await;
    let pool = |name: &str| DynamoFleet::on(client.clone(), table.clone(), name.to_owned());
    let (ours, theirs) = (pool("ours"), pool("theirs"));
    let workers = [worker("w1", 4_096), worker("w2", 4_096)];
    for worker in &workers {
        ours.ensure_recorded(worker).await.unwrap();
    }
    assert_eq!(ours.workers().await.unwrap(), workers);
    assert_eq!(theirs.workers().await.unwrap(), []);
    assert_eq!(theirs.find(&workers[0].id).await.unwrap(), None);
}
