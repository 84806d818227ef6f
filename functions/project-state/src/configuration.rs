//! What became of a configuration, for its owner to see.

use crate::handler::{StepError, World};
use contracts::{
    configure::{Configured, Saga as ConfigureSaga},
    halt::Saga as HaltSaga,
    provision::Saga,
};
use domain::configuration::{Configuration, Failure};
use ports::{Unavailable, clock::Clock, configurations::Configurations, sagas::Sagas};

const REFUSED: &str = "Your agent does not accept this. It goes on with what it had.";
const NOT_DELIVERED: &str =
    "We could not bring this to your agent. It goes on with what it had: try again.";

/// Notes with which configuration the instance was launched, and has what came after that brought to
/// it.
///
/// Comes after the project is running. Who sets something writes it first and looks then whether the
/// project runs: in whatever order the two come, one of them starts the execution.
pub(crate) async fn catch_up<P, N: Configurations, S: Sagas, C: Clock>(
    world: &World<'_, P, N, S, C>,
    saga: &Saga,
) -> Result<(), Unavailable> {
    let launched = saga.launched.as_ref().map_or(0, |it| it.configuration);
    let (configurations, now) = (world.configurations, world.clock.now());
    configurations.record_applied(&saga.project_id, launched, now).await?;
    let newest = configurations.find(&saga.project_id).await?;
    let Some(newest) = newest.filter(|it| it.version > launched) else { return Ok(()) };
    let next = ConfigureSaga::of(&newest);
    let input = serde_json::to_string(&next).map_err(|it| Unavailable::new("the input", it))?;
    world.configures.ensure_started(&next.execution_name(), &input).await
}

/// Has brought what was set while a halt was under way that came to nothing: whoever set it found nothing
/// that runs.
///
/// Under a name of its own: the execution of that version may have come and passed meanwhile.
pub(crate) async fn catch_up_after_halt<P, N: Configurations, S: Sagas, C>(
    world: &World<'_, P, N, S, C>,
    halt: &HaltSaga,
) -> Result<(), Unavailable> {
    let newest = world.configurations.find(&halt.project_id).await?;
    let waits = |it: &Configuration| it.version > it.applied_version && it.failure().is_none();
    let Some(newest) = newest.filter(waits) else { return Ok(()) };
    let next = ConfigureSaga::of(&newest);
    let name = format!("{}-{}", next.execution_name(), halt.execution_name());
    let input = serde_json::to_string(&next).map_err(|it| Unavailable::new("the input", it))?;
    world.configures.ensure_started(&name, &input).await
}

pub(crate) async fn record<P, N: Configurations, S, C: Clock>(
    world: &World<'_, P, N, S, C>,
    saga: &ConfigureSaga,
) -> Result<(), StepError> {
    let project = &saga.project_id;
    match &saga.configured {
        Some(Configured::Applied { version }) => {
            let now = world.clock.now();
            world.configurations.record_applied(project, *version, now).await?;
        }
        Some(Configured::Refused { version }) => {
            let failure = Failure { version: *version, reason: REFUSED.to_owned() };
            world.configurations.record_failed(project, &failure).await?;
        }
        Some(Configured::Passed) | None => (),
    }
    Ok(())
}

/// The instance has what it had. That is all that there is to undo, and its owner may know.
pub(crate) async fn record_failed<P, N: Configurations, S, C>(
    world: &World<'_, P, N, S, C>,
    saga: &ConfigureSaga,
) -> Result<(), StepError> {
    let failure = Failure { version: saga.version, reason: NOT_DELIVERED.to_owned() };
    Ok(world.configurations.record_failed(&saga.project_id, &failure).await?)
}
