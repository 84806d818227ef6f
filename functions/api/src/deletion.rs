//! Deleting a project, and taking that back.
//!
//! What is paid for is deleted by billing, as if its subscription had ended: halted with a last backup, no
//! longer renewed, kept for the grace, warned about, erased. So the API only hands over what its owner wants.

use crate::{
    caller::Owner,
    checkout::is_being_paid,
    input::{Body, Fields, Input, ProjectPath},
    project::own,
    refusal::Refusal,
    subscription::{paying, view},
    view::{DeletionBody, SubscriptionView},
    world::{Api, World},
};
use axum::{Json, extract::State};
use contracts::{billing::Message, erase};
use domain::{
    project::{Project, State as Stage},
    subscription::{End, Record, Standing},
};
use http::StatusCode;
use ports::{
    clock::Clock,
    queue::Queue,
    sagas::{Course, Sagas},
    tenant_projects::Owned,
};
use std::{convert::Infallible, sync::Arc};

/// Executions for one deletion; each after one that has failed, and at somebody's wish.
const MAX_TRIES: u32 = 10;

const PAID_MEANWHILE: &str = "a payment for the project is on its way";
const TOO_LATE: &str = "the project is deleted already";

pub(crate) struct Deletion {
    name: String,
}

impl Input for Deletion {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { name: fields.text("name", Ok::<_, Infallible>)? })
    }
}

type Answer = Result<(StatusCode, Json<SubscriptionView>), Refusal>;

/// Deletes the project. A repeat changes nothing.
///
/// Its instance is stopped at once, with a last backup, and the subscription is not renewed; what has been
/// paid is not given back. Everything is kept until `data_deleted_at`, the address too, and until then the
/// deletion can be taken back. A project that was never paid for is gone at once.
#[utoipa::path(
    post, path = "/api/projects/{id}/deletion", tag = "projects", security(("session" = ["owner"])),
    params(("id" = String, Path)), request_body = DeletionBody,
    responses((status = 202, description = "It is deleted then", body = SubscriptionView))
)]
pub(crate) async fn delete<W: World>(
    State(api): State<Arc<Api<W>>>,
    Owner(scope): Owner,
    ProjectPath(id): ProjectPath,
    Body(order): Body<Deletion>,
) -> Answer {
    let project = own(&api, &scope, &id).await?;
    if order.name != project.name.as_str() {
        return Err(Refusal::of_field("name", "is not the name of this project"));
    }
    if let Some(record) = paying(&api, &project).await? {
        return wish(&api, &project, record, true).await;
    }
    erase(&api, &project).await?;
    Ok((StatusCode::ACCEPTED, Json(view(&api, &project, None).await?)))
}

/// Takes the deletion back. A repeat changes nothing.
///
/// The subscription is renewed again, if it was to be, and the instance starts from its last backup.
#[utoipa::path(
    delete, path = "/api/projects/{id}/deletion", tag = "projects",
    security(("session" = ["owner"])), params(("id" = String, Path)),
    responses((status = 202, description = "It goes on", body = SubscriptionView))
)]
pub(crate) async fn take_back<W: World>(
    State(api): State<Arc<Api<W>>>,
    Owner(scope): Owner,
    ProjectPath(id): ProjectPath,
) -> Answer {
    let project = own(&api, &scope, &id).await?;
    if matches!(project.state, Stage::Deleting | Stage::Deleted) {
        return Err(Refusal::Conflict(TOO_LATE));
    }
    let record = paying(&api, &project).await?;
    let record = record.ok_or(Refusal::Conflict("the project is not being deleted"))?;
    match record.standing(api.clock.now()) {
        Standing::Ended { why: End::OwnerDeleted, .. } => wish(&api, &project, record, false).await,
        Standing::Ended { .. } => {
            Err(Refusal::Conflict("the subscription has ended meanwhile: subscribe again"))
        }
        _ => Ok((StatusCode::ACCEPTED, Json(view(&api, &project, Some(&record)).await?))),
    }
}

/// Billing alone writes what is remembered of a subscription, with everything that follows from it.
async fn wish<W: World>(api: &Api<W>, project: &Owned, record: Record, wanted: bool) -> Answer {
    let at = api.clock.now();
    let after = if wanted {
        record.clone().deletion_wanted(at)
    } else {
        record.clone().deletion_taken_back(at)
    };
    if after != record {
        let subscription_id = record.seen.id;
        api.looks.send(&Message::Deletion { subscription_id, wanted, at }).await?;
    }
    Ok((StatusCode::ACCEPTED, Json(view(api, project, Some(&after)).await?)))
}

/// Of what nobody has paid for. If somebody does so after this, it begins anew, with nothing.
async fn erase<W: World>(api: &Api<W>, project: &Owned) -> Result<(), Refusal> {
    match project.state {
        Stage::PendingPayment if is_being_paid(api, project).await? => {
            Err(Refusal::Conflict(PAID_MEANWHILE))
        }
        Stage::PendingPayment | Stage::Deleting => start(api, project).await,
        Stage::Deleted => Ok(()),
        _ => Err(Refusal::internal("a project that ran and was never paid for")),
    }
}

/// One that failed is followed by another one.
async fn start<W: World>(api: &Api<W>, project: &Project) -> Result<(), Refusal> {
    let saga = erase::Saga::of(project);
    for number in 0..MAX_TRIES {
        let name = saga.execution_name(number);
        if let Some(Course::Ended { .. }) = api.erasures.course(&name).await? {
            continue;
        }
        let input = serde_json::to_string(&saga).map_err(Refusal::internal)?;
        return Ok(api.erasures.ensure_started(&name, &input).await?);
    }
    Err(Refusal::internal("a deletion that fails every time"))
}
