//! Doing what was decided. Each act may be repeated.

use crate::{
    error::BillingError,
    settle::alarm,
    tries::{MAX_TRIES, Progress, ensure_under_way, start},
    world::{Billing, World},
};
use contracts::{erase, halt, mail::Letter, provision, resize};
use domain::{
    plan::PlanId,
    project::{Event, Project, Purpose, State},
    subscription::{Act, Occasion, Record},
};
use jiff::{SignedDuration, Timestamp};
use ports::{
    accounts::Accounts,
    clock::Clock,
    payments::{CheckoutState, Payments, PaymentsError},
    projects::{Checkout, Projects, SealedSecrets},
    queue::Queue,
};
use runtime::{fault::chain, secret::secret};

/// How soon it is looked at whether a payment that is on its way has arrived.
const PAYMENT_ON_ITS_WAY: SignedDuration = SignedDuration::from_mins(5);
/// From the end of a page until nothing comes any more of what was paid on it.
const PAYMENT_TAKES: SignedDuration = SignedDuration::from_hours(72);

/// What became of an act.
#[derive(Debug)]
pub(crate) struct Done {
    /// In words.
    pub(crate) outcome: String,
    /// The key of the letter, if it was one.
    pub(crate) told: Option<String>,
    /// When to look again, whatever else there is to look for.
    pub(crate) look_at: Option<Timestamp>,
}

impl From<&str> for Done {
    fn from(outcome: &str) -> Self {
        Self { outcome: outcome.to_owned(), told: None, look_at: None }
    }
}

pub(crate) async fn act<W: World>(
    billing: &Billing<'_, W>,
    project: &Project,
    record: &Record,
    act: &Act,
) -> Result<Done, BillingError> {
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
        Act::BeginAnew => {
            let secrets = SealedSecrets::mint(billing.vault, &project.tenant_id, secret).await?;
            let anew = billing.projects.begin_anew(&project.id, &secrets).await?;
            provision(billing, &anew).await?;
            "begun anew"
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
        Act::NotePlan { to } => {
            billing.projects.note_plan(&project.id, project.attempt, *to).await?;
            "its next start is under the new plan"
        }
        Act::Resize { to, cause } => return resize(billing, project, record, (*to, *cause)).await,
        Act::StopRenewal => set_renewal(billing, &record.seen.id, false).await?,
        Act::Erase => return erase(billing, project, record).await,
        Act::Tell(occasion) => return tell(billing, project, record, *occasion).await,
        Act::Nothing(why) => why,
    };
    Ok(outcome.into())
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

async fn resize<W: World>(
    billing: &Billing<'_, W>,
    project: &Project,
    record: &Record,
    (to, change): (PlanId, u64),
) -> Result<Done, BillingError> {
    // Each try is a change of its own: what was taken back is late for ever.
    let of_try = |number: u32| {
        let cause = change * u64::from(MAX_TRIES) + u64::from(number);
        let saga = resize::Saga::of(project, to, cause);
        (saga.execution_name(), saga)
    };
    let progress = ensure_under_way(billing.machines.resize, billing.clock.now(), of_try).await?;
    Ok(report(progress, record, "resize started", "its instance could not be given its plan"))
}

async fn erase<W: World>(
    billing: &Billing<'_, W>,
    project: &Project,
    record: &Record,
) -> Result<Done, BillingError> {
    let now = billing.clock.now();
    if project.state != State::Deleting && is_being_paid_for(billing, project).await? {
        let look_at = Some(now + PAYMENT_ON_ITS_WAY);
        return Ok(Done { look_at, ..("kept: a payment for it is on its way".into()) });
    }
    let saga = erase::Saga::of(project);
    let of_try = |number| (saga.execution_name(number), saga.clone());
    let progress = ensure_under_way(billing.machines.erase, now, of_try).await?;
    Ok(report(progress, record, "deletion started", "it could not be deleted"))
}

/// What has come of the tries, and when to look again. Wakes somebody after the last one.
fn report(progress: Progress, record: &Record, started: &str, given_up: &'static str) -> Done {
    let (outcome, look_at) = match progress {
        Progress::Started { look_at } => (started.to_owned(), Some(look_at)),
        Progress::Running { look_at } => ("it is on its way already".to_owned(), Some(look_at)),
        Progress::Paused { look_at } => ("it failed, and is tried again".to_owned(), Some(look_at)),
        Progress::Stuck => ("somebody has to undo the last try first".to_owned(), None),
        Progress::GivenUp => (alarm(&record.seen.id, given_up), None),
    };
    Done { outcome, told: None, look_at }
}

/// Whether somebody pays at this moment to keep `project`: their money has moved, and its delivery is on
/// its way to us.
async fn is_being_paid_for<W: World>(
    billing: &Billing<'_, W>,
    project: &Project,
) -> Result<bool, BillingError> {
    let page = billing.projects.checkout(&project.id).await?;
    let now = billing.clock.now();
    let may_be = |it: &Checkout| {
        it.follows == project.subscription_id && now < it.expires_at + PAYMENT_TAKES
    };
    let Some(page) = page.filter(may_be) else { return Ok(false) };
    Ok(billing.payments.checkout_state(&page.session_id).await? == CheckoutState::Paid)
}

/// A provider that refuses this has ended the subscription meanwhile, or will be looked at by the
/// nightly reconciliation.
pub(crate) async fn set_renewal<W: World>(
    billing: &Billing<'_, W>,
    subscription: &str,
    renews: bool,
) -> Result<&'static str, BillingError> {
    match billing.payments.set_cancellation(subscription, !renews).await {
        Ok(()) if renews => Ok("it renews again"),
        Ok(()) => Ok("its renewal is stopped"),
        Err(refused @ (PaymentsError::Refused { .. } | PaymentsError::Impossible(_))) => {
            let reason = chain(&refused);
            tracing::warn!(subscription.id = %subscription, renews, %reason, "could not change a renewal");
            Ok("its renewal could not be changed")
        }
        Err(error) => Err(error.into()),
    }
}

async fn tell<W: World>(
    billing: &Billing<'_, W>,
    project: &Project,
    record: &Record,
    occasion: Occasion,
) -> Result<Done, BillingError> {
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
    Ok(Done { told: Some(key), ..outcome.into() })
}
