//! What was charged, and the invoices.

use crate::{
    caller::{Reader, TenantScope},
    input::IdPath,
    refusal::Refusal,
    throttle::count_question,
    view::{PaymentView, Pdf},
    world::{Api, World},
};
use axum::{Json, extract::State, response::IntoResponse};
use domain::{
    id::{ProjectId, TenantId},
    project::Project,
};
use http::header;
use ports::{
    accounts::Accounts,
    payments::{Payment, Payments},
    subscriptions::Subscriptions,
    tenant_projects::TenantProjects,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The provider's name for a payment. What cannot be one is not asked for.
pub(crate) struct PaymentId(String);

impl PaymentId {
    const MAX_LEN: usize = 64;
}

#[derive(Debug)]
pub(crate) struct NotAPayment;

impl TryFrom<String> for PaymentId {
    type Error = NotAPayment;

    fn try_from(id: String) -> Result<Self, NotAPayment> {
        let is_plain = |it: u8| it.is_ascii_alphanumeric() || it == b'_' || it == b'-';
        let fits = (1..=Self::MAX_LEN).contains(&id.len()) && id.bytes().all(is_plain);
        if fits { Ok(Self(id)) } else { Err(NotAPayment) }
    }
}

/// The latest payments of the tenant, newest first, at most 100.
#[utoipa::path(
    get, path = "/api/billing/payments", tag = "billing",
    security(("session" = []), ("access_token" = ["read"])),
    responses((status = 200, description = "The payments", body = Vec<PaymentView>))
)]
pub(crate) async fn list<W: World>(
    State(api): State<Arc<Api<W>>>,
    Reader(scope): Reader,
) -> Result<Json<Vec<PaymentView>>, Refusal> {
    let Some(customer) = api.accounts.find_customer(scope.tenant()).await? else {
        return Ok(Json(vec![]));
    };
    count_question(&api, scope.user()).await?;
    let mut payments = api.payments.payments(&customer).await?;
    payments.retain(|it| it.customer == customer);
    let paid_for = projects(&api, scope.tenant(), &payments).await?;
    let view = |it: Payment| {
        let project = it.subscription.as_ref().and_then(|it| paid_for.get(it));
        PaymentView::of(it, project)
    };
    Ok(Json(payments.into_iter().map(view).collect()))
}

/// The projects that `payments` were for, by the subscription.
async fn projects<W: World>(
    api: &Api<W>,
    tenant: &TenantId,
    payments: &[Payment],
) -> Result<BTreeMap<String, Project>, Refusal> {
    let of_tenant = api.projects.list(tenant).await?.into_iter();
    let projects: BTreeMap<ProjectId, Project> = of_tenant.map(|it| (it.id.clone(), it)).collect();
    let subscriptions: BTreeSet<&String> =
        payments.iter().filter_map(|it| it.subscription.as_ref()).collect();
    let mut paid_for = BTreeMap::new();
    for id in subscriptions {
        let record = api.subscriptions.find(id).await?;
        let project = record.and_then(|it| projects.get(&it.project?)).cloned();
        paid_for.extend(project.map(|it| (id.clone(), it)));
    }
    Ok(paid_for)
}

/// The invoice of a payment.
#[utoipa::path(
    get, path = "/api/billing/payments/{id}/invoice", tag = "billing",
    security(("session" = []), ("access_token" = ["read"])), params(("id" = String, Path)),
    responses((status = 200, description = "The invoice", content_type = "application/pdf",
        body = Pdf))
)]
pub(crate) async fn invoice<W: World>(
    State(api): State<Arc<Api<W>>>,
    Reader(scope): Reader,
    IdPath(id): IdPath<PaymentId>,
) -> Result<impl IntoResponse, Refusal> {
    let payment = own(&api, &scope, &id).await?;
    let pdf = api.payments.invoice(&payment.id).await?.ok_or(Refusal::NotFound)?;
    let name = format!("attachment; filename=\"invoice-{}.pdf\"", id.0);
    Ok(([(header::CONTENT_DISPOSITION, name)], Pdf(pdf)))
}

/// The payment called `id` if the caller's tenant made it. Somebody else's is answered like one that
/// nobody made.
async fn own<W: World>(
    api: &Api<W>,
    scope: &TenantScope,
    id: &PaymentId,
) -> Result<Payment, Refusal> {
    let customer = api.accounts.find_customer(scope.tenant()).await?.ok_or(Refusal::NotFound)?;
    count_question(api, scope.user()).await?;
    let payment = api.payments.find_payment(&id.0).await?;
    payment.filter(|it| it.customer == customer).ok_or(Refusal::NotFound)
}
