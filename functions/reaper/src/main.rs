//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    clock::SystemClock,
    dynamodb::{
        fleet::DynamoFleet, heartbeats::DynamoHeartbeats, projects::DynamoProjects,
        routes::DynamoRoutes,
    },
    s3::bundles::S3Bundles,
    sqs::SqsFifoQueue,
    ssm_commands::SsmCommands,
    ssm_parameters,
};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use machines::{Cloud, CloudConfig};
use reaper::{World, handle};
use runtime::{
    env::{require, require_json},
    fault::diagnose,
    telemetry,
};
use serde::de::IgnoredAny;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let cloud = CloudConfig {
        launch_template_id: require("LAUNCH_TEMPLATE_ID"),
        subnet_ids: require("SUBNET_IDS"),
        stage: require("STAGE"),
        hetzner: require_json("HETZNER"),
    };
    let (table, parts) = (require::<String>("FLEET_TABLE"), require("POOL_PARTS"));
    let world = &World {
        machines: &Cloud::connect(cloud, SystemClock, ssm_parameters::secret).await?,
        heartbeats: &DynamoHeartbeats::connect(table.clone(), require("MACHINE_ARN_PREFIX")).await,
        bundles: &S3Bundles::connect(require("BUNDLES_BUCKET")).await,
        routes: &DynamoRoutes::connect(require("LEDGER_TABLE")).await,
        fleet: &DynamoFleet::connect(table, require("POOL"), parts).await,
        projects: &DynamoProjects::connect(require("PROJECTS_TABLE")).await,
        commands: &SsmCommands::connect(SystemClock).await,
        wake_ups: &SqsFifoQueue::connect(require("ROUTES_QUEUE_URL")).await,
        clock: &SystemClock,
        limits: &require_json("REAPER"),
    };

    run(service_fn(move |_: LambdaEvent<IgnoredAny>| async move {
        handle(world).await.map_err(|error| diagnose(&error))
    }))
    .await
}
