//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    clock::SystemClock, dynamodb::projects::DynamoProjects, s3::imports::S3Imports,
    sfn::StepFunctions,
};
use import::{Call, Version, World, handle};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use runtime::{env::require, fault::diagnose, telemetry};
use std::path::Path;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let image: String = require("AGENT_IMAGE");
    let version: &Version = &image.rsplit(':').next().unwrap_or_default().parse()?;
    let uploads = S3Imports::connect(require("BUNDLES_BUCKET")).await;
    let world = &World {
        projects: &DynamoProjects::connect(require("PROJECTS_TABLE")).await,
        imports: &uploads.into_backups(require("BACKUPS_BUCKET")),
        halts: &StepFunctions::connect(require("HALT_ARN")).await,
        clock: &SystemClock,
        version,
        scratch: Path::new("/tmp"),
    };

    run(service_fn(move |event: LambdaEvent<Call>| async move {
        handle(world, &event.payload).await.map_err(|error| diagnose(&error))
    }))
    .await
}
