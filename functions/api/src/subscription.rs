//! What pays for a project, as we know it, and how billing learns that it is another one now.

use crate::{
    caller::Reader,
    input::ProjectPath,
    plans,
    project::own,
    refusal::Refusal,
    view::SubscriptionView,
    world::{Api, World},
};
use axum::{Json, extract::State};
use contracts::billing::Message;
use domain::{
    project::Project,
    subscription::{Observed, Record, Seen, Source, observe},
};
use jiff::Timestamp;
use ports::{clock::Clock, queue::Queue, subscriptions::Subscriptions};
use runtime::fault::chain;
use std::sync::Arc;

/// What pays for a project, and what happens next.
///
/// From our own records: it answers while the payment provider is away.
#[utoipa::path(
    get, path = "/api/projects/{id}/subscription", tag = "billing",
    security(("session" = []), ("access_token" = ["read"])), params(("id" = String, Path)),
    responses((status = 200, description = "The subscription; `none` for a project that was never paid for",
        body = SubscriptionView))
)]
pub(crate) async fn show<W: World>(
    State(api): State<Arc<Api<W>>>,
    Reader(scope): Reader,
    ProjectPath(id): ProjectPath,
) -> Result<Json<SubscriptionView>, Refusal> {
    let project = own(&api, &scope, &id).await?;
    let record = paying(&api, &project).await?;
    Ok(Json(view(&api, &project, record.as_ref()).await?))
}

/// What pays for `project`, or did last.
pub(crate) async fn paying<W: World>(
    api: &Api<W>,
    project: &Project,
) -> Result<Option<Record>, Refusal> {
    match &project.subscription_id {
        Some(id) => Ok(api.subscriptions.find(id).await?),
        None => Ok(None),
    }
}

pub(crate) async fn view<W: World>(
    api: &Api<W>,
    project: &Project,
    record: Option<&Record>,
) -> Result<SubscriptionView, Refusal> {
    let Some(record) = record else { return Ok(SubscriptionView::none(project)) };
    let today = match record.seen.plan {
        Some(plan) => plans::last_price(api, plan).await?,
        None => None,
    };
    let (now, terms) = (api.clock.now(), &api.settings.terms);
    Ok(SubscriptionView::of(project, record, today.as_ref(), now, terms))
}

/// `record` as billing will have it once it has looked. Nothing is written here: billing alone does
/// that, with everything that follows from it.
pub(crate) fn as_seen(record: Record, seen: &Seen, now: Timestamp) -> Record {
    match observe(Some(&record), seen, now, Source::Asked) {
        Observed::Applied(seen) => *seen,
        Observed::Late | Observed::AskFirst => record,
    }
}

/// Has billing look at `subscription` without waiting to be told.
///
/// For after the act, which lasts at the provider. A message that is lost does no harm: the
/// provider's own delivery leads to the same look, and so does the nightly reconciliation.
pub(crate) async fn ask_for_look<W: World>(api: &Api<W>, subscription: &str) {
    let look = Message::Look { subscription_id: subscription.to_owned(), at: api.clock.now() };
    if let Err(error) = api.looks.send(&look).await {
        tracing::warn!(subscription.id = %subscription, reason = %chain(&error), "billing looks later");
    }
}
