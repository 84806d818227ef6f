//! A worker as the table `fleet` stores it.

use super::{
    keys::{self, Key},
    table::unavailable,
};
use aws_sdk_dynamodb::types::AttributeValue as A;
use domain::{
    capacity::Capacity,
    id::WorkerId,
    worker::{Cordon, Holder, Origin, Reservation, State, Worker},
};
use jiff::Timestamp;
use ports::Unavailable;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::Ipv4Addr};

/// `ports` says again what `reservations` says, and `cordoned` what `cordon` says, in the form that a
/// condition can test.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WorkerItem {
    sk: WorkerId,
    pub(super) state: State,
    cordoned: bool,
    #[serde(default)]
    cordon: Option<Cordon>,
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
            cordon: item.cordoned.then(|| item.cordon.unwrap_or(Cordon::Operator)),
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
            cordoned: worker.is_cordoned(),
            cordon: worker.cordon,
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use testkit::make;

    fn item(worker: &Worker) -> HashMap<String, A> {
        serde_dynamo::to_item(WorkerItem::from(worker)).unwrap()
    }

    fn read(item: HashMap<String, A>) -> Worker {
        serde_dynamo::from_item::<_, WorkerItem>(item).unwrap().into()
    }

    #[test]
    fn a_worker_is_read_as_it_was_written() {
        for cordon in Cordon::ALL.into_iter().map(Some).chain([None]) {
            let worker = Worker { cordon, ..make::worker("a", 4_096) };
            assert_eq!(read(item(&worker)), worker);
        }
    }

    #[test]
    fn a_cordon_from_before_they_were_told_apart_is_an_operators() {
        for (cordoned, expected) in [(true, Some(Cordon::Operator)), (false, None)] {
            let mut old = item(&make::worker("a", 4_096));
            old.remove("cordon");
            old.insert("cordoned".to_owned(), A::Bool(cordoned));
            assert_eq!(read(old).cordon, expected);
        }
    }
}
