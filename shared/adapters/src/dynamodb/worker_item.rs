//! A worker as the table `fleet` stores it.

use super::{
    keys::{self, Key},
    table::unavailable,
};
use aws_sdk_dynamodb::types::AttributeValue as A;
use domain::{
    capacity::Capacity,
    id::WorkerId,
    worker::{Holder, Origin, Reservation, State, Worker},
};
use jiff::Timestamp;
use ports::Unavailable;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::Ipv4Addr};

/// `ports` says again what `reservations` says, in the form that a condition can test.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WorkerItem {
    sk: WorkerId,
    pub(super) state: State,
    cordoned: bool,
    origin: Origin,
    total: Capacity,
    free_mib: u32,
    free_cpu: u32,
    machine_id: Option<String>,
    node_id: Option<String>,
    address: Option<Ipv4Addr>,
    pub(super) reservations: BTreeMap<Holder, Reservation>,
    ports: BTreeMap<String, Holder>,
    changed_at: Timestamp,
}

/// Where a pool's workers are.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    pub(super) name: String,
    pub(super) parts: u32,
}

impl Pool {
    pub(super) fn key(&self, worker: &WorkerId) -> Key {
        keys::worker(&self.name, self.parts, worker)
    }

    pub(super) fn partition(&self, part: u32) -> String {
        keys::pool_partition(&self.name, part)
    }
}

impl From<WorkerItem> for Worker {
    fn from(item: WorkerItem) -> Self {
        Self {
            id: item.sk,
            state: item.state,
            cordoned: item.cordoned,
            origin: item.origin,
            total: item.total,
            free: Capacity { memory_mib: item.free_mib, cpu_millis: item.free_cpu },
            machine_id: item.machine_id,
            node_id: item.node_id,
            address: item.address,
            reservations: item.reservations,
            changed_at: item.changed_at,
        }
    }
}

impl From<&Worker> for WorkerItem {
    fn from(worker: &Worker) -> Self {
        let taken = worker.reservations.iter();
        Self {
            sk: worker.id.clone(),
            state: worker.state,
            cordoned: worker.cordoned,
            origin: worker.origin.clone(),
            total: worker.total,
            free_mib: worker.free.memory_mib,
            free_cpu: worker.free.cpu_millis,
            machine_id: worker.machine_id.clone(),
            node_id: worker.node_id.clone(),
            address: worker.address,
            ports: taken.map(|(holder, it)| (it.port.to_string(), holder.clone())).collect(),
            reservations: worker.reservations.clone(),
            changed_at: worker.changed_at,
        }
    }
}

pub(super) fn number(value: u32) -> A {
    A::N(value.to_string())
}

pub(super) fn moment(value: Timestamp) -> A {
    A::S(value.to_string())
}

/// How a state is spelled in the table.
pub(super) fn spelled(state: State) -> Result<A, Unavailable> {
    serde_dynamo::to_attribute_value(state).map_err(unavailable)
}

pub(super) fn stored(claim: &Reservation) -> Result<A, Unavailable> {
    serde_dynamo::to_attribute_value(claim).map_err(unavailable)
}
