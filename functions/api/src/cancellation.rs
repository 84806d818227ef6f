//! Ending a subscription with the period that is paid for, and having it go on after all.
//!
//! Both only say how it is to be, so a repeat, or one after a lost answer, changes nothing.

use crate::{
    caller::{Owner, TenantScope},
    input::ProjectPath,
    project::own,
    refusal::Refusal,
    subscription::{as_seen, ask_for_look, paying, view},
    throttle::count_question,
    view::SubscriptionView,
    world::{Api, World},
};
use axum::{Json, extract::State};
use domain::{
    id::ProjectId,
    subscription::{End, Record, Seen, Standing},
};
use jiff::Timestamp;
use ports::{
    clock::Clock,
    payments::{Payments, PaymentsError},
};
use std::sync::Arc;

/// Ends the subscription with the period that is paid for. A repeat changes nothing.
///
/// The project runs until then. Its data is kept for a while after that.
#[utoipa::path(
    post, path = "/api/projects/{id}/cancellation", tag = "billing",
    security(("session" = ["owner"])), params(("id" = String, Path)),
    responses((status = 200, description = "It ends then", body = SubscriptionView))
)]
pub(crate) async fn cancel<W: World>(
    State(api): State<Arc<Api<W>>>,
    Owner(scope): Owner,
    ProjectPath(id): ProjectPath,
) -> Result<Json<SubscriptionView>, Refusal> {
    set(&api, &scope, &id, true).await
}

/// Has the subscription go on. A repeat changes nothing.
#[utoipa::path(
    delete, path = "/api/projects/{id}/cancellation", tag = "billing",
    security(("session" = ["owner"])), params(("id" = String, Path)),
    responses((status = 200, description = "It goes on", body = SubscriptionView))
)]
pub(crate) async fn take_back<W: World>(
    State(api): State<Arc<Api<W>>>,
    Owner(scope): Owner,
    ProjectPath(id): ProjectPath,
) -> Result<Json<SubscriptionView>, Refusal> {
    set(&api, &scope, &id, false).await
}

async fn set<W: World>(
    api: &Api<W>,
    scope: &TenantScope,
    id: &ProjectId,
    at_period_end: bool,
) -> Result<Json<SubscriptionView>, Refusal> {
    let project = own(api, scope, id).await?;
    let record = lasting(paying(api, &project).await?, api.clock.now())?;
    count_question(api, scope.user()).await?;
    let done = api.payments.set_cancellation(&record.seen.id, at_period_end).await;
    // Also if the answer is lost, or the subscription has ended without our knowing.
    ask_for_look(api, &record.seen.id).await;
    match done {
        Err(PaymentsError::Impossible(_)) => return Err(Refusal::Conflict(OVER)),
        done => done?,
    }
    let seen = Seen { cancels_at_period_end: at_period_end, ..record.seen.clone() };
    let record = as_seen(record, &seen, api.clock.now());
    Ok(Json(view(api, &project, Some(&record)).await?))
}

const OVER: &str = "the subscription has ended";

/// The record of a subscription that has not ended.
fn lasting(record: Option<Record>, now: Timestamp) -> Result<Record, Refusal> {
    let record = record.ok_or(Refusal::Conflict("the project is not paid for"))?;
    match record.standing(now) {
        Standing::Paid | Standing::PastDue { .. } | Standing::Suspended { .. } => Ok(record),
        Standing::Waiting => Err(Refusal::Conflict("the project is not paid for")),
        Standing::Ended { why: End::OwnerDeleted, .. } => {
            Err(Refusal::Conflict("the project is to be deleted: take that back"))
        }
        Standing::Ended { .. } => Err(Refusal::Conflict(OVER)),
    }
}
