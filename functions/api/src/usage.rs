//! What a project uses of language models, and what its owner lets it spend.

use crate::{
    caller::{Owner, Reader},
    input::{Body, Fields, Input, ProjectPath},
    project::own,
    refusal::Refusal,
    view::{SpendCapBody, UsageView},
    world::{Api, World},
};
use axum::{Json, extract::State};
use domain::{
    project::Project,
    usage::{Micros, Month},
};
use ports::{clock::Clock, usage::Usage};
use std::sync::Arc;

/// In cents: a million dollars a month is no cap any more.
const MAX_CAP_CENTS: u32 = 100_000_000;

/// What the project used this month.
#[utoipa::path(
    get, path = "/api/projects/{id}/usage", tag = "projects",
    security(("session" = []), ("access_token" = ["read"])),
    params(("id" = String, Path)),
    responses((status = 200, description = "The month up to now", body = UsageView))
)]
pub(crate) async fn show<W: World>(
    State(api): State<Arc<Api<W>>>,
    Reader(scope): Reader,
    ProjectPath(id): ProjectPath,
) -> Result<Json<UsageView>, Refusal> {
    let project = own(&api, &scope, &id).await?;
    view(&api, &project).await
}

pub(crate) struct SpendCap {
    cents: u32,
}

impl Input for SpendCap {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { cents: fields.integer("cap_cents", 0..=MAX_CAP_CENTS)? })
    }
}

/// Sets how much the project may spend in a month. It holds from the next call on.
#[utoipa::path(
    put, path = "/api/projects/{id}/spend-cap", tag = "projects",
    security(("session" = ["owner"])), params(("id" = String, Path)),
    request_body = SpendCapBody,
    responses((status = 200, description = "It holds", body = UsageView))
)]
pub(crate) async fn cap<W: World>(
    State(api): State<Arc<Api<W>>>,
    Owner(scope): Owner,
    ProjectPath(id): ProjectPath,
    Body(cap): Body<SpendCap>,
) -> Result<Json<UsageView>, Refusal> {
    let project = own(&api, &scope, &id).await?;
    let micros = Micros(u64::from(cap.cents) * Micros::PER_CENT);
    api.usage.set_cap(&project.id, Some(micros)).await?;
    view(&api, &project).await
}

/// Lets the project spend what it takes. What its plan includes of the platform's model stays as it is.
#[utoipa::path(
    delete, path = "/api/projects/{id}/spend-cap", tag = "projects",
    security(("session" = ["owner"])), params(("id" = String, Path)),
    responses((status = 200, description = "There is none any more", body = UsageView))
)]
pub(crate) async fn uncap<W: World>(
    State(api): State<Arc<Api<W>>>,
    Owner(scope): Owner,
    ProjectPath(id): ProjectPath,
) -> Result<Json<UsageView>, Refusal> {
    let project = own(&api, &scope, &id).await?;
    api.usage.set_cap(&project.id, None).await?;
    view(&api, &project).await
}

async fn view<W: World>(api: &Api<W>, project: &Project) -> Result<Json<UsageView>, Refusal> {
    let month = Month::of(api.clock.now());
    let account = api.usage.account(&project.id, month).await?;
    let cap = api.usage.cap(&project.id).await?;
    let days = api.usage.days(&project.id, month).await?;
    let included = project.plan.plan().included;
    Ok(Json(UsageView::of(month, &account, cap, included, days)))
}
