//! Which project a subscription pays for.
//!
//! The signature of a delivery proves that Dodo sent it, not that its metadata is ours: anybody with a
//! checkout may have written it. So a project counts only if its tenant is the customer who pays.

use crate::{
    error::BillingError,
    world::{Billing, World},
};
use domain::{
    id::TenantId,
    project::{Project, State},
    subscription::Record,
};
use ports::{accounts::Accounts, clock::Clock, projects::Projects, subscriptions::Subscriptions};

pub(crate) enum Payer {
    Of(Box<Project>),
    /// Nobody's, or not to be believed; why.
    Refused(&'static str),
}

/// The project that `record` pays for, having made sure that nothing else does.
pub(crate) async fn payer<W: World>(
    billing: &Billing<'_, W>,
    record: &Record,
) -> Result<Payer, BillingError> {
    match named(billing, record).await? {
        Payer::Of(project) => claim(billing, *project, record).await,
        refused @ Payer::Refused(_) => Ok(refused),
    }
}

async fn named<W: World>(billing: &Billing<'_, W>, record: &Record) -> Result<Payer, BillingError> {
    let seen = &record.seen;
    // Once it is proven it stays, whatever the metadata says later.
    if let Some(id) = &record.project {
        let project = billing.projects.find(id).await?;
        return Ok(of(project, "refused: its project is gone"));
    }
    let Some(id) = &seen.project else {
        return by_customer(billing, record).await;
    };
    let project = billing.projects.find(id).await?;
    let theirs = |it: &Project| seen.tenant.as_ref().is_none_or(|tenant| *tenant == it.tenant_id);
    let Some(project) = project.filter(theirs) else {
        return Ok(Payer::Refused("refused: that tenant has no such project"));
    };
    let customer = billing.accounts.find_customer(&project.tenant_id).await?;
    if customer.as_deref() != Some(&seen.customer) {
        return Ok(Payer::Refused("refused: who pays is not the customer of the project's tenant"));
    }
    Ok(Payer::Of(Box::new(project)))
}

/// Without a name: the customer's only project that waits for its payment.
async fn by_customer<W: World>(
    billing: &Billing<'_, W>,
    record: &Record,
) -> Result<Payer, BillingError> {
    let Some(tenant) = tenant(billing, record).await? else {
        return Ok(Payer::Refused("nobody's: no tenant is this customer"));
    };
    let mut waiting = billing.projects.list(&tenant).await?;
    waiting.retain(|it| it.state == State::PendingPayment);
    let only = if waiting.len() == 1 { waiting.pop() } else { None };
    Ok(of(only, "nobody's: the customer has not exactly one project that waits for its payment"))
}

async fn tenant<W: World>(
    billing: &Billing<'_, W>,
    record: &Record,
) -> Result<Option<TenantId>, BillingError> {
    let customer = &record.seen.customer;
    if let Some(named) = &record.seen.tenant {
        let theirs = billing.accounts.find_customer(named).await?;
        return Ok((theirs.as_ref() == Some(customer)).then(|| named.clone()));
    }
    Ok(billing.accounts.find_tenant_of_customer(customer).await?)
}

fn of(project: Option<Project>, otherwise: &'static str) -> Payer {
    project.map_or(Payer::Refused(otherwise), |it| Payer::Of(Box::new(it)))
}

/// One subscription pays for a project. Another one may take over what has ended.
async fn claim<W: World>(
    billing: &Billing<'_, W>,
    project: Project,
    record: &Record,
) -> Result<Payer, BillingError> {
    let (ours, now) = (&record.seen.id, billing.clock.now());
    let entitles = record.standing(now).entitles();
    let Some(paying) = project.subscription_id.clone().filter(|it| it != ours) else {
        let is_first = project.subscription_id.is_none();
        if is_first && entitles && record.seen.plan.is_none() {
            return Ok(Payer::Refused("refused: it is for a product that is not ours"));
        }
        return Ok(Payer::Of(Box::new(project)));
    };
    let other = billing.subscriptions.find(&paying).await?;
    let is_over = other.is_some_and(|it| it.standing(now).is_ended());
    if !entitles || !is_over {
        return Ok(Payer::Refused("refused: another subscription pays for the project"));
    }
    billing.projects.replace_subscription(&project.id, &paying, ours).await?;
    Ok(Payer::Of(Box::new(Project { subscription_id: Some(ours.clone()), ..project })))
}
