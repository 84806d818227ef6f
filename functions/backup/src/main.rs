//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    clock::SystemClock,
    dynamodb::{fleet::DynamoFleet, projects::DynamoProjects},
    s3::backups::S3Backups,
    ssm_commands::SsmCommands,
};
use backup::{World, handle};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use runtime::{env::require, fault::diagnose, telemetry};
use serde::de::IgnoredAny;

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

    run(service_fn(move |_: LambdaEvent<IgnoredAny>| async move {
        handle(world).await.map_err(|error| diagnose(&error))
    }))
    .await
}
