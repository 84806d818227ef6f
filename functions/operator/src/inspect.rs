//! What an operator asks of one instance: what it has printed, and a command in it.
//!
//! Both are executions, which outlive this function: they are started here, and looked at later.

use crate::{
    answer::Answer,
    command::{PROJECT_ID, Refusal},
    handler::{OperatorError, Ports, World},
};
use contracts::{
    exec::{Order, Saga as ExecSaga},
    logs::{Outcome, Saga as LogsSaga},
};
use domain::{
    id::{LogsId, ProjectId},
    project::Project,
};
use jiff::{SignedDuration, Timestamp};
use ports::{
    audit::Audit,
    clock::Clock,
    instance_logs::{InstanceLogs, LogsName},
    projects::Projects,
    random::Random,
    sagas::{Course, Sagas},
};

/// How far the clock of who orders a command may be from ours. Later commands have to have higher numbers.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

pub(crate) async fn read_logs<P: Ports>(
    world: &World<'_, P>,
    project: &ProjectId,
    tail: u32,
    since: Option<Timestamp>,
) -> Result<Answer, OperatorError> {
    let project = match placed(world, project).await? {
        Ok(project) => project,
        Err(refusal) => return Ok(Answer::Refused(refusal)),
    };
    let id = LogsId::new(&format!("{:016x}", world.random.next())).expect("digits are a body");
    let name = LogsSaga::execution_name(&project.id, &id);
    let saga = LogsSaga::of(&project, id.clone(), tail, since);
    world.readings.ensure_started(&name, &serde_json::to_string(&saga)?).await?;
    Ok(Answer::Reading { project_id: project.id, id, execution: name })
}

pub(crate) async fn show_logs<P: Ports>(
    world: &World<'_, P>,
    project: ProjectId,
    id: LogsId,
) -> Result<Answer, OperatorError> {
    let execution = LogsSaga::execution_name(&project, &id);
    let refuse = |why: &str| {
        let reason = format!("{why}; see the execution `{execution}`");
        Ok(Answer::Refused(Refusal::new("id", reason)))
    };
    match world.readings.course(&execution).await? {
        None => return refuse("nobody has asked for them"),
        Some(Course::Running) => return Ok(Answer::UnderWay { execution }),
        Some(Course::Ended { .. } | Course::Stuck) => (),
    }
    let Some(state) = world.readings.result(&execution).await? else {
        return refuse("the reading failed");
    };
    match serde_json::from_str::<LogsSaga>(&state)?.outcome {
        Some(Outcome::Stored { truncated, .. }) => {
            match world.instance_logs.read(&LogsName { project, id }).await? {
                Some(text) => Ok(Answer::Logs { text, truncated }),
                None => refuse("they are older than a day, and gone"),
            }
        }
        Some(Outcome::NothingThere) => refuse("there is no container of this project"),
        Some(Outcome::NotReached) | None => refuse("the worker does not answer"),
    }
}

pub(crate) async fn exec<P: Ports>(
    world: &World<'_, P>,
    project: &ProjectId,
    number: u64,
    order: Order,
) -> Result<Answer, OperatorError> {
    let now = world.clock.now();
    let at = i64::try_from(number).ok().and_then(|it| Timestamp::from_millisecond(it).ok());
    let Some(at) = at.filter(|it| now.duration_since(*it).abs() <= SKEW) else {
        let reason = format!("is not the time in milliseconds, which is {}", now.as_millisecond());
        return Ok(Answer::Refused(Refusal::new("number", reason)));
    };
    let project = match placed(world, project).await? {
        Ok(project) => project,
        Err(refusal) => return Ok(Answer::Refused(refusal)),
    };
    let execution = ExecSaga::execution_name(&project.id, number);
    let saga = ExecSaga::of(&project, order, at);
    world.execs.ensure_started(&execution, &serde_json::to_string(&saga)?).await?;
    Ok(Answer::Ordered { project_id: project.id, number, execution })
}

pub(crate) async fn show_exec<P: Ports>(
    world: &World<'_, P>,
    project: &ProjectId,
    number: u64,
) -> Result<Answer, OperatorError> {
    let execution = ExecSaga::execution_name(project, number);
    match world.execs.course(&execution).await? {
        None => return Ok(Answer::Refused(Refusal::new("number", "nobody has ordered it"))),
        Some(Course::Running) => return Ok(Answer::UnderWay { execution }),
        Some(Course::Ended { .. } | Course::Stuck) => (),
    }
    let outcome = match world.execs.result(&execution).await? {
        Some(state) => serde_json::from_str::<ExecSaga>(&state)?.outcome,
        None => None,
    };
    Ok(Answer::Exec { execution, outcome })
}

pub(crate) async fn list_audit<P: Ports>(
    world: &World<'_, P>,
    project: Option<&ProjectId>,
) -> Result<Answer, OperatorError> {
    let mut entries = world.audit.list().await?;
    entries.retain(|it| project.is_none_or(|project| it.project_id == *project));
    Ok(Answer::Audit { entries })
}

/// The project, if an instance of it was ever placed.
async fn placed<P: Ports>(
    world: &World<'_, P>,
    project: &ProjectId,
) -> Result<Result<Project, Refusal>, OperatorError> {
    let found = world.projects.find(project).await?;
    let refuse = |why: &str| Refusal::new(PROJECT_ID, format!("{why} `{project}`"));
    let found = found.ok_or_else(|| refuse("there is no project"));
    Ok(found.and_then(|it| {
        if it.attempt > 0 { Ok(it) } else { Err(refuse("no instance was ever started of")) }
    }))
}
