//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    clock::SystemClock,
    dynamodb::{
        audit::DynamoAudit, fleet::DynamoFleet, placements::DynamoPlacements,
        projects::DynamoProjects,
    },
    random::SystemRandom,
    s3::instance_logs::S3InstanceLogs,
    sfn::StepFunctions,
};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use operator::{Ports, World, handle};
use runtime::{env::require, fault::diagnose, telemetry};
use serde_json::Value;

enum Aws {}

impl Ports for Aws {
    type Fleet = DynamoFleet;
    type Placements = DynamoPlacements;
    type Projects = DynamoProjects;
    type InstanceLogs = S3InstanceLogs;
    type Audit = DynamoAudit;
    type Sagas = StepFunctions;
    type Clock = SystemClock;
    type Random = SystemRandom;
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let table = || require::<String>("FLEET_TABLE");
    let parts = require("POOL_PARTS");
    let world = &World::<Aws> {
        fleet: &DynamoFleet::connect(table(), require("POOL"), parts).await,
        placements: &DynamoPlacements::connect(table()).await,
        projects: &DynamoProjects::connect(require("PROJECTS_TABLE")).await,
        instance_logs: &S3InstanceLogs::connect(require("BUNDLES_BUCKET")).await,
        audit: &DynamoAudit::connect(require("LEDGER_TABLE")).await,
        drains: &StepFunctions::connect(require("DRAIN_ARN")).await,
        readings: &StepFunctions::connect(require("LOGS_ARN")).await,
        execs: &StepFunctions::connect(require("EXEC_ARN")).await,
        clock: &SystemClock,
        random: &SystemRandom,
    };

    run(service_fn(move |event: LambdaEvent<Value>| async move {
        handle(world, &event.payload).await.map_err(|error| diagnose(&error))
    }))
    .await
}
