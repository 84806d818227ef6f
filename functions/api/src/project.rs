//! Projects: made, shown, tried again, opened.

use crate::{
    caller::{Reader, TenantScope, Writer},
    input::{Body, Fields, IdempotencyKey, Input, ProjectPath},
    random::{self, PROJECT_ID_LEN},
    refusal::Refusal,
    steps,
    view::{GatewayTokenView, HealthView, NewProjectBody, ProjectView, StepView},
    world::{Api, World},
};
use axum::{Json, extract::State, response::IntoResponse};
use contracts::provision::Saga;
use domain::{
    id::{ProjectId, TenantId},
    plan::PlanId,
    project::{Project, ProjectName, State as Stage},
    route::HostName,
};
use http::{StatusCode, header};
use ports::{
    cases::Cases,
    clock::Clock,
    projects::{ChangeError, CreateError, SealedSecrets},
    sagas::Sagas,
    tenant_projects::{Owned, TenantProjects},
    vault::{SecretKind, Vault},
};
use runtime::{fault::chain, secret::secret};
use std::sync::Arc;

/// Projects of one tenant. Counted before a project is made and not while: who asks for several at
/// the same moment may get a few more, all unpaid and so without cost.
const MAX_PROJECTS: usize = 20;

const KEY_TAKEN: &str = "the Idempotency-Key was used for another request: choose another one";

pub(crate) struct NewProject {
    name: ProjectName,
    plan: PlanId,
}

impl Input for NewProject {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.text("name", ProjectName::try_from);
        let plan = fields.plan("plan");
        Some(Self { name: name?, plan: plan? })
    }
}

/// Makes a project. It runs once it is paid for.
#[utoipa::path(
    post, path = "/api/projects", tag = "projects",
    security(("session" = []), ("access_token" = ["write"])),
    request_body = NewProjectBody,
    params(("Idempotency-Key" = Option<String>, Header,
        description = "Repeating a request under the same key makes no second project")),
    responses((status = 201, description = "The new project", body = ProjectView))
)]
pub(crate) async fn create<W: World>(
    State(api): State<Arc<Api<W>>>,
    Writer(scope): Writer,
    IdempotencyKey(key): IdempotencyKey,
    Body(new): Body<NewProject>,
) -> Result<impl IntoResponse, Refusal> {
    let tenant = scope.tenant();
    let id = match key {
        Some(key) => random::derived_project_id(tenant, &key),
        None => ProjectId::new(&random::id_body(PROJECT_ID_LEN)).map_err(Refusal::internal)?,
    };
    // Before the limit: a repeat must find what the first request made, be there room or not.
    let project = match api.projects.find(tenant, &id).await? {
        Some(project) => project.into_project(),
        None => make(&api, &id, tenant, &new).await?,
    };
    if project.name != new.name || project.plan != new.plan {
        return Err(Refusal::Conflict(KEY_TAKEN));
    }
    let location = format!("/api/projects/{id}");
    let view = ProjectView::of(project, vec![], &api.settings);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(view)))
}

async fn make<W: World>(
    api: &Api<W>,
    id: &ProjectId,
    tenant: &TenantId,
    new: &NewProject,
) -> Result<Project, Refusal> {
    if api.projects.list(tenant).await?.len() >= MAX_PROJECTS {
        return Err(Refusal::Conflict("a tenant has at most 20 projects"));
    }
    let domain = &api.settings.domain;
    let project = Project {
        id: id.clone(),
        tenant_id: tenant.clone(),
        name: new.name.clone(),
        plan: new.plan,
        host: HostName::of_project(&new.name, id, domain).map_err(Refusal::internal)?,
        state: Stage::PendingPayment,
        attempt: 0,
        reason: None,
        subscription_id: None,
        backup: None,
        halts: 0,
        plan_cause: None,
        keep_awake: false,
        created_at: api.clock.now(),
    };
    let secrets = SealedSecrets::mint(&api.vault, tenant, secret).await?;
    match api.projects.create(&project, &secrets).await {
        Ok(()) => (),
        Err(CreateError::Taken) => return Err(Refusal::Conflict(KEY_TAKEN)),
        Err(CreateError::Unavailable(error)) => return Err(error.into()),
    }
    // Read again: under one key another request may have been faster, and that one counts.
    let made = api.projects.find(tenant, id).await?;
    made.map(Owned::into_project).ok_or_else(|| Refusal::internal("a new project is not there"))
}

/// All projects of the tenant, oldest first.
#[utoipa::path(
    get, path = "/api/projects", tag = "projects",
    security(("session" = []), ("access_token" = ["read"])),
    responses((status = 200, description = "All projects", body = Vec<ProjectView>))
)]
pub(crate) async fn list<W: World>(
    State(api): State<Arc<Api<W>>>,
    Reader(scope): Reader,
) -> Result<Json<Vec<ProjectView>>, Refusal> {
    let projects = api.projects.list(scope.tenant()).await?;
    let view = |it| ProjectView::of(it, vec![], &api.settings);
    Ok(Json(projects.into_iter().map(view).collect()))
}

/// One project, and how far its provisioning has come.
#[utoipa::path(
    get, path = "/api/projects/{id}", tag = "projects",
    security(("session" = []), ("access_token" = ["read"])),
    params(("id" = String, Path)),
    responses((status = 200, description = "The project", body = ProjectView))
)]
pub(crate) async fn show<W: World>(
    State(api): State<Arc<Api<W>>>,
    Reader(scope): Reader,
    ProjectPath(id): ProjectPath,
) -> Result<Json<ProjectView>, Refusal> {
    let project = own(&api, &scope, &id).await?;
    let steps = history(&api, &project).await;
    let health = health(&api, &project).await;
    let view = ProjectView::of(project.into_project(), steps, &api.settings);
    Ok(Json(view.with_health(health)))
}

/// Nobody waits for it, or gets an error instead of their project because of it.
async fn health<W: World>(api: &Api<W>, project: &Project) -> Option<HealthView> {
    match api.cases.find(&project.id).await {
        Ok(case) => HealthView::of(project, case.as_ref()),
        Err(error) => {
            tracing::warn!(project.id = %project.id, error = %chain(&error), "no health");
            None
        }
    }
}

/// Empty if it cannot be read: the state of the project is worth an answer without its story.
async fn history<W: World>(api: &Api<W>, project: &Project) -> Vec<StepView> {
    if project.attempt == 0 {
        return vec![];
    }
    let name = Saga::execution_name(&project.id, project.attempt);
    match api.sagas.history(&name).await {
        Ok(history) => steps::of(&history),
        Err(error) => {
            tracing::warn!(reason = %chain(&error), "showing a project without its steps");
            vec![]
        }
    }
}

/// Lets a failed project try again.
///
/// The attempt is counted before its execution is started. A repeat finds the project pending, gets
/// the same attempt and starts the execution of the same name: once, or at last.
#[utoipa::path(
    post, path = "/api/projects/{id}/retry", tag = "projects",
    security(("session" = []), ("access_token" = ["write"])),
    params(("id" = String, Path)),
    responses((status = 202, description = "It is on its way again", body = ProjectView))
)]
pub(crate) async fn retry<W: World>(
    State(api): State<Arc<Api<W>>>,
    Writer(scope): Writer,
    ProjectPath(id): ProjectPath,
) -> Result<(StatusCode, Json<ProjectView>), Refusal> {
    let project = own(&api, &scope, &id).await?;
    let project = api.projects.request_retry(&project).await.map_err(refuse_retry)?;
    let input = serde_json::to_string(&Saga::of(&project)).map_err(Refusal::internal)?;
    let name = Saga::execution_name(&id, project.attempt);
    api.sagas.ensure_started(&name, &input).await?;
    Ok((StatusCode::ACCEPTED, Json(ProjectView::of(project, vec![], &api.settings))))
}

fn refuse_retry(error: ChangeError) -> Refusal {
    match error {
        ChangeError::Unknown(_) => Refusal::NotFound,
        ChangeError::Illegal(_) => Refusal::Conflict("only a failed project can be tried again"),
        ChangeError::LostRace => Refusal::Busy { retry_after_s: 1 },
        ChangeError::Unavailable(error) => error.into(),
        never @ (ChangeError::Fenced { .. } | ChangeError::OtherSubscription) => {
            Refusal::internal(never)
        }
    }
}

/// Shows the key to the instance.
#[utoipa::path(
    post, path = "/api/projects/{id}/gateway-token", tag = "projects",
    security(("session" = []), ("access_token" = ["write"])), params(("id" = String, Path)),
    responses((status = 200, description = "The token", body = GatewayTokenView))
)]
pub(crate) async fn gateway_token<W: World>(
    State(api): State<Arc<Api<W>>>,
    Writer(scope): Writer,
    ProjectPath(id): ProjectPath,
) -> Result<Json<GatewayTokenView>, Refusal> {
    let project = own(&api, &scope, &id).await?;
    let secrets = api.projects.secrets(&project).await?;
    let secrets = secrets.ok_or_else(|| match project.state {
        Stage::Deleted => Refusal::Conflict("the project was deleted, with its token"),
        _ => Refusal::internal("a project without secrets"),
    })?;
    let kind = SecretKind::GatewayToken;
    let gateway_token = api.vault.open(&project.tenant_id, kind, &secrets.gateway_token).await?;
    Ok(Json(GatewayTokenView { gateway_token }))
}

/// The project called `id` if the caller's tenant owns it: *the* boundary between tenants. Somebody
/// else's project is answered like one that nobody has.
pub(crate) async fn own<W: World>(
    api: &Api<W>,
    scope: &TenantScope,
    id: &ProjectId,
) -> Result<Owned, Refusal> {
    api.projects.find(scope.tenant(), id).await?.ok_or(Refusal::NotFound)
}
