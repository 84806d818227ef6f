//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    dynamodb::{
        configurations::DynamoConfigurations, erasure::DynamoErasure, projects::DynamoProjects,
    },
    s3::backups::S3Backups,
};
use erase::{Call, World, handle};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use runtime::{env::require, fault::diagnose, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let world = &World {
        projects: &DynamoProjects::connect(require("PROJECTS_TABLE")).await,
        configurations: &DynamoConfigurations::connect(require("PROJECTS_TABLE")).await,
        backups: &S3Backups::connect(require("BACKUPS_BUCKET")).await,
        erasure: &DynamoErasure::connect(require("PROJECTS_TABLE")).await,
    };

    run(service_fn(move |event: LambdaEvent<Call>| async move {
        handle(world, &event.payload).await.map_err(|error| diagnose(&error))
    }))
    .await
}
