//! [`Fleet`] on the table `fleet`: one item a worker, its reservations inside.
//!
//! A reservation is one `UpdateItem` with a predicate, never a compare of versions: placements on
//! one worker do not disturb each other as long as both fit. A transaction with a second item would
//! be cancelled, not queued, when two placers meet.

use super::{
    keys,
    table::{Table, is_made, read, unavailable},
};
use aws_sdk_dynamodb::{
    Client,
    operation::{
        delete_item::DeleteItemError,
        update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    },
    types::{AttributeValue as A, ReturnValuesOnConditionCheckFailure},
};
use domain::{
    capacity::Capacity,
    id::{ProjectId, ReservationId, WorkerId},
    worker::{Reservation, State, Worker},
};
use ports::{
    Unavailable,
    fleet::{Fleet, RecordError, ReserveError},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::Ipv4Addr};

#[derive(Clone, Debug)]
pub struct DynamoFleet {
    table: Table,
    pool: String,
}

/// A worker as it is stored. `ports` says again what `reservations` says, in the form that a
/// condition can test.
#[derive(Debug, Serialize, Deserialize)]
struct WorkerItem {
    sk: WorkerId,
    state: State,
    cordoned: bool,
    total: Capacity,
    free_mib: u32,
    free_cpu: u32,
    machine_id: Option<String>,
    address: Option<Ipv4Addr>,
    reservations: BTreeMap<ProjectId, Reservation>,
    ports: BTreeMap<String, ProjectId>,
}

#[derive(Debug, Serialize)]
struct GivenUp {}

impl DynamoFleet {
    /// The workers of `pool` in the table called `table`.
    pub async fn connect(table: String, pool: String) -> Self {
        Self { table: Table::connect(table).await, pool }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String, pool: String) -> Self {
        Self { table: Table::on(client, table), pool }
    }

    fn update(&self, worker: &WorkerId) -> UpdateItemFluentBuilder {
        self.table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(keys::worker(&self.pool, worker).attributes()))
    }
}

impl Fleet for DynamoFleet {
    async fn workers(&self) -> Result<Vec<Worker>, Unavailable> {
        let items: Vec<WorkerItem> =
            self.table.partition(&keys::pool_partition(&self.pool)).await?;
        Ok(items.into_iter().map(Worker::from).filter(|it| it.state != State::Terminated).collect())
    }

    async fn find(&self, worker: &WorkerId) -> Result<Option<Worker>, Unavailable> {
        let item: Option<WorkerItem> = self.table.get(&keys::worker(&self.pool, worker)).await?;
        Ok(item.map(Worker::from))
    }

    async fn reserve(
        &self,
        worker: &WorkerId,
        project: &ProjectId,
        claim: &Reservation,
    ) -> Result<Reservation, ReserveError> {
        let taken = self
            .update(worker)
            .update_expression(
                "SET free_mib = free_mib - :mib, free_cpu = free_cpu - :cpu, \
                 reservations.#project = :claim, #ports.#port = :project",
            )
            .condition_expression(
                "#state = :ready AND cordoned = :no AND free_mib >= :mib AND free_cpu >= :cpu \
                 AND attribute_not_exists(reservations.#project) \
                 AND attribute_not_exists(#ports.#port)",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#ports", "ports")
            .expression_attribute_names("#project", project.as_str())
            .expression_attribute_names("#port", claim.port.to_string())
            .expression_attribute_values(":ready", A::S("ready".to_owned()))
            .expression_attribute_values(":no", A::Bool(false))
            .expression_attribute_values(":mib", number(claim.demand.memory_mib))
            .expression_attribute_values(":cpu", number(claim.demand.cpu_millis))
            .expression_attribute_values(":claim", stored(claim)?)
            .expression_attribute_values(":project", A::S(project.to_string()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match taken {
            Ok(_) => Ok(claim.clone()),
            Err(error) => match error.into_service_error() {
                UpdateItemError::ConditionalCheckFailedException(refusal) => {
                    let held = refusal.item.map(read::<WorkerItem>).transpose()?;
                    held.and_then(|mut it| it.reservations.remove(project))
                        .filter(|it| it.id == claim.id)
                        .ok_or(ReserveError::LostRace)
                }
                other => Err(unavailable(other).into()),
            },
        }
    }

    async fn release(
        &self,
        worker: &WorkerId,
        project: &ProjectId,
        reservation: &ReservationId,
    ) -> Result<(), Unavailable> {
        let Some(held) =
            self.find(worker).await?.and_then(|mut it| it.reservations.remove(project))
        else {
            return Ok(());
        };
        if held.id != *reservation {
            return Ok(());
        }
        let released = self
            .update(worker)
            .update_expression(
                "SET free_mib = free_mib + :mib, free_cpu = free_cpu + :cpu \
                 REMOVE reservations.#project, #ports.#port",
            )
            // Only the first of two releases gives back. All of it is compared: the same reservation
            // may have gone and come back on another port.
            .condition_expression("reservations.#project = :held")
            .expression_attribute_names("#ports", "ports")
            .expression_attribute_names("#project", project.as_str())
            .expression_attribute_names("#port", held.port.to_string())
            .expression_attribute_values(":mib", number(held.demand.memory_mib))
            .expression_attribute_values(":cpu", number(held.demand.cpu_millis))
            .expression_attribute_values(":held", stored(&held)?)
            .send()
            .await;
        is_made(released).map(drop)
    }

    async fn give_up(&self, reservation: &ReservationId) -> Result<(), Unavailable> {
        self.table.put(&keys::given_up(reservation), &GivenUp {}).await
    }

    async fn is_given_up(&self, reservation: &ReservationId) -> Result<bool, Unavailable> {
        let item: Option<serde_json::Value> = self.table.get(&keys::given_up(reservation)).await?;
        Ok(item.is_some())
    }

    async fn ensure_recorded(&self, worker: &Worker) -> Result<(), Unavailable> {
        let key = keys::worker(&self.pool, &worker.id);
        self.table.put_new(&key, &WorkerItem::from(worker)).await.map(|_| ())
    }

    async fn forget_unbought(&self, worker: &WorkerId) -> Result<(), Unavailable> {
        let forgotten = self
            .table
            .client
            .delete_item()
            .table_name(&self.table.name)
            .set_key(Some(keys::worker(&self.pool, worker).attributes()))
            .condition_expression("#state = :provisioning AND machine_id = :null")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":provisioning", A::S("provisioning".to_owned()))
            .expression_attribute_values(":null", A::Null(true))
            .send()
            .await;
        match forgotten {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn record_machine(&self, worker: &WorkerId, machine_id: &str) -> Result<(), RecordError> {
        let recorded = self
            .update(worker)
            .update_expression("SET machine_id = :machine")
            .condition_expression(
                "#state <> :terminated AND (machine_id = :null OR machine_id = :machine)",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":terminated", A::S("terminated".to_owned()))
            .expression_attribute_values(":null", A::Null(true))
            .expression_attribute_values(":machine", A::S(machine_id.to_owned()))
            .send()
            .await;
        if is_made(recorded)? { Ok(()) } else { Err(RecordError::Refused) }
    }

    async fn record_ready(&self, worker: &WorkerId, address: Ipv4Addr) -> Result<(), RecordError> {
        let recorded = self
            .update(worker)
            .update_expression("SET #state = :ready, address = :address")
            .condition_expression("#state IN (:provisioning, :ready)")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":provisioning", A::S("provisioning".to_owned()))
            .expression_attribute_values(":ready", A::S("ready".to_owned()))
            .expression_attribute_values(":address", A::S(address.to_string()))
            .send()
            .await;
        if is_made(recorded)? { Ok(()) } else { Err(RecordError::Refused) }
    }

    async fn cordon(&self, worker: &WorkerId) -> Result<(), Unavailable> {
        let cordoned = self
            .update(worker)
            .update_expression("SET cordoned = :yes")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":yes", A::Bool(true))
            .send()
            .await;
        is_made(cordoned).map(drop)
    }

    async fn retire_if_empty(&self, worker: &WorkerId) -> Result<bool, Unavailable> {
        let retired = self
            .update(worker)
            .update_expression("SET #state = :terminated")
            .condition_expression("attribute_exists(pk) AND size(reservations) = :none")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":terminated", A::S("terminated".to_owned()))
            .expression_attribute_values(":none", number(0))
            .send()
            .await;
        is_made(retired)
    }
}

impl From<WorkerItem> for Worker {
    fn from(item: WorkerItem) -> Self {
        Self {
            id: item.sk,
            state: item.state,
            cordoned: item.cordoned,
            total: item.total,
            free: Capacity { memory_mib: item.free_mib, cpu_millis: item.free_cpu },
            machine_id: item.machine_id,
            address: item.address,
            reservations: item.reservations,
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
            total: worker.total,
            free_mib: worker.free.memory_mib,
            free_cpu: worker.free.cpu_millis,
            machine_id: worker.machine_id.clone(),
            address: worker.address,
            ports: taken.map(|(project, it)| (it.port.to_string(), project.clone())).collect(),
            reservations: worker.reservations.clone(),
        }
    }
}

fn number(value: u32) -> A {
    A::N(value.to_string())
}

fn stored(claim: &Reservation) -> Result<A, Unavailable> {
    serde_dynamo::to_attribute_value(claim).map_err(unavailable)
}
