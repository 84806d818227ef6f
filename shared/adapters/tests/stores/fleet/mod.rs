//! The fleet: capacity and ports are given out once and come back once, in any order of events.

mod blanks;
mod changes;
mod counting;
mod parts;
mod records;
mod releasing;
mod reserving;
mod resizing;
mod retiring;
mod waking;

use crate::engine;
use adapters::dynamodb::fleet::DynamoFleet;
use domain::{
    capacity::Capacity,
    id::{ReservationId, WorkerId},
    plan::PlanId,
    worker::{Holder, Reservation, State, Worker},
};
use jiff::Timestamp;
use ports::fleet::{Fleet, RecordError, ReserveError};
use std::{collections::BTreeSet, net::Ipv4Addr};
use testkit::make::{project_id, worker};

const DEMAND: Capacity = Capacity { memory_mib: 1_024, cpu_millis: 500 };
const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 7);
const NODE: &str = "mi-7";
/// When workers that tests make have last changed.
const AT: Timestamp = Timestamp::constant(1_795_262_400, 0);
/// With all the digits that a moment may have.
const LATER: Timestamp = Timestamp::constant(1_795_262_460, 123_456_789);

async fn store() -> DynamoFleet {
    let (client, table) = engine::table().await;
    DynamoFleet::on(client, table, "test".to_owned(), 1)
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

fn holder(project: &str) -> Holder {
    Holder::from(project_id(project))
}

/// What attempt number `attempt` of a project claims.
fn claim(holder: &Holder, attempt: u32, port: u16) -> Reservation {
    Reservation {
        id: claim_id(holder, attempt),
        demand: DEMAND,
        port,
        plan: PlanId::Standard,
        since: AT,
        warm: false,
        blank: None,
    }
}

fn claim_id(holder: &Holder, attempt: u32) -> ReservationId {
    holder.project().expect("a project").reservation(attempt)
}

/// A worker that somebody is about to buy.
fn unbought(name: &str) -> Worker {
    let nobody = Worker { machine_id: None, node_id: None, address: None, ..worker(name, 4_096) };
    Worker { state: State::Provisioning, ..nobody }
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
    assert_eq!(worker.total.minus(worker.reserved()), Some(worker.free), "{}", worker.id);
    let ports: BTreeSet<_> = worker.reservations.values().map(|it| it.port).collect();
    assert_eq!(ports.len(), worker.reservations.len(), "{}", worker.id);
}
