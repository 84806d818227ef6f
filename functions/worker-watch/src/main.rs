//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    clock::SystemClock,
    dynamodb::{
        fleet::DynamoFleet, heartbeats::DynamoHeartbeats, projects::DynamoProjects,
        routes::DynamoRoutes,
    },
    sfn::StepFunctions,
    sqs::{SqsFifoQueue, SqsQueue},
    ssm_parameters,
};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use machines::{Cloud, CloudConfig};
use runtime::{
    env::{require, require_json},
    fault::diagnose,
    telemetry,
};
use worker_watch::{Trigger, World, handle};

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
    let arn_prefix = require("MACHINE_ARN_PREFIX");
    let world = &World {
        fleet: &DynamoFleet::connect(table.clone(), require("POOL"), parts).await,
        heartbeats: &DynamoHeartbeats::connect(table, arn_prefix).await,
        machines: &Cloud::connect(cloud, SystemClock, ssm_parameters::secret).await?,
        projects: &DynamoProjects::connect(require("PROJECTS_TABLE")).await,
        routes: &DynamoRoutes::connect(require("LEDGER_TABLE")).await,
        wake_ups: &SqsFifoQueue::connect(require("ROUTES_QUEUE_URL")).await,
        looks: &SqsQueue::connect(require("WATCH_QUEUE_URL")).await,
        drains: &StepFunctions::connect(require("DRAIN_ARN")).await,
        halts: &StepFunctions::connect(require("HALT_ARN")).await,
        provisions: &StepFunctions::connect(require("PROVISION_ARN")).await,
        clock: &SystemClock,
    };

    run(service_fn(move |event: LambdaEvent<Trigger>| async move {
        handle(world, &event.payload).await.map_err(|error| diagnose(&error))
    }))
    .await
}
