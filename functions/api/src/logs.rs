//! What an instance has printed.
//!
//! Reading is an execution: it may take as long as its worker does, and never longer. It is asked for here,
//! and fetched a moment later.

use crate::{
    caller::{Reader, Writer},
    input::{Fields, Input, LogsPath, OptionalBody, ProjectPath},
    project::own,
    random::{self, LONG_ID_LEN},
    refusal::Refusal,
    throttle,
    turn::{self, Turn},
    view::{LogsBody, LogsText, LogsTicketView},
    world::{Api, World},
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use contracts::logs::{MAX_LINES, Outcome, Saga, USUAL_LINES, read_since};
use domain::{
    id::{LogsId, ProjectId},
    project::{Project, State as Stage},
};
use http::{StatusCode, header};
use jiff::Timestamp;
use ports::{
    instance_logs::{InstanceLogs, LogsName},
    sagas::{Course, Sagas},
};
use std::sync::Arc;

/// How many lines, and since when.
pub(crate) struct Extent {
    tail: u32,
    since: Option<Timestamp>,
}

impl Default for Extent {
    fn default() -> Self {
        Self { tail: USUAL_LINES, since: None }
    }
}

impl Input for Extent {
    fn read(fields: &mut Fields) -> Option<Self> {
        let tail = fields.optional_integer("tail", 1..=MAX_LINES);
        let since = fields.optional("since", |it| read_since(&it));
        Some(Self { tail: tail.ok()?.unwrap_or(USUAL_LINES), since: since.ok()? })
    }
}

/// Has the last lines of an instance read, also of one that has stopped. They are fetched by their id, for
/// a day.
///
/// One reading of a project at a time: who asks during another one has to wait for it.
#[utoipa::path(
    post, path = "/api/projects/{id}/logs", tag = "projects",
    security(("session" = []), ("access_token" = ["write"])),
    params(("id" = String, Path)), request_body = Option<LogsBody>,
    responses((status = 202, description = "They are being read", body = LogsTicketView))
)]
pub(crate) async fn read<W: World>(
    State(api): State<Arc<Api<W>>>,
    Writer(scope): Writer,
    ProjectPath(id): ProjectPath,
    OptionalBody(extent): OptionalBody<Extent>,
) -> Result<(StatusCode, Json<LogsTicketView>), Refusal> {
    let project = own(&api, &scope, &id).await?;
    if !may_have_printed(&project) {
        return Err(Refusal::Conflict(NOTHING_RUNS));
    }
    throttle::count_reading(&api, &project.id).await?;
    // Given back by whoever finds that it has ended. Who looks at an older one gives it back too early:
    // then the worker has the second one wait for the first.
    let turn = turn::take(&api, turn_of(&project.id)).await?;
    let Extent { tail, since } = extent.unwrap_or_default();
    let logs = LogsId::new(&random::id_body(LONG_ID_LEN)).map_err(Refusal::internal)?;
    let saga = Saga::of(&project, logs.clone(), tail, since);
    let input = serde_json::to_string(&saga).map_err(Refusal::internal)?;
    let execution = Saga::execution_name(&project.id, &logs);
    if let Err(error) = api.readings.ensure_started(&execution, &input).await {
        turn::give_back(&api, turn).await;
        return Err(error.into());
    }
    Ok((StatusCode::ACCEPTED, Json(LogsTicketView { id: logs.into() })))
}

/// The lines that were asked for, oldest first, each with its time; the instance's own keys are blanked.
#[utoipa::path(
    get, path = "/api/projects/{id}/logs/{logs_id}", tag = "projects",
    security(("session" = []), ("access_token" = ["read"])),
    params(("id" = String, Path), ("logs_id" = String, Path)),
    responses(
        (status = 200, description = "What was printed; empty if nothing was",
            content_type = "text/plain", body = LogsText),
        (status = 202, description = "They are being read: ask again", body = LogsTicketView)
    )
)]
pub(crate) async fn show<W: World>(
    State(api): State<Arc<Api<W>>>,
    Reader(scope): Reader,
    LogsPath(id, logs): LogsPath,
) -> Result<Response, Refusal> {
    let project = own(&api, &scope, &id).await?;
    let execution = Saga::execution_name(&project.id, &logs);
    match api.readings.course(&execution).await? {
        None => return Err(Refusal::NotFound),
        Some(Course::Running) => {
            let view = LogsTicketView { id: logs.into() };
            return Ok((StatusCode::ACCEPTED, Json(view)).into_response());
        }
        Some(Course::Ended { .. } | Course::Stuck) => (),
    }
    turn::give_back(&api, Turn::at(turn_of(&project.id))).await;
    match outcome(&api, &execution).await? {
        Some(Outcome::Stored { .. }) => (),
        Some(Outcome::NothingThere) => return Err(Refusal::Conflict(NOTHING_RUNS)),
        Some(Outcome::NotReached) => return Err(Refusal::Conflict(NOT_REACHED)),
        None => return Err(Refusal::Conflict(NOT_READ)),
    }
    let name = LogsName { project: project.id.clone(), id: logs };
    let text = api.instance_logs.read(&name).await?.ok_or(Refusal::NotFound)?;
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((kind, text).into_response())
}

const NOTHING_RUNS: &str = "no instance of it is there that could have printed anything";
const NOT_REACHED: &str = "the machine that it runs on does not answer: ask again in a moment";
const NOT_READ: &str = "they could not be read: ask again in a moment";

/// Whether a container may be there. Also one that does not start, or no longer does.
fn may_have_printed(project: &Project) -> bool {
    let is_nowhere = matches!(
        project.state,
        Stage::PendingPayment | Stage::Asleep | Stage::Suspended | Stage::Deleting | Stage::Deleted
    );
    project.attempt > 0 && !is_nowhere
}

fn turn_of(project: &ProjectId) -> String {
    format!("logs_turn#{project}")
}

/// `None` if the execution failed.
async fn outcome<W: World>(api: &Api<W>, execution: &str) -> Result<Option<Outcome>, Refusal> {
    let Some(state) = api.readings.result(execution).await? else { return Ok(None) };
    Ok(serde_json::from_str::<Saga>(&state).map_err(Refusal::internal)?.outcome)
}
