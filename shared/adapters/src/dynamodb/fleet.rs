//! [`Fleet`] on the table `fleet`: one item a worker, its reservations inside.

use super::{
    cordon, count, keys,
    reservation::{claim_blank, give_back, resize, take},
    table::{Table, is_made, unavailable},
    worker_item::{Pool, WorkerItem, moment, number, spelled},
};
use aws_sdk_dynamodb::{
    Client,
    operation::{delete_item::DeleteItemError, update_item::builders::UpdateItemFluentBuilder},
    types::AttributeValue as A,
};
use domain::{
    id::{BlankId, ProjectId, ReservationId, WorkerId},
    plan::{PLANS, Plan, PlanId},
    worker::{Cordon, Event, Holder, Reservation, State, Worker},
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    fleet::{Change, Counted, Fleet, RecordError, ReserveError},
    machines::Machine,
};
use serde::Serialize;
use std::{collections::BTreeSet, net::Ipv4Addr};

#[derive(Clone, Debug)]
pub struct DynamoFleet {
    table: Table,
    pool: Pool,
    regions: BTreeSet<String>,
}

#[derive(Debug, Serialize)]
struct GivenUp {}

impl DynamoFleet {
    /// The workers of `pool` in the table called `table`. Every function of a stage must cut the
    /// pool into the same number of `parts`.
    pub async fn connect(table: String, pool: String, parts: u32) -> Self {
        Self::of(Table::connect(table).await, pool, parts)
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String, pool: String, parts: u32) -> Self {
        Self::of(Table::on(client, table), pool, parts)
    }

    fn of(table: Table, pool: String, parts: u32) -> Self {
        Self { table, pool: Pool { name: pool, parts }, regions: BTreeSet::new() }
    }

    /// For whoever places: the pool's workers are to be in `regions`.
    #[must_use]
    pub fn within(self, regions: BTreeSet<String>) -> Self {
        Self { regions, ..self }
    }

    pub(super) fn update(&self, worker: &WorkerId) -> UpdateItemFluentBuilder {
        self.table.update(&self.pool.key(worker))
    }

    /// An update whose condition is that the worker is in one of `states`, and `also`.
    fn update_in(
        &self,
        worker: &WorkerId,
        states: &[State],
        also: &str,
    ) -> Result<UpdateItemFluentBuilder, Unavailable> {
        let names: Vec<_> = (0..states.len()).map(|index| format!(":from{index}")).collect();
        let condition = format!("#state IN ({}){also}", names.join(", "));
        let mut update = self
            .update(worker)
            .condition_expression(condition)
            .expression_attribute_names("#state", "state");
        for (name, state) in names.into_iter().zip(states) {
            update = update.expression_attribute_values(name, spelled(*state)?);
        }
        Ok(update)
    }
}

impl Fleet for DynamoFleet {
    async fn workers(&self) -> Result<Vec<Worker>, Unavailable> {
        let mut workers = Vec::new();
        for part in 0..self.parts() {
            workers.extend(self.part(part).await?);
        }
        Ok(workers)
    }

    fn parts(&self) -> u32 {
        self.pool.parts.max(1)
    }

    fn regions(&self) -> &BTreeSet<String> {
        &self.regions
    }

    async fn part(&self, part: u32) -> Result<Vec<Worker>, Unavailable> {
        let items: Vec<WorkerItem> = self.table.partition(&self.pool.partition(part)).await?;
        let alive = items.into_iter().filter(|it| it.state != State::Terminated);
        Ok(alive.map(Worker::from).collect())
    }

    async fn find(&self, worker: &WorkerId) -> Result<Option<Worker>, Unavailable> {
        let item: Option<WorkerItem> = self.table.get(&self.pool.key(worker)).await?;
        Ok(item.map(Worker::from))
    }

    async fn reserve(
        &self,
        worker: &WorkerId,
        holder: &Holder,
        claim: &Reservation,
    ) -> Result<Reservation, ReserveError> {
        take(self, worker, holder, claim, (State::Ready, State::Ready)).await
    }

    async fn reserve_and_wake(
        &self,
        worker: &WorkerId,
        holder: &Holder,
        claim: &Reservation,
    ) -> Result<Reservation, ReserveError> {
        take(self, worker, holder, claim, (State::WarmStopped, State::Starting)).await
    }

    async fn claim_blank(
        &self,
        worker: &WorkerId,
        blank: &BlankId,
        held: &Reservation,
        project: &ProjectId,
        claim: &Reservation,
    ) -> Result<Reservation, ReserveError> {
        if !held.warm {
            return Err(ReserveError::LostRace);
        }
        claim_blank(self, worker, (blank, held), (project, claim)).await
    }

    async fn record_warm(&self, worker: &WorkerId, blank: &BlankId) -> Result<(), RecordError> {
        let recorded = self
            .update(worker)
            .update_expression("SET reservations.#blank.warm = :yes")
            .condition_expression("attribute_exists(reservations.#blank)")
            .expression_attribute_names("#blank", blank.as_str())
            .expression_attribute_values(":yes", A::Bool(true))
            .send()
            .await;
        if is_made(recorded)? { Ok(()) } else { Err(RecordError::Refused) }
    }

    async fn resize(
        &self,
        worker: &WorkerId,
        holder: &Holder,
        held: &Reservation,
        resized: &Reservation,
    ) -> Result<(), ReserveError> {
        resize(self, worker, holder, held, resized).await
    }

    async fn release(
        &self,
        worker: &WorkerId,
        holder: &Holder,
        reservation: &ReservationId,
        at: Timestamp,
    ) -> Result<(), Unavailable> {
        loop {
            let found = self.find(worker).await?;
            let held = found.and_then(|mut it| it.reservations.remove(holder));
            let Some(held) = held.filter(|it| it.id == *reservation) else { return Ok(()) };
            // Something else about it may have been written since it was read.
            if give_back(self, worker, holder, &held, at).await? {
                return Ok(());
            }
        }
    }

    async fn give_up(&self, reservation: &ReservationId) -> Result<(), Unavailable> {
        self.table.put(&keys::given_up(reservation), &GivenUp {}).await
    }

    async fn is_given_up(&self, reservation: &ReservationId) -> Result<bool, Unavailable> {
        let item: Option<serde_json::Value> = self.table.get(&keys::given_up(reservation)).await?;
        Ok(item.is_some())
    }

    async fn count_in(
        &self,
        plan: PlanId,
        reservation: &ReservationId,
        maximum: u32,
        at: Timestamp,
    ) -> Result<bool, Unavailable> {
        let key = keys::counted(&self.pool.name, plan);
        count::count_in(&self.table, &key, reservation, maximum, at).await
    }

    async fn count_out(
        &self,
        plan: PlanId,
        reservation: &ReservationId,
    ) -> Result<(), Unavailable> {
        count::count_out(&self.table, &keys::counted(&self.pool.name, plan), reservation).await
    }

    async fn counted(&self) -> Result<Vec<Counted>, Unavailable> {
        let mut counted = Vec::new();
        for Plan { id, .. } in &PLANS {
            let key = keys::counted(&self.pool.name, *id);
            counted.extend(count::counted(&self.table, &key, *id).await?);
        }
        Ok(counted)
    }

    async fn ensure_recorded(&self, worker: &Worker) -> Result<(), Unavailable> {
        let key = self.pool.key(&worker.id);
        self.table.put_new(&key, &WorkerItem::from(worker)).await.map(|_| ())
    }

    async fn forget_unbought(&self, worker: &WorkerId) -> Result<(), Unavailable> {
        let forgotten = self
            .table
            .client
            .delete_item()
            .table_name(&self.table.name)
            .set_key(Some(self.pool.key(worker).attributes()))
            .condition_expression("#state = :provisioning AND machine_id = :null")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":provisioning", spelled(State::Provisioning)?)
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

    async fn record_machine(&self, worker: &WorkerId, bought: &Machine) -> Result<(), RecordError> {
        let recorded = self
            .update(worker)
            .update_expression(
                "SET machine_id = :machine, origin.machine_type = :type, origin.#region = :region",
            )
            .condition_expression(
                "#state <> :terminated AND (machine_id = :null OR machine_id = :machine)",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#region", "region")
            .expression_attribute_values(":terminated", spelled(State::Terminated)?)
            .expression_attribute_values(":null", A::Null(true))
            .expression_attribute_values(":machine", A::S(bought.id.clone()))
            .expression_attribute_values(":type", A::S(bought.machine_type.clone()))
            .expression_attribute_values(":region", A::S(bought.region.clone()))
            .send()
            .await;
        if is_made(recorded)? { Ok(()) } else { Err(RecordError::Refused) }
    }

    async fn record_ready(
        &self,
        worker: &WorkerId,
        node_id: &str,
        address: Ipv4Addr,
        at: Timestamp,
    ) -> Result<(), RecordError> {
        let recorded = self
            .update_in(worker, &State::before(Event::Booted), "")?
            .update_expression(
                "SET #state = :ready, node_id = :node, address = :address, changed_at = :at",
            )
            .expression_attribute_values(":ready", spelled(State::Ready)?)
            .expression_attribute_values(":node", A::S(node_id.to_owned()))
            .expression_attribute_values(":address", A::S(address.to_string()))
            .expression_attribute_values(":at", moment(at))
            .send()
            .await;
        if is_made(recorded)? { Ok(()) } else { Err(RecordError::Refused) }
    }

    async fn change(&self, worker: &WorkerId, change: &Change) -> Result<bool, Unavailable> {
        let Some(to) =
            State::before(change.event).iter().find_map(|it| it.after(change.event).ok())
        else {
            return Ok(false);
        };
        let mut from = State::before(change.event);
        from.retain(|it| *it != to);
        let mut also = String::new();
        if change.only_if_empty {
            also.push_str(" AND size(reservations) = :none");
        }
        if change.unchanged_since.is_some() {
            also.push_str(" AND changed_at = :since");
        }
        let mut update = self
            .update_in(worker, &from, &also)?
            .update_expression("SET #state = :to, changed_at = :at")
            .expression_attribute_values(":to", spelled(to)?)
            .expression_attribute_values(":at", moment(change.at));
        if change.only_if_empty {
            update = update.expression_attribute_values(":none", number(0));
        }
        if let Some(since) = change.unchanged_since {
            update = update.expression_attribute_values(":since", moment(since));
        }
        // What is there already is success, whatever else has happened to it.
        let made = is_made(update.send().await)?;
        Ok(made || self.find(worker).await?.is_some_and(|it| it.state == to))
    }

    async fn cordon(&self, worker: &WorkerId, by: Cordon) -> Result<(), Unavailable> {
        cordon::put_up(self.update(worker), by).await
    }

    async fn uncordon(
        &self,
        worker: &WorkerId,
        by: Cordon,
        at: Timestamp,
    ) -> Result<(), Unavailable> {
        cordon::lift(self.update(worker), by, at).await
    }

    async fn retire_if_empty(&self, worker: &WorkerId) -> Result<bool, Unavailable> {
        let retired = self
            .update(worker)
            .update_expression("SET #state = :terminated")
            .condition_expression("attribute_exists(pk) AND size(reservations) = :none")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":terminated", spelled(State::Terminated)?)
            .expression_attribute_values(":none", number(0))
            .send()
            .await;
        is_made(retired)
    }
}
