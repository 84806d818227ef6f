//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    clock::SystemClock,
    dynamodb::{fleet::DynamoFleet, projects::DynamoProjects},
    s3::backups::S3Backups,
    ssm_commands::SsmCommands,
};
use backup::{World, ages, handle};
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use ports::clock::Clock;
use runtime::{env::require, fault::diagnose, telemetry};
use serde::de::IgnoredAny;
use std::io::{Write, stdout};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let projects = DynamoProjects::connect(require("PROJECTS_TABLE")).await;
    let parts = require("POOL_PARTS");
    let world = &World {
        census: &projects,
        projects: &projects,
        fleet: &DynamoFleet::connect(require("FLEET_TABLE"), require("POOL"), parts).await,
        commands: &SsmCommands::connect(SystemClock).await,
        backups: &S3Backups::connect(require("BACKUPS_BUCKET")).await,
        clock: &SystemClock,
    };

    run(service_fn(move |event: LambdaEvent<IgnoredAny>| async move {
        let round = handle(world).await.map_err(|error| diagnose(&error))?;
        // CloudWatch reads it as it is: not through `tracing`, which would put it into a field.
        let line =
            ages(&round.ages_minutes, &event.context.env_config.function_name, SystemClock.now());
        if let Err(error) = writeln!(stdout(), "{line}") {
            tracing::warn!(%error, "the ages of the backups are told by the next pass");
        }
        Ok::<_, Diagnostic>(round)
    }))
    .await
}
