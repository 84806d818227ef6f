//! The conditional writes that take and give back a worker's capacity.
//!
//! A reservation is one `UpdateItem` with a predicate, never a compare of versions: placements on
//! one worker do not disturb each other as long as both fit. A transaction with a second item would
//! be cancelled, not queued, when two placers meet.

use super::{
    fleet::DynamoFleet,
    table::{is_made, read, unavailable},
    worker_item::{WorkerItem, moment, number, spelled, stored},
};
use aws_sdk_dynamodb::{
    error::SdkError,
    operation::update_item::{
        UpdateItemError, UpdateItemOutput, builders::UpdateItemFluentBuilder,
    },
    types::{AttributeValue as A, ReturnValuesOnConditionCheckFailure},
};
use domain::{
    id::{BlankId, ProjectId, WorkerId},
    worker::{Holder, Reservation, State},
};
use jiff::Timestamp;
use ports::{Unavailable, fleet::ReserveError};

/// Takes `claim` from a worker in state `from`, which becomes `to`.
pub(super) async fn take(
    fleet: &DynamoFleet,
    worker: &WorkerId,
    holder: &Holder,
    claim: &Reservation,
    (from, to): (State, State),
) -> Result<Reservation, ReserveError> {
    let taken = claiming(fleet.update(worker), holder, claim)?
        .update_expression(
            "SET free_mib = free_mib - :mib, free_cpu = free_cpu - :cpu, #state = :to, \
             reservations.#holder = :claim, #ports.#port = :holder, changed_at = :at",
        )
        .condition_expression(
            "#state = :from AND cordoned = :no AND free_mib >= :mib AND free_cpu >= :cpu \
             AND attribute_not_exists(reservations.#holder) \
             AND attribute_not_exists(#ports.#port)",
        )
        .expression_attribute_values(":from", spelled(from)?)
        .expression_attribute_values(":to", spelled(to)?)
        .expression_attribute_values(":mib", number(claim.demand.memory_mib))
        .expression_attribute_values(":cpu", number(claim.demand.cpu_millis))
        .send()
        .await;
    taken_or_held(taken, holder, claim)
}

/// Puts `claim` in the place of a blank's reservation, which must still be exactly `held`.
pub(super) async fn claim_blank(
    fleet: &DynamoFleet,
    worker: &WorkerId,
    (blank, held): (&BlankId, &Reservation),
    (project, claim): (&ProjectId, &Reservation),
) -> Result<Reservation, ReserveError> {
    let project = Holder::from(project.clone());
    let taken = claiming(fleet.update(worker), &project, claim)?
        .update_expression(
            "SET reservations.#holder = :claim, #ports.#port = :holder, changed_at = :at \
             REMOVE reservations.#blank",
        )
        .condition_expression(
            "#state = :ready AND cordoned = :no AND reservations.#blank = :held \
             AND attribute_not_exists(reservations.#holder)",
        )
        .expression_attribute_names("#blank", blank.as_str())
        .expression_attribute_values(":ready", spelled(State::Ready)?)
        .expression_attribute_values(":held", stored(held)?)
        .send()
        .await;
    taken_or_held(taken, &project, claim)
}

/// Puts `resized` in the place of `held`, which must still be exactly that, if there is room for what
/// is more of it.
pub(super) async fn resize(
    fleet: &DynamoFleet,
    worker: &WorkerId,
    holder: &Holder,
    held: &Reservation,
    resized: &Reservation,
) -> Result<(), ReserveError> {
    let (was, is) = (held.demand, resized.demand);
    let made = fleet
        .update(worker)
        .update_expression(
            "SET free_mib = free_mib + :mib, free_cpu = free_cpu + :cpu, \
             reservations.#holder = :resized",
        )
        .condition_expression(
            "#state = :ready AND reservations.#holder = :held \
             AND free_mib >= :more_mib AND free_cpu >= :more_cpu",
        )
        .expression_attribute_names("#state", "state")
        .expression_attribute_names("#holder", holder.as_str())
        .expression_attribute_values(":ready", spelled(State::Ready)?)
        .expression_attribute_values(":held", stored(held)?)
        .expression_attribute_values(":resized", stored(resized)?)
        .expression_attribute_values(":mib", difference(was.memory_mib, is.memory_mib))
        .expression_attribute_values(":cpu", difference(was.cpu_millis, is.cpu_millis))
        .expression_attribute_values(
            ":more_mib",
            number(is.memory_mib.saturating_sub(was.memory_mib)),
        )
        .expression_attribute_values(
            ":more_cpu",
            number(is.cpu_millis.saturating_sub(was.cpu_millis)),
        )
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await;
    let found = taken_or_held(made, holder, resized)?;
    if found == *resized { Ok(()) } else { Err(ReserveError::LostRace) }
}

/// What comes back; below zero if more is taken.
fn difference(was: u32, is: u32) -> A {
    A::N((i64::from(was) - i64::from(is)).to_string())
}

/// Gives back what `holder` has, if it is exactly `held`.
pub(super) async fn give_back(
    fleet: &DynamoFleet,
    worker: &WorkerId,
    holder: &Holder,
    held: &Reservation,
    at: Timestamp,
) -> Result<bool, Unavailable> {
    let released = fleet
        .update(worker)
        .update_expression(
            "SET free_mib = free_mib + :mib, free_cpu = free_cpu + :cpu, changed_at = :at \
             REMOVE reservations.#holder, #ports.#port",
        )
        // Only the first of two releases gives back. All of it is compared: the same reservation
        // may have gone and come back on another port.
        .condition_expression("reservations.#holder = :held")
        .expression_attribute_names("#ports", "ports")
        .expression_attribute_names("#holder", holder.as_str())
        .expression_attribute_names("#port", held.port.to_string())
        .expression_attribute_values(":mib", number(held.demand.memory_mib))
        .expression_attribute_values(":cpu", number(held.demand.cpu_millis))
        .expression_attribute_values(":held", stored(held)?)
        .expression_attribute_values(":at", moment(at))
        .send()
        .await;
    is_made(released)
}

/// What every claim names. A refused write answers with the worker as it is: it shows whether the
/// claim is there already.
fn claiming(
    update: UpdateItemFluentBuilder,
    holder: &Holder,
    claim: &Reservation,
) -> Result<UpdateItemFluentBuilder, Unavailable> {
    Ok(update
        .expression_attribute_names("#state", "state")
        .expression_attribute_names("#ports", "ports")
        .expression_attribute_names("#holder", holder.as_str())
        .expression_attribute_names("#port", claim.port.to_string())
        .expression_attribute_values(":no", A::Bool(false))
        .expression_attribute_values(":claim", stored(claim)?)
        .expression_attribute_values(":holder", A::S(holder.to_string()))
        .expression_attribute_values(":at", moment(claim.since))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld))
}

fn taken_or_held(
    taken: Result<UpdateItemOutput, SdkError<UpdateItemError>>,
    holder: &Holder,
    claim: &Reservation,
) -> Result<Reservation, ReserveError> {
    let Err(error) = taken else { return Ok(claim.clone()) };
    match error.into_service_error() {
        UpdateItemError::ConditionalCheckFailedException(refusal) => {
            let worker = refusal.item.map(read::<WorkerItem>).transpose()?;
            worker
                .and_then(|mut it| it.reservations.remove(holder))
                .filter(|it| it.id == claim.id)
                .ok_or(ReserveError::LostRace)
        }
        other => Err(unavailable(other).into()),
    }
}
