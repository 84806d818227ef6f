//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    clock::SystemClock,
    dynamodb::{fleet::DynamoFleet, projects::DynamoProjects},
    sfn::StepFunctions,
    ssm_parameters,
};
use drain::{Call, World, handle};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use machines::{Cloud, CloudConfig};
use runtime::{
    env::{require, require_json},
    fault::diagnose,
    telemetry,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let parts = require("POOL_PARTS");
    let fleet = &DynamoFleet::connect(require("FLEET_TABLE"), require("POOL"), parts).await;
    let cloud = CloudConfig {
        launch_template_id: require("LAUNCH_TEMPLATE_ID"),
        subnet_ids: require("SUBNET_IDS"),
        stage: require("STAGE"),
        hetzner: require_json("HETZNER"),
    };
    let machines = &Cloud::connect(cloud, SystemClock, ssm_parameters::secret).await?;
    let world = &World {
        fleet,
        machines,
        clock: &SystemClock,
        projects: &DynamoProjects::connect(require("PROJECTS_TABLE")).await,
        halts: &StepFunctions::connect(require("HALT_ARN")).await,
        provisions: &StepFunctions::connect(require("PROVISION_ARN")).await,
    };

    run(service_fn(move |event: LambdaEvent<Call>| async move {
        handle(world, &event.payload).await.map_err(|error| diagnose(&error))
    }))
    .await
}
