//! Read the delivery, decide, mark paid, start the saga.

use crate::effect::{Effect, effect};
use contracts::{billing::DeliveryStored, provision::Saga};
use domain::{
    id::{ProjectId, TenantId},
    project::State,
};
use ports::{
    Unavailable,
    deliveries::Deliveries,
    projects::{ChangeError, Projects},
    sagas::Sagas,
};

#[derive(Debug, thiserror::Error)]
pub enum BillingError {
    #[error("delivery `{0}` is not stored")]
    Missing(String),
    #[error("lost a race for the project")]
    LostRace,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

pub async fn handle(
    deliveries: &impl Deliveries,
    projects: &impl Projects,
    sagas: &impl Sagas,
    message: DeliveryStored,
) -> Result<(), BillingError> {
    let id = message.delivery_id;
    let delivery = deliveries.find(&id).await?.ok_or_else(|| BillingError::Missing(id.clone()))?;
    let effect = match serde_json::from_str(&delivery.body) {
        Ok(webhook) => effect(&webhook),
        Err(_) => Effect::Nothing("the body is not one that we can read"),
    };
    let outcome = match effect {
        Effect::Grant { project_id, tenant_id, subscription_id } => {
            grant(projects, sagas, &project_id, &tenant_id, &subscription_id).await?
        }
        Effect::Nothing(reason) => reason,
    };
    tracing::info!(delivery.id = %id, outcome, "applied a delivery");
    Ok(deliveries.record_outcome(&id, outcome).await?)
}

/// Marks the project paid, and starts its provisioning if that has not begun.
///
/// Between the two a crash is harmless: the next attempt at this delivery finds the project pending
/// and starts the execution of the same name.
async fn grant(
    projects: &impl Projects,
    sagas: &impl Sagas,
    project_id: &ProjectId,
    tenant_id: &TenantId,
    subscription_id: &str,
) -> Result<&'static str, BillingError> {
    // The signature proves that Dodo sent it, not that the metadata is ours.
    if projects.find(project_id).await?.is_none_or(|it| it.tenant_id != *tenant_id) {
        return Ok("refused: that tenant has no such project");
    }
    let project = match projects.record_paid(project_id, subscription_id).await {
        Ok(project) => project,
        Err(ChangeError::Unavailable(cause)) => return Err(cause.into()),
        Err(ChangeError::LostRace) => return Err(BillingError::LostRace),
        Err(ChangeError::OtherSubscription) => {
            return Ok("refused: another subscription pays for the project");
        }
        Err(ChangeError::Unknown(_) | ChangeError::Illegal(_) | ChangeError::Fenced { .. }) => {
            return Ok("refused: the project cannot be paid for");
        }
    };
    if project.state != State::Pending {
        return Ok("the project is on its way already");
    }
    let name = Saga::execution_name(&project.id, project.attempt);
    let input = serde_json::to_string(&Saga::of(&project))
        .map_err(|error| Unavailable::new("the saga's input", error))?;
    sagas.ensure_started(&name, &input).await?;
    Ok("provisioning started")
}
