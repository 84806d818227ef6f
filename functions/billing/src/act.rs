//! Doing what was decided. Each act may be repeated.

use crate::{
    error::BillingError,
    settle::alarm,
    world::{Billing, World},
};
use contracts::{erase, halt, mail::Letter, provision, resize};
use domain::{
    project::{Event, Project, Purpose, State},
    subscription::{Act, Occasion, Record},
};
use ports::{
    Unavailable,
    accounts::Accounts,
    payments::{Payments, PaymentsError},
    projects::Projects,
    queue::Queue,
    sagas::Sagas,
};
use runtime::fault::chain;
use serde::Serialize;

/// What became of an act in words, and the key of the letter if it was one.
pub(crate) async fn act<W: World>(
    billing: &Billing<'_, W>,
    project: &Project,
    record: &Record,
    act: &Act,
) -> Result<(String, Option<String>), BillingError> {
    let machines = &billing.machines;
    let outcome = match act {
        Act::Provision => {
            let paid = billing.projects.record_paid(&project.id, &record.seen.id).await?;
            provision(billing, &paid).await?
        }
        Act::Resume => {
            let resumed = billing.projects.request_resume(&project.id).await?;
            provision(billing, &resumed).await?;
            "resumed"
        }
        Act::Suspend => {
            let saga = halt::Saga::of(project, Purpose::Suspend);
            start(machines.halt, &saga.execution_name(), &saga).await?;
            "halt started"
        }
        Act::Shelve => {
            let change =
                billing.projects.change(&project.id, project.attempt, Event::Suspended, None);
            change.await?;
            "suspended without an instance"
        }
        Act::Resize { to, cause } => {
            let saga = resize::Saga::of(project, *to, *cause);
            start(machines.resize, &saga.execution_name(), &saga).await?;
            "resize started"
        }
        Act::StopRenewal => stop_renewal(billing, &record.seen.id).await?,
        Act::Erase => {
            let saga = erase::Saga::of(project);
            start(machines.erase, &saga.execution_name(0), &saga).await?;
            "deletion started"
        }
        Act::Tell(occasion) => return tell(billing, project, record, *occasion).await,
        Act::Nothing(why) => why,
        Act::Alarm(what) => return Ok((alarm(&record.seen.id, what), None)),
    };
    Ok((outcome.to_owned(), None))
}

/// Starts the provisioning of `project` if that has not begun.
async fn provision<W: World>(
    billing: &Billing<'_, W>,
    project: &Project,
) -> Result<&'static str, BillingError> {
    if project.state != State::Pending {
        return Ok("the project is on its way already");
    }
    let name = provision::Saga::execution_name(&project.id, project.attempt);
    start(billing.machines.provision, &name, &provision::Saga::of(project)).await?;
    Ok("provisioning started")
}

async fn start(
    machine: &impl Sagas,
    name: &str,
    saga: &(impl Serialize + Sync),
) -> Result<(), BillingError> {
    let input =
        serde_json::to_string(saga).map_err(|error| Unavailable::new("the saga's input", error))?;
    Ok(machine.ensure_started(name, &input).await?)
}

/// A provider that refuses this has ended the subscription meanwhile, or will be looked at by the
/// nightly reconciliation.
async fn stop_renewal<W: World>(
    billing: &Billing<'_, W>,
    subscription: &str,
) -> Result<&'static str, BillingError> {
    match billing.payments.set_cancellation(subscription, true).await {
        Ok(()) => Ok("its renewal is stopped"),
        Err(refused @ (PaymentsError::Refused { .. } | PaymentsError::Impossible(_))) => {
            let reason = chain(&refused);
            tracing::warn!(subscription.id = %subscription, %reason, "could not stop a renewal");
            Ok("its renewal could not be stopped")
        }
        Err(error) => Err(error.into()),
    }
}

async fn tell<W: World>(
    billing: &Billing<'_, W>,
    project: &Project,
    record: &Record,
    occasion: Occasion,
) -> Result<(String, Option<String>), BillingError> {
    let key = occasion.key(project, record);
    let outcome = match billing.accounts.find_owner_address(&project.tenant_id).await? {
        Some(to) => {
            let letter = Letter::Subscription {
                to: to.as_str().to_owned(),
                project_id: project.id.clone(),
                project_name: project.name.as_str().to_owned(),
                occasion,
            };
            billing.letters.send(&letter).await?;
            "its owner is told"
        }
        None => "it has no owner to tell",
    };
    Ok((outcome.to_owned(), Some(key)))
}
