//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    clock::SystemClock, dynamodb::fleet::DynamoFleet, ssm_commands::SsmCommands, ssm_parameters,
};
use domain::offering::Offerings;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use machines::{Cloud, CloudConfig};
use provision::{Call, Config, World, handle};
use runtime::{
    env::{require, require_json},
    fault::diagnose,
    telemetry,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let architecture = require("AGENT_ARCHITECTURE");
    let offerings: Offerings = require("OFFERINGS");
    let config = &Config {
        // In words: whoever started it with this list is to read what is wrong in it.
        offerings: offerings.for_every_plan(architecture).map_err(|it| it.to_string())?,
        architecture,
        region: require("POOL"),
        agent_image: require("AGENT_IMAGE"),
    };
    let parts = require("POOL_PARTS");
    let fleet = &DynamoFleet::connect(require("FLEET_TABLE"), require("POOL"), parts).await;
    let cloud = CloudConfig {
        launch_template_id: require("LAUNCH_TEMPLATE_ID"),
        subnet_ids: require("SUBNET_IDS"),
        stage: require("STAGE"),
        hetzner: require_json("HETZNER"),
    };
    let machines = &Cloud::connect(cloud, SystemClock, ssm_parameters::secret).await?;
    let commands = &SsmCommands::connect(SystemClock).await;
    let world = &World { fleet, machines, commands, clock: &SystemClock, config };

    run(service_fn(move |event: LambdaEvent<Call>| async move {
        handle(world, &event.payload).await.map_err(|error| diagnose(&error))
    }))
    .await
}
